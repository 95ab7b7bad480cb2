/*
 * multiplicity.h - p-values and e-values of several tests, adjusted for their number.
 *
 * An adjusted p-value is compared with the level that is meant for all of them. A test without one
 * (NaN) is not there, and stays NaN.
 */
#ifndef FFC_MULTIPLICITY_H
#define FFC_MULTIPLICITY_H

#include <stddef.h>

/* That any true null is rejected: Holm 1979. Any dependence. */
void adjust_holm(const double *p, size_t count, double *adjusted);
/* The share of true nulls among those that are rejected: Benjamini and Hochberg 1995. */
void adjust_benjamini_hochberg(const double *p, size_t count, double *adjusted);
/* The same of e-values, under any dependence: Wang and Ramdas 2022. The i-th largest of k becomes
 * k / (i e), at most 1, and not below those before it. They have to be those of now, not the
 * largest ever seen. */
void adjust_e_values(const double *e, size_t count, double *adjusted);

#endif
