/* mean_sequence.h - means at every look: asymptotic confidence sequences, for many units. */
#ifndef FFC_MEAN_SEQUENCE_H
#define FFC_MEAN_SEQUENCE_H

#include "interval.h"
#include "moments.h"

/* The bound in standard errors, one-sided, of so many units of
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

#endif
