/* Bucketing: the published vectors, and the specification's promises for a million units. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))
#define UNITS        1000000

static void the_published_vectors_hold(UNUSED_STATE)
{
    FILE *file = fopen("docs/bucketing-vectors.tsv", "r");
    if (!file)
        fail_msg("docs/bucketing-vectors.tsv cannot be read; run from the project's root");
    char line[8192];
    unsigned rows = 0;
    while (fgets(line, sizeof line, file)) {
        char *fields[5] = {line};
        if (line[0] == '#' && line[1] == ' ')
            continue;
        for (int i = 1; i < 5; i++) {
            fields[i] = strchr(fields[i - 1], '\t');
            assert_non_null(fields[i]);
            *fields[i]++ = '\0';
        }
        size_t length = strlen(fields[1]);
        assert_int_equal(length, strtoull(fields[2], NULL, 10));
        if (length == 0) {
            assert_string_equal(fields[3], "-");
            continue;
        }
        uint64_t bucket = fflag_bucket(fields[1], length, fields[0], strlen(fields[0]));
        if (bucket != strtoull(fields[3], NULL, 16) || bucket != strtoull(fields[4], NULL, 10))
            fail_msg("salt '%s', key '%s': %016llx, expected %s", fields[0], fields[1],
                     (unsigned long long)bucket, fields[3]);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 100);
}

/* --------------------------------------------------------------------------------- a million -- */

static size_t write_key(char key[24], unsigned unit)
{
    return (size_t)snprintf(key, 24, "user-%u", unit);
}

struct population {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr user;
};

static void open_population(struct population *p, struct assembler *a)
{
    size_t length;
    uint8_t *bytes = assemble(a, &length);
    assert_int_equal(fflag_open_memory(&p->store, bytes, length, NULL), FFLAG_OK);
    free(bytes);
    p->user = fflag_attribute(p->store, "user_id");
    p->view = fflag_acquire(p->store);
}

static void close_population(struct population *p)
{
    fflag_release(p->view);
    fflag_close(p->store);
}

static void set_unit(const struct population *p, fflag_context *context, char key[24],
                     unsigned unit)
{
    size_t length = write_key(key, unit);
    fflag_context_init(context);
    fflag_set_string(context, p->user, key, length);
}

/* Whether a count of successes is within 5 standard deviations of its expectation. */
static bool is_likely(unsigned count, unsigned trials, double probability)
{
    double expected = trials * probability;
    return fabs(count - expected) <= 5 * sqrt(expected * (1 - probability)) + 1;
}

/* One salt at rising percentages: no unit is ever dropped, and each share is as specified. */
static void raising_a_percentage_never_drops_a_unit(UNUSED_STATE)
{
    static const uint32_t percents[] = {1, 100, 1000, 10000, 25000, 50000, 50001, 75000, 99999};
    enum { STEPS = sizeof percents / sizeof percents[0] };
    struct assembler a = {0};
    struct population p;
    uint16_t user = add_attribute(&a, "user_id", FFLAG_ATTRIBUTE_STRING);
    for (unsigned i = 0; i < STEPS; i++) {
        char name[16];
        snprintf(name, sizeof name, "step%u", i);
        uint32_t flag = add_boolean(&a, name,
                                    CODE(test(FFS_EXPOSED, 0, user, 2, threshold(percents[i])),
                                         serve(1, FFLAG_REASON_SPLIT, FFS_NONE)));
        flag_at(&a, flag)->exposure_salt = XXH3_64bits("one-salt", 8);
    }
    open_population(&p, &a);
    fflag_id flags[STEPS];
    for (unsigned i = 0; i < STEPS; i++) {
        char name[16];
        snprintf(name, sizeof name, "step%u", i);
        flags[i] = fflag_flag(p.store, name);
    }
    unsigned exposed[STEPS] = {0}, dropped = 0;
    for (unsigned unit = 0; unit < UNITS; unit++) {
        fflag_context context;
        char key[24];
        set_unit(&p, &context, key, unit);
        bool before = false;
        for (unsigned i = 0; i < STEPS; i++) {
            bool now = fflag_bool(p.view, flags[i], &context, false);
            dropped += before && !now;
            exposed[i] += now;
            before = now;
        }
    }
    assert_int_equal(dropped, 0);
    for (unsigned i = 0; i < STEPS; i++)
        if (!is_likely(exposed[i], UNITS, percents[i] / 100000.0))
            fail_msg("%u of a million at %u thousandths of a percent", exposed[i], percents[i]);
    close_population(&p);
}

/* Pearson's statistic for a 10 × 10 table of two purposes' deciles, with equal shares expected: 99
 * degrees of freedom. */
static double joint_statistic(const char *salt, const char *other)
{
    static unsigned cells[10][10];
    double statistic = 0;
    memset(cells, 0, sizeof cells);
    for (unsigned unit = 0; unit < UNITS; unit++) {
        char key[24];
        size_t length = write_key(key, unit);
        uint64_t first = fflag_bucket(key, length, salt, strlen(salt));
        uint64_t second = fflag_bucket(key, length, other, strlen(other));
        cells[(unsigned)((unsigned __int128)first * 10 >> 64)]
             [(unsigned)((unsigned __int128)second * 10 >> 64)]++;
    }
    const double expected = UNITS / 100.0;
    for (unsigned i = 0; i < 100; i++) {
        double difference = cells[i / 10][i % 10] - expected;
        statistic += difference * difference / expected;
    }
    return statistic;
}

