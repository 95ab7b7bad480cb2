/*
 * prove_strings.h - how tests of a string relate to each other, for prove_regions.c.
 */
#ifndef FFC_PROVE_STRINGS_H
#define FFC_PROVE_STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/condition.h"

/* Whether a test, without its `negate`, holds for a value; UNCERTAIN where that is not known. */
enum certainty { SURELY_FAILS, SURELY_HOLDS, UNCERTAIN };
enum certainty string_certainty(const struct condition *test, const char *value);
/* What asking that costs, in bytes compared at worst. */
uint64_t string_cost(const struct condition *test, const char *value);

/* Whether the first holding implies that the second holds; that it fails. False for long tests. */
bool strings_imply(const struct condition *first, const struct condition *second);
bool strings_exclude(const struct condition *first, const struct condition *second);

#endif
