/*
 * Evaluations by the clock: ramps, and when the clock is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

static unsigned clock_reads;

static int64_t counting_clock(void *user)
{
    clock_reads++;
    return *(const int64_t *)user;
}

static fflag_store *open_ramps(const struct ffs_ramp *ramps, size_t count, int64_t *now)
{
    struct assembler a = {0};
    uint16_t user = add_attribute(&a, "user_id", FFLAG_ATTRIBUTE_STRING);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "ramp%zu", i);
        uint32_t flag = add_boolean(&a, name,
                                    CODE(test(FFS_RAMP, 0, user, 2, add_ramp(&a, ramps[i])),
                                         serve(1, FFLAG_REASON_SPLIT, FFS_NONE)));
        flag_at(&a, flag)->flags = FFS_FLAG_READS_CLOCK;
    }
    add_boolean(&a, "timeless", NULL, 0);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.clock = counting_clock;
    options.clock_user = now;
    return store_of(&a, &options);
}

/* The share of 10,000 units that a flag serves, in thousandths of a percent. */
static double share(fflag_store *store, const fflag_view *view, const char *flag, int64_t now)
{
    fflag_attr user = fflag_attribute(store, "user_id");
    fflag_id handle = fflag_flag(store, flag);
    unsigned on = 0;
    for (int i = 0; i < 10000; i++) {
        char key[16];
        int length = snprintf(key, sizeof key, "u%d", i);
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_now(&context, now);
        fflag_set_string(&context, user, key, (size_t)length);
        on += fflag_bool(view, handle, &context, false);
    }
    return on * 10.0;
}

static void ramps_follow_the_clock(UNUSED_STATE)
{
    const int64_t far = INT64_C(1) << 61;
    const struct ffs_ramp ramps[] = {
        {.start = 1000, .end = 2000, .from = 10000, .to = 90000},
        {.start = 1000, .end = 2000, .from = 90000, .to = 10000},
        {.start = 1000, .every = 100, .from = 10000, .to = 55000, .step = 20000},
        {.start = 1000, .every = 100, .from = 100000, .to = 0, .step = 50000},
        {.start = -far, .end = -far + (INT64_C(1) << 46), .from = 0, .to = 100000},
    };
    const struct {
        int ramp;
        int64_t now;
        double expected;
    } points[] = {
        {0, INT64_MIN + 1, 10000},
        {0, 1000, 10000},
        {0, 1500, 50000},
        {0, 1999, 89920},
        {0, 2000, 90000},
        {0, far, 90000},
        {1, 1000, 90000},
        {1, 1250, 70000},
        {1, 5000, 10000},
        {2, 999, 10000},
        {2, 1099, 10000},
        {2, 1100, 30000},
        {2, 1200, 50000},
        {2, 1300, 55000},
        {2, far, 55000},
        {3, 0, 100000},
        {3, 1100, 50000},
        {3, 1200, 0},
        {4, -far - 1, 0},
        {4, far, 100000},
        {4, -far + (INT64_C(1) << 45), 50000},
    };
    int64_t now = 0;
    fflag_store *store = open_ramps(ramps, 5, &now);
    const fflag_view *view = fflag_acquire(store);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "ramp%d", points[i].ramp);
        double got = share(store, view, name, points[i].now);
        bool exact = points[i].expected == 0 || points[i].expected == 100000;
        double error = got - points[i].expected;
        if (exact ? error != 0 : error > 1500 || error < -1500)
            fail_msg("ramp %d at %lld: %.0f, expected %.0f", points[i].ramp,
                     (long long)points[i].now, got, points[i].expected);
    }
    fflag_release(view);
    fflag_close(store);
}

static void a_ramp_at_100_percent_holds_without_a_key(UNUSED_STATE)
{
    const struct ffs_ramp ramp = {.start = 0, .end = 1000, .from = 0, .to = 100000};
    int64_t now = 999;
    fflag_store *store = open_ramps(&ramp, 1, &now);
    const fflag_view *view = fflag_acquire(store);
    fflag_id flag = fflag_flag(store, "ramp0");
    assert_false(fflag_bool(view, flag, NULL, true));
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_string(&context, fflag_attribute(store, "user_id"), "", 0);
    fflag_set_now(&context, 999);
    assert_false(fflag_bool(view, flag, &context, true));
    now = 1000;
    assert_true(fflag_bool(view, flag, NULL, false));
    assert_int_equal(fflag_evaluate(view, flag, NULL).reason, FFLAG_REASON_SPLIT);
    fflag_release(view);
    fflag_close(store);
}

static void the_clock_is_read_at_most_once_and_only_if_needed(UNUSED_STATE)
{
    const struct ffs_ramp ramps[3] = {
        {.end = 1000, .to = 100000}, {.end = 1000, .to = 100000}, {.end = 1000, .to = 100000}};
    int64_t now = 500;
    fflag_store *store = open_ramps(ramps, 3, &now);
    const fflag_view *view = fflag_acquire(store);
    fflag_result results[4];
    fflag_context context;
    fflag_context_init(&context);
    clock_reads = 0;
    fflag_bool(view, fflag_flag(store, "timeless"), &context, false);
    assert_int_equal(clock_reads, 0);
    fflag_bool(view, fflag_flag(store, "ramp0"), &context, false);
    assert_int_equal(clock_reads, 1);
    fflag_evaluate_all(view, NULL, 4, &context, results);
    assert_int_equal(clock_reads, 2);
    fflag_set_now(&context, 1000);
    fflag_evaluate_all(view, NULL, 4, &context, results);
    assert_int_equal(clock_reads, 2);
    assert_int_equal(results[0].reason, FFLAG_REASON_SPLIT);
    fflag_release(view);
    fflag_close(store);
}

static void the_clock_test_holds_from_its_time_on(UNUSED_STATE)
{
    struct assembler a = {0};
    uint32_t flag = add_boolean(&a, "flag",
                                CODE(test(FFS_CLOCK_GE, 0, FFS_NO_ATTRIBUTE, 2, (uint64_t)-5),
                                     serve(1, FFLAG_REASON_OVERRIDE, FFS_NONE)));
    flag_at(&a, flag)->flags = FFS_FLAG_READS_CLOCK;
    fflag_store *store = store_of(&a, NULL);
    const fflag_view *view = fflag_acquire(store);
    fflag_context context;
    fflag_context_init(&context);
    assert_true(fflag_bool(view, fflag_flag(store, "flag"), &context, false));
    fflag_set_now(&context, -6);
    assert_false(fflag_bool(view, fflag_flag(store, "flag"), &context, true));
    fflag_set_now(&context, -5);
    assert_true(fflag_bool(view, fflag_flag(store, "flag"), &context, false));
    assert_int_equal(fflag_evaluate_name(view, "flag", &context).reason, FFLAG_REASON_OVERRIDE);
    fflag_release(view);
    fflag_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ramps_follow_the_clock),
        cmocka_unit_test(a_ramp_at_100_percent_holds_without_a_key),
        cmocka_unit_test(the_clock_is_read_at_most_once_and_only_if_needed),
        cmocka_unit_test(the_clock_test_holds_from_its_time_on),
    };
    return cmocka_run_group_tests_name("evaluate_time", tests, NULL, NULL);
}
