/* Statistics of units' values at once: two shares at every look, ranks, order statistics. What an
 * e-value is on average is summed over all outcomes of a few units. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/statistics/quantile_change.h"
#include "compiler/statistics/rank_test.h"
#include "compiler/statistics/two_shares.h"

static double binomial(int n, int k, double p)
{
    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) * pow(p, k) * pow(1 - p, n - k);
}

typedef double log_e_function(const struct two_shares *seen);

/* Over all that so many units, assigned by chance, may do. */
static double average(log_e_function *log_e, double assigned, double variant, double control)
{
    const int units = 7;
    double sum = 0;
    for (int n = 0; n <= units; n++)
        for (int y = 0; y <= n; y++)
            for (int x = 0; x <= units - n; x++) {
                const struct two_shares seen = {{n, y}, {units - n, x}, assigned};
                sum += binomial(units, n, assigned) * binomial(n, y, variant) *
                       binomial(units - n, x, control) * exp(log_e(&seen));
            }
    return sum;
}

static double no_change(const struct two_shares *seen)
{
    return two_shares_log_e(seen);
}

static double half_more(const struct two_shares *seen)
{
    return two_shares_log_e_beyond(seen, CHANGE_RELATIVE, SIDE_ABOVE, 0.5);
}

static double ten_points_less(const struct two_shares *seen)
{
    return two_shares_log_e_beyond(seen, CHANGE_ABSOLUTE, SIDE_BELOW, -0.1);
}

static void an_e_value_is_at_most_one_on_average(void **state)
{
    (void)state;
    static const double assigned[] = {0.05, 0.2, 0.5};
    for (size_t i = 0; i < 3; i++) {
        assert_true(average(no_change, assigned[i], 0.3, 0.3) <= 1 + 1e-9);
        assert_true(average(no_change, assigned[i], 0.001, 0.001) <= 1 + 1e-9);
        assert_true(average(half_more, assigned[i], 0.3, 0.2) <= 1 + 1e-9);
        assert_true(average(half_more, assigned[i], 0.25, 0.2) <= 1 + 1e-9);
        assert_true(average(ten_points_less, assigned[i], 0.3, 0.4) <= 1 + 1e-9);
        assert_true(average(ten_points_less, assigned[i], 0.5, 0.4) <= 1 + 1e-9);
        /* And more, where the hypothesis is wrong. */
        assert_true(average(no_change, assigned[i], 0.5, 0.3) > 1);
    }
}

static void an_interval_holds_what_is_not_rejected(void **state)
{
    (void)state;
    const struct two_shares seen = {{4099, 259}, {35901, 1806}, 0.1};
    struct interval points = two_shares_interval(&seen, CHANGE_ABSOLUTE, 0.05);
    struct interval times = two_shares_interval(&seen, CHANGE_RELATIVE, 0.05);
    double log_e = two_shares_log_e(&seen);
    assert_true(log_e > log(20) && points.lower > 0 && times.lower > 0);
    assert_true(points.upper > 259.0 / 4099 - 1806.0 / 35901 && times.upper < 1);
    /* At a level that the evidence does not reach, it holds no change. */
    points = two_shares_interval(&seen, CHANGE_ABSOLUTE, exp(-log_e - 0.01));
    assert_true(points.lower < 0 && points.upper > 0);
    points = two_shares_interval(&seen, CHANGE_ABSOLUTE, exp(-log_e + 0.01));
    assert_true(points.lower > 0);
    const struct two_shares none = {{0, 0}, {10, 1}, 0.1};
    assert_true(isinf(two_shares_interval(&none, CHANGE_ABSOLUTE, 0.05).upper));
    /* Also where an arm has nobody yet: else the others would count twice. */
    assert_true(two_shares_log_e(&none) < 0.1);
}

static void ranks_of_ties_and_of_few(void **state)
{
    (void)state;
    const double low[] = {1, 2, 3}, high[] = {4, 5, 6}, same[] = {7, 7, 7}, zeros[] = {0, 0, 0};
    const struct sorted_values three = {low, 3}, above = {high, 3}, alike = {same, 3};
    const struct sorted_values nothing = {zeros, 3};
    assert_true(fabs(rank_p(above, three) - 0.1) < 1e-12); /* 2 of 20 orders */
    assert_true(rank_sum(above, three).superiority == 1 && rank_shift(above, three) == 3);
    /* Three in each arm never show anything at 2.5 %. */
    assert_true(isinf(rank_shift_bounds(above, three, 0.025).lower));
    struct interval bounds = rank_shift_bounds(above, three, 0.05);
    assert_true(bounds.lower == 1 && bounds.upper == 5);
    assert_true(rank_p(alike, alike) == 1 && rank_sum(alike, alike).superiority == 0.5);
    assert_true(rank_shift(nothing, nothing) == 0 && !signbit(rank_shift(nothing, nothing)));
    assert_true(fabs(rank_p_within(above, three, SIDE_BELOW, 0) - 0.05) < 1e-12);
    assert_true(rank_p_within(above, three, SIDE_ABOVE, 0) > 0.9);
}

static void order_statistics_need_values_beyond(void **state)
{
    (void)state;
    struct bin bins[200];
    for (int i = 0; i < 200; i++)
        bins[i] = (struct bin){i, i, 1};
    struct quantile_estimate found = quantile_estimate(&(struct distribution){bins, 200}, 0.9, 1);
    assert_true(found.value == 179 && found.lower == 171 && found.upper == 188);
    struct quantile_estimate twice = quantile_estimate(&(struct distribution){bins, 200}, 0.9, 2);
    assert_true(fabs(twice.variance - 2 * found.variance) < 1e-9);
    found = quantile_estimate(&(struct distribution){bins, 90}, 0.9, 1);
    assert_true(isnan(found.variance) && found.value == 80);
    assert_true(isnan(quantile_change(&found, &twice, CHANGE_ABSOLUTE).error));
    found = quantile_estimate(&(struct distribution){bins, 0}, 0.9, 1);
    assert_true(isnan(found.value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_e_value_is_at_most_one_on_average),
        cmocka_unit_test(an_interval_holds_what_is_not_rejected),
        cmocka_unit_test(ranks_of_ties_and_of_few),
        cmocka_unit_test(order_statistics_need_values_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
