/* distributions.c - see distributions.h. */
#include "distributions.h"

#include <math.h>
#include <stdbool.h>

#define REFINEMENTS 3
#define CLOSE       1e-9 /* of x: a step that doubles the digits, and the last */
#define MOST_STEPS  100

static double normal_upper(double x)
{
    return erfc(x / M_SQRT2) / 2;
}

/* Where the upper tail is `tail`, at most a half: within 0.00045 (Abramowitz and Stegun 26.2.23),
 * and then by Halley's method, which triples the digits each time. */
static double normal_beyond(double tail)
{
    double t = sqrt(-2 * log(tail));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int i = 0; i < REFINEMENTS; i++) {
        double density = exp(-x * x / 2) / sqrt(2 * M_PI);
        double off = (normal_upper(x) - tail) / density;
        x += off / (1 - x * off / 2);
    }
    return x;
}

double normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    return p < 0.5 ? -normal_beyond(p) : normal_beyond(1 - p);
}

/*
 * Q(k/2, y), from Q(1/2, y) = erfc(sqrt y) or Q(0, y) = 0 upwards by
 * Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1). Every term is positive, so nothing cancels, and
 * is kept as its logarithm, so none underflows. `density` is chi-square's at 2 y: half the last
 * term.
 */
static double upper_gamma(double y, uint32_t degrees, double *density)
{
    bool odd = degrees % 2;
    double a = odd ? 0.5 : 0, tail = odd ? erfc(sqrt(y)) : 0;
    double log_term = odd ? log(4 * y / M_PI) / 2 - y : -y;
    *density = exp(-y) / sqrt(4 * M_PI * y); /* of one degree */
    while (a < degrees / 2.0) {
        double term = exp(log_term);
        tail += term;
        *density = term / 2;
        log_term += log(y / ++a);
    }
    return tail > 1 ? 1 : tail;
}

double chi_square_upper(double x, uint32_t degrees)
{
    double density;
    if (!(x >= 0) || degrees == 0)
        return NAN;
    return isinf(x) ? 0 : upper_gamma(x / 2, degrees, &density);
}

/* Newton's method on the tail's logarithm, between what is known to be too little and too much. */
double chi_square_upper_quantile(double p, uint32_t degrees)
{
    if (!(p >= 0 && p <= 1) || degrees == 0)
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? INFINITY : 0;
    double low = 0, high = INFINITY, x = degrees;
    for (int i = 0; i < MOST_STEPS; i++) {
        double density, tail = upper_gamma(x / 2, degrees, &density);
        double step = log(tail / p) * tail / density, next = x + step;
        if (fabs(step) <= CLOSE * x)
            return next;
        *(tail > p ? &low : &high) = x;
        if (!(next > low && next < high))
            next = isinf(high) ? 2 * x : low + (high - low) / 2;
        x = next;
    }
    return x; /* p is too near to 1 for more digits */
}
