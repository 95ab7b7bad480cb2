/* test_chi_square.c - the judgement of shares, against values computed with 60 digits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/base/chi_square.h"

static void tail_is_that_of_the_distribution(void **state)
{
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
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double tail = chi_square_tail(cases[i].x, cases[i].degrees);
        if (!(fabs(tail - cases[i].tail) <= 1e-12 * cases[i].tail))
            fail_msg("tail(%g, %u) is %.15e, expected %.15e", cases[i].x, cases[i].degrees, tail,
                     cases[i].tail);
    }
}

static void share_of_nothing_allows_no_unit(void **state)
{
    (void)state;
    const uint32_t shares[] = {100000, 0};
    assert_true(share_probability(shares, (const uint64_t[]){1000, 0}, 2, 1000) == 1);
    assert_true(share_probability(shares, (const uint64_t[]){999, 1}, 2, 1000) == 0);
}

static void shares_are_judged_by_how_far_they_are_off(void **state)
{
    (void)state;
    const uint32_t shares[] = {50000, 0, 50000};
    assert_true(share_probability(shares, (const uint64_t[]){500, 0, 500}, 3, 1000) == 1);
    /* (20^2 / 500) * 2 = 1.6 with one degree of freedom. */
    double close = share_probability(shares, (const uint64_t[]){520, 0, 480}, 3, 1000);
    assert_true(fabs(close - 0.20590321073) < 1e-10);
    assert_true(share_probability(shares, (const uint64_t[]){600, 0, 400}, 3, 1000) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_is_that_of_the_distribution),
        cmocka_unit_test(share_of_nothing_allows_no_unit),
        cmocka_unit_test(shares_are_judged_by_how_far_they_are_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
