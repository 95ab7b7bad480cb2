/*
 * statistics.h - inference: intervals, tests, e-values, sample sizes.
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
 * of 1/alpha, however often you look. Exact for any count, even with changing shares.
 */
double proportions_log_e(const struct stratum *strata, size_t count, enum side side, double ratio,
                         double difference);
/* Of counts of events in an exposure (n): rates, which no share bounds. */
double rates_log_e(const struct stratum *strata, size_t count, enum side side, double ratio,
                   double difference);
/* Against "the proportion is <= value", or ">=". */
double proportion_log_e(struct proportion seen, enum side side, double value);

/* min(1, 1/e): an always-valid p-value. */
double p_of_log_e(double log_e);

/*
 * Confidence sequences. Each bound alone fails at most alpha of the time; both together at most 2
 * alpha. `growth` extrapolates to that many times the data; 1 takes the data as they are.
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

/* Asymptotic: for means of many units. `tuned_for` is the number of units, of both arms, at which
 * the bound is tightest. */
#define SEQUENCE_TUNED_FOR 5000
/* The bound in standard errors: one-sided, or each of a two-sided pair that fails together. */
double sequence_multiplier(double n, double alpha, double tuned_for);
double sequence_multiplier_one_sided(double n, double alpha, double tuned_for);
/* Of the two-sided sequence: when it first would have excluded no difference. */
double sequence_p(double n, double difference, double standard_error, double alpha,
                  double tuned_for);
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
/* Against "canary's quantile <= ratio * control's + difference", or ">=". */
double quantiles_log_e(const struct distribution *canary, const struct distribution *control,
                       double q, enum side side, double ratio, double difference, double growth);
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

/* -------------------------------------------------------------------- tests at a planned end -- */

struct test_result {
    double estimate;
    double statistic;
    double degrees; /* NaN: the test has none */
    double p;       /* two-sided */
    struct interval interval;
};

/* Differences canary - control; `alpha` is of the two-sided interval. */
struct test_result welch_t(const struct moments *canary, const struct moments *control,
                           double alpha);
/* Relative to the control's size, by the delta method. */
struct test_result welch_t_relative(const struct moments *canary, const struct moments *control,
                                    double alpha);
/* Pooled variance in the statistic; the interval is Wald's, unpooled. */
struct test_result two_proportions_z(struct proportion canary, struct proportion control,
                                     double alpha);
struct test_result two_proportions_z_unpooled(struct proportion canary, struct proportion control,
                                              double alpha);
/* Newcombe's score interval of the difference (his method 10). */
struct interval newcombe(struct proportion canary, struct proportion control, double alpha);
struct interval wilson(struct proportion seen, double alpha);
struct interval clopper_pearson(struct proportion seen, double alpha);

struct test_result chi_square_goodness(const double *observed, const double *expected,
                                       size_t count);
struct test_result chi_square_independence(const double *table, size_t rows, size_t columns);

/*
 * Sample-ratio mismatch. Arms without weight are excluded from the test; units in them are a leak.
 */
struct sample_ratio {
    double statistic, degrees, p; /* NaN with fewer than two arms, or too few units */
    double leaked;
    double anytime_p; /* by an e-process: what to look at again and again */
};
#define SAMPLE_RATIO_LEAST 8 /* units an arm, on average, below which chi-square is not trusted */
struct sample_ratio sample_ratio(const double *observed, const double *weights, size_t count);

/* Both ascending. With ties, the normal approximation with continuity correction. */
struct test_result mann_whitney(const double *canary, size_t canary_count, const double *control,
                                size_t control_count);
/* The median of all differences, exactly, and its interval by the ranks of the differences. */
struct test_result hodges_lehmann(const double *canary, size_t canary_count, const double *control,
                                  size_t control_count, double alpha);

/* ----------------------------------------------------------------------------- several looks -- */

enum spending { SPENDING_OBRIEN_FLEMING, SPENDING_POCOCK };
/* The part of a one-sided alpha spent when `information` (0 to 1) is in. */
double alpha_spent(enum spending spending, double alpha, double information);
/* The bound of the standardised statistic at each look, one-sided. `information` ascends to at most
 * 1. */
#define GROUP_SEQUENTIAL_MOST 200
bool group_sequential_bounds(enum spending spending, double alpha, const double *information,
                             size_t looks, double *bounds);

/* Adjusted p-values, in the order given. `adjusted` has room for as many; it may be `p`. */
void adjust_holm(const double *p, size_t count, double *adjusted);
void adjust_benjamini_hochberg(const double *p, size_t count, double *adjusted);

/* ------------------------------------------------------------------------- before one begins -- */

/* Two-sided alpha; `canary_share` of all units are the canary's. Units of both arms together. */
double means_sample_size(double difference, double standard_deviation, double canary_share,
                         double alpha, double power);
double proportions_sample_size(double control, double canary, double canary_share, double alpha,
                               double power);
double means_power(double difference, double standard_deviation, double n, double canary_share,
                   double alpha);
double proportions_power(double control, double canary, double n, double canary_share,
                         double alpha);
/* The least difference found with that power. */
double means_detectable(double standard_deviation, double n, double canary_share, double alpha,
                        double power);
double proportions_detectable(double control, double n, double canary_share, double alpha,
                              double power);
/* The same for the always-valid one-sided bounds: the units by which about `power` of the canaries
 * that are off by so much have been found. */
double proportions_sequence_size(double control, double canary, enum change change, double margin,
                                 double canary_share, double alpha, double power);
double means_sequence_size(double difference, double variance_canary, double variance_control,
                           double canary_share, double alpha, double power);

#endif
