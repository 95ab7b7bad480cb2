/*
 * variant_set.h - a set of a flag's variants, by their index.
 *
 * The index after the last variant's stands for no variant, as in the snapshot. What is beyond all
 * that a flag can have, such as the UINT32_MAX of a name that could not be resolved, is left out.
 */
#ifndef FFC_MODEL_VARIANT_SET_H
#define FFC_MODEL_VARIANT_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MOST_VARIANTS 4096 /* of a flag */

struct variant_set {
    uint64_t words[MOST_VARIANTS / 64 + 1];
};

static inline void variant_set_add(struct variant_set *set, uint32_t variant)
{
    if (variant <= MOST_VARIANTS)
        set->words[variant / 64] |= UINT64_C(1) << variant % 64;
}

static inline bool variant_set_has(const struct variant_set *set, uint32_t variant)
{
    return variant <= MOST_VARIANTS && set->words[variant / 64] >> variant % 64 & 1;
}

static inline void variant_set_join(struct variant_set *set, const struct variant_set *other)
{
    for (uint32_t i = 0; i < sizeof set->words / sizeof *set->words; i++)
        set->words[i] |= other->words[i];
}

static inline void variant_set_fill(struct variant_set *set)
{
    memset(set->words, 0xff, sizeof set->words);
}

static inline bool variant_set_equal(const struct variant_set *a, const struct variant_set *b)
{
    return memcmp(a->words, b->words, sizeof a->words) == 0;
}

/* Whether one that is in `set` is also in `other`; and whether one is not. */
static inline bool variant_set_meets(const struct variant_set *set, const struct variant_set *other)
{
    bool meets = false;
    for (uint32_t i = 0; i < sizeof set->words / sizeof *set->words; i++)
        meets |= (set->words[i] & other->words[i]) != 0;
    return meets;
}

static inline bool variant_set_exceeds(const struct variant_set *set,
                                       const struct variant_set *other)
{
    bool exceeds = false;
    for (uint32_t i = 0; i < sizeof set->words / sizeof *set->words; i++)
        exceeds |= (set->words[i] & ~other->words[i]) != 0;
    return exceeds;
}

#endif
