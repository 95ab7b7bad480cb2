/* Sums without rounding and sketches without order: exact_sum.h, sketch.h. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/statistics/exact_sum.h"
#include "compiler/statistics/sketch.h"
#include "random.h"

/* Finite, with any exponent, including subnormals. */
static double random_double(void)
{
    for (;;) {
        uint64_t bits = random_bits();
        double number;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number))
            return number;
    }
}

static double sum_of(const double *numbers, size_t count)
{
    struct exact_sum sum = {0};
    for (size_t i = 0; i < count; i++)
        exact_sum_add(&sum, numbers[i]);
    return exact_sum_value(&sum);
}

static void assert_same_bits(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void one_number_is_itself(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        double number = random_double();
        assert_same_bits(sum_of(&number, 1), number);
    }
    const double edges[] = {DBL_MAX, -DBL_MAX, DBL_MIN, 4.9406564584124654e-324, 1, -1};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        assert_same_bits(sum_of(&edges[i], 1), edges[i]);
}

static void two_numbers_round_as_the_machine_rounds(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        double pair[2] = {random_double(), random_double()};
        /* Near exponents cause roundings and cancellations that distant ones do not. */
        if (i % 2)
            pair[1] = ldexp(frexp(pair[1], &(int){0}), ilogb(pair[0]) - (int)(random_bits() % 60));
        double expected = pair[0] + pair[1];
        if (isfinite(expected) && expected != 0)
            assert_same_bits(sum_of(pair, 2), expected);
    }
}

static void cancellation_loses_nothing(void **state)
{
    (void)state;
    const double numbers[] = {1e300, 1, -1e300, 1e-300, -1, 3};
    assert_same_bits(sum_of(numbers, 6), 3.0);
    const double tenth[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    assert_same_bits(sum_of(tenth, 10), 1.0);
    const double nothing[] = {5, -5};
    assert_true(sum_of(nothing, 2) == 0);
}

static void integers_are_added_whole(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t high = random_bits() >> (4 + random_bits() % 60), low = random_bits();
        struct exact_sum whole = {.pending = 0}, parts = {.pending = 0};
        exact_sum_add(&whole, 0.5);
        exact_sum_add_integer(&whole, (unsigned __int128)high << 64 | low);
        exact_sum_add(&parts, 0.5);
        const uint64_t words[] = {low & UINT32_MAX, low >> 32, high & UINT32_MAX, high >> 32};
        for (int j = 0; j < 4; j++)
            exact_sum_add(&parts, ldexp((double)words[j], 32 * j));
        assert_same_bits(exact_sum_value(&whole), exact_sum_value(&parts));
    }
}

