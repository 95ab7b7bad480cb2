/* mean_sequence.h - means at every look: asymptotic confidence sequences, for many units. */
#ifndef FFC_MEAN_SEQUENCE_H
#define FFC_MEAN_SEQUENCE_H

#include "interval.h"
#include "moments.h"

/*
 * The variance of the normal mixture that these bounds are made of, in variances of the estimate
 * itself: n rho², by the error rate of both sides together. It makes a bound tightest at 5,000
 * units of both arms; docs/statistics.md has the source.
 */
double mixture_width(double n, double alpha);
/* A one-sided bound at so many units of both arms, in standard errors. */
double sequence_multiplier(double n, double alpha);

#define MEANS_BURN_IN    100 /* units of an arm, below which nothing is known */
#define MEANS_LEAST_BUSY 30  /* of them, those that are not idle */
/* Units that a single arm needs before the normal approximation holds for its mean. */
double means_wanted(const struct moments *seen);

/*
 * Bounds that hold at every look: each alone fails at most alpha of the time. `growth` asks what
 * they would be with so many times the units; 1: as seen. Infinite where an arm has too few units,
 * or no spread.
 */
/* Of the change from the control to the canary, side by side: what skews one skews both. */
struct interval means_sequence(const struct moments *canary, const struct moments *control,
                               enum change change, double alpha, double growth);
/* Of the change between two periods, each bounded alone. */
struct interval means_apart_sequence(const struct moments *canary, const struct moments *control,
                                     enum change change, double alpha, double growth);
/* Of one mean, with nothing beside it; also infinite below means_wanted(). */
struct interval mean_sequence(const struct moments *seen, double alpha, double growth);

#endif
