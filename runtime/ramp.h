/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramp.h - where a percentage that moves stands at a time.
 */
#ifndef FFLAG_RUNTIME_RAMP_H
#define FFLAG_RUNTIME_RAMP_H

#include <stdbool.h>

#include "fflag/snapshot.h"

/* Where a ramp stands: at part / whole thousandths of a percent. Both fit in 64 bits, with room. */
static inline void ramp_part(const struct ffs_ramp *ramp, int64_t now, uint64_t *part,
                             uint64_t *whole)
{
    bool rises = ramp->to >= ramp->from;
    uint64_t distance = rises ? ramp->to - ramp->from : ramp->from - ramp->to;
    uint64_t elapsed = now > ramp->start ? (uint64_t)now - (uint64_t)ramp->start : 0;
    uint64_t moved;
    if (ramp->step) {
        uint64_t steps = elapsed / (uint64_t)ramp->every;
        *whole = 1;
        moved = steps > distance / ramp->step ? distance : steps * ramp->step;
    } else {
        *whole = (uint64_t)ramp->end - (uint64_t)ramp->start;
        moved = distance * (elapsed < *whole ? elapsed : *whole);
    }
    *part = rises ? ramp->from * *whole + moved : ramp->from * *whole - moved;
}

/* The same as a threshold; true when it stands at exactly 100 %. */
static inline bool ramp_threshold(const struct ffs_ramp *ramp, int64_t now, uint64_t *threshold)
{
    uint64_t part, whole;
    ramp_part(ramp, now, &part, &whole);
    if (part == 100000 * whole)
        return true;
    *threshold = (uint64_t)(((unsigned __int128)part << 64) / (100000 * whole));
    return false;
}

#endif
