/* distributions.c - see distributions.h. */
#include "distributions.h"

#include <math.h>
#include <stdbool.h>

#define REFINEMENTS 3
#define CLOSE       1e-9 /* of x: a step that doubles the digits, and the last */
#define MOST_STEPS  100

double normal_upper(double x)
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
 * Gamma(a + 1/2) / Gamma(a). For large a by the series in 1/a (Tricomi and Erdelyi 1951), and below
 * by going up to where that is good: a difference of two logarithms of Gamma would lose as many
 * digits as a has.
 */
#define SERIES_FROM 40
static double gamma_half_step(double a)
{
    double factor = 1;
    for (; a < SERIES_FROM; a++)
        factor *= a / (a + 0.5);
    double x = 1 / a;
    return factor * sqrt(a) *
           (1 + x * (-1 / 8.0 +
                     x * (1 / 128.0 +
                          x * (5 / 1024.0 +
                               x * (-21 / 32768.0 +
                                    x * (-399 / 262144.0 +
                                         x * (869 / 4194304.0 + x * (39325 / 33554432.0))))))));
}

/* The continued fraction of the incomplete beta function, DLMF 8.17.22, by Lentz's method. It
 * converges fast where x < (a + 1) / (a + b + 2). */
#define MOST_TERMS 10000
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < MOST_TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = value;
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= c * d;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= c * d;
        if (fabs(value - before) <= 1e-16 * fabs(value))
            break;
    }
    return value;
}

static double student_density(double t, double degrees)
{
    return gamma_half_step(degrees / 2) / sqrt(degrees * M_PI) *
           exp(-(degrees + 1) / 2 * log1p(t * t / degrees));
}

/*
 * The density's integral, for so many degrees that it falls almost as the normal one does: by the
 * trapezoidal rule over y, x = t + exp(y - exp(-y)) / (1 + t), which doubles the digits with every
 * halving of the step (Takahasi and Mori 1974).
 */
#define INTEGRATE_FROM 100
static double student_integral(double t, double degrees)
{
    double sum = 0;
    for (int i = -4 * 32; i <= 5 * 32; i++) {
        double y = i / 32.0, x = exp(y - exp(-y)) / (1 + t);
        sum += student_density(t + x, degrees) * x * (1 + exp(-y));
    }
    return sum / 32;
}

/* Half of I_x(degrees/2, 1/2) at x = degrees / (degrees + t^2), which is the tail beyond |t|. */
static double student_beyond(double t, double degrees)
{
    if (degrees >= INTEGRATE_FROM)
        return student_integral(t, degrees);
    double a = degrees / 2, square = t * t;
    double x = degrees / (degrees + square), rest = square / (degrees + square);
    /* x^a (1 - x)^(1/2) / B(a, 1/2) */
    double front = exp(-a * log1p(square / degrees)) * sqrt(rest / M_PI) * gamma_half_step(a);
    if (x < (a + 1) / (a + 2.5))
        return front / a * beta_fraction(x, a, 0.5) / 2;
    return 0.5 - front * beta_fraction(rest, 0.5, a);
}

double student_upper(double x, double degrees)
{
    if (isnan(x) || !(degrees > 0))
        return NAN;
    if (isinf(x))
        return x > 0 ? 0 : 1;
    if (isinf(degrees))
        return normal_upper(x);
    double beyond = student_beyond(fabs(x), degrees);
    return x > 0 ? beyond : 1 - beyond;
}

/* The t above 0 that has `tail`, below a half, beyond it: by Newton's method on the tail's
 * logarithm over log t, in which it is all but straight at both ends. */
static double student_with_tail(double tail, double degrees)
{
    double t = fmin(normal_quantile(1 - tail), 1e3), low = 0, high = INFINITY;
    for (int i = 0; i < MOST_STEPS; i++) {
        double beyond = student_beyond(t, degrees);
        double density = student_density(t, degrees);
        double next = t * exp(log(beyond / tail) * beyond / (density * t));
        if (fabs(next - t) <= CLOSE * t)
            return next;
        *(beyond > tail ? &low : &high) = t;
        if (!(next > low && next < high))
            next = isinf(high) ? 2 * t : low + (high - low) / 2;
        t = next;
    }
    return t;
}

double student_quantile(double p, double degrees)
{
    if (!(p >= 0 && p <= 1) || !(degrees > 0))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5)
        return 0;
    if (isinf(degrees))
        return normal_quantile(p);
    return p < 0.5 ? -student_with_tail(p, degrees) : student_with_tail(1 - p, degrees);
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
