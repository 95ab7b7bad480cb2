/*
 * prove_regions.h - cuts the values of one subject into regions, for prove.c.
 */
#ifndef FFC_PROVE_REGIONS_H
#define FFC_PROVE_REGIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/condition.h"

struct arena;
struct flag;

/* An attribute, another flag or, without either, the clock; and the tests of it. Their `negate` is
 * left to the caller. */
struct subject {
    const struct attribute *attribute;
    const struct flag *flag;
    const struct condition *share; /* one of them */
    const struct condition **atoms;
    uint32_t atom_count;

    uint32_t words;    /* of 64 bits, that a region has */
    uint64_t *regions; /* which atoms hold in it, as bits */
    uint32_t region_count;
};

/* The place of a test among the subject's atoms, the same for equal tests. */
uint32_t subject_atom(struct subject *subject, struct arena *arena, const struct condition *test);

/*
 * Fills in the regions: at least all combinations of atoms that some value, or absence, can
 * produce. False if there are too many.
 */
bool subject_cut(struct subject *subject, struct arena *arena);

static inline void region_mark(uint64_t *region, uint32_t atom)
{
    region[atom / 64] |= UINT64_C(1) << atom % 64;
}
/* Adds a region unless there is an equal one. False if there are too many. */
bool subject_add_region(struct subject *subject, struct arena *arena, const uint64_t *region);

/* Whether each region is one that some value has, or none: nothing was listed to be safe. */
bool subject_is_exact(const struct subject *subject);

#endif
