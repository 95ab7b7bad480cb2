/* Windows, cells and sets of units, and conditions on fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/arena.h"
#include "compiler/regex/regex.h"
#include "tools/ffreplay/metrics/kinds/shared.h"
#include "tools/ffreplay/metrics/windows.h"
#include "random.h"

/* ----------------------------------------------------------------------------------- windows -- */

static void windows_are_aligned_to_the_epoch(void **state)
{
    (void)state;
    assert_int_equal(window_begin(0, 10000), 0);
    assert_int_equal(window_begin(9999, 10000), 0);
    assert_int_equal(window_begin(10000, 10000), 10000);
    assert_int_equal(window_begin(-1, 10000), -10000);
    assert_int_equal(window_begin(-10000, 10000), -10000);
}

/* Whatever the order, the newest windows keep all of their samples, and only they are kept. */
static void the_newest_windows_are_complete_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 3000, KEEP = 7, WIDTH = 1000, SPAN = 40 };
    const struct metric metric = {.kind = METRIC_MEAN};
    const struct measure measure = {.metric = &metric, .functions = &mean_functions};
    for (int round = 0; round < 30; round++) {
        struct windows windows;
        windows_init(&windows, &measure, WIDTH, KEEP);
        uint64_t counts[SPAN] = {0};
        for (int i = 0; i < COUNT; i++) {
            struct sample sample = {.state = NUMBER_GIVEN, .number = 1};
            /* Few samples in some windows, none in others. */
            int window = (int)(random_bits() % SPAN);
            if (window % 3 == 1 || (window % 3 == 2 && random_bits() % 50))
                continue;
            sample.time = window * WIDTH + (int64_t)(random_bits() % WIDTH);
            counts[window]++;
            windows_add(&windows, &sample);
        }
        uint32_t seen = 0;
        for (int window = SPAN - 1; window >= 0 && seen < KEEP; window--) {
            if (counts[window] == 0)
                continue;
            assert_int_equal(windows.items[seen]->begin, window * WIDTH);
            assert_int_equal(windows.items[seen]->cell.count, counts[window]);
            seen++;
        }
        assert_int_equal(windows.count, seen);
        struct cell cell;
        cell_init(&cell, &measure);
        assert_int_equal(windows_sum(&windows, windows.items[2]->begin, INT64_MAX, &cell), 3);
        assert_int_equal(cell.count, windows.items[0]->cell.count + windows.items[1]->cell.count +
                                         windows.items[2]->cell.count);
        cell_release(&cell);
        windows_release(&windows);
    }
}

/* ------------------------------------------------------------------------------------- cells -- */

/* Every kind, and each variation per unit. */
static const struct metric metrics[] = {
#define METRIC_KIND(NAME, ...) {.kind = METRIC_##NAME, .quantile = 0.9, .accuracy = 0.01},
#include "compiler/model/metric_kinds.def"
#include "compiler/model/log.h"
    {.kind = METRIC_PROPORTION, .per_unit = true},
    {.kind = METRIC_MEAN, .per_unit = true, .aggregate = AGGREGATE_SUM},
    {.kind = METRIC_MEAN, .per_unit = true, .aggregate = AGGREGATE_COUNT},
};

static struct measure measure_of(const struct metric *metric)
{
    return (struct measure){.metric = metric, .functions = metric_functions(metric->kind)};
}

