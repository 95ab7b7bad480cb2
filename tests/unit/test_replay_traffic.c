/* The current time according to a log's lines, whoever counted them and in which order:
 * traffic.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ffreplay/replay/traffic.h"
#include "random.h"

#define COUNT 20000

static void assert_same(const struct traffic *left, const struct traffic *right)
{
    assert_int_equal(left->shift, right->shift);
    assert_int_equal(left->count, right->count);
    for (uint32_t i = 0; i < left->count; i++)
        assert_memory_equal(&left->bins[i], &right->bins[i], sizeof *left->bins);
}

static void fill(int64_t *times, int kind)
{
    for (int i = 0; i < COUNT; i++)
        switch (kind) {
        case 0: /* a day */
            times[i] = 1795168800000 + (int64_t)(random_bits() % 86400000);
            break;
        case 1: /* all of time */
            times[i] = (int64_t)random_bits();
            break;
        default: /* an hour, and lines from anywhere */
            times[i] = random_bits() % 100 ? 1795168800000 + (int64_t)(random_bits() % 3600000)
                                           : (int64_t)random_bits();
        }
}

static void bins_do_not_depend_on_order_or_parts(void **state)
{
    (void)state;
    static int64_t times[COUNT];
    for (int kind = 0; kind < 3; kind++) {
        struct traffic whole = TRAFFIC_INIT, parts[3], joined = TRAFFIC_INIT;
        for (int i = 0; i < 3; i++)
            parts[i] = (struct traffic)TRAFFIC_INIT;
        fill(times, kind);
        for (int i = 0; i < COUNT; i++)
            traffic_add(&whole, times[i]);
        for (int i = COUNT; i-- > 0;)
            traffic_add(&parts[random_bits() % 3], times[i]);
        for (int i = 3; i-- > 0;)
            traffic_join(&joined, &parts[i]);
        assert_same(&whole, &joined);
        assert_int_equal(traffic_lines_since(&whole, INT64_MIN), COUNT);
        for (int i = 0; i < 3; i++)
            traffic_release(&parts[i]);
        traffic_release(&whole);
        traffic_release(&joined);
    }
}

static void memory_does_not_grow_with_lines(void **state)
{
    (void)state;
    struct traffic traffic = TRAFFIC_INIT;
    for (int64_t i = 0; i < 1000000; i++)
        traffic_add(&traffic, i * 60000);
    assert_true(traffic.capacity <= 8192);
    assert_int_equal(traffic_lines_since(&traffic, INT64_MIN), 1000000);
    assert_int_equal(traffic_span(&traffic, INT64_MIN).last, 999999 * INT64_C(60000));
    traffic_release(&traffic);
}

/* Lines with extreme times cause no overflow. */
static void extremes_overflow_nothing(void **state)
{
    (void)state;
    const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++)
        for (size_t j = 0; j < sizeof extremes / sizeof *extremes; j++) {
            struct traffic traffic = TRAFFIC_INIT;
            for (int k = 0; k < 100; k++)
                traffic_add(&traffic, 1795168800000 + k * INT64_C(10000));
            traffic_add(&traffic, extremes[i]);
            traffic_add(&traffic, extremes[j]);
            struct traffic_span span = traffic_span(&traffic, INT64_MIN);
            assert_int_equal(span.first, 1795168800000);
            assert_int_equal(span.last, 1795168800000 + 990000);
            traffic_release(&traffic);
        }
}

static void nothing_is_no_time(void **state)
{
    (void)state;
    struct traffic traffic = TRAFFIC_INIT;
    struct traffic_span span = traffic_span(&traffic, 0);
    assert_int_equal(span.lines, 0);
    assert_int_equal(span.last, INT64_MIN);
    assert_int_equal(traffic_latest(&traffic), INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_do_not_depend_on_order_or_parts),
        cmocka_unit_test(memory_does_not_grow_with_lines),
        cmocka_unit_test(extremes_overflow_nothing),
        cmocka_unit_test(nothing_is_no_time),
    };
    return cmocka_run_group_tests(tests, random_setup, NULL);
}
