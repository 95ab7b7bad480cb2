/* What is kept about units: totals that do not depend on order, and shares in bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ffreplay/canary/unit_shares.h"
#include "tools/ffreplay/metrics/unit_totals.h"

static struct unit_hash numbered(uint32_t number)
{
    return unit_hash_of(&number, sizeof number);
}

static void sums_over_units_of_their_totals(void **state)
{
    (void)state;
    struct unit_totals totals;
    unit_totals_init(&totals, UNIT_SUMS, NULL);
    /* Unit i has i + 1 lines of 0.5 and 2. */
    for (uint32_t line = 0; line < 1000; line++)
        for (uint32_t unit = line; unit < 1000; unit++)
            unit_totals_add(&totals, numbered(unit), 0.5, 2);
    static struct spread spread;
    spread_add_units(&spread, &totals);
    assert_int_equal(spread.count, 1000);
    struct ratio_moments moments = spread_moments(&spread);
    assert_true(moments.numerator.mean == 0.5 * 500.5);
    assert_true(moments.denominator.mean == 2 * 500.5);
    /* Of 1 to n: n (n + 1) / 12. */
    assert_true(moments.numerator.variance == 0.25 * 1000 * 1001 / 12);
    assert_true(moments.covariance == 1000.0 * 1001 / 12);
    assert_false(spread.beyond);
    unit_totals_release(&totals);
}

static void says_when_a_number_is_too_large(void **state)
{
    (void)state;
    struct unit_totals totals;
    unit_totals_init(&totals, UNIT_SUMS, NULL);
    unit_totals_add(&totals, numbered(1), UNIT_TOTAL_LIMIT / 2, 1);
    assert_false(totals.beyond);
    unit_totals_add(&totals, numbered(2), -UNIT_TOTAL_LIMIT, 1);
    assert_true(totals.beyond);
    static struct spread spread;
    spread_add_units(&spread, &totals);
    assert_true(spread.beyond);
    unit_totals_release(&totals);
}

static void is_the_same_in_any_order(void **state)
{
    (void)state;
    struct unit_totals ahead, back;
    unit_totals_init(&ahead, UNIT_SUMS, NULL);
    unit_totals_init(&back, UNIT_SUMS, NULL);
    for (uint32_t i = 0; i < 3000; i++) {
        double tenth = (double)(i % 97) / 10;
        unit_totals_add(&ahead, numbered(i % 70), tenth, 1e-9 * i);
    }
    for (uint32_t i = 3000; i-- > 0;) {
        double tenth = (double)(i % 97) / 10;
        unit_totals_add(&back, numbered(i % 70), tenth, 1e-9 * i);
    }
    static struct spread one, other;
    spread_add_units(&one, &ahead);
    spread_add_units(&other, &back);
    struct ratio_moments a = spread_moments(&one), b = spread_moments(&other);
    assert_memory_equal(&a, &b, sizeof a);
    unit_totals_release(&ahead);
    unit_totals_release(&back);
}

static void check_up_to_date(enum unit_keeps keeps)
{
    struct unit_totals often, once;
    unit_totals_init(&often, keeps, NULL);
    unit_totals_init(&once, keeps, NULL);
    static struct spread asked[31], anew;
    memset(asked, 0, sizeof asked);
    memset(&anew, 0, sizeof anew);
    for (uint32_t i = 0; i < 3000; i++) {
        bool counts = keeps == UNIT_COUNTS;
        double first = counts ? i % 3 == 0 : (double)(i % 97) / 10 - 4.3;
        double second = counts ? 1 : 1e-9 * i;
        unit_totals_add(&often, numbered(i % 70), first, second);
        unit_totals_add(&once, numbered(i % 70), first, second);
        if (i % 100 == 99)
            spread_add_units(&asked[i / 100], &often);
    }
    spread_add_units(&asked[30], &often);
    spread_add_units(&anew, &once);
    struct ratio_moments a = spread_moments(&asked[30]), b = spread_moments(&anew);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(asked[0].count, 70);
    unit_totals_release(&often);
    unit_totals_release(&once);
}