static void cells_merge_to_what_one_cell_would_be(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        const struct measure measure = measure_of(&metrics[m]);
        struct cell whole, parts[4];
        cell_init(&whole, &measure);
        for (int i = 0; i < 4; i++)
            cell_init(&parts[i], &measure);
        for (int i = 0; i < 2000; i++) {
            char unit[16];
            int length = snprintf(unit, sizeof unit, "u%u", (unsigned)(random_bits() % 300));
            struct sample sample = {
                .state = NUMBER_GIVEN,
                .hit = random_bits() % 10 == 0,
                .number = (double)(int64_t)random_bits() / 1e15,
                .denominator = 1 + (double)(random_bits() % 1000) / 7,
                .time = (int64_t)(random_bits() % 100),
                .unit = unit_hash_of(unit, (size_t)length),
            };
            cell_add(&whole, &measure, &sample);
            cell_add(&parts[random_bits() % 3], &measure, &sample);
        }
        cell_merge(&parts[3], &measure, &parts[2]); /* into one that is empty */
        cell_merge(&parts[3], &measure, &parts[0]);
        cell_merge(&parts[3], &measure, &parts[1]);
        double expected, merged;
        assert_true(cell_estimate(&whole, &measure, 60000, &expected));
        assert_true(cell_estimate(&parts[3], &measure, 60000, &merged));
        assert_memory_equal(&merged, &expected, sizeof merged);
        assert_int_equal(cell_samples(&parts[3], &measure), cell_samples(&whole, &measure));
        cell_release(&whole);
        for (int i = 0; i < 4; i++)
            cell_release(&parts[i]);
    }
}

static void an_empty_cell_estimates_nothing(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        const struct measure measure = measure_of(&metrics[m]);
        struct cell cell;
        cell_init(&cell, &measure);
        double estimate;
        assert_false(cell_estimate(&cell, &measure, 60000, &estimate));
        cell_release(&cell);
    }
}

static void what_is_not_finite_is_no_data(void **state)
{
    (void)state;
    double estimate;
    struct cell cell;
    const struct measure ratio = measure_of(&metrics[METRIC_RATIO]);
    cell_init(&cell, &ratio);
    cell_add(&cell, &ratio, &(struct sample){.state = NUMBER_GIVEN, .number = 0, .denominator = 0});
    assert_false(cell_estimate(&cell, &ratio, 60000, &estimate));
    cell_add(&cell, &ratio, &(struct sample){.state = NUMBER_GIVEN, .number = 1, .denominator = 0});
    assert_false(cell_estimate(&cell, &ratio, 60000, &estimate));
    cell_release(&cell);
    const struct measure rate = measure_of(&metrics[METRIC_RATE]);
    cell_init(&cell, &rate);
    cell_add(&cell, &rate, &(struct sample){.state = NUMBER_GIVEN, .hit = true});
    assert_false(cell_estimate(&cell, &rate, 0, &estimate));
    cell_release(&cell);
}

static void units_are_counted_once(void **state)
{
    (void)state;
    struct unit_set set = {.count = 0};
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 10000; i++) {
            char unit[16];
            int length = snprintf(unit, sizeof unit, "unit-%d", i);
            bool new = unit_set_add(&set, unit_hash_of(unit, (size_t)length));
            assert_int_equal(new, round == 0);
        }
    assert_int_equal(set.count, 10000);
    unit_set_release(&set);
}

/* -------------------------------------------------------------------------------- conditions -- */

