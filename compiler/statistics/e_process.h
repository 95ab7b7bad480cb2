/*
 * e_process.h - what the e-processes share: the grid of effects they bet on, and the
 * search for the bound at which they reject.
 */
#ifndef FFC_E_PROCESS_H
#define FFC_E_PROCESS_H

#include <stddef.h>

#include "interval.h"

/* Ratios 1 + 2^j, from one in a thousand to seventeen-fold; most weight lies on 1.5 to 3. */
#define MIXTURE_EFFECTS 15
struct mixture {
    double ratio[MIXTURE_EFFECTS];  /* above 1; the other side bets on the reciprocal */
    double weight[MIXTURE_EFFECTS]; /* of all, 1 */
};
void mixture_init(struct mixture *mixture);

/* log(sum of weights[i] * exp(logs[i])), without overflow. */
double log_mean_exp(const double *logs, const double *weights, size_t count);

/* What an event and its absence add to a logarithm, for each effect, against a proportion. */
struct proportion_bets {
    double event[MIXTURE_EFFECTS], other[MIXTURE_EFFECTS];
    double weight[MIXTURE_EFFECTS];
};
void proportion_bets_init(struct proportion_bets *bets, enum side side, double value);
double proportion_bets_log_e(const struct proportion_bets *bets, double events, double others);

/* The logarithm of an e-value against a null hypothesis that `value` bounds. */
typedef double log_e_function(const void *data, enum side side, double value);

/*
 * The values that are not rejected at alpha, within `limits`: what lies below the lower bound is
 * rejected from above, and so on. A side on which nothing is rejected gives the limit. `within` is
 * where to begin, a value near the estimate, `step` how far to go first.
 */
struct interval sequence_search(log_e_function *log_e, const void *data, double alpha,
                                struct interval limits, double within, double step);
/* The same for ratios, from 1e-6 to 1e6; beyond is 0 and INFINITY. Gives ratio - 1. */
struct interval sequence_search_ratio(log_e_function *log_e, const void *data, double alpha);

#endif
