/* Distributions, against constants of scipy, and against values computed with 60 digits. */
#include "statistics_checks.h"
#include "compiler/statistics/distributions.h"

#define IS(found, wanted) NEARS(found, wanted, 1e-12)

static void has_the_normal_distribution(void **state)
{
    (void)state;
    IS(normal_quantile(0.975), NORMAL_QUANTILE_975);
    IS(normal_quantile(0.2), NORMAL_QUANTILE_2);
    IS(normal_quantile(1e-10), NORMAL_QUANTILE_1E_MINUS_10);
    IS(normal_quantile(1e-300), NORMAL_QUANTILE_1E_MINUS_300);
    assert_true(fabs(normal_quantile(0.5)) < 1e-15);
    for (double p = 0x1p-53; p < 0.5; p *= 1.5)
        NEARS(erfc(-normal_quantile(p) / sqrt(2)) / 2, p, 1e-12);
    for (double p = 0.51; p < 1; p += 0.01)
        assert_true(normal_quantile(p) == -normal_quantile(1 - p));
}

static void has_the_tail_of_chi_square(void **state)
{
    (void)state;
    static const struct {
        double x;
        uint32_t degrees;
        double tail;
    } cases[] = {
        {3.841458820694124, 1, 5.000000000000006e-02},
        {5.991464547107979, 2, 0.05},
        {7.814727903251179, 3, 5.000000000000002e-02},
        {23.92812698, 1, 9.999999984078520e-07},
        {27.631021115928547, 2, 1e-6},
        {0.5, 1, 4.795001221869535e-01},
        {0.001, 4, 9.999998750416589e-01},
        {100, 5, 5.285148360943240e-20},
        {83.3, 63, 4.436496428484797e-02},
        {30, 63, 9.998660185852384e-01},
        {150, 62, 2.964614166911866e-09},
        {1, 63, 1},
        {0, 1, 1},
        {0, 62, 1},
        {40, 3, CHI_SQUARE_UPPER_40_AT_3},
        {2000, 1000, CHI_SQUARE_UPPER_2000_AT_1000}, /* whose first term is nothing */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        IS(chi_square_upper(cases[i].x, cases[i].degrees), cases[i].tail);
    assert_true(chi_square_upper(INFINITY, 1) == 0 && chi_square_upper(INFINITY, 4) == 0);
}

static void inverts_the_tail_of_chi_square(void **state)
{
    (void)state;
    static const double tails[] = {1e-300, 1e-20, 1e-6, 0.05, 0.5, 0.95, 0.999};
    IS(chi_square_upper_quantile(0.95, 63), CHI_SQUARE_QUANTILE_05_AT_63);
    IS(chi_square_upper_quantile(0.05, 1), NORMAL_QUANTILE_975 * NORMAL_QUANTILE_975);
    for (uint32_t degrees = 1; degrees<300; degrees += degrees> 20 ? 17 : 1)
        for (size_t i = 0; i < COUNT(tails); i++)
            NEARS(chi_square_upper(chi_square_upper_quantile(tails[i], degrees), degrees), tails[i],
                  1e-11);
    /* What is below has no digits left: it ends, and is no more than there is. */
    assert_true(chi_square_upper_quantile(1 - 0x1p-53, 300) < 200);
}

static void gives_no_number_outside_of_a_domain(void **state)
{
    (void)state;
    assert_true(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY);
    assert_true(isnan(normal_quantile(NAN)) && isnan(normal_quantile(1.5)));
    assert_true(isnan(normal_quantile(-0.5)));
    assert_true(isnan(chi_square_upper(-1, 1)) && isnan(chi_square_upper(NAN, 1)));
    assert_true(isnan(chi_square_upper(1, 0)));
    assert_true(chi_square_upper_quantile(0, 3) == INFINITY &&
                chi_square_upper_quantile(1, 3) == 0);
    assert_true(isnan(chi_square_upper_quantile(2, 1)) && isnan(chi_square_upper_quantile(0.5, 0)));
    assert_true(isnan(chi_square_upper_quantile(NAN, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_normal_distribution),
        cmocka_unit_test(has_the_tail_of_chi_square),
        cmocka_unit_test(inverts_the_tail_of_chi_square),
        cmocka_unit_test(gives_no_number_outside_of_a_domain),
    };
    return cmocka_run_group_tests_name("distributions", tests, NULL, NULL);
}
