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
    /* How a pair of attributes compares, if both have a value; `attribute` is first by name. */
    const struct attribute *other;
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

/* Adds those of the texts that are given, for a subject whose tests are of texts. */
bool subject_cut_texts(struct subject *subject, struct arena *arena);

/* The tests within one of a list. */
static inline uint32_t count_within(const struct condition *test)
{
    const struct condition *within = test->within;
    return !within ? 0 : within->kind == CONDITION_ALL ? within->child_count : 1;
}

static inline const struct condition *test_within(const struct condition *test, uint32_t index)
{
    const struct condition *within = test->within;
    return within->kind == CONDITION_ALL ? within->children[index] : within;
}

/* Whether each region is one that some value has, or none: nothing was listed to be safe. */
bool subject_is_exact(const struct subject *subject);

#endif
