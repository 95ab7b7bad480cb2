/*
 * rank_test.h - two arms compared by the order of their units' values, at a planned end: Mann and
 * Whitney's test, and Hodges and Lehmann's shift.
 *
 * What it tests is whether a variant's unit is as likely above a control's as below it. That is not
 * whether means differ: a few great values count like others. The shift is the median of all
 * differences between a variant's value and a control's.
 *
 * Without ties and below RANK_TEST_EXACT_LEAST units in both arms, the distribution is exact; else
 * it is normal, with a correction for ties and half a unit for continuity.
 * References: Mann and Whitney 1947; Hodges and Lehmann 1963; Lehmann, Nonparametrics, 1975.
 */
#ifndef FFC_RANK_TEST_H
#define FFC_RANK_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "interval.h"

/* Above this, the normal distribution is close enough. */
#define RANK_TEST_EXACT_LEAST 50

/* Finite and ascending. */
struct sorted_values {
    const double *values;
    size_t count;
};

struct rank_sum {
    double u;           /* pairs with the variant's above the control's; of those alike, half */
    double superiority; /* that, of all pairs: how likely one of the variant is above */
    double deviation;   /* of u, where nothing differs; 0: all values are alike */
    bool is_exact;
};
/* Of arms that each have a value. Cost: both arms, once. */
struct rank_sum rank_sum(struct sorted_values variant, struct sorted_values control);

/* Two-sided, of no difference; 1 where all values are alike. */
double rank_p(struct sorted_values variant, struct sorted_values control);
/* One-sided, of a shift that is at least as far as `margin` on that side: shown to be less. Cost:
 * a copy of the control. */
double rank_p_within(struct sorted_values variant, struct sorted_values control, enum side side,
                     double margin);

/* Hodges and Lehmann's. Cost: some 64 times both arms; not their product. */
double rank_shift(struct sorted_values variant, struct sorted_values control);
/* Each bound fails at most alpha of the time; infinite where there are too few units. */
struct interval rank_shift_bounds(struct sorted_values variant, struct sorted_values control,
                                  double alpha);

#endif
