/*
 * mixture_sequence.h - a change judged at every look, both sides at once: the asymptotic confidence
 * sequence, of many units.
 *
 * mean_sequence.h has the one-sided form, which a canary's guards take; it is a little narrower on
 * its side.
 */
#ifndef FFC_MIXTURE_SEQUENCE_H
#define FFC_MIXTURE_SEQUENCE_H

#include "estimated_change.h"

/* With both bounds, 1 - alpha. Tightest at 5,000 units, as mean_sequence.h's. */
struct interval mixture_sequence_interval(const struct estimated_change *change, double alpha);
/* The e-value against no change that the interval at alpha inverts, as its logarithm. The least 1/e
 * of all looks is a p-value; so is every single one. */
double mixture_sequence_log_e(const struct estimated_change *change, double alpha);
/* One-sided, of a change that is at least as far as `margin` on that side: at most alpha where
 * sequence_multiplier() at alpha, in errors, shows that it is less. */
double mixture_sequence_p_within(const struct estimated_change *change, double alpha,
                                 enum side side, double margin);

#endif
