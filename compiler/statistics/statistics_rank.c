/*
 * statistics_rank.c - Mann-Whitney and Hodges-Lehmann, of ascending values.
 *
 * All differences are never laid out: how many are at most d is one walk over both arms, and the
 * k-th is found by halving the doubles themselves, hence exactly.
 */
#include "compiler/base/memory.h"
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distributions.h"

#define EXACT_MOST 50 /* values an arm, up to which the exact distribution is used */

struct arms {
    const double *canary, *control;
    size_t canary_count, control_count;
};

/* Twice the number of pairs with canary > control, ties half; and the sum of t^3 - t over ties. */
static void rank(const struct arms *arms, double *twice, double *ties)
{
    size_t i = 0, j = 0;
    *twice = *ties = 0;
    while (i < arms->canary_count || j < arms->control_count) {
        double value = j == arms->control_count ? arms->canary[i] : arms->control[j];
        if (i < arms->canary_count)
            value = fmin(value, arms->canary[i]);
        size_t below = j;
        double equal_canary = 0, equal_control = 0;
        for (; i < arms->canary_count && arms->canary[i] == value; i++)
            equal_canary++;
        for (; j < arms->control_count && arms->control[j] == value; j++)
            equal_control++;
        *twice += equal_canary * (2 * (double)below + equal_control);
        double tied = equal_canary + equal_control;
        *ties += tied * tied * tied - tied;
    }
}

/*
 * In how many of the orders of m and n distinct values U is 0, 1, … most: the coefficients of the
 * Gaussian binomial. They are whole numbers, and the small ones, of the tails, are exact.
 */
static double *orders(size_t m, size_t n, size_t most)
{
    double *counts = xcalloc(most + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t i = 1; i <= m; i++) {
        for (size_t u = most; u >= n + i && u <= most; u--)
            counts[u] -= counts[u - n - i];
        for (size_t u = i; u <= most; u++)
            counts[u] += counts[u - i];
    }
    return counts;
}

static double order_total(size_t m, size_t n)
{
    return round(
        exp(lgamma((double)(m + n + 1)) - lgamma((double)(m + 1)) - lgamma((double)(n + 1))));
}

/* P(U <= u) without ties. */
static double exact_lower(const struct arms *arms, double u)
{
    double *counts = orders(arms->canary_count, arms->control_count, (size_t)u);
    double sum = 0;
    for (size_t i = 0; i <= (size_t)u; i++)
        sum += counts[i];
    free(counts);
    return sum / order_total(arms->canary_count, arms->control_count);
}

static bool is_small(const struct arms *arms)
{
    return arms->canary_count < EXACT_MOST && arms->control_count < EXACT_MOST;
}

struct test_result mann_whitney(const double *canary, size_t canary_count, const double *control,
                                size_t control_count)
{
    struct arms arms = {canary, control, canary_count, control_count};
    struct test_result test = {NAN, NAN, NAN, NAN, {-INFINITY, INFINITY}};
    if (canary_count == 0 || control_count == 0)
        return test;
    double twice, ties, m = (double)canary_count, n = (double)control_count, all = m + n;
    rank(&arms, &twice, &ties);
    test.statistic = twice / 2;
    /* The chance that one of the canary's is the greater. */
    test.estimate = test.statistic / (m * n);
    double off = test.statistic - m * n / 2;
    if (ties == 0 && is_small(&arms)) {
        double lesser = off > 0 ? m * n - test.statistic : test.statistic;
        test.p = fmin(1, 2 * exact_lower(&arms, lesser));
        return test;
    }
    double variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) {
        test.p = 1; /* one value everywhere: no order speaks for either */
        return test;
    }
    double z = fmax(fabs(off) - 0.5, 0) / sqrt(variance);
    test.p = fmin(1, 2 * normal_upper(z));
    return test;
}

/* ------------------------------------------------------------------------------- differences -- */

static uint64_t at_most(const struct arms *arms, double difference)
{
    uint64_t found = 0;
    size_t j = arms->control_count;
    /* As the canary's values ascend, those of the control's that are near enough begin later. */
    for (size_t i = arms->canary_count; i-- > 0;) {
        while (j > 0 && arms->canary[i] - arms->control[j - 1] <= difference)
            j--;
        found += arms->control_count - j;
    }
    return found;
}

/* Doubles in the order of their values, as integers in the same order. */
static int64_t to_order(double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_order(int64_t order)
{
    int64_t bits = order < 0 ? INT64_MIN - order : order;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* The k-th least difference, from 1. */
static double nth_difference(const struct arms *arms, uint64_t k)
{
    int64_t low = to_order(arms->canary[0] - arms->control[arms->control_count - 1]);
    int64_t high = to_order(arms->canary[arms->canary_count - 1] - arms->control[0]);
    while (low < high) {
        int64_t middle = (low & high) + ((low ^ high) >> 1);
        if (at_most(arms, from_order(middle)) >= k)
            high = middle;
        else
            low = middle + 1;
    }
    return from_order(low) + 0.0;
}

/* The interval begins at that difference, and ends at as many from the top; 0: it has no ends. */
static uint64_t outermost(const struct arms *arms, double alpha)
{
    double m = (double)arms->canary_count, n = (double)arms->control_count;
    if (!is_small(arms)) {
        double k = m * n / 2 - normal_quantile(1 - alpha / 2) * sqrt(m * n * (m + n + 1) / 12);
        return k >= 1 ? (uint64_t)floor(k) : 0;
    }
    size_t most = arms->canary_count * arms->control_count / 2;
    double *counts = orders(arms->canary_count, arms->control_count, most);
    double allowed = alpha / 2 * order_total(arms->canary_count, arms->control_count);
    double sum = 0;
    uint64_t k = 0;
    while (k <= most && (sum += counts[k]) <= allowed)
        k++;
    free(counts);
    return k;
}

struct test_result hodges_lehmann(const double *canary, size_t canary_count, const double *control,
                                  size_t control_count, double alpha)
{
    struct arms arms = {canary, control, canary_count, control_count};
    struct test_result test = mann_whitney(canary, canary_count, control, control_count);
    if (canary_count == 0 || control_count == 0)
        return test;
    uint64_t pairs = (uint64_t)canary_count * control_count;
    double lower = nth_difference(&arms, (pairs + 1) / 2);
    double upper = nth_difference(&arms, pairs / 2 + 1);
    test.estimate = lower + (upper - lower) / 2;
    uint64_t k = outermost(&arms, alpha);
    if (k > 0)
        test.interval =
            (struct interval){nth_difference(&arms, k), nth_difference(&arms, pairs + 1 - k)};
    return test;
}
