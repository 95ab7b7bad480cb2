/* chi_square.h - Pearson's test: are these counts what those shares give? */
#ifndef FFC_CHI_SQUARE_H
#define FFC_CHI_SQUARE_H

#include <stdint.h>

/* The probability that a chi-square variable of so many degrees of freedom exceeds x. */
double chi_square_tail(double x, uint32_t degrees);

/*
 * The probability that units shared out as `shares` (thousandths of a percent, 100000 in all) say
 * would give counts at least as far off. 0 where something that is to have no unit has one.
 */
double share_probability(const uint32_t *shares, const uint64_t *counts, uint32_t count,
                         uint64_t units);

#endif
