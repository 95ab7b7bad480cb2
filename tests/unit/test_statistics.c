/* Moments, sample ratios and sample sizes, against constants of scipy and R, and where there is
 * nothing to compute. The constants and their data: tests/statistics/test_constants.py. */
#include "statistics_checks.h"
#include "compiler/statistics/design_effect.h"
#include "compiler/statistics/sample_ratio.h"
#include "compiler/statistics/sizing.h"

/* ----------------------------------------------------------------------------------- moments -- */

struct sums {
    uint64_t n;
    struct exact_sum sum, squares;
};

static void take(struct sums *sums, double number)
{
    sums->n++;
    exact_sum_add(&sums->sum, number);
    assert_true(exact_sum_add_product(&sums->squares, number, number));
}

static struct moments moments_of(const struct sums *sums)
{
    return moments_of_sums(sums->n, &sums->sum, &sums->squares);
}

/* NIST's NumAcc1 to 4; with sums of squares in doubles, the last variance is all wrong. */
static void keeps_the_variance_of_great_numbers_that_differ_little(void **state)
{
    (void)state;
    static const struct {
        double first, low, high;
        uint64_t n;
        double mean, deviation;
    } sets[] = {
        {10000002, 10000001, 10000003, 3, 10000002, 1},
        {1.2, 1.1, 1.3, 1001, 1.2, 0.1},
        {1000000.2, 1000000.1, 1000000.3, 1001, 1000000.2, 0.1},
        {10000000.2, 10000000.1, 10000000.3, 1001, 10000000.2, 0.1},
    };
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct sums *sums = calloc(1, sizeof *sums);
        take(sums, sets[i].first);
        for (uint64_t j = 1; j < sets[i].n; j++)
            take(sums, j % 2 ? sets[i].low : sets[i].high);
        struct moments moments = moments_of(sums);
        EQUALS(moments.mean, sets[i].mean);
        /* The decimals are not exact in double: at 1e7, 9 digits remain for the deviation. */
        NEARS(sqrt(moments.variance), sets[i].deviation, 2e-8);
        free(sums);
    }
}

static void finds_no_spread_in_equal_numbers(void **state)
{
    (void)state;
    struct sums *sums = calloc(1, sizeof *sums);
    for (int i = 0; i < 1000; i++)
        take(sums, 0.1);
    assert_true(moments_of(sums).variance == 0);
    free(sums);
}

static void has_no_variance_of_one_and_no_mean_of_none(void **state)
{
    (void)state;
    struct sums *sums = calloc(1, sizeof *sums);
    assert_true(isnan(moments_of(sums).mean) && isnan(moments_of(sums).variance));
    take(sums, 3);
    assert_true(moments_of(sums).mean == 3 && isnan(moments_of(sums).variance));
    assert_false(exact_sum_add_product(&sums->squares, 1e200, 1e200));
    free(sums);
}

static void takes_the_variance_of_a_share_over_groups(void **state)
{
    (void)state;
    struct proportion groups[2][40];
    for (uint32_t i = 0; i < 40; i++) {
        groups[0][i] = (struct proportion){20 + 7 * i % 31, (3 * i * i + 5 * i) % 13};
        groups[1][i] = (struct proportion){20 + 7 * i % 31, (5 * i * i + 5 * i) % 13};
    }
    struct grouped arms[] = {{groups[0], 40}, {groups[1], 40}};
    EQUALS(grouped_design_effect(arms, 2), GROUPED_EFFECT);
    /* Too few groups, or no share: as if all events of a group were one. Never less than 1. */
    double squares = 0, all = 0;
    for (size_t i = 0; i < 29; i++) {
        squares += groups[0][i].n * groups[0][i].n;
        all += groups[0][i].n;
    }
    arms[0].count = 29;
    EQUALS(grouped_design_effect(arms, 1), squares / all);
    for (size_t i = 0; i < 40; i++)
        groups[1][i] = (struct proportion){30, 0};
    EQUALS(grouped_design_effect(&arms[1], 1), 30);
    for (size_t i = 0; i < 40; i++)
        groups[1][i].events = 10;
    EQUALS(grouped_design_effect(&arms[1], 1), 1);
    /* All or nothing in a group: clustering can do no worse. */
    for (size_t i = 0; i < 40; i++)
        groups[1][i].events = i % 2 ? 30 : 0;
    EQUALS(grouped_design_effect(&arms[1], 1), 30);
}