/* A test of one field, applied to one value, and its exact negation. */
static enum truth truth_of(enum operator_kind operator_kind, bool ignore_case,
                           struct operand *operands, uint32_t count, struct value value)
{
    struct condition condition = {
        .kind = CONDITION_TEST,
        .operator_kind = operator_kind,
        .ignore_case = ignore_case,
        .field = {"x", NO_SPAN},
        .operands = operands,
        .operand_count = count,
        .divisor = operator_kind == OPERATOR_MOD ? 10 : 0,
    };
    /* Of an entry that it equals one of the operands; of a size that it is not less. */
    enum operator_log asked = operator_kinds[operator_kind].log;
    struct condition within = condition;
    within.operator_kind = asked == LOG_SIZE ? OPERATOR_GE : OPERATOR_EQ;
    if (asked == LOG_SOME || asked == LOG_EVERY || asked == LOG_NO || asked == LOG_SIZE) {
        condition.within = &within;
        condition.operand_count = 0;
    }
    const struct log log = {.time = "t"};
    struct arena arena = {0};
    struct layout layout;
    layout_init(&layout, NULL, &log, &arena);
    const struct predicate *predicate = predicate_prepare(&condition, &layout);
    struct value values[2] = {{.kind = VALUE_ABSENT}, value};
    struct number numbers[2] = {{.state = NUMBER_ABSENT}};
    numbers[1].state = value_number(&value, &numbers[1].number) ? NUMBER_GIVEN
                       : value_is_nothing(&value)               ? NUMBER_ABSENT
                                                                : NUMBER_UNREADABLE;
    const struct event event = {.values = values, .numbers = numbers};
    enum truth answer = predicate_truth(predicate, &event);
    const struct quick_test quick = predicate_quick(predicate);
    assert_int_equal(quick_truth(&quick, predicate, &event), answer);
    condition.negate = true;
    enum truth opposite = answer == TRUTH_UNREADABLE ? answer : answer == TRUTH_NO;
    assert_int_equal(predicate_truth(predicate, &event), opposite);
    const struct quick_test other = predicate_quick(predicate);
    assert_int_equal(quick_truth(&other, predicate, &event), opposite);
    arena_release(&arena);
    return answer;
}

#define TEXT(spelt)                                                        \
    {                                                                      \
        .kind = VALUE_STRING, .text = (spelt), .length = sizeof(spelt) - 1 \
    }
#define NUMBER(spelt)                                                      \
    {                                                                      \
        .kind = VALUE_NUMBER, .text = (spelt), .length = sizeof(spelt) - 1 \
    }

static struct number number_of(const struct value *value)
{
    struct number number = {.state = NUMBER_ABSENT};
    if (value_number(value, &number.number))
        number.state = NUMBER_GIVEN;
    else if (!value_is_nothing(value))
        number.state = NUMBER_UNREADABLE;
    return number;
}

