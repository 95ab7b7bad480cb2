/*
 * score_test.h - two shares compared at a planned end by the score test of Miettinen and Nurminen
 * (1985): it keeps its level where events are few, and gives an interval where one arm has none.
 */
#ifndef FFC_SCORE_TEST_H
#define FFC_SCORE_TEST_H

#include "interval.h"
#include "proportion.h"

/* Each bound fails at most alpha of the time; of an interval of confidence 1 - 2 alpha. Infinite
 * where an arm has nothing, and a relative change's upper bound where the control has no event. */
struct interval score_bounds(struct proportion variant, struct proportion control,
                             enum change change, double alpha);
/* Two-sided, of no change. */
double score_p(struct proportion variant, struct proportion control);
/* One-sided, of a change that is at least as far as `margin` on that side: shown to be less. */
double score_p_within(struct proportion variant, struct proportion control, enum change change,
                      enum side side, double margin);

#endif
