/* Statistics of data that are looked at once, against constants of scipy and R, and where there is
 * nothing to compute. The constants and their data: tests/statistics/test_constants.py. */
#include "statistics_checks.h"
#include "compiler/statistics/distributions.h"

static const double x[] = {1.1, 2.2, 2.2, 3.7, 5.0, 8.1};
static const double y[] = {0.9, 2.2, 2.5, 2.6, 3.1, 4.4, 4.4};
static const double p_values[] = {0.001, 0.008, 0.039, 0.041, 0.042, 0.06,  0.074, 0.205, 0.212,
                                  0.216, 0.222, 0.251, 0.269, 0.275, 0.34,  0.341, 0.384, 0.569,
                                  0.594, 0.696, 0.762, 0.94,  0.942, 0.975, 0.986};

/* ----------------------------------------------------------------------------- distributions -- */

static void has_the_distributions(void **state)
{
    (void)state;
    EQUALS(normal_upper(8), NORMAL_UPPER_8);
    EQUALS(normal_lower(-3), NORMAL_LOWER_MINUS_3);
    EQUALS(normal_quantile(1e-10), NORMAL_QUANTILE_1E_MINUS_10);
    EQUALS(student_upper(4, 7.5), STUDENT_UPPER_4_AT_7_5);
    EQUALS(student_quantile(0.975, 55.7), STUDENT_QUANTILE_975_AT_55);
    EQUALS(student_shifted_upper(1.97, 300, 2.8), STUDENT_SHIFTED_UPPER);
    EQUALS(chi_square_upper(40, 3), CHI_SQUARE_UPPER_40_AT_3);
    EQUALS(chi_square_quantile(0.05, 63), CHI_SQUARE_QUANTILE_05_AT_63);
    EQUALS(beta_quantile(0.01, 3, 998), BETA_QUANTILE_01);
    assert_true(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY);
}

static void gives_no_number_outside_of_a_domain(void **state)
{
    (void)state;
    assert_true(isnan(normal_lower(NAN)) && isnan(normal_quantile(1.5)));
    assert_true(isnan(student_upper(1, 0)) && isnan(student_upper(NAN, 3)));
    assert_true(isnan(student_quantile(-1, 3)) && isnan(student_shifted_upper(1, 3, INFINITY)));
    assert_true(isnan(chi_square_quantile(2, 1)) && isnan(chi_square_quantile(0.5, 0)));
    assert_true(isnan(chi_square_upper(-1, 1)) && isnan(beta_quantile(0.5, 0, 1)));
}

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

/* NIST's NumAcc1 to 4; by sums of squares in doubles the last variance is all wrong. */
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
        /* The decimals are not doubles: 1e7 has 9 digits left for the deviation. */
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
    /* All of a group or nothing: clusters can do no more. */
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

/* ------------------------------------------------------------------------------- fixed tests -- */

static void tests_means(void **state)
{
    (void)state;
    struct moments a = revenue_a(3407), b = revenue_b();
    struct test_result test = welch_t(&b, &a, 0.05);
    EQUALS(test.estimate, REVENUE_ESTIMATE);
    EQUALS(test.statistic, REVENUE_STATISTIC);
    EQUALS(test.degrees, REVENUE_DEGREES);
    EQUALS(test.p, REVENUE_P);
    EQUALS(test.interval.lower, REVENUE_LOWER);
    EQUALS(test.interval.upper, REVENUE_UPPER);
    test = welch_t_relative(&b, &a, 0.05);
    EQUALS(test.estimate, REVENUE_RELATIVE_ESTIMATE);
    EQUALS(test.p, REVENUE_RELATIVE_P);
    EQUALS(test.interval.lower, REVENUE_RELATIVE_LOWER);
    EQUALS(test.interval.upper, REVENUE_RELATIVE_UPPER);
    struct moments p = share_moments(28, 14), q = share_moments(30, 16);
    test = welch_t_relative(&q, &p, 0.05);
    EQUALS(test.degrees, SHARE_RELATIVE_DEGREES);
    EQUALS(test.p, SHARE_RELATIVE_P);
    EQUALS(test.interval.lower, SHARE_RELATIVE_LOWER);
    EQUALS(test.interval.upper, SHARE_RELATIVE_UPPER);
    a = of_sums(44700, 2344795, 3068811771);
    b = of_sums(45489, 2333530, 605052202);
    test = welch_t(&b, &a, 0.05);
    EQUALS(test.statistic, ROUNDS_STATISTIC);
    EQUALS(test.p, ROUNDS_P);
    /* An increase stays one where the control is below zero. */
    struct moments low = moments(100, -4, 1), high = moments(100, -3, 1), flat = moments(100, 3, 0),
                   zero = moments(100, 0, 1);
    assert_true(welch_t_relative(&high, &low, 0.05).estimate == 0.25);
    assert_true(isnan(welch_t(&flat, &flat, 0.05).p));
    assert_true(isnan(welch_t_relative(&low, &zero, 0.05).p));
}

