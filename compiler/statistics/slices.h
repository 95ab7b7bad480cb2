/*
 * slices.h - counts by stretches of time, to tell whether the canary's share was constant.
 *
 * Stretches are aligned to the epoch and just wide enough for SLICES_MOST to cover all times: about
 * a second times a power of two. So they depend on the set of times, not on their order.
 */
#ifndef FFREPLAY_SLICES_H
#define FFREPLAY_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proportion.h"

#define SLICES_MOST 64

struct slices {
    struct slice {
        uint64_t n, events;
    } items[SLICES_MOST]; /* of stretch i at i % SLICES_MOST */
    int64_t first, last;  /* stretches that hold something, and all between; first > last: none */
    unsigned doublings;   /* of the width */
};

void slices_init(struct slices *slices);
/* Makes room for the time, in milliseconds: its stretch. */
int64_t slices_reserve(struct slices *slices, int64_t time);
void slices_merge(struct slices *slices, const struct slices *other);

#define SLICE_BITS 10 /* the least width: 1024 ms */

static inline void slices_add(struct slices *slices, int64_t time, bool event)
{
    int64_t at = time >> (SLICE_BITS + slices->doublings);
    if (at < slices->first || at > slices->last)
        at = slices_reserve(slices, time);
    struct slice *slice = &slices->items[at & (SLICES_MOST - 1)];
    slice->n++;
    slice->events += event;
}

/*
 * Strata in which the canary's share was constant as far as can be told: adjacent stretches are
 * merged until the share is off by three standard errors. Only shares decide, never events, so the
 * strata do not select the result. Returns how many.
 */
size_t slices_strata(const struct slices *canary, const struct slices *control,
                     struct stratum strata[SLICES_MOST]);

#endif
