/*
 * complain.h - ffreplay's complaints about definitions that are valid, but that it cannot decide
 * by.
 *
 * In the compiler's form, "path:line:col: error: message", with the source line and a caret, on
 * stderr.
 */
#ifndef FFREPLAY_COMPLAIN_H
#define FFREPLAY_COMPLAIN_H

#include "compiler/base/source.h"

#include <stdbool.h>

struct project;

/* Always returns false, so that a check can `return complain(…)`. */
bool complain(const struct project *project, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Below the complaint before it. */
void complain_help(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