/* The third moment of errors - factor * requests, both shifted: nearly all digits cancel. */
static double third_moment(double shift, double factor)
{
    static const double requests[] = {12, 3, 40, 7, 7, 1, 19, 22, 5, 64};
    static const double errors[] = {2, 0, 9, 1, 0, 1, 3, 7, 0, 22};
    struct exact_sum *cubes = calloc(4, sizeof *cubes);
    for (size_t i = 0; i < COUNT(requests); i++) {
        double a = errors[i] + shift * factor, b = requests[i] + shift;
        assert_true(exact_sum_add_triple(&cubes[0], a, a, a));
        assert_true(exact_sum_add_triple(&cubes[1], a, a, b));
        assert_true(exact_sum_add_triple(&cubes[2], a, b, b));
        assert_true(exact_sum_add_triple(&cubes[3], b, b, b));
    }
    const struct exact_sum *const sums[] = {&cubes[0], &cubes[1], &cubes[2], &cubes[3]};
    double moment = third_moment_of_sums(COUNT(requests), factor, sums);
    free(cubes);
    return moment;
}

static void takes_the_third_moment_of_what_hardly_differs(void **state)
{
    (void)state;
    EQUALS(third_moment(0, RATIO_VALUE), RATIO_THIRD_MOMENT);
    EQUALS(third_moment(0, 0.375), OTHER_THIRD_MOMENT);
    EQUALS(third_moment(1e8, 0.375), OTHER_THIRD_MOMENT);
    struct exact_sum *sum = calloc(1, sizeof *sum);
    assert_false(exact_sum_add_triple(sum, 1e200, 1e200, 1e-200));
    assert_false(exact_sum_add_triple(sum, 1e150, 1e100, 1e100));
    free(sum);
}

static void takes_the_variance_of_a_ratio_over_units(void **state)
{
    (void)state;
    static const double requests[] = {12, 3, 40, 7, 7, 1, 19, 22, 5, 64};
    static const double errors[] = {2, 0, 9, 1, 0, 1, 3, 7, 0, 22};
    struct sums *of_requests = calloc(1, sizeof *of_requests);
    struct sums *of_errors = calloc(1, sizeof *of_errors);
    struct exact_sum *products = calloc(1, sizeof *products);
    for (size_t i = 0; i < COUNT(requests); i++) {
        take(of_requests, requests[i]);
        take(of_errors, errors[i]);
        exact_sum_add_product(products, errors[i], requests[i]);
    }
    struct ratio_moments ratio = {.numerator = moments_of(of_errors),
                                  .denominator = moments_of(of_requests),
                                  .covariance = covariance_of_sums(of_errors->n, &of_errors->sum,
                                                                   &of_requests->sum, products)};
    struct moments moments = ratio_as_moments(&ratio);
    EQUALS(moments.mean, RATIO_VALUE);
    EQUALS(moments.variance, RATIO_VARIANCE);
    EQUALS(design_effect(&ratio), fmax(1, RATIO_EFFECT));
    ratio.denominator.mean = 0;
    assert_true(isnan(ratio_as_moments(&ratio).mean));
    assert_true(design_effect(&ratio) == 1);
    free(of_requests);
    free(of_errors);
    free(products);
}

/* ----------------------------------------------------------------------------- sample ratios -- */

static void finds_mismatched_samples(void **state)
{
    (void)state;
    static const double even[] = {1, 1, 1}, weights[] = {5, 95};
    const double two[] = {44700, 45489}, uneven[] = {9463, 7681},
                 three[] = {166080, 171180, 166300};
    const double weighted[] = {510, 9490};
    struct sample_ratio found = sample_ratio(two, even, 2);
    EQUALS(found.fit.statistic, SAMPLE_RATIO_TWO);
    EQUALS(found.fit.p, SAMPLE_RATIO_TWO_P);
    EQUALS(found.anytime_p, SAMPLE_RATIO_TWO_ANYTIME_P);
    EQUALS(sample_ratio(uneven, even, 2).fit.p, SAMPLE_RATIO_UNEVEN_P);
    EQUALS(sample_ratio(uneven, even, 2).anytime_p, SAMPLE_RATIO_UNEVEN_ANYTIME_P);
    EQUALS(sample_ratio(three, even, 3).fit.p, SAMPLE_RATIO_THREE_P);
    EQUALS(sample_ratio(weighted, weights, 2).fit.p, SAMPLE_RATIO_WEIGHTED_P);
    /* An arm without weight neither counts as a degree of freedom nor dilutes the test. */
    const double leaking[] = {44700, 7, 45489}, one_off[] = {1, 0, 1};
    found = sample_ratio(leaking, one_off, 3);
    EQUALS(found.fit.p, SAMPLE_RATIO_TWO_P);
    assert_true(found.fit.degrees == 1 && found.fit.leaked == 7);
    const double few[] = {9, 6};
    assert_true(isnan(sample_ratio(few, even, 2).fit.p));
    assert_true(isnan(sample_ratio(two, even, 1).fit.p) &&
                isnan(sample_ratio(two, even, 1).anytime_p));
    const double most[] = {1e9, 0};
    assert_true(sample_ratio(most, even, 2).anytime_p == 0);
    /* A canary of 4 % instead of 5 % is detected within 12000 units; a correct one is not. */
    const double lost[] = {480, 11520}, sound[] = {600, 11400};
    assert_true(sample_ratio(lost, weights, 2).anytime_p < 0.001);
    assert_true(sample_ratio(sound, weights, 2).anytime_p > 0.5);
}

