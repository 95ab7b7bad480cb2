/* What experiments are judged by: Student's t, planned looks, score tests, priors, many tests. */
#include "statistics_checks.h"
#include "compiler/statistics/distributions.h"
#include "compiler/statistics/estimated_change.h"
#include "compiler/statistics/group_sequential.h"
#include "compiler/statistics/mean_sequence.h"
#include "compiler/statistics/mixture_sequence.h"
#include "compiler/statistics/multiplicity.h"
#include "compiler/statistics/planned_end.h"
#include "compiler/statistics/posterior.h"
#include "compiler/statistics/score_test.h"

static void has_students_distribution(void **state)
{
    (void)state;
    /* From 40 digits of the incomplete beta function. */
    static const struct {
        double t, degrees, tail;
    } cases[] = {
        {1, 1, 0.25},
        {2, 10, STUDENT_UPPER_2_AT_10},
        {4.19747272583788, 388.343676732194, STUDENT_UPPER_4_2_AT_388_3},
        {40, 3.3, STUDENT_UPPER_40_AT_3_3},
        {2, 1e7, STUDENT_UPPER_2_AT_1E7},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        NEARS(student_upper(cases[i].t, cases[i].degrees), cases[i].tail, 1e-12);
        NEARS(student_upper(-cases[i].t, cases[i].degrees), 1 - cases[i].tail, 1e-12);
    }
    NEARS(student_quantile(0.975, 388.343676732194), STUDENT_QUANTILE_975_AT_388_3, 1e-12);
    for (double degrees = 0.5; degrees < 1e6; degrees *= 3)
        for (double p = 1e-9; p < 0.5; p *= 7) {
            NEARS(student_upper(-student_quantile(p, degrees), degrees), p, 1e-9);
            if (p > 1e-3)
                NEARS(student_quantile(1 - p, degrees), -student_quantile(p, degrees), 1e-9);
        }
    assert_true(student_quantile(0, 5) == -INFINITY && isnan(student_upper(1, 0)));
}

/* rpact 3.3.4's bounds of O'Brien and Fleming's spending, one-sided 0.025, good to 1e-6. */
static void has_the_bounds_of_planned_looks(void **state)
{
    (void)state;
    static const double tenth[] = {
        6.99135170707742, 4.87688519369112, 0, 3.3670790787437, 2.98932981659891, 0,
        2.50407740048831, 2.33582920132903, 0, 2.08117565436987};
    double information[10];
    for (size_t looks = 1; looks <= 10; looks++) {
        information[looks - 1] = (double)looks / 10;
        if (tenth[looks - 1] > 0)
            NEARS(group_sequential_bound(information, looks, 0.025), tenth[looks - 1], 1e-6);
    }
    const double backwards[] = {0.5, 0.4}, over[] = {1, 1.2};
    assert_true(isnan(group_sequential_bound(backwards, 2, 0.025)));
    assert_true(isnan(group_sequential_bound(over, 2, 0.025)));
    assert_true(isnan(group_sequential_bound(information, 0, 0.025)));
    /* One look with all of it is the ordinary bound, and its p the ordinary one. */
    const double all[] = {1};
    NEARS(group_sequential_bound(all, 1, 0.025), NORMAL_QUANTILE_975, 1e-12);
    const struct estimated_change change = {2, 1, INFINITY, 100};
    NEARS(group_sequential_p(&change, all, 1), 2 * normal_upper(2), 1e-8);
    /* What lies on the bound has just that level. */
    const double looks[] = {0.3, 0.7};
    const struct estimated_change bound = {group_sequential_bound(looks, 2, 0.02), 1, INFINITY,
                                           100};
    NEARS(group_sequential_p(&bound, looks, 2), 0.04, 1e-7);
    NEARS(group_sequential_p_within(&bound, looks, 2, SIDE_BELOW, 0), 0.02, 1e-7);
}

