/*
 * sizing.h - how many units a test needs: at a planned end, at every look, at a few looks.
 *
 * Two-sided, of a canary, or a treatment, against a control; a difference found in the wrong
 * direction does not count as found. Sizes are of both arms together, and not rounded.
 */
#ifndef FFC_SIZING_H
#define FFC_SIZING_H

#include <stddef.h>

/* What a test asks of its data, in standard errors. */
struct planned_test {
    double bound;        /* what a difference has to exceed */
    double luck;         /* what all but the unluckiest, 1 - power of them, lose of it */
    double canary_share; /* of the units of both arms */
    double alpha;        /* two-sided */
};
/* NaN unless all are between 0 and 1, and the power is at least a half. */
struct planned_test planned_test(double canary_share, double alpha, double power);

/* By z with the pooled variance, as R's power.prop.test. */
double proportions_sample_size(const struct planned_test *test, double control, double canary);
/*
 * By Student's t: the size by the normal distribution, and the half of the squared bound that t
 * takes more. R's power.t.test gives at most 8 / size units more.
 */
double means_sample_size(const struct planned_test *test, double difference,
                         double standard_deviation);

/*
 * Judged at every look, the size is where all but the unluckiest have shown the difference, and of
 * course any look before. Of an estimate by mixture_sequence.h: `variance` of a unit's value in
 * each arm. NaN: no size does.
 */
double mixture_sample_size(const struct planned_test *test, double difference,
                           double canary_variance, double control_variance);
/* Of proportions by the e-process of two_shares.h, whose units are assigned as the test's. */
double two_shares_sample_size(const struct planned_test *test, double control, double canary);
/* And by that of count_sequence.h. */
double e_process_sample_size(const struct planned_test *test, double control, double canary);

/* How many times the units of a fixed test the last of so many looks takes, evenly apart, with
 * bounds by group_sequential.h. Cost: some milliseconds a look. */
double group_sequential_inflation(const struct planned_test *test, size_t looks);

#endif
