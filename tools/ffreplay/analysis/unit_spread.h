/*
 * unit_spread.h - how the values behind a metric are distributed in an arm: those of its lines, or
 * of its units.
 */
#ifndef FFREPLAY_UNIT_SPREAD_H
#define FFREPLAY_UNIT_SPREAD_H

#include "outcomes.h"

struct unit_spread {
    bool of_units;  /* else of lines */
    uint64_t count; /* of values; 0: none, and `values` says nothing */
    uint64_t idle;  /* of them: units without a line, which count as 0 */
};

/*
 * Whether a metric has values of its own to be seen: a quantile's, or those that a mean per unit is
 * the mean of. A share has none, and of a ratio nobody has one.
 */
bool metric_has_values(const struct metric *metric);

/*
 * The values of rank `levels`, 0 to 1, ascending, of a metric that has values; once outcomes are
 * added up. A value above the metric's cap is the cap. Cost: of a mean, a copy of the arm's values,
 * and their order.
 */
struct unit_spread unit_spread_of(const struct outcomes *outcomes,
                                  const struct exposed_units *units, uint32_t measure, uint32_t arm,
                                  const double *levels, double *values, size_t count);

#endif