/* Once it has been requested, the spread is kept up to date, as exact as if it were recomputed. */
static void keeps_what_was_asked_for_up_to_date(void **state)
{
    (void)state;
    check_up_to_date(UNIT_SUMS);
    check_up_to_date(UNIT_COUNTS);
}

static struct ratio_moments moments_of(struct unit_totals *totals, uint64_t *units)
{
    static struct spread spread;
    memset(&spread, 0, sizeof spread);
    spread_add_units(&spread, totals);
    *units = spread.count;
    return spread_moments(&spread);
}

/* Metrics that share a table keep what each would in its own, for the units that it is about. */
static void shares_a_table_and_nothing_else(void **state)
{
    (void)state;
    enum { PARTS = UNIT_PARTS + 2 };
    static const enum unit_keeps keeps[] = {UNIT_COUNTS, UNIT_SUM, UNIT_SUMS,
                                            UNIT_MEAN,   UNIT_MAX, UNIT_LAST};
    struct unit_totals shared[PARTS], alone[PARTS];
    for (int i = 0; i < PARTS; i++) {
        unit_totals_init(&shared[i], keeps[i % 6], i > 0 ? &shared[i - 1] : NULL);
        unit_totals_init(&alone[i], keeps[i % 6], NULL);
    }
    assert_ptr_equal(shared[0].table, shared[UNIT_PARTS - 1].table);
    assert_ptr_not_equal(shared[0].table, shared[UNIT_PARTS].table);
    for (uint32_t line = 0; line < 5000; line++)
        for (uint32_t i = 0; i < PARTS; i++) {
            if (line % (i + 1) != 0)
                continue; /* each is about fewer lines */
            bool counts = keeps[i % 6] == UNIT_COUNTS;
            double first = counts ? line % 2 : (double)(line * 7919 % 1000) / 8;
            double second = keeps[i % 6] == UNIT_SUMS || keeps[i % 6] == UNIT_LAST ? line % 13 : 1;
            unit_totals_add(&shared[i], numbered(line * 31 % 997), first, second);
            unit_totals_add(&alone[i], numbered(line * 31 % 997), first, second);
        }
    uint64_t all;
    moments_of(&shared[0], &all);
    assert_int_equal(all, 997);
    for (int i = 0; i < PARTS; i++) {
        uint64_t units, expected;
        struct ratio_moments a = moments_of(&shared[i], &units);
        struct ratio_moments b = moments_of(&alone[i], &expected);
        assert_memory_equal(&a, &b, sizeof a);
        assert_int_equal(units, expected);
        assert_true(i < 7 || units < all);
    }
    for (int i = 0; i < PARTS; i++) {
        unit_totals_release(&shared[i]);
        unit_totals_release(&alone[i]);
    }
}

/* Merging what two threads kept gives what one thread would have kept. */
static void joins_what_others_kept(void **state)
{
    (void)state;
    static const enum unit_keeps keeps[] = {UNIT_COUNTS, UNIT_SUM, UNIT_SUMS,
                                            UNIT_MEAN,   UNIT_MAX, UNIT_LAST};
    struct unit_totals halves[2][6], whole[6];
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 2; j++)
            unit_totals_init(&halves[j][i], keeps[i], i > 0 ? &halves[j][i - 1] : NULL);
        unit_totals_init(&whole[i], keeps[i], NULL);
    }
    for (uint32_t line = 0; line < 4000; line++)
        for (uint32_t i = 0; i < 6; i++) {
            double first = i == 0 ? line % 2 : (double)(line * 7919 % 1000) / 8;
            double second = i == 2 || i == 5 ? line % 13 : 1;
            unit_totals_add(&halves[line / 1000 % 2][i], numbered(line % 1500), first, second);
            unit_totals_add(&whole[i], numbered(line % 1500), first, second);
        }
    for (int i = 0; i < 6; i++) {
        uint64_t units, expected;
        if (i % 2)
            moments_of(&halves[0][i], &units); /* a spread that was requested is kept up to date */
        unit_totals_merge(&halves[0][i], &halves[1][i]);
        struct ratio_moments a = moments_of(&halves[0][i], &units);
        struct ratio_moments b = moments_of(&whole[i], &expected);
        assert_memory_equal(&a, &b, sizeof a);
        assert_int_equal(units, expected);
    }
    for (int i = 0; i < 6; i++) {
        unit_totals_release(&halves[0][i]);
        unit_totals_release(&halves[1][i]);
        unit_totals_release(&whole[i]);
    }
}