static void two_fields_compare_as_numbers_where_both_are(void **state)
{
    (void)state;
    static const struct {
        enum operator_kind operator_kind;
        bool ignore_case;
        struct value left, right;
        enum truth truth;
    } cases[] = {
        {OPERATOR_EQ, false, NUMBER("1.0"), NUMBER("1"), TRUTH_YES},
        {OPERATOR_EQ, false, NUMBER("1"), TEXT(" 1 "), TRUTH_YES},
        {OPERATOR_EQ, false, NUMBER("1"), TEXT("one"), TRUTH_NO},
        {OPERATOR_EQ, false, TEXT("one"), TEXT("one"), TRUTH_YES},
        {OPERATOR_EQ, false, TEXT("one"), TEXT("One"), TRUTH_NO},
        {OPERATOR_EQ, true, TEXT("one"), TEXT("One"), TRUTH_YES},
        {OPERATOR_EQ, false, NUMBER("9007199254740992"), NUMBER("9007199254740993"), TRUTH_NO},
        {OPERATOR_EQ, false, TEXT(""), {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_EQ, false, {.kind = VALUE_NULL}, {.kind = VALUE_NULL}, TRUTH_NO},
        {OPERATOR_EQ, false, TEXT("a"), {.kind = VALUE_OTHER}, TRUTH_NO},
        {OPERATOR_LT, false, NUMBER("9"), NUMBER("10"), TRUTH_YES},
        {OPERATOR_LT, false, TEXT("9"), TEXT("10"), TRUTH_YES},
        {OPERATOR_GE, false, NUMBER("9"), NUMBER("10"), TRUTH_NO},
        {OPERATOR_GE, false, NUMBER("10"), NUMBER("10"), TRUTH_YES},
        {OPERATOR_GT, false, NUMBER("10"), {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_GT, false, NUMBER("10"), TEXT("a lot"), TRUTH_UNREADABLE},
        {OPERATOR_GT, false, TEXT("a lot"), NUMBER("10"), TRUTH_UNREADABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct condition condition = {.kind = CONDITION_TEST,
                                            .operator_kind = cases[i].operator_kind,
                                            .ignore_case = cases[i].ignore_case,
                                            .field = {"x", NO_SPAN},
                                            .other_field = {"y", NO_SPAN}};
        const struct log log = {.time = "t"};
        struct arena arena = {0};
        struct layout layout;
        layout_init(&layout, NULL, &log, &arena);
        const struct predicate *predicate = predicate_prepare(&condition, &layout);
        struct value values[3] = {{.kind = VALUE_ABSENT}, cases[i].left, cases[i].right};
        struct number numbers[3] = {
            {.state = NUMBER_ABSENT}, number_of(&values[1]), number_of(&values[2])};
        const struct event event = {.values = values, .numbers = numbers};
        if (predicate_truth(predicate, &event) != cases[i].truth)
            fail_msg("case %zu", i);
        const struct quick_test quick = predicate_quick(predicate);
        assert_int_equal(quick_truth(&quick, predicate, &event), cases[i].truth);
        arena_release(&arena);
    }
}

static void conditions_compare_numbers_as_numbers_and_never_as_text(void **state)
{
    (void)state;
    static const char *const list[] = {"beta", "staff"}, *const numerals[] = {"500.0", "5e2"};
    const struct {
        enum operator_kind operator_kind;
        const char *operands[2];
        struct value value;
        enum truth truth;
    } cases[] = {
        {OPERATOR_EQ, {"500"}, NUMBER("500"), TRUTH_YES},
        {OPERATOR_EQ, {"500"}, NUMBER("5e2"), TRUTH_YES},
        {OPERATOR_EQ, {"500"}, TEXT("500.0"), TRUTH_YES},
        {OPERATOR_EQ, {"500", "404"}, NUMBER("404"), TRUTH_YES},
        {OPERATOR_EQ, {"500"}, NUMBER("50"), TRUTH_NO},
        {OPERATOR_EQ, {"GET"}, TEXT("GET"), TRUTH_YES},
        {OPERATOR_EQ, {"GET"}, TEXT("GETS"), TRUTH_NO},
        {OPERATOR_EQ, {"true"}, {.kind = VALUE_BOOLEAN, .text = "true", .length = 4}, TRUTH_YES},
        {OPERATOR_GE, {"500"}, NUMBER("1000"), TRUTH_YES},
        {OPERATOR_GE, {"500"}, TEXT("1000"), TRUTH_YES},
        {OPERATOR_LT, {"500"}, NUMBER("499.9"), TRUTH_YES},
        {OPERATOR_LT, {"500"}, NUMBER("500"), TRUTH_NO},
        {OPERATOR_LE, {"500"}, NUMBER("500"), TRUTH_YES},
        {OPERATOR_LE, {"500"}, NUMBER("500.5"), TRUTH_NO},
        {OPERATOR_GE, {"500"}, NUMBER("499.5"), TRUTH_NO},
        {OPERATOR_GT, {"500"}, NUMBER("500"), TRUTH_NO},
        {OPERATOR_GE, {"500"}, TEXT(" 500"), TRUTH_YES},
        {OPERATOR_GE, {"500"}, TEXT("\t500.0 "), TRUTH_YES},
        {OPERATOR_GE, {"500"}, TEXT("OK"), TRUTH_UNREADABLE},
        {OPERATOR_GE, {"500"}, TEXT("200, 502"), TRUTH_UNREADABLE},
        {OPERATOR_GE, {"500"}, TEXT("NaN"), TRUTH_UNREADABLE},
        {OPERATOR_GE, {"500"}, NUMBER("1e999"), TRUTH_UNREADABLE},
        {OPERATOR_GE,
         {"500"},
         {.kind = VALUE_BOOLEAN, .text = "true", .length = 4},
         TRUTH_UNREADABLE},
        {OPERATOR_GE, {"500"}, {.kind = VALUE_LIST, .items = list, .length = 2}, TRUTH_UNREADABLE},
        {OPERATOR_GE, {"500"}, TEXT(" - "), TRUTH_NO},
        {OPERATOR_GE, {"500"}, TEXT("  "), TRUTH_NO},
        {OPERATOR_EQ, {"500"}, TEXT(" 500 "), TRUTH_YES},
        {OPERATOR_EQ, {"500"}, TEXT("500 Internal Server Error"), TRUTH_UNREADABLE},
        {OPERATOR_EQ, {"500", "502"}, TEXT("-"), TRUTH_NO},
        {OPERATOR_EQ, {"500", "timeout"}, TEXT("timeout"), TRUTH_YES},
        {OPERATOR_EQ, {"500", "timeout"}, TEXT("500.0"), TRUTH_YES},
        {OPERATOR_EQ, {"500", "timeout"}, TEXT("refused"), TRUTH_NO},
        {OPERATOR_IN_FILE, {"17", "18"}, TEXT("acme"), TRUTH_NO},
        {OPERATOR_IN_FILE, {"17", "18"}, NUMBER("17.0"), TRUTH_YES},
        {OPERATOR_EQ, {"9007199254740993"}, NUMBER("9007199254740993"), TRUTH_YES},
        {OPERATOR_EQ, {"9007199254740993"}, NUMBER("9007199254740992"), TRUTH_NO},
        {OPERATOR_GT, {"9007199254740992"}, NUMBER("9007199254740993"), TRUTH_YES},
        {OPERATOR_GT, {"500"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_GT, {"500"}, {.kind = VALUE_OTHER}, TRUTH_UNREADABLE},
        {OPERATOR_STARTS_WITH, {"/api/"}, TEXT("/api/v1"), TRUTH_YES},
        {OPERATOR_STARTS_WITH, {"/api/"}, TEXT("/ap"), TRUTH_NO},
        {OPERATOR_ENDS_WITH, {".png", ".gif"}, TEXT("/a.gif"), TRUTH_YES},
        {OPERATOR_ENDS_WITH, {".png"}, TEXT("png"), TRUTH_NO},
        {OPERATOR_CONTAINS, {"bot"}, TEXT("Googlebot/2.1"), TRUTH_YES},
        {OPERATOR_CONTAINS, {"bot"}, TEXT("bo"), TRUTH_NO},
        {OPERATOR_GLOB, {"/api/*/items"}, TEXT("/api/v1/items"), TRUTH_YES},
        {OPERATOR_GLOB, {"/api/?"}, TEXT("/api/12"), TRUTH_NO},
        {OPERATOR_GLOB, {"/API/?"}, TEXT("/api/1"), TRUTH_NO},
        {OPERATOR_MATCHES, {"^/api/v\\d+/"}, TEXT("/api/v12/items"), TRUTH_YES},
        {OPERATOR_MATCHES, {"^/api/v\\d+/", "x$"}, TEXT("/api/v/items"), TRUTH_NO},
        {OPERATOR_MATCHES, {"^x", "^5..$"}, NUMBER("503"), TRUTH_YES},
        {OPERATOR_MATCHES, {"^$"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_MATCHES, {"staff"}, {.kind = VALUE_LIST, .items = list, .length = 2}, TRUTH_NO},
        {OPERATOR_EQ, {"beta"}, {.kind = VALUE_LIST, .items = list, .length = 2}, TRUTH_NO},
        {OPERATOR_MOD, {"0", "1"}, NUMBER("21"), TRUTH_YES},
        {OPERATOR_MOD, {"0", "1"}, TEXT(" -9 "), TRUTH_YES},
        {OPERATOR_MOD, {"1"}, NUMBER("9"), TRUTH_NO},
        {OPERATOR_MOD, {"1"}, NUMBER("1"), TRUTH_YES},
        {OPERATOR_MOD, {"1"}, NUMBER("1.5"), TRUTH_NO},
        {OPERATOR_MOD, {"0", "1"}, NUMBER("1e300"), TRUTH_NO},
        {OPERATOR_MOD, {"0", "1"}, TEXT("one"), TRUTH_UNREADABLE},
        {OPERATOR_MOD, {"0", "1"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_HAS_ANY,
         {"x", "beta"},
         {.kind = VALUE_LIST, .items = list, .length = 2},
         TRUTH_YES},
        {OPERATOR_HAS_ANY, {"bet"}, {.kind = VALUE_LIST, .items = list, .length = 2}, TRUTH_NO},
        {OPERATOR_HAS_ANY, {"beta"}, TEXT("beta"), TRUTH_NO},
        {OPERATOR_HAS_ANY, {"beta"}, {.kind = VALUE_OTHER}, TRUTH_NO},
        {OPERATOR_HAS_ANY, {"beta"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_HAS_ALL,
         {"staff", "beta"},
         {.kind = VALUE_LIST, .items = list, .length = 2},
         TRUTH_YES},
        {OPERATOR_HAS_ALL,
         {"staff", "x"},
         {.kind = VALUE_LIST, .items = list, .length = 2},
         TRUTH_NO},
#define LIST(items_, count) {.kind = VALUE_LIST, .items = (items_), .length = (count)}
        {OPERATOR_ANY_ENTRY, {"staff"}, LIST(list, 2), TRUTH_YES},
        {OPERATOR_ANY_ENTRY, {"staf"}, LIST(list, 2), TRUTH_NO},
        {OPERATOR_ANY_ENTRY, {"staff"}, LIST(list, 0), TRUTH_NO},
        {OPERATOR_ANY_ENTRY, {"500"}, LIST(numerals, 2), TRUTH_NO},
        {OPERATOR_ANY_ENTRY, {"staff"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_ANY_ENTRY, {"staff"}, TEXT("-"), TRUTH_NO},
        {OPERATOR_ANY_ENTRY, {"staff"}, TEXT("staff"), TRUTH_UNREADABLE},
        {OPERATOR_ANY_ENTRY, {"staff"}, NUMBER("1"), TRUTH_UNREADABLE},
        {OPERATOR_ANY_ENTRY, {"staff"}, {.kind = VALUE_OTHER}, TRUTH_UNREADABLE},
        {OPERATOR_ALL_ENTRIES, {"staff", "beta"}, LIST(list, 2), TRUTH_YES},
        {OPERATOR_ALL_ENTRIES, {"beta"}, LIST(list, 2), TRUTH_NO},
        {OPERATOR_ALL_ENTRIES, {"beta"}, LIST(list, 0), TRUTH_YES},
        {OPERATOR_ALL_ENTRIES, {"beta"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_NO_ENTRY, {"x"}, LIST(list, 2), TRUTH_YES},
        {OPERATOR_NO_ENTRY, {"x", "beta"}, LIST(list, 2), TRUTH_NO},
        {OPERATOR_NO_ENTRY, {"x"}, LIST(list, 0), TRUTH_YES},
        {OPERATOR_NO_ENTRY, {"x"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_NO_ENTRY, {"x"}, {.kind = VALUE_OTHER}, TRUTH_UNREADABLE},
        {OPERATOR_SIZE, {"2"}, LIST(list, 2), TRUTH_YES},
        {OPERATOR_SIZE, {"2"}, LIST(list, 1), TRUTH_NO},
        {OPERATOR_SIZE, {"0"}, LIST(list, 0), TRUTH_YES},
        {OPERATOR_SIZE, {"0"}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_SIZE, {"0"}, TEXT("staff"), TRUTH_UNREADABLE},
        {OPERATOR_PRESENT, {NULL}, TEXT(""), TRUTH_YES},
        {OPERATOR_PRESENT, {NULL}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_PRESENT, {NULL}, {.kind = VALUE_NULL}, TRUTH_NO},
        {OPERATOR_IS_NULL, {NULL}, {.kind = VALUE_NULL}, TRUTH_YES},
        {OPERATOR_IS_NULL, {NULL}, {.kind = VALUE_ABSENT}, TRUTH_NO},
        {OPERATOR_IS_NULL, {NULL}, TEXT("null"), TRUTH_NO},
        {OPERATOR_EQ, {"null"}, {.kind = VALUE_NULL}, TRUTH_NO},
        {OPERATOR_LT, {"1"}, {.kind = VALUE_NULL}, TRUTH_NO},
    };
    struct arena arena = {0};
    bool tested[OPERATOR_KIND_COUNT][2] = {{false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tested[cases[i].operator_kind][cases[i].truth == TRUTH_YES] = true;
        struct operand operands[2] = {{.source = {cases[i].operands[0], NO_SPAN}},
                                      {.source = {cases[i].operands[1], NO_SPAN}}};
        uint32_t count = 0;
        for (; count < 2 && cases[i].operands[count]; count++) {
            const char *text = cases[i].operands[count];
            struct regex_problem problem;
            if (cases[i].operator_kind == OPERATOR_MOD || cases[i].operator_kind == OPERATOR_SIZE)
                operands[count].number = strtod(text, NULL);
            if (cases[i].operator_kind == OPERATOR_MATCHES)
                operands[count].automaton =
                    regex_compile(&arena, text, strlen(text), false, &problem);
        }
        if (truth_of(cases[i].operator_kind, false, operands, count, cases[i].value) !=
            cases[i].truth)
            fail_msg("case %zu: '%.*s' against '%s'", i, (int)cases[i].value.length,
                     cases[i].value.text ? cases[i].value.text : "", cases[i].operands[0]);
    }
    for (size_t kind = 0; kind < OPERATOR_KIND_COUNT; kind++) {
        if (operator_kinds[kind].log != LOG_NONE && !(tested[kind][0] && tested[kind][1]))
            fail_msg("no two cases here test %s, once so that it holds, and once so that it fails",
                     operator_kinds[kind].name);
    }
    arena_release(&arena);
}

static void conditions_ignore_case_where_they_are_told_to(void **state)
{
    (void)state;
    static const struct {
        enum operator_kind operator_kind;
        const char *operand;
        struct value value;
    } cases[] = {
        {OPERATOR_EQ, "get", TEXT("GET")},
        {OPERATOR_IN_FILE, "get", TEXT("GET")},
        {OPERATOR_STARTS_WITH, "/API", TEXT("/api/1")},
        {OPERATOR_ENDS_WITH, ".PNG", TEXT("a.png")},
        {OPERATOR_CONTAINS, "BOT", TEXT("Googlebot")},
        {OPERATOR_GLOB, "/API/?", TEXT("/api/1")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct operand operand = {.source = {cases[i].operand, NO_SPAN}};
        enum operator_kind kind = cases[i].operator_kind;
        assert_int_equal(truth_of(kind, false, &operand, 1, cases[i].value), TRUTH_NO);
        assert_int_equal(truth_of(kind, true, &operand, 1, cases[i].value), TRUTH_YES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_aligned_to_the_epoch),
        cmocka_unit_test(the_newest_windows_are_complete_in_any_order),
        cmocka_unit_test(cells_merge_to_what_one_cell_would_be),
        cmocka_unit_test(an_empty_cell_estimates_nothing),
        cmocka_unit_test(what_is_not_finite_is_no_data),
        cmocka_unit_test(units_are_counted_once),
        cmocka_unit_test(conditions_compare_numbers_as_numbers_and_never_as_text),
        cmocka_unit_test(two_fields_compare_as_numbers_where_both_are),
        cmocka_unit_test(conditions_ignore_case_where_they_are_told_to),
    };
    return cmocka_run_group_tests_name("replay_metrics", tests, NULL, NULL);
}
