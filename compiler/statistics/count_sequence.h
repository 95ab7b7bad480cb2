/* count_sequence.h - proportions and rates at every look: e-values and confidence sequences. */
#ifndef FFC_COUNT_SEQUENCE_H
#define FFC_COUNT_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "interval.h"
#include "proportion.h"

/*
 * The logarithm of the e-value against "canary <= ratio * control + difference" (SIDE_ABOVE), or
 * ">=" (SIDE_BELOW), in every stratum. At most a fraction alpha of true nulls ever shows an e-value
 * of 1/alpha, however often you look. Exact for any count, even with changing shares. `growth`
 * extrapolates to that many times the data; 1 takes the data as they are.
 */
struct null_hypothesis {
    enum side side;
    double ratio, difference;
    bool bounded; /* proportions; otherwise rates: counts of events in an exposure (n) */
};
double side_by_side_log_e(const struct stratum *strata, size_t count,
                          const struct null_hypothesis *null, double growth);
/* Against "the proportion is <= value", or ">=". */
double proportion_log_e(struct proportion seen, enum side side, double value);

/*
 * Confidence sequences. Each bound alone fails at most alpha of the time; both together at most 2
 * alpha.
 */
struct interval proportions_sequence(const struct stratum *strata, size_t count, enum change change,
                                     double alpha, double growth);
struct interval rates_sequence(const struct stratum *strata, size_t count, enum change change,
                               double alpha, double growth);
struct interval proportion_sequence(struct proportion seen, double alpha, double growth);
struct interval rate_sequence(struct proportion seen, double alpha, double growth);
/* For arms that were not observed at the same time, such as before and after. */
struct interval proportions_apart_sequence(struct proportion canary, struct proportion control,
                                           enum change change, double alpha, double growth);
struct interval rates_apart_sequence(struct proportion canary, struct proportion control,
                                     enum change change, double alpha, double growth);

#endif
