/*
 * distributions.h - the distribution functions that the statistics need, and their inverses.
 *
 * Each gives NaN for a parameter outside its domain. Good to 1e-12, which is what
 * tests/unit/test_distributions.c asks of them.
 */
#ifndef FFC_DISTRIBUTIONS_H
#define FFC_DISTRIBUTIONS_H

#include <stdint.h>

/* The probability that a standard normal variable exceeds x. */
double normal_upper(double x);
/* The x that a standard normal variable is below with probability p; infinite at 0 and 1. */
double normal_quantile(double p);

/* The probability that Student's t with so many degrees of freedom, above 0, exceeds x. */
double student_upper(double x, double degrees);
/* The x that it is below with probability p; infinite at 0 and 1. */
double student_quantile(double p, double degrees);

/* The probability that a chi-square variable exceeds x. Cost: an exponential per two degrees. */
double chi_square_upper(double x, uint32_t degrees);
/* The x that it exceeds with probability p; infinite at 0. */
double chi_square_upper_quantile(double p, uint32_t degrees);

#endif
