/*
 * distributions.h - distribution functions and their inverses, by Boost.Math.
 *
 * Each gives NaN for a parameter outside its domain, and never throws or prints. `upper` functions
 * are the tail above x, without the cancellation of subtracting from one.
 */
#ifndef FFREPLAY_DISTRIBUTIONS_H
#define FFREPLAY_DISTRIBUTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

double normal_density(double x);
double normal_lower(double x);
double normal_upper(double x);
/* The x with normal_lower(x) = p; infinite at 0 and 1. */
double normal_quantile(double p);

double student_upper(double x, double degrees);
double student_quantile(double p, double degrees);
/* The tail of Student's t whose numerator has the mean `shift`: what power is made of. */
double student_shifted_upper(double x, double degrees, double shift);

double chi_square_upper(double x, double degrees);
double chi_square_quantile(double p, double degrees);

/* The p-quantile of Beta(a, b); the exact bounds of a proportion are such quantiles. */
double beta_quantile(double p, double a, double b);

#ifdef __cplusplus
}
#endif

#endif