static void tests_proportions(void **state)
{
    (void)state;
    struct proportion a = {44700, 8502}, b = {45489, 8279};
    struct test_result test = two_proportions_z(b, a, 0.05);
    EQUALS(test.statistic, WEEK_Z);
    EQUALS(test.p, WEEK_P);
    EQUALS(test.interval.lower, WEEK_LOWER);
    EQUALS(test.interval.upper, WEEK_UPPER);
    EQUALS(two_proportions_z_unpooled(b, a, 0.05).statistic, WEEK_Z_UNPOOLED);
    struct interval found = newcombe((struct proportion){40, 3}, (struct proportion){70, 9}, 0.05);
    EQUALS(found.lower, NEWCOMBE_LOWER);
    EQUALS(found.upper, NEWCOMBE_UPPER);
    found = wilson((struct proportion){40, 3}, 0.05);
    EQUALS(found.lower, WILSON_LOWER);
    EQUALS(found.upper, WILSON_UPPER);
    found = clopper_pearson((struct proportion){40, 3}, 0.05);
    EQUALS(found.lower, CLOPPER_LOWER);
    EQUALS(found.upper, CLOPPER_UPPER);
    struct proportion none = {0, 0}, quiet = {50, 0};
    assert_true(isnan(two_proportions_z(none, quiet, 0.05).p));
    assert_true(isnan(two_proportions_z(quiet, quiet, 0.05).p));
    found = newcombe(none, quiet, 0.05);
    assert_true(found.lower == -1 && found.upper == 1);
    assert_true(clopper_pearson(quiet, 0.05).lower == 0);
}

static void tests_counts(void **state)
{
    (void)state;
    static const double table[] = {10, 20, 30, 25, 15, 5};
    static const double weeks[] = {8502, 44700 - 8502, 8279, 45489 - 8279};
    struct test_result test = chi_square_independence(table, 2, 3);
    EQUALS(test.statistic, TABLE_STATISTIC);
    EQUALS(test.p, TABLE_P);
    assert_true(test.degrees == 2);
    EQUALS(chi_square_independence(weeks, 2, 2).statistic, WEEK_CHI_SQUARE);
    static const double seen[] = {166080, 171180, 166300}, third = 503560.0 / 3;
    const double expected[] = {third, third, third};
    EQUALS(chi_square_goodness(seen, expected, 3).p, SAMPLE_RATIO_THREE_P);
    assert_true(isnan(chi_square_goodness(seen, expected, 1).p));
}

