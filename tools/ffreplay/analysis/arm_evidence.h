/*
 * arm_evidence.h - what a metric's cells say of one arm: its estimate, and what errors are made of.
 */
#ifndef FFREPLAY_ARM_EVIDENCE_H
#define FFREPLAY_ARM_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/statistics/estimated_change.h"
#include "compiler/statistics/proportion.h"
#include "outcomes.h"

/* What is known of a metric in one arm. */
struct arm_evidence {
    uint64_t exposed, measured; /* units: in the arm, and those of them that have a value */
    double value;               /* the estimate; NaN: there is none */
    double assigned;            /* the share of all units that the arm was to have; 0: not known */
    bool is_share;              /* `share` has the counts of units */
    struct proportion share;
    struct arm_moments moments; /* of a ratio, as a mean */
    /* Of its units in parts, by what they were at first; NULL: as one. */
    const struct arm_moments *strata;
    uint32_t stratum_count;
    const struct cell *cell;
    bool beyond;     /* numbers too large for a variance */
    bool unreadable; /* too many values could not be read: see cell_is_unreadable() */
};

/* Units without a line count as nothing: 0 bought, no click. `before` is NULL where the values
 * before exposure are not asked for. */
void arm_evidence_gather(struct arm_evidence *evidence, const struct measure *measure,
                         struct cell *cell, const struct before_sums *before, uint64_t exposed,
                         uint32_t max_bad);

/* The values of its units, ascending, *known of them, in memory that the caller frees. One without
 * a line has 0, if it counts. */
double *arm_values(const struct arm_evidence *arm, const struct measure *measure, size_t *known);

/* What it would be of so many times as many units, at the same estimates; a quantile's values stay.
 */
struct arm_evidence arm_evidence_grown(const struct arm_evidence *evidence, double growth);

#endif
