/*
 * posterior.h - a change as the belief that a prior and the data give: normal and normal.
 *
 * Of an estimate with a normal error, so for many units. It answers how likely a variant is better
 * if the prior holds. Stopping once it looks good makes it right less often than it says.
 */
#ifndef FFC_POSTERIOR_H
#define FFC_POSTERIOR_H

#include "estimated_change.h"

struct posterior {
    double mean, deviation;
};
/* The prior has a mean of 0; an infinite deviation is a flat one. */
struct posterior posterior_of(const struct estimated_change *change, double prior_deviation);
/* The middle 1 - alpha. */
struct interval posterior_interval(const struct posterior *posterior, double alpha);
/* The probability that the change is beyond `margin` on that side. */
double posterior_chance(const struct posterior *posterior, enum side side, double margin);
/* What is lost on average by taking a variant that is meant to be on that side of 0: the mean of
 * how far it is on the other, 0 where it is not. */
double posterior_loss(const struct posterior *posterior, enum side side);

#endif
