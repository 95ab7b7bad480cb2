/*
 * statistics.h - inference: moments, e-values, intervals, comparisons.
 *
 * Pure functions of sufficient statistics: no state, no input or output, no memory kept, and the
 * same numbers give the same bits. docs/statistics.md has for each the question it answers, its
 * formula, its reference and what it assumes.
 *
 * Counts are doubles, because extrapolation ("three times as much data") needs fractions. Results
 * that cannot be computed are NaN, and unknown bounds infinite: never a plausible number.
 */
#ifndef FFREPLAY_STATISTICS_H
#define FFREPLAY_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exact_sum.h"

struct interval {
    double lower, upper;
};

/* The direction of a deviation: up, or down. */
enum side { SIDE_ABOVE, SIDE_BELOW };

/* How a change is expressed: canary - control, or canary / control - 1. */
enum change { CHANGE_ABSOLUTE, CHANGE_RELATIVE };

/* --------------------------------------------------------------------- sufficient statistics -- */

struct proportion {
    double n, events;
};

/* Observations of both arms while the canary's share was constant: a stage, or its windows. */
struct stratum {
    struct proportion canary, control;
};

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

/* A stretch of values, in which `count` lie; a value of its own has low == high. */
struct bin {
    double low, high;
    double count;
};

/* Ascending, not overlapping; empty ones may be left out. */
struct distribution {
    const struct bin *bins;
    size_t count;
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

/*
 * How much more a share of events varies between units than with independent events: at least 1.
 * `ratio`: events over requests, over the units of both arms together, since one alone may have too
 * few events to tell.
 */
double design_effect(const struct ratio_moments *ratio);

/*
 * The same if there are too many units to remember each: over random groups of them, with `n`
 * events each, of which `events` are what the share is of (Wolter, Introduction to Variance
 * Estimation, 2007, chapter 2). Each arm's groups vary around its own share. So few groups tell it
 * only roughly: it is the upper bound, at 95 %. At most what it is when all events of a group count
 * as one; that, too, where an arm has fewer than 30 groups that have events, or no share between 0
 * and 1.
 */
struct grouped {
    const struct proportion *groups;
    size_t count;
};
double grouped_design_effect(const struct grouped *arms, size_t count);

/* -------------------------------------------------------------- valid at every look, at once -- */

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

/* Asymptotic: for means of many units. The bound in standard errors, one-sided, of so many units of
 * both arms. */
double sequence_multiplier(double n, double alpha);
/*
 * Each bound one-sided. Infinite below MEANS_BURN_IN units an arm, MEANS_LEAST_BUSY of them not
 * idle, or without any spread; where an arm has no other beside it, also below means_wanted().
 */
#define MEANS_BURN_IN    100
#define MEANS_LEAST_BUSY 30
/* Units that a single arm needs before the normal approximation holds for its mean. */
double means_wanted(const struct moments *seen);
struct interval means_sequence(const struct moments *canary, const struct moments *control,
                               enum change change, double alpha, double growth);
struct interval means_apart_sequence(const struct moments *canary, const struct moments *control,
                                     enum change change, double alpha, double growth);
struct interval mean_sequence(const struct moments *seen, double alpha, double growth);

/*
 * The rank, from 0, of a quantile of so many values: floor(q * (count - 1)), where q is the decimal
 * that it was written as, of up to twelve places. As a double, 0.29 is less than that, and of 101
 * values it would be the one before.
 */
uint64_t quantile_rank(double q, uint64_t count);
double distribution_quantile(const struct distribution *values, double q);
struct interval quantile_sequence(const struct distribution *values, double q, double alpha,
                                  double growth);
struct interval quantiles_sequence(const struct distribution *canary,
                                   const struct distribution *control, double q, enum change change,
                                   double alpha, double growth);

/* ----------------------------------------------------------------- a comparison, whatever of -- */

enum measurement { MEASURED_PROPORTION, MEASURED_RATE, MEASURED_MEAN, MEASURED_QUANTILE };

enum baseline {
    BASELINE_CONTROL, /* observed at the same time */
    BASELINE_BEFORE,  /* observed at another time */
    BASELINE_NONE     /* the canary's own value */
};

struct comparison_input {
    enum measurement measurement;
    enum baseline baseline;
    enum change change;
    double confidence; /* of each bound alone: 0.95 */
    /* MEASURED_PROPORTION, MEASURED_RATE. Only BASELINE_CONTROL tells the strata apart. */
    const struct stratum *strata;
    size_t stratum_count;
    double design_effect;           /* of these and of quantiles: see there; 0 counts as 1 */
    struct moments canary, control; /* MEASURED_MEAN; a ratio by ratio_as_moments() */
    struct distribution canary_values, control_values; /* MEASURED_QUANTILE */
    double quantile;
};

enum comparison_state {
    COMPARISON_FINE,
    COMPARISON_NODATA,      /* an arm has nothing, or no number */
    COMPARISON_TOO_FEW,     /* below what the method needs */
    COMPARISON_IDLE,        /* too few units have a denominator */
    COMPARISON_SKEWED,      /* too few for values that are so skewed: see `wanted_growth` */
    COMPARISON_NO_SPREAD,   /* all values are the same: there is nothing to judge chance by */
    COMPARISON_NO_BASELINE, /* a change relative to zero, or to less */
};

struct comparison {
    enum comparison_state state;
    const char *method;       /* "mixture e-process", … */
    double canary, control;   /* estimates; NaN: none */
    double change;            /* of BASELINE_NONE the canary's estimate; NaN: none */
    struct interval interval; /* of the change; what is not known is infinite */
    /* COMPARISON_SKEWED: how many times as many units of the canary there have to be; 1 where it
     * has enough, and the other arm has not. */
    double wanted_growth;
};
struct comparison compare(const struct comparison_input *input);
const char *
comparison_state_text(enum comparison_state state); /* a clause: "… units are too few" */

enum margin_verdict { MARGIN_WITHIN, MARGIN_BEYOND, MARGIN_UNDECIDED };
/* Shown to be beyond `margin` on that side, shown to be within it, or neither. A margin is signed
 * like the change: max_decrease of 5 % is SIDE_BELOW, -0.05. */
enum margin_verdict margin_judge(const struct comparison *comparison, enum side side,
                                 double margin);
/* How many times as much data, at the same estimates, until margin_judge() decides: 1 if it does
 * already, INFINITY if a million times is not enough. */
double comparison_growth_needed(const struct comparison_input *input, enum side side,
                                double margin);

#endif