static uint64_t in(enum unit_group group)
{
    return UINT64_C(1) << group;
}

static void counts_units_by_where_they_were_seen(void **state)
{
    (void)state;
    struct unit_shares shares = {0};
    for (uint32_t i = 0; i < 3000; i++)
        unit_shares_add(&shares, numbered(i % 1000),
                        in(i % 10 == 0 ? UNIT_IN_CANARY : UNIT_IN_CONTROL));
    assert_int_equal(unit_shares_counts(&shares)->alone[UNIT_IN_CANARY], 100);
    assert_int_equal(unit_shares_counts(&shares)->alone[UNIT_IN_CONTROL], 900);
    unit_shares_add(&shares, numbered(0), in(UNIT_IN_CONTROL));
    unit_shares_add(&shares, numbered(1), in(UNIT_IN_CANARY));
    unit_shares_add(&shares, numbered(1), in(UNIT_IN_CANARY));
    assert_int_equal(unit_shares_counts(&shares)->alone[UNIT_IN_CANARY], 99);
    assert_int_equal(unit_shares_counts(&shares)->alone[UNIT_IN_CONTROL], 899);
    assert_int_equal(unit_shares_counts(&shares)->several, 2);
    unit_shares_release(&shares);
}

static void add_million(struct unit_shares *shares, uint32_t first, uint32_t step)
{
    for (uint32_t i = 0, unit = first; i < 1000000; i++, unit = (unit + step) % 1000000)
        unit_shares_add(shares, numbered(unit),
                        in(unit % 20 == 0 ? UNIT_IN_CANARY : UNIT_IN_CONTROL));
}

static void keeps_memory_bounded_whatever_the_order(void **state)
{
    (void)state;
    struct unit_shares one = {0}, other = {0};
    add_million(&one, 0, 1);
    add_million(&other, 17, 999983);
    assert_true(unit_shares_counts(&one)->units <= UNIT_SHARES_MOST &&
                unit_shares_counts(&one)->units > UNIT_SHARES_MOST / 3);
    assert_true(one.capacity <= 2 * UNIT_SHARES_MOST);
    assert_memory_equal(unit_shares_counts(&one), unit_shares_counts(&other),
                        sizeof(struct unit_counts));
    double share = (double)unit_shares_counts(&one)->alone[UNIT_IN_CANARY] /
                   (double)unit_shares_counts(&one)->units;
    assert_true(share > 0.045 && share < 0.055);
    unit_shares_release(&one);
    unit_shares_release(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_over_units_of_their_totals),
        cmocka_unit_test(says_when_a_number_is_too_large),
        cmocka_unit_test(is_the_same_in_any_order),
        cmocka_unit_test(keeps_what_was_asked_for_up_to_date),
        cmocka_unit_test(shares_a_table_and_nothing_else),
        cmocka_unit_test(joins_what_others_kept),
        cmocka_unit_test(counts_units_by_where_they_were_seen),
        cmocka_unit_test(keeps_memory_bounded_whatever_the_order),
    };
    return cmocka_run_group_tests_name("replay_units", tests, NULL, NULL);
}
