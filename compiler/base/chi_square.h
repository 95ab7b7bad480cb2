/* chi_square.h - Pearson's test: do these counts fit those shares? */
#ifndef FFC_CHI_SQUARE_H
#define FFC_CHI_SQUARE_H

#include <stdint.h>

/* The probability that a chi-square variable of so many degrees of freedom exceeds x. */
double chi_square_tail(double x, uint32_t degrees);

/*
 * The probability that units distributed by `shares` (thousandths of a percent, 100000 in all) give
 * counts at least as far off. 0 if a share of zero has a unit.
 */
double share_probability(const uint32_t *shares, const uint64_t *counts, uint32_t count,
                         uint64_t units);

#endif