static void finds_mismatched_samples(void **state)
{
    (void)state;
    static const double even[] = {1, 1, 1}, weights[] = {5, 95};
    const double two[] = {44700, 45489}, uneven[] = {9463, 7681},
                 three[] = {166080, 171180, 166300};
    const double weighted[] = {510, 9490};
    struct sample_ratio found = sample_ratio(two, even, 2);
    EQUALS(found.statistic, SAMPLE_RATIO_TWO);
    EQUALS(found.p, SAMPLE_RATIO_TWO_P);
    EQUALS(found.anytime_p, SAMPLE_RATIO_TWO_ANYTIME_P);
    EQUALS(sample_ratio(uneven, even, 2).p, SAMPLE_RATIO_UNEVEN_P);
    EQUALS(sample_ratio(uneven, even, 2).anytime_p, SAMPLE_RATIO_UNEVEN_ANYTIME_P);
    EQUALS(sample_ratio(three, even, 3).p, SAMPLE_RATIO_THREE_P);
    EQUALS(sample_ratio(weighted, weights, 2).p, SAMPLE_RATIO_WEIGHTED_P);
    /* An arm without weight neither counts as a degree of freedom nor dilutes the test. */
    const double leaking[] = {44700, 7, 45489}, one_off[] = {1, 0, 1};
    found = sample_ratio(leaking, one_off, 3);
    EQUALS(found.p, SAMPLE_RATIO_TWO_P);
    assert_true(found.degrees == 1 && found.leaked == 7);
    const double few[] = {9, 6};
    assert_true(isnan(sample_ratio(few, even, 2).p));
    assert_true(isnan(sample_ratio(two, even, 1).p) && isnan(sample_ratio(two, even, 1).anytime_p));
    const double most[] = {1e9, 0};
    assert_true(sample_ratio(most, even, 2).anytime_p == 0);
    /* A canary of 4 % in the place of 5 % is found within 12000 units, a sound one is not. */
    const double lost[] = {480, 11520}, sound[] = {600, 11400};
    assert_true(sample_ratio(lost, weights, 2).anytime_p < 0.001);
    assert_true(sample_ratio(sound, weights, 2).anytime_p > 0.5);
}