static void tests_shares_by_their_score(void **state)
{
    (void)state;
    const struct proportion variant = {200, 54}, control = {300, 73};
    /* statsmodels 0.13.5, which agrees for ratios; its score of a difference is not that of the
     * likeliest shares, so that one is from a root of the likelihood's slope in 30 digits. */
    struct interval ratio = score_bounds(variant, control, CHANGE_RELATIVE, 0.025);
    NEARS(ratio.lower + 1, 0.817920749806188, 1e-9);
    NEARS(ratio.upper + 1, 1.49755208571715, 1e-9);
    NEARS(score_p_within(variant, control, CHANGE_ABSOLUTE, SIDE_BELOW, -0.05),
          normal_upper(1.9499913793254404), 1e-9);
    struct interval difference = score_bounds(variant, control, CHANGE_ABSOLUTE, 0.025);
    NEARS(score_p_within(variant, control, CHANGE_ABSOLUTE, SIDE_BELOW, difference.lower), 0.025,
          1e-9);
    NEARS(score_p_within(variant, control, CHANGE_ABSOLUTE, SIDE_ABOVE, difference.upper), 0.025,
          1e-9);
    /* No event in an arm, or none at all. */
    const struct proportion none = {100, 0}, some = {100, 3};
    ratio = score_bounds(some, none, CHANGE_RELATIVE, 0.025);
    assert_true(isinf(ratio.upper) && ratio.lower < 1 && ratio.lower >= -1);
    ratio = score_bounds(none, some, CHANGE_RELATIVE, 0.025);
    assert_true(ratio.lower == -1 && ratio.upper > 0 && isfinite(ratio.upper));
    struct interval nothing = score_bounds(none, none, CHANGE_ABSOLUTE, 0.025);
    assert_true(nothing.lower < 0 && nothing.upper > 0);
    assert_true(score_p(none, none) == 1);
    IS_UNKNOWN(score_bounds((struct proportion){0, 0}, some, CHANGE_ABSOLUTE, 0.025));
    assert_true(isnan(score_p((struct proportion){0, 0}, some)));
}

static void judges_every_look(void **state)
{
    (void)state;
    /* gbstats 0.8.0: two-sided, N* = 5000. */
    const struct estimated_change change = {0.928373333333334, 0.221174357517241, 388, 500};
    struct interval interval = mixture_sequence_interval(&change, 0.05);
    NEARS(interval.lower, 0.0757341015684064, 1e-11);
    NEARS(interval.upper, 1.78101256509826, 1e-11);
    NEARS(exp(-mixture_sequence_log_e(&change, 0.05)), 0.0271671671039564, 1e-11);
    /* The interval excludes what the e-value rejects. */
    const struct estimated_change edge = {interval.upper - change.value, change.error, 388, 500};
    NEARS(exp(-mixture_sequence_log_e(&edge, 0.05)), 0.05, 1e-9);
    double reach = change.error * sequence_multiplier(change.n, 0.05);
    NEARS(mixture_sequence_p_within(&change, 0.05, SIDE_ABOVE, change.value + reach), 0.05, 1e-9);
    assert_true(mixture_sequence_p_within(&change, 0.05, SIDE_ABOVE, 0) == 1);
    IS_UNKNOWN(mixture_sequence_interval(&(struct estimated_change){1, 0, 10, 500}, 0.05));
}

static struct arm_moments arm(double n, double mean, double variance)
{
    return (struct arm_moments){.outcome = moments(n, mean, variance)};
}

static void relates_to_a_control_near_nothing(void **state)
{
    (void)state;
    const struct arm_moments control = arm(400, 0.05, 1), variant = arm(400, 0.5, 1);
    assert_true(mean_is_near_zero(&control.outcome));
    struct interval interval = fieller_interval(&variant, &control, 1.96);
    IS_UNKNOWN(interval);
    const struct arm_moments sure = arm(400, 1, 1);
    assert_false(mean_is_near_zero(&sure.outcome));
    interval = fieller_interval(&variant, &sure, 1.96);
    struct estimated_change change = means_change(&variant.outcome, &sure.outcome, CHANGE_RELATIVE);
    NEARS(change.value, -0.5, 1e-12);
    /* Far from 0, both are all but the same; and mirrored, the same. */
    assert_true(fabs(interval.lower - (change.value - 1.96 * change.error)) < 0.01);
    const struct arm_moments mirrored = arm(400, -1, 1), other = arm(400, -0.5, 1);
    struct interval turned = fieller_interval(&other, &mirrored, 1.96);
    NEARS(turned.lower, -interval.upper, 1e-12);
    assert_true(isnan(
        means_change(&variant.outcome, &(struct moments){.n = 400, .variance = 1}, CHANGE_RELATIVE)
            .value));
}

