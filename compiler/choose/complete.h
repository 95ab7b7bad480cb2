/*
 * complete.h - what the last word of a command line may be.
 *
 * All of it follows from the tables that commands are parsed by: what an option's value is called
 * ("ENV"), and the operands that a usage begins with ("FLAG LOG…"), say which names of the project
 * belong there. The project is read only if its names are asked for; nothing is ever reported.
 */
#ifndef FFC_COMPLETE_H
#define FFC_COMPLETE_H

#include <stdint.h>

#include "compiler/base/arena.h"

struct candidate {
    const char *text; /* what may follow `before` */
    const char *help; /* one line; or NULL */
};

struct completions {
    struct arena arena; /* to be released */
    const char *before; /* what the last word begins with and keeps: "--flag=", or "" */
    struct candidate *items;
    uint32_t count; /* 0: nothing is known, or files belong there */
};

/* Words as the program would get them, its own name first; the last is being written, and those of
 * its candidates are left out that do not begin as it does. */
void complete(const char *const *words, uint32_t count, struct completions *out);

#endif