static int ascending(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void ranks_values(void **state)
{
    (void)state;
    struct test_result test = hodges_lehmann(x, COUNT(x), y, COUNT(y), 0.05);
    assert_true(test.statistic == 23);
    EQUALS(test.p, RANK_SMALL_P);
    EQUALS(test.estimate, SHIFT_SMALL);
    EQUALS(test.interval.lower, -2);
    EQUALS(test.interval.upper, 3.7);

    double distinct_x[11], distinct_y[14];
    for (size_t i = 0; i < COUNT(distinct_x); i++)
        distinct_x[i] = 0.5 + 1.7 * (double)i;
    for (size_t i = 0; i < COUNT(distinct_y); i++)
        distinct_y[i] = 0.1 + 1.3 * (double)i;
    test = hodges_lehmann(distinct_x, COUNT(distinct_x), distinct_y, COUNT(distinct_y), 0.05);
    EQUALS(test.statistic, RANK_DISTINCT_U);
    EQUALS(test.p, RANK_DISTINCT_P);
    EQUALS(test.estimate, SHIFT_DISTINCT);
    EQUALS(test.interval.lower, DISTINCT_LOWER);
    EQUALS(test.interval.upper, DISTINCT_UPPER);

    double tied_x[60], tied_y[75];
    for (int i = 0; i < 60; i++)
        tied_x[i] = (i * i + 3) % 23;
    for (int i = 0; i < 75; i++)
        tied_y[i] = (i * i + 5 * i) % 19;
    qsort(tied_x, COUNT(tied_x), sizeof tied_x[0], ascending);
    qsort(tied_y, COUNT(tied_y), sizeof tied_y[0], ascending);
    test = hodges_lehmann(tied_x, COUNT(tied_x), tied_y, COUNT(tied_y), 0.05);
    EQUALS(test.statistic, RANK_TIED_U);
    EQUALS(test.p, RANK_TIED_P);
    EQUALS(test.estimate, SHIFT_TIED);
    assert_true(test.interval.lower <= 1 && test.interval.upper >= 1);
}

static void ranks_values_that_are_few_or_all_the_same(void **state)
{
    (void)state;
    static const double tens[] = {10, 20, 30, 40}, ones[] = {1, 2, 3, 4}, same[] = {5, 5, 5};
    struct test_result test = hodges_lehmann(tens, 4, ones, 4, 0.05);
    EQUALS(test.estimate, 22.5);
    EQUALS(test.p, 2.0 / 70);
    assert_true(test.interval.lower == 6 && test.interval.upper == 39);
    assert_true(mann_whitney(same, 3, same, 3).p == 1);
    assert_true(isnan(mann_whitney(same, 0, same, 3).p));
    /* Three against three: no interval at 95 % excludes anything. */
    IS_UNKNOWN(hodges_lehmann(tens, 3, ones, 3, 0.05).interval);
}

/* ---------------------------------------------------------------------- several looks, tests -- */

static void spends_alpha_over_planned_looks(void **state)
{
    (void)state;
    static const double five[] = {0.2, 0.4, 0.6, 0.8, 1}, two[] = {0.5, 1};
    static const double uneven[] = {0.1, 0.35, 0.6, 1}, backwards[] = {0.5, 0.4};
    double bounds[5];
    assert_true(group_sequential_bounds(SPENDING_OBRIEN_FLEMING, 0.025, five, 5, bounds));
    NEARS(bounds[0], OBRIEN_FLEMING_FIVE_1, 1e-6);
    NEARS(bounds[1], OBRIEN_FLEMING_FIVE_2, 1e-6);
    NEARS(bounds[2], OBRIEN_FLEMING_FIVE_3, 1e-6);
    NEARS(bounds[3], OBRIEN_FLEMING_FIVE_4, 1e-6);
    NEARS(bounds[4], OBRIEN_FLEMING_FIVE_5, 1e-6);
    assert_true(group_sequential_bounds(SPENDING_OBRIEN_FLEMING, 0.025, two, 2, bounds));
    NEARS(bounds[0], OBRIEN_FLEMING_TWO_1, 1e-6);
    NEARS(bounds[1], OBRIEN_FLEMING_TWO_2, 1e-6);
    assert_true(group_sequential_bounds(SPENDING_OBRIEN_FLEMING, 0.025, uneven, 4, bounds));
    NEARS(bounds[0], OBRIEN_FLEMING_UNEVEN_1, 1e-6);
    NEARS(bounds[1], OBRIEN_FLEMING_UNEVEN_2, 1e-6);
    NEARS(bounds[2], OBRIEN_FLEMING_UNEVEN_3, 1e-6);
    NEARS(bounds[3], OBRIEN_FLEMING_UNEVEN_4, 1e-6);
    assert_true(group_sequential_bounds(SPENDING_POCOCK, 0.025, five, 5, bounds));
    NEARS(bounds[0], POCOCK_FIVE_1, 1e-6);
    NEARS(bounds[2], POCOCK_FIVE_3, 1e-6);
    NEARS(bounds[4], POCOCK_FIVE_5, 1e-6);
    NEARS(alpha_spent(SPENDING_OBRIEN_FLEMING, 0.025, 0.4), 3.941518e-04, 1e-6);
    assert_true(alpha_spent(SPENDING_OBRIEN_FLEMING, 0.025, 1) == 0.025);
    assert_false(group_sequential_bounds(SPENDING_POCOCK, 0.025, backwards, 2, bounds));
    assert_false(group_sequential_bounds(SPENDING_POCOCK, 0.025, five, 0, bounds));
}

static void spends_alpha_over_many_looks(void **state)
{
    (void)state;
    double information[200], bounds[200];
    for (size_t i = 0; i < 20; i++)
        information[i] = (double)(i + 1) / 20;
    assert_true(group_sequential_bounds(SPENDING_OBRIEN_FLEMING, 0.025, information, 20, bounds));
    NEARS(bounds[4], TWENTY_LOOKS_5, 1e-6);
    NEARS(bounds[9], TWENTY_LOOKS_10, 1e-6);
    NEARS(bounds[19], TWENTY_LOOKS_20, 1e-6);
    for (size_t i = 0; i < COUNT(information); i++)
        information[i] = (double)(i + 1) / COUNT(information);
    assert_true(group_sequential_bounds(SPENDING_OBRIEN_FLEMING, 0.025, information,
                                        COUNT(information), bounds));
    for (size_t i = 20; i < COUNT(bounds); i++)
        assert_true(bounds[i] < bounds[i - 1]);
    assert_true(bounds[199] > TWENTY_LOOKS_20 && bounds[199] < 2.3);
}

static void adjusts_for_the_number_of_tests(void **state)
{
    (void)state;
    double adjusted[COUNT(p_values)];
    adjust_holm(p_values, COUNT(p_values), adjusted);
    EQUALS(adjusted[0], HOLM_1);
    EQUALS(adjusted[1], HOLM_2);
    EQUALS(adjusted[2], HOLM_3);
    EQUALS(adjusted[4], HOLM_5);
    EQUALS(adjusted[24], HOLM_25);
    adjust_benjamini_hochberg(p_values, COUNT(p_values), adjusted);
    EQUALS(adjusted[0], BH_1);
    EQUALS(adjusted[1], BH_2);
    EQUALS(adjusted[2], BH_3);
    EQUALS(adjusted[4], BH_5);
    EQUALS(adjusted[5], BH_6);
    EQUALS(adjusted[24], BH_25);
    /* In the order given; a test that gave no p-value does not count as one. */
    double mixed[] = {0.04, NAN, 0.01};
    adjust_holm(mixed, 3, mixed);
    EQUALS(mixed[0], 0.04);
    EQUALS(mixed[2], 0.02);
    assert_true(isnan(mixed[1]));
    adjust_holm(NULL, 0, NULL);
}

/* ------------------------------------------------------------------------------ sample sizes -- */

static void sizes_samples(void **state)
{
    (void)state;
    EQUALS(means_sample_size(0.2, 1, 0.5, 0.05, 0.8), 2 * SIZE_EVEN);
    EQUALS(means_sample_size(0.2, 1, 0.1, 0.05, 0.8), SIZE_AT_10_PERCENT);
    EQUALS(means_power(0.2, 1, 1000, 0.1, 0.05), POWER_OF_1000_AT_10_PERCENT);
    EQUALS(proportions_sample_size(0.05, 0.06, 0.5, 0.05, 0.8), 2 * SIZE_OF_SHARES);
    EQUALS(proportions_power(0.05, 0.06, 10000, 0.5, 0.05), POWER_OF_SHARES);
    EQUALS(means_detectable(1, 2 * SIZE_EVEN, 0.5, 0.05, 0.8), 0.2);
    EQUALS(proportions_detectable(0.05, 2 * SIZE_OF_SHARES, 0.5, 0.05, 0.8), 0.01);
    /* Looking at any time has its price. */
    double once = means_sample_size(0.2, 1, 0.5, 0.1, 0.8);
    double always = means_sequence_size(0.2, 1, 1, 0.5, 0.05, 0.8);
    assert_true(always > once && always < 5 * once);
    once = proportions_sample_size(0.01, 0.02, 0.1, 0.1, 0.8);
    always = proportions_sequence_size(0.01, 0.02, CHANGE_RELATIVE, 0, 0.1, 0.05, 0.8);
    assert_true(always > once && always < 5 * once);
    assert_true(proportions_sequence_size(0.01, 0.02, CHANGE_RELATIVE, 0.5, 0.1, 0.05, 0.8) >
                2 * always);
    EQUALS(proportions_sequence_size(0.01, 0.02, CHANGE_ABSOLUTE, 0, 0.1, 0.05, 0.8), always);
    assert_true(
        isnan(proportions_sequence_size(0.01, 0.011, CHANGE_ABSOLUTE, 0.001, 0.1, 0.05, 0.8)));
    assert_true(isnan(means_sample_size(0, 1, 0.5, 0.05, 0.8)));
    assert_true(isnan(means_sample_size(1, 1, 0, 0.05, 0.8)));
    assert_true(isnan(proportions_sample_size(0.1, 0.1, 0.5, 0.05, 0.8)));
    assert_true(isnan(proportions_detectable(1, 100, 0.5, 0.05, 0.8)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_distributions),
        cmocka_unit_test(gives_no_number_outside_of_a_domain),
        cmocka_unit_test(keeps_the_variance_of_great_numbers_that_differ_little),
        cmocka_unit_test(finds_no_spread_in_equal_numbers),
        cmocka_unit_test(has_no_variance_of_one_and_no_mean_of_none),
        cmocka_unit_test(takes_the_third_moment_of_what_hardly_differs),
        cmocka_unit_test(takes_the_variance_of_a_ratio_over_units),
        cmocka_unit_test(takes_the_variance_of_a_share_over_groups),
        cmocka_unit_test(tests_means),
        cmocka_unit_test(tests_proportions),
        cmocka_unit_test(tests_counts),
        cmocka_unit_test(finds_mismatched_samples),
        cmocka_unit_test(ranks_values),
        cmocka_unit_test(ranks_values_that_are_few_or_all_the_same),
        cmocka_unit_test(spends_alpha_over_planned_looks),
        cmocka_unit_test(spends_alpha_over_many_looks),
        cmocka_unit_test(adjusts_for_the_number_of_tests),
        cmocka_unit_test(sizes_samples),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