static void order_and_splits_leave_no_trace(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    double numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = ldexp(random_double() > 0 ? 1.0 : -1.0, (int)(random_bits() % 200) - 100) *
                     ((double)(random_bits() >> 11) / 9007199254740992.0);
    double expected = sum_of(numbers, COUNT);
    for (int round = 0; round < 20; round++) {
        for (int i = COUNT - 1; i > 0; i--) {
            int j = (int)(random_bits() % (uint64_t)(i + 1));
            double other = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = other;
        }
        assert_same_bits(sum_of(numbers, COUNT), expected);
        struct exact_sum parts[3] = {{.pending = 0}};
        for (int i = 0; i < COUNT; i++)
            exact_sum_add(&parts[random_bits() % 3], numbers[i]);
        exact_sum_merge(&parts[0], &parts[2]);
        exact_sum_merge(&parts[1], &parts[0]);
        assert_same_bits(exact_sum_value(&parts[1]), expected);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is split off lies below, and what remains in the bucket is close. */
static void check_split(const struct sketch *sketch, const double *sorted, size_t count,
                        double number, double accuracy)
{
    struct sketch_split split = sketch_split(sketch, number);
    double near = 2.001 * accuracy / (1 - accuracy) * fabs(number); /* more than a bucket */
    uint64_t less = 0, upto = 0, far_less = 0, far_upto = 0;
    for (size_t i = 0; i < count; i++) {
        less += sorted[i] < number;
        upto += sorted[i] <= number;
        far_less += sorted[i] < number - near;
        far_upto += sorted[i] <= number + near;
    }
    assert_true(far_less <= split.below && split.below <= less);
    assert_true(upto <= split.upto && split.upto <= far_upto);
}

static void check_quantiles(const double *sorted, size_t count, double accuracy)
{
    struct sketch sketch, half;
    sketch_init(&sketch, accuracy);
    sketch_init(&half, accuracy);
    for (size_t i = 0; i < count; i++)
        sketch_add(i % 3 ? &sketch : &half, sorted[i]);
    sketch_merge(&sketch, &half);
    assert_int_equal(sketch.count, count);
    for (size_t hundredths = 0; hundredths <= 100; hundredths++) {
        double q = (double)hundredths / 100;
        double exact = sorted[hundredths * (count - 1) / 100];
        double estimate = sketch_quantile(&sketch, q);
        if (fabs(estimate - exact) > accuracy * fabs(exact))
            fail_msg("q %g: %.17g is not within %g of %.17g", q, estimate, accuracy, exact);
        check_split(&sketch, sorted, count, exact, accuracy);
    }
    sketch_release(&sketch);
    sketch_release(&half);
}

/* With q as written: of 101 values, 0.29 is rank 29, though 0.29 * 100 is less than that. */
static void ranks_are_those_of_the_decimals(void **state)
{
    (void)state;
    for (uint64_t q = 0; q <= 1000; q++) {
        for (uint64_t count = 1; count < 20000; count++)
            assert_true(quantile_rank((double)q / 1000, count) == q * (count - 1) / 1000);
        uint64_t most = UINT64_C(1) << 50;
        assert_true(quantile_rank((double)q / 1000, most) == q * (most - 1) / 1000);
    }
    assert_true(quantile_rank(0.999999999999, UINT64_C(1000000000001)) == 999999999999);
    assert_true(quantile_rank(0.5, 0) == 0);
    struct sketch sketch;
    sketch_init(&sketch, 0.01);
    for (int i = 0; i <= 100; i++)
        sketch_add(&sketch, exp2(i));
    assert_true(fabs(sketch_quantile(&sketch, 0.29) / exp2(29) - 1) <= 0.01);
    sketch_release(&sketch);
}

static void quantiles_are_within_the_accuracy(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static double numbers[COUNT];
    const double accuracies[] = {0.2, 0.05, 0.01, 0.001, SKETCH_BEST_ACCURACY};
    for (size_t a = 0; a < sizeof accuracies / sizeof *accuracies; a++)
        for (int spread = 0; spread <= 40; spread += 8) {
            for (int i = 0; i < COUNT; i++) {
                double unit = (double)(random_bits() >> 11) / 9007199254740992.0;
                numbers[i] = exp2((unit - 0.5) * spread) * (spread == 8 && i % 2 ? -1 : 1);
                if (i % 50 == 0)
                    numbers[i] = 0;
            }
            qsort(numbers, COUNT, sizeof *numbers, by_value);
            check_quantiles(numbers, COUNT, accuracies[a]);
        }
}

static void the_ends_of_the_doubles_are_values_too(void **state)
{
    (void)state;
    struct sketch sketch;
    sketch_init(&sketch, 0.01);
    sketch_add(&sketch, DBL_MAX);
    assert_true(isfinite(sketch_quantile(&sketch, 1)));
    assert_true(fabs(sketch_quantile(&sketch, 1) / DBL_MAX - 1) <= 0.01);
    sketch_add(&sketch, DBL_MIN);
    assert_true(fabs(sketch_quantile(&sketch, 0) / DBL_MIN - 1) <= 0.01);
    sketch_add(&sketch, -DBL_MAX);
    assert_true(fabs(sketch_quantile(&sketch, 0) / -DBL_MAX - 1) <= 0.01);
    sketch_release(&sketch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_is_itself),
        cmocka_unit_test(two_numbers_round_as_the_machine_rounds),
        cmocka_unit_test(cancellation_loses_nothing),
        cmocka_unit_test(integers_are_added_whole),
        cmocka_unit_test(order_and_splits_leave_no_trace),
        cmocka_unit_test(ranks_are_those_of_the_decimals),
        cmocka_unit_test(quantiles_are_within_the_accuracy),
        cmocka_unit_test(the_ends_of_the_doubles_are_values_too),
    };
    return cmocka_run_group_tests_name("replay_sums", tests, random_setup, NULL);
}