/* At as many errors as the absolute change is from 0, an end of the relative one is 0. */
static void relates_as_it_differs(void **state)
{
    (void)state;
    struct arm_moments control = arm(300, 1, 1), variant = arm(500, 1.2, 2);
    for (int cuped = 0; cuped < 2; cuped++) {
        double slope;
        struct estimated_change change =
            adjusted_change(&variant, &control, CHANGE_ABSOLUTE, &slope);
        assert_true(isnan(slope) == !cuped);
        struct interval interval =
            fieller_interval(&variant, &control, change.value / change.error);
        NEARS(1 + interval.lower, 1, 1e-9);
        interval = fieller_interval(&variant, &control, 1e-9);
        NEARS(interval.upper, change.value, 1e-6);
        control.before = moments(300, 2, 1.5);
        control.covariance = 0.9;
        variant.before = moments(500, 2.05, 1.4);
        variant.covariance = 1.1;
    }
}

static void believes_in_a_prior(void **state)
{
    (void)state;
    const struct estimated_change change = {0.293130722249295, 0.0774075174505569, 388, 500};
    struct posterior posterior = posterior_of(&change, 0.3);
    NEARS(posterior.mean, 0.274833173142619, 1e-12);
    NEARS(posterior_chance(&posterior, SIDE_ABOVE, 0), 0.999877176890036, 1e-12);
    NEARS(posterior_loss(&posterior, SIDE_ABOVE), 2.22980286450053e-06, 1e-9);
    NEARS(posterior_interval(&posterior, 0.05).lower, 0.127928660278196, 1e-12);
    posterior = posterior_of(&change, INFINITY);
    NEARS(posterior.mean, change.value, 1e-12);
    NEARS(posterior_loss(&posterior, SIDE_BELOW), 0.293132115688279, 1e-9);
}

static void pays_for_many_tests(void **state)
{
    (void)state;
    const double p[] = {0.01, NAN, 0.04, 0.03, 0.005};
    static const double holm[] = {0.03, NAN, 0.06, 0.06, 0.02};
    static const double hochberg[] = {0.02, NAN, 0.04, 0.04, 0.02};
    double adjusted[COUNT(p)];
    adjust_holm(p, COUNT(p), adjusted);
    for (size_t i = 0; i < COUNT(p); i++)
        assert_true(isnan(holm[i]) ? isnan(adjusted[i]) : fabs(adjusted[i] - holm[i]) < 1e-15);
    adjust_benjamini_hochberg(p, COUNT(p), adjusted);
    for (size_t i = 0; i < COUNT(p); i++)
        assert_true(isnan(holm[i]) ? isnan(adjusted[i]) : fabs(adjusted[i] - hochberg[i]) < 1e-15);
    /* e-BH rejects 1, 2 and 4 at 0.05, 0.1 and 0.2, worked out by hand. */
    const double e[] = {400, 55, 28, 21, 9, 3, 1.2, 0.4, 0.02, 0};
    static const struct {
        double alpha;
        int rejected;
    } levels[] = {{0.05, 1}, {0.1, 2}, {0.2, 4}};
    double of_e[COUNT(e)];
    adjust_e_values(e, COUNT(e), of_e);
    for (size_t i = 0; i < COUNT(levels); i++) {
        int rejected = 0;
        for (size_t j = 0; j < COUNT(e); j++)
            rejected += of_e[j] <= levels[i].alpha;
        assert_int_equal(rejected, levels[i].rejected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_students_distribution),
        cmocka_unit_test(has_the_bounds_of_planned_looks),
        cmocka_unit_test(tests_shares_by_their_score),
        cmocka_unit_test(judges_every_look),
        cmocka_unit_test(relates_to_a_control_near_nothing),
        cmocka_unit_test(relates_as_it_differs),
        cmocka_unit_test(believes_in_a_prior),
        cmocka_unit_test(pays_for_many_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