/* Salts that differ in one letter, and two purposes of one flag. Five deviations above 99 are
 * 170. */
static void flags_and_purposes_are_independent(UNUSED_STATE)
{
    static const char *const pairs[][2] = {
        {"feature.checkout-a", "feature.checkout-b"},
        {"feature.checkout-a", "feature.checkout-a/split"},
        {"layer/checkout", "holdout/checkout"},
        {"", "x"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        double statistic = joint_statistic(pairs[i][0], pairs[i][1]);
        if (statistic > 170 || statistic < 45)
            fail_msg("'%s' and '%s': chi-square %.0f, expected about 99", pairs[i][0], pairs[i][1],
                     statistic);
    }
    assert_true(joint_statistic("same", "same") > UNITS);
}

/* The members of a layer have adjacent ranges: every unit is in exactly one, whoever asks. */
static void members_of_a_layer_never_overlap(UNUSED_STATE)
{
    const uint64_t bounds[] = {0, threshold(10000), threshold(33333), threshold(33334), 0};
    struct assembler a = {0};
    struct population p;
    uint16_t user = add_attribute(&a, "user_id", FFLAG_ATTRIBUTE_STRING);
    for (unsigned i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "member%u", i);
        uint64_t range = add_range(&a, "layer/checkout", bounds[i], bounds[i + 1]);
        add_boolean(
            &a, name,
            CODE(test(FFS_IN_RANGE, 0, user, 2, range), serve(1, FFLAG_REASON_STATIC, FFS_NONE)));
    }
    open_population(&p, &a);
    fflag_id flags[4];
    for (unsigned i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "member%u", i);
        flags[i] = fflag_flag(p.store, name);
    }
    unsigned members[4] = {0}, wrong = 0;
    for (unsigned unit = 0; unit < UNITS; unit++) {
        fflag_context context;
        char key[24];
        set_unit(&p, &context, key, unit);
        unsigned in = 0;
        for (unsigned i = 0; i < 4; i++) {
            bool member = fflag_bool(p.view, flags[i], &context, false);
            members[i] += member;
            in += member;
        }
        wrong += in != 1;
    }
    assert_int_equal(wrong, 0);
    assert_true(is_likely(members[0], UNITS, 0.1));
    assert_true(is_likely(members[1], UNITS, 0.23333));
    assert_true(is_likely(members[2], UNITS, 0.00001));
    close_population(&p);
}

/* More traffic exposes more units; those already exposed keep their variant. */
static void raising_traffic_never_changes_a_variant(UNUSED_STATE)
{
    const uint64_t arms[][2] = {{threshold(50000), 0}, {UINT64_MAX, 1}};
    struct assembler a = {0};
    struct population p;
    uint16_t user = add_attribute(&a, "user_id", FFLAG_ATTRIBUTE_STRING);
    uint64_t split = add_split(&a, arms, 2) | (uint64_t)FFS_NONE << 32;
    const uint32_t traffic[2] = {10000, 60000};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t flag = add_boolean(&a, i ? "more" : "less",
                                    CODE(test(FFS_EXPOSED, 0, user, 2, threshold(traffic[i])),
                                         test(FFS_SPLIT, FFLAG_REASON_SPLIT, user, 1, split)));
        flag_at(&a, flag)->exposure_salt = XXH3_64bits("experiment", 10);
        flag_at(&a, flag)->split_salt = XXH3_64bits("experiment/split", 16);
    }
    open_population(&p, &a);
    unsigned exposed[2] = {0}, moved = 0, second_arm = 0;
    for (unsigned unit = 0; unit < UNITS; unit++) {
        fflag_context context;
        char key[24];
        set_unit(&p, &context, key, unit);
        fflag_result less = fflag_evaluate_name(p.view, "less", &context);
        fflag_result more = fflag_evaluate_name(p.view, "more", &context);
        bool was = less.reason == FFLAG_REASON_SPLIT, is = more.reason == FFLAG_REASON_SPLIT;
        exposed[0] += was;
        exposed[1] += is;
        moved += was && (!is || less.variant_index != more.variant_index);
        second_arm += was && less.variant_index == 1;
    }
    assert_int_equal(moved, 0);
    assert_true(is_likely(exposed[0], UNITS, 0.1));
    assert_true(is_likely(exposed[1], UNITS, 0.6));
    /* Exposure and variant are independent: both arms occur among the exposed, in equal shares. */
    assert_true(is_likely(second_arm, exposed[0], 0.5));
    close_population(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_hold),
        cmocka_unit_test(raising_a_percentage_never_drops_a_unit),
        cmocka_unit_test(flags_and_purposes_are_independent),
        cmocka_unit_test(members_of_a_layer_never_overlap),
        cmocka_unit_test(raising_traffic_never_changes_a_variant),
    };
    return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