/* However few there are, and whatever is off: a test of `shares` asks that. */
static void fits_counts_to_weights(void **state)
{
    (void)state;
    static const double even[] = {1, 0, 1}, third[] = {1, 1, 1};
    const double few[] = {2, 0, 2}, close[] = {520, 0, 480}, leaking[] = {999, 1, 1000};
    const double three[] = {166080, 171180, 166300};
    assert_true(goodness_of_fit(few, even, 3).p == 1);
    EQUALS(goodness_of_fit(three, third, 3).p, SAMPLE_RATIO_THREE_P);
    EQUALS(goodness_of_fit(close, even, 3).statistic, 1.6);
    EQUALS(goodness_of_fit(close, even, 3).p, erfc(sqrt(0.8)));
    assert_true(goodness_of_fit(leaking, even, 3).leaked == 1);
    assert_true(isnan(goodness_of_fit(close, even, 1).p));
}

/* ------------------------------------------------------------------------------ sample sizes -- */

static double means_size(double share, double alpha, double power, double difference)
{
    struct planned_test test = planned_test(share, alpha, power);
    return means_sample_size(&test, difference, 1);
}

static double proportions_size(double share, double alpha, double control, double canary)
{
    struct planned_test test = planned_test(share, alpha, 0.8);
    return proportions_sample_size(&test, control, canary);
}

static void sizes_samples(void **state)
{
    (void)state;
    static const struct {
        double share, alpha, power, difference, units;
    } cases[] = {
        {0.5, 0.05, 0.8, 0.2, 2 * SIZE_EVEN},   {0.1, 0.05, 0.8, 0.2, SIZE_AT_10_PERCENT},
        {0.5, 0.05, 0.8, 0.01, SIZE_OF_LITTLE}, {0.2, 0.001, 0.95, 0.7, SIZE_OF_MUCH},
        {0.5, 0.05, 0.8, 2, SIZE_OF_TWO},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double units = cases[i].units;
        double found =
            means_size(cases[i].share, cases[i].alpha, cases[i].power, cases[i].difference);
        assert_true(found <= units && found >= units - 8 / units);
    }
    EQUALS(proportions_size(0.5, 0.05, 0.05, 0.06), 2 * SIZE_OF_SHARES);
    EQUALS(proportions_size(0.5, 0.025, 0.05, 0.06), 2 * SIZE_OF_SHARES_OF_THREE);
}

static void sizes_no_sample_for_what_cannot_be_asked(void **state)
{
    (void)state;
    assert_true(isnan(means_size(0, 0.05, 0.8, 1)) && isnan(means_size(1, 0.05, 0.8, 1)));
    assert_true(isnan(means_size(0.5, 0, 0.8, 1)) && isnan(means_size(0.5, 0.05, 1, 1)));
    /* It would be the size to find it seldom. */
    assert_true(isnan(means_size(0.5, 0.05, 0.4, 1)));
    assert_true(isinf(means_size(0.5, 0.05, 0.8, 0)));
    assert_true(isinf(proportions_size(0.5, 0.05, 0.1, 0.1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_variance_of_great_numbers_that_differ_little),
        cmocka_unit_test(finds_no_spread_in_equal_numbers),
        cmocka_unit_test(has_no_variance_of_one_and_no_mean_of_none),
        cmocka_unit_test(takes_the_third_moment_of_what_hardly_differs),
        cmocka_unit_test(takes_the_variance_of_a_ratio_over_units),
        cmocka_unit_test(takes_the_variance_of_a_share_over_groups),
        cmocka_unit_test(finds_mismatched_samples),
        cmocka_unit_test(fits_counts_to_weights),
        cmocka_unit_test(sizes_samples),
        cmocka_unit_test(sizes_no_sample_for_what_cannot_be_asked),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
