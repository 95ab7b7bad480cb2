/* sample_ratio.h - do the counts of units in each arm fit the shares they were assigned by? */
#ifndef FFC_SAMPLE_RATIO_H
#define FFC_SAMPLE_RATIO_H

#include <stddef.h>

/* Pearson's chi-square. Arms without weight are not tested; units in them are a leak. */
struct goodness_of_fit {
    double statistic, p; /* NaN with fewer than two arms */
    double degrees;
    double leaked;
};
struct goodness_of_fit goodness_of_fit(const double *observed, const double *weights, size_t count);

struct sample_ratio {
    struct goodness_of_fit fit; /* NaN with too few units, too */
    double anytime_p;           /* by an e-process: what to look at again and again */
};
/*
 * The logarithm of an e-value against these shares: the mean likelihood ratio of shares around
 * them, by a Dirichlet distribution as if 100 units had been seen in these shares (Lindon and
 * Malek, NeurIPS 2022). Each look's 1 / e is a p-value, and so is the least of all looks'. Arms
 * without a weight are left out.
 */
double sample_ratio_log_e(const double *observed, const double *weights, size_t count);

#define SAMPLE_RATIO_LEAST 8 /* units an arm, on average, below which chi-square is not trusted */
struct sample_ratio sample_ratio(const double *observed, const double *weights, size_t count);

#endif
