/*
 * sizing.h - how many units a test at a planned end needs.
 *
 * Two-sided, of a canary, or a treatment, against a control; a difference found in the wrong
 * direction does not count as found. Sizes are of both arms together, and not rounded.
 */
#ifndef FFC_SIZING_H
#define FFC_SIZING_H

/* What a test asks of its data, in standard errors. */
struct planned_test {
    double bound;        /* what a difference has to exceed */
    double luck;         /* what all but the unluckiest, 1 - power of them, lose of it */
    double canary_share; /* of the units of both arms */
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

#endif
