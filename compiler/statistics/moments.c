/*
 * moments.c - means, variances and covariances of units, from exact sums.
 *
 * A variance is a small difference of large numbers. The sums are exact, so it is enough to compute
 * the difference in twice a double's precision: 106 bits keep a variance accurate even if it is
 * 1e-16 of the squared mean.
 */
#include "moments.h"

#include <float.h>
#include <math.h>

/* high + low, |low| at most half a unit in the last place of high. */
struct wide {
    double high, low;
};

static struct wide wide_sum(double a, double b)
{
    double sum = a + b;
    double of_b = sum - a;
    return (struct wide){sum, (a - (sum - of_b)) + (b - of_b)};
}

static struct wide wide_add(struct wide a, struct wide b)
{
    struct wide sum = wide_sum(a.high, b.high);
    return wide_sum(sum.high, sum.low + a.low + b.low);
}

static struct wide wide_product(struct wide a, struct wide b)
{
    double high = a.high * b.high;
    double low = fma(a.high, b.high, -high) + (a.high * b.low + a.low * b.high);
    return wide_sum(high, low);
}

static struct wide wide_over(struct wide a, double divisor)
{
    double high = a.high / divisor;
    double rest = fma(-high, divisor, a.high) + a.low;
    return wide_sum(high, rest / divisor);
}

static struct wide wide_of(const struct exact_sum *sum)
{
    struct exact_sum rest = *sum;
    double high = exact_sum_value(sum);
    if (!isfinite(high))
        return (struct wide){high, 0};
    exact_sum_add(&rest, -high);
    return (struct wide){high, exact_sum_value(&rest)};
}

bool exact_sum_add_product(struct exact_sum *sum, double a, double b)
{
    double high = a * b;
    if (!isfinite(high))
        return false;
    exact_sum_add(sum, high);
    double low = fma(a, b, -high);
    if (low != 0) /* usually zero, for counts */
        exact_sum_add(sum, low);
    return true;
}

bool exact_sum_add_triple(struct exact_sum *sum, double a, double b, double c)
{
    double high = a * b;
    if (!isfinite(high) || !isfinite(high * c))
        return false;
    exact_sum_add(sum, fma(a, b, -high) * c);
    return exact_sum_add_product(sum, high, c);
}

double third_moment_of_sums(uint64_t n, double factor, const struct exact_sum *const sums[4])
{
    /* By Horner's rule: ((-factor b³ + 3 ab²) factor - 3 a²b) factor + a³, in 106 bits. */
    static const double times[] = {1, 3, 3, 1};
    struct wide by = {factor, 0}, value = {0, 0};
    for (int i = 3; i >= 0; i--) {
        struct wide sum = wide_product(wide_of(sums[i]), (struct wide){times[i], 0});
        double sign = i % 2 ? -1 : 1;
        value = wide_add(wide_product(value, by), (struct wide){sign * sum.high, sign * sum.low});
    }
    return (value.high + value.low) / (double)n;
}

double covariance_of_sums(uint64_t n, const struct exact_sum *sum_a, const struct exact_sum *sum_b,
                          const struct exact_sum *products)
{
    if (n < 2)
        return NAN;
    struct wide mean_a = wide_over(wide_of(sum_a), (double)n);
    struct wide expected = wide_product(mean_a, wide_of(sum_b));
    struct wide off = wide_add(wide_of(products), (struct wide){-expected.high, -expected.low});
    return (off.high + off.low) / (double)(n - 1);
}

struct moments moments_of_sums(uint64_t n, const struct exact_sum *sum,
                               const struct exact_sum *squares)
{
    struct moments moments = {.n = (double)n, .mean = NAN, .variance = NAN};
    if (n > 0)
        moments.mean = exact_sum_value(sum) / (double)n;
    double variance = covariance_of_sums(n, sum, sum, squares);
    /* What remains of equal numbers is rounding error, and must not pass for spread. */
    double noise = moments.mean * moments.mean * DBL_EPSILON * DBL_EPSILON;
    moments.variance = variance <= noise ? 0 : variance;
    return moments;
}

struct moments ratio_as_moments(const struct ratio_moments *ratio)
{
    const struct moments *over = &ratio->numerator, *under = &ratio->denominator;
    struct moments moments = {.n = over->n, .mean = NAN, .variance = NAN, .idle = ratio->idle};
    if (under->mean == 0)
        return moments;
    double value = over->mean / under->mean;
    double variance =
        over->variance - 2 * value * ratio->covariance + value * value * under->variance;
    moments.mean = value;
    moments.skewness = variance > 0 ? ratio->third / pow(variance, 1.5) : 0;
    moments.variance = fmax(variance, 0) / (under->mean * under->mean);
    return moments;
}
