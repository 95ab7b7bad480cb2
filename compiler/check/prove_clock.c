/*
 * prove_clock.c - cuts time into regions: a line of moments, at the times that tests name.
 */
#include "prove_clock.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "prove_regions.h"

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Whatever happens from one of these times until the next is the same. */
static int64_t *cuts(const struct subject *subject, struct arena *arena, uint32_t *count)
{
    int64_t *times = ARENA_ARRAY(arena, int64_t, subject->atom_count + 1);
    *count = 1;
    times[0] = INT64_MIN;
    for (uint32_t i = 0; i < subject->atom_count; i++)
        times[(*count)++] = subject->atoms[i]->clock.time;
    qsort(times, *count, sizeof *times, compare_times);
    return times;
}

bool clock_cut(struct subject *subject, struct arena *arena)
{
    uint32_t count;
    const int64_t *times = cuts(subject, arena, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *region = ARENA_ARRAY(arena, uint64_t, subject->words);
        for (uint32_t j = 0; j < subject->atom_count; j++)
            if (times[i] >= subject->atoms[j]->clock.time)
                region_mark(region, j);
        if (!subject_add_region(subject, arena, region))
            return false;
    }
    return true;
}
