/* moments.h - means, variances and covariances of units, from exact sums. */
#ifndef FFC_MOMENTS_H
#define FFC_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "exact_sum.h"

/* Of independent units. For a clustered metric, sum up each unit first. */
struct moments {
    double n, mean, variance; /* variance with n - 1; NaN below two units */
    double skewness;          /* of one unit; 0: not known, or not needed */
    double idle; /* the share of units that say nothing: of a ratio, without denominator */
};

/* Of units with a numerator and a denominator each. */
struct ratio_moments {
    struct moments numerator, denominator;
    double covariance;
    double third; /* central moment of numerator - ratio * denominator; 0: not known */
    double idle;  /* the share of units whose denominator is 0 */
};

/* Adds the product without rounding, so that a variance can be had from sums of squares. A product
 * beyond the largest double is left out, and false returned. */
bool exact_sum_add_product(struct exact_sum *sum, double a, double b);

/* Likewise of three, but for what is 2^-106 of it. */
bool exact_sum_add_triple(struct exact_sum *sum, double a, double b, double c);

/* From the exact sums of the units' numbers and their squares: without the cancellation that makes
 * such formulae useless in doubles. */
struct moments moments_of_sums(uint64_t n, const struct exact_sum *sum,
                               const struct exact_sum *squares);
double covariance_of_sums(uint64_t n, const struct exact_sum *sum_a, const struct exact_sum *sum_b,
                          const struct exact_sum *products);

/*
 * The third moment of a - factor * b, whose mean is 0, of n units: from the exact sums of a³, a²b,
 * ab² and b³.
 */
double third_moment_of_sums(uint64_t n, double factor, const struct exact_sum *const sums[4]);

/* The ratio of the means, as if it were the mean of n units with the variance that the delta method
 * gives it: it then goes wherever moments go. */
struct moments ratio_as_moments(const struct ratio_moments *ratio);

#endif
