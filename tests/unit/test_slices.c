/* Counts by stretches of time: the same in any order, and strata while the share is constant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/statistics/slices.h"

static uint64_t state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

enum { TIMES = 2000 };
static int64_t times[TIMES];

static void shuffle(void)
{
    for (size_t i = TIMES - 1; i > 0; i--) {
        size_t j = random_below(i + 1);
        int64_t kept = times[i];
        times[i] = times[j];
        times[j] = kept;
    }
}

/* Whether the event happened follows from the time, so it is the same in any order. */
static void add(struct slices *slices, int64_t time)
{
    slices_add(slices, time, time % 7 == 0);
}

static void order_and_splits_leave_no_trace(void **unused)
{
    (void)unused;
    static const uint64_t spans[] = {1, 1024, 100000, 86400000, UINT64_C(4000000000000)};
    for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
        for (size_t i = 0; i < TIMES; i++)
            times[i] = (int64_t)random_below(spans[s]) - (int64_t)(spans[s] / 3);
        struct slices whole;
        slices_init(&whole);
        for (size_t i = 0; i < TIMES; i++)
            add(&whole, times[i]);
        for (int round = 0; round < 5; round++) {
            struct slices parts[3];
            for (int i = 0; i < 3; i++)
                slices_init(&parts[i]);
            shuffle();
            for (size_t i = 0; i < TIMES; i++)
                add(&parts[i % (size_t)(round + 1) % 3], times[i]);
            slices_merge(&parts[1], &parts[2]);
            slices_merge(&parts[1], &parts[0]);
            assert_memory_equal(parts[1].items, whole.items, sizeof whole.items);
            assert_true(parts[1].first == whole.first && parts[1].last == whole.last);
            assert_int_equal(parts[1].doublings, whole.doublings);
        }
        uint64_t n = 0, events = 0, expected = 0;
        for (size_t i = 0; i < SLICES_MOST; i++) {
            n += whole.items[i].n;
            events += whole.items[i].events;
        }
        for (size_t i = 0; i < TIMES; i++)
            expected += times[i] % 7 == 0;
        assert_true(n == TIMES && events == expected);
        assert_true(whole.last - whole.first < SLICES_MOST);
        assert_true(whole.doublings == 0 || whole.last - whole.first >= SLICES_MOST / 2 - 1);
    }
}

static void add_many(struct slices *slices, int64_t second, uint64_t n, uint64_t events)
{
    for (uint64_t i = 0; i < n; i++)
        slices_add(slices, second * 1000, i < events);
}

static void a_share_that_stands_still_is_one_stratum(void **unused)
{
    (void)unused;
    struct slices canary, control;
    struct stratum strata[SLICES_MOST];
    slices_init(&canary);
    slices_init(&control);
    assert_int_equal(slices_strata(&canary, &control, strata), 0);
    /* However its errors move. */
    for (int64_t second = 0; second < 1000; second++) {
        add_many(&canary, second, 10, second < 500 ? 0 : 10);
        add_many(&control, second, 90, second < 500 ? 90 : 0);
    }
    assert_int_equal(slices_strata(&canary, &control, strata), 1);
    assert_true(strata[0].canary.n == 10000 && strata[0].canary.events == 5000);
    assert_true(strata[0].control.n == 90000 && strata[0].control.events == 45000);
}

static void a_share_that_moves_makes_strata(void **unused)
{
    (void)unused;
    struct slices canary, control;
    struct stratum strata[SLICES_MOST];
    slices_init(&canary);
    slices_init(&control);
    /* The control came first, so its stretches are wider. */
    for (int64_t second = -2000; second < 1024; second++)
        add_many(&control, second, 20, 1);
    for (int64_t second = 0; second < 1024; second++)
        add_many(&canary, second, second < 512 ? 1 : 20, 1);
    size_t count = slices_strata(&canary, &control, strata);
    assert_int_equal(count, 4); /* none, few, the stretch of the step, many */
    assert_true(strata[0].canary.n == 0);
    double n = 0;
    for (size_t i = 0; i < count; i++)
        n += strata[i].canary.n + strata[i].control.n;
    assert_true(n == 20 * 3024 + 512 + 20 * 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_splits_leave_no_trace),
        cmocka_unit_test(a_share_that_stands_still_is_one_stratum),
        cmocka_unit_test(a_share_that_moves_makes_strata),
    };
    return cmocka_run_group_tests_name("slices", tests, NULL, NULL);
}
