/*
 * evidence.h - prepares two groups' data for the statistics.
 *
 * The metric's kind says whether that is a proportion, a rate, a mean or a quantile. Accounts for
 * clustering: requests of one unit are not independent, and count as the number of independent ones
 * that would vary as much. docs/replay.md, "Bounds", says how.
 */
#ifndef FFREPLAY_EVIDENCE_H
#define FFREPLAY_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "metric.h"

#include "compiler/statistics/comparison.h"

/* A group's cell, and the time and share of all units that its events came from. */
struct observed {
    const struct cell *cell;
    int64_t duration; /* milliseconds */
    double share;     /* 0 to 1 */
};

struct evidence {
    struct comparison_input input; /* points into here: not to be copied */
    struct stratum strata[SLICES_MOST];
    struct bin *bins[2]; /* of the canary, of the control */
    uint64_t units[2];
    bool beyond; /* numbers too large for a variance: nothing can be said */
};

/* `control` has no cell where the canary stands alone. */
void evidence_gather(struct evidence *evidence, const struct measure *measure,
                     struct observed canary, struct observed control, enum baseline baseline,
                     enum change change, double confidence);
void evidence_release(struct evidence *evidence);

#endif
