/*
 * quantile_change.h - quantiles of two arms compared at a planned end, by order statistics.
 *
 * The distance of the values at ranks n q ± z sqrt(n q (1 - q)) is two times z standard errors of a
 * quantile, whatever the distribution (Woodruff 1952). Where values of one unit are alike, the
 * variance is larger by the design effect of the share of values below the quantile: that of
 * clusters over that of independent values (Deng, Knoblich and Lu, KDD 2018).
 */
#ifndef FFC_QUANTILE_CHANGE_H
#define FFC_QUANTILE_CHANGE_H

#include <stdbool.h>

#include "bins.h"
#include "estimated_change.h"

struct quantile_estimate {
    double value, lower, upper; /* the quantile, and the order statistics around it */
    double variance;            /* of one value, as if the quantile were a mean; NaN: too few */
    double n;
};

/* Values beyond the quantile, on either side, without which nothing is known of its error. */
#define QUANTILE_LEAST_BEYOND 10

/* Of values in bins, whose width makes the error larger. `design_effect`: at least 1. */
struct quantile_estimate quantile_estimate(const struct distribution *values, double q,
                                           double design_effect);

/* As a change of means has one; NaN where an arm has no variance, or one of 0. */
struct estimated_change quantile_change(const struct quantile_estimate *variant,
                                        const struct quantile_estimate *control,
                                        enum change change);

#endif
