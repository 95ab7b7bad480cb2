/*
 * served_variants.h - which variants of a flag the definitions serve to anybody, and others.
 *
 * A log that has another one comes from a service that runs something else.
 */
#ifndef FFREPLAY_SERVED_VARIANTS_H
#define FFREPLAY_SERVED_VARIANTS_H

#include <stdint.h>

#include "compiler/model/flag.h"
#include "tools/ffreplay/logs/value.h"

struct arena;
struct project;

struct variant_set served_variants(const struct project *project, const struct flag *flag,
                                   uint32_t environment);

/* Lines that name a variant the flag does not have. */
/* The variant that a log of a boolean flag means where it has the value in place of a name, as JSON
 * or Python write it: that with this value, where it is the only one. Else UINT32_MAX. */
uint32_t variant_of_value(const struct flag *flag, const struct targeting *targeting,
                          const struct value *logged);

struct unknown_variants {
    uint64_t lines;
    char least[81]; /* of those names, as bytes; cut to this length */
};
void unknown_variants_add(struct unknown_variants *unknown, const struct value *name);
void unknown_variants_join(struct unknown_variants *unknown, const struct unknown_variants *other);
/* "2 lines name a variant that the flag does not have, as 'purple'"; NULL: none do. */
const char *unknown_variants_text(const struct unknown_variants *unknown, struct arena *arena);

#endif
