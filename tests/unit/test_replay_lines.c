/* Log lines to values: numbers, times, NDJSON, combined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/arena.h"
#include "compiler/model/log.h"
#include "tools/ffreplay/logs/line_parser.h"
#include "tools/ffreplay/logs/lines.h"
#include "tools/ffreplay/logs/log_time.h"

/* ----------------------------------------------------------------------------------- numbers -- */

static void numbers_round_like_strtod(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        char text[64];
        int digits = (int)(bits % 18) + 1;
        snprintf(text, sizeof text, i % 3 ? "%.*g" : "%.*f", digits,
                 (double)(int64_t)bits / 1e12 / (double)(1 + bits % 1000));
        double number, expected = strtod(text, NULL);
        assert_true(number_from_text(text, strlen(text), &number));
        if (memcmp(&number, &expected, sizeof number) != 0)
            fail_msg("%s: got %.17g, expected %.17g", text, number, expected);
    }
}

/* Numbers of up to eight characters are read at once: any length, with the point in any place. */
static void short_numbers_are_the_same(void **state)
{
    (void)state;
    static const char characters[] = "0123456789.";
    uint32_t seed = 2463534242u;
    for (int i = 0; i < 300000; i++) {
        char text[10] = "";
        size_t length = 1 + (size_t)i % 9, points = 0;
        for (size_t j = 0; j < length; j++) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            text[j] = characters[seed % (i % 4 ? 11 : 10)];
            points += text[j] == '.';
        }
        bool plain = points == 0 || (points == 1 && text[0] != '.' && text[length - 1] != '.');
        double number = -1, expected = strtod(text, NULL);
        bool read = number_from_text(text, length, &number);
        if (plain && (!read || memcmp(&number, &expected, sizeof number) != 0))
            fail_msg("%s: got %.17g, expected %.17g", text, number, expected);
        if (points > 1 && read)
            fail_msg("%s was read as %g", text, number);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "-",     "NaN", "inf", "-Infinity", "0x10",  "1e999", "1 ",    " 1", "1.",
        "1,5", "12abc", "--1", "1e",  "+-1",       "1.5.2", "true",  "1e5e5", "."};
    double number;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (number_from_text(texts[i], strlen(texts[i]), &number))
            fail_msg("'%s' was read as %g", texts[i], number);
}

/* ------------------------------------------------------------------------------------- times -- */

struct time_case {
    enum value_kind kind;
    const char *text;
    enum time_unit unit;
    int64_t ms; /* -1: refused */
};

static void times_are_told_apart(void **state)
{
    (void)state;
    static const struct time_case cases[] = {
        {VALUE_STRING, "2026-11-20T10:00:00Z", TIME_AUTO, 1795168800000},
        {VALUE_STRING, "2026-11-20T10:00:00.123Z", TIME_AUTO, 1795168800123},
        {VALUE_STRING, "2026-11-20T10:00:00.123456789Z", TIME_AUTO, 1795168800123},
        {VALUE_STRING, "2026-11-20t12:30:00+02:30", TIME_AUTO, 1795168800000},
        {VALUE_STRING, "2026-11-20 05:00:00-05:00", TIME_AUTO, 1795168800000},
        {VALUE_STRING, "2024-02-29T00:00:00Z", TIME_AUTO, 1709164800000},
        {VALUE_STRING, "1970-01-01T00:00:00Z", TIME_AUTO, 0},
        {VALUE_STRING, "17/May/2015:10:05:03 +0000", TIME_AUTO, 1431857103000},
        {VALUE_STRING, "17/May/2015:10:05:03 +0200", TIME_AUTO, 1431849903000},
        {VALUE_STRING, "17/May/2015:10:05:03 -0130", TIME_AUTO, 1431862503000},
        {VALUE_NUMBER, "1795168800", TIME_AUTO, 1795168800000},
        {VALUE_NUMBER, "1795168800.25", TIME_AUTO, 1795168800250},
        {VALUE_NUMBER, "1795168800123", TIME_AUTO, 1795168800123},
        {VALUE_NUMBER, "1795168800123456", TIME_AUTO, 1795168800123},
        {VALUE_NUMBER, "1795168800123456789", TIME_AUTO, 1795168800123},
        {VALUE_STRING, "1795168800123456789", TIME_AUTO, 1795168800123},
        {VALUE_NUMBER, "1.7951688e9", TIME_AUTO, 1795168800000},
        {VALUE_NUMBER, "60", TIME_SECONDS, 60000},
        {VALUE_NUMBER, "60", TIME_MILLISECONDS, 60},
        {VALUE_NUMBER, "60000", TIME_MICROSECONDS, 60},
        {VALUE_NUMBER, "60000000", TIME_NANOSECONDS, 60},
        {VALUE_STRING, "2026-11-20T10:00:00", TIME_AUTO, -1},
        {VALUE_STRING, "2026-02-29T10:00:00Z", TIME_AUTO, -1},
        {VALUE_STRING, "2026-13-01T10:00:00Z", TIME_AUTO, -1},
        {VALUE_STRING, "2026-11-20T24:00:00Z", TIME_AUTO, -1},
        {VALUE_STRING, "2026-11-20T10:00:00.Z", TIME_AUTO, -1},
        {VALUE_STRING, "31/Nov/2015:10:05:03 +0000", TIME_AUTO, -1},
        {VALUE_STRING, "17/Mai/2015:10:05:03 +0000", TIME_AUTO, -1},
        {VALUE_STRING, "yesterday", TIME_AUTO, -1},
        {VALUE_STRING, "", TIME_AUTO, -1},
        {VALUE_NUMBER, "-5", TIME_AUTO, -1},
        {VALUE_NUMBER, "99999999999999999999", TIME_AUTO, -1},
        {VALUE_BOOLEAN, "true", TIME_AUTO, -1},
        {VALUE_ABSENT, "", TIME_AUTO, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value value = {.kind = cases[i].kind,
                              .text = cases[i].text,
                              .length = (uint32_t)strlen(cases[i].text)};
        int64_t ms = -1;
        if (!value_time(&value, cases[i].unit, &ms))
            ms = -1;
        if (ms != cases[i].ms)
            fail_msg("'%s': got %lld, expected %lld", cases[i].text, (long long)ms,
                     (long long)cases[i].ms);
    }
}

/* A time is read as if alone, whatever time preceded it. */
static void a_time_does_not_depend_on_the_one_before(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.123Z",
        "2026-11-20T10:00:00.999Z",
        "2026-11-20T10:00:00.12Z",
        "2026-11-20T10:00:00.1234Z",
        "2026-11-20T10:00:00.1x3Z",
        "2026-11-20T10:00:01.000Z",
        "2026-11-20T10:00:00z",
        "2026-11-20T10:00:00,123Z",
        "2026-11-20t10:00:00.123Z",
        "2026-11-20T10:00:00+01:00",
        "2026-11-20T10:00:00.-12Z",
        "2026-13-20T10:00:00.123Z",
        "2026-13-20T10:00:00Z",
        "2026-11-20T10:00:00",
        "17/May/2015:10:05:03 +0000",
        "1795168800123",
        "1795168800999",
        "1795168801000",
        "1795168800.12",
        "179516880.123",
        "17951688e0012",
        "17951688001x3",
        "1.79516880012",
        "1.79516880999",
        "0000000000001",
        "0000000000999",
        "-795168800123",
        "1795168800",
        "1795168800123456",
        "1795168800123456789",
        "2026-11-20T10:00:00.123+00:00",
        "",
    };
    enum { COUNT = sizeof texts / sizeof *texts };
    for (uint32_t i = 0; i < COUNT * COUNT * 10; i++) {
        const char *both[] = {texts[i % COUNT], texts[i / COUNT % COUNT]};
        enum value_kind kind = i / COUNT / COUNT % 2 ? VALUE_STRING : VALUE_NUMBER;
        struct times_read times = {.unit = (enum time_unit)(i / COUNT / COUNT / 2)};
        for (int j = 0; j < 2; j++) {
            struct value value = {
                .kind = kind, .text = both[j], .length = (uint32_t)strlen(both[j])};
            int64_t read = -1, expected = -1;
            bool known = value_time(&value, times.unit, &expected);
            if (times_read(&times, &value, &read) != known || (known && read != expected))
                fail_msg("'%s' behind '%s'", both[j], both[0]);
        }
    }
}

/* ------------------------------------------------------------------------------------- lines -- */

/* Parses a copy that, apart from the padding, ends where its memory ends. */
static bool parse(struct line_parser *parser, const char *text, struct value *values,
                  struct line_problem *problem)
{
    static char *line;
    size_t length = strlen(text);
    free(line);
    line = calloc(1, length + LINE_PADDING);
    memcpy(line, text, length);
    bool parsed = parser->parse(parser, line, length, values, problem);
    return parsed;
}

static void assert_text(const struct value *value, enum value_kind kind, const char *text)
{
    assert_int_equal(value->kind, kind);
    assert_int_equal(value->length, strlen(text));
    assert_memory_equal(value->text, text, strlen(text));
}

static void json_fields_are_found_wherever_they_are(void **state)
{
    (void)state;
    static const char *const paths[] = {"ts", "geo.country",       "a.b.c", "flag.key", "groups",
                                        "ok", "a_rather_long_name"};
    struct line_parser *parser = ndjson_parser(paths, 7);
    struct value values[7];
    struct line_problem problem;

    assert_true(
        parse(parser,
              "{\"a_rather_long_name\": 1.50 , \"x\":[1,{\"ts\":9}],\"geo\":{\"city\":\"Oslo\","
              "\"country\":\"NO\"},\"ts\":17,\"a\":{\"b.c\":\"deep\"},\"flag.key\":\"f\","
              "\"groups\":[\"x\",\"y z\"],\"ok\":true}",
              values, &problem));
    assert_text(&values[0], VALUE_NUMBER, "17");
    assert_text(&values[1], VALUE_STRING, "NO");
    assert_text(&values[2], VALUE_STRING, "deep");
    assert_text(&values[3], VALUE_STRING, "f");
    assert_int_equal(values[4].kind, VALUE_LIST);
    assert_int_equal(values[4].length, 2);
    assert_string_equal(values[4].items[0], "x");
    assert_string_equal(values[4].items[1], "y z");
    assert_int_equal(values[5].kind, VALUE_BOOLEAN);
    assert_true(values[5].boolean);
    assert_text(&values[6], VALUE_NUMBER, "1.50");

    assert_true(
        parse(parser, "{\"ts\":null,\"a\":1,\"groups\":[1,2],\"geo\":\"NO\"}", values, &problem));
    for (int i = 0; i < 7; i++)
        assert_int_equal(values[i].kind, i == 0 ? VALUE_NULL : i == 4 ? VALUE_OTHER : VALUE_ABSENT);
    parser->close(parser);
}

static void json_escapes_are_undone(void **state)
{
    (void)state;
    static const char *const paths[] = {"user", "list"};
    struct line_parser *parser = ndjson_parser(paths, 2);
    struct value values[2];
    struct line_problem problem;
    assert_true(parse(parser, "{\"us\\u0065r\":\"J\\u00f8rgen \\\"x\\\"\",\"list\":[\"a\\nb\"]}",
                      values, &problem));
    assert_text(&values[0], VALUE_STRING, "Jørgen \"x\"");
    assert_string_equal(values[1].items[0], "a\nb");
    parser->close(parser);
}

static void bad_json_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"ts", "a.b"};
    static const char *const texts[] = {"{\"ts\":1",
                                        "{\"ts\":1,\"a\":{\"b\":2}",
                                        "{\"ts\":1,\"late",
                                        "{\"ts\":NaN}",
                                        "{\"ts\":tru}",
                                        "{\"ts\":1} {\"ts\":2}",
                                        "{\"ts\":1}x",
                                        "[1,2]",
                                        "42",
                                        "\"text\"",
                                        "{",
                                        "}",
                                        "{\"ts\" 1}",
                                        "{\"ts\":1,}",
                                        "{ts:1}",
                                        "{\"ts\":\"\xff\"}",
                                        "{\"ts\":\"tab\there\"}",
                                        "GET / HTTP/1.1"};
    struct line_parser *parser = ndjson_parser(paths, 2);
    struct value values[2];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct line_problem problem = {0, NULL};
        if (parse(parser, texts[i], values, &problem))
            fail_msg("'%s' was accepted", texts[i]);
        assert_non_null(problem.text);
        assert_in_range(problem.column, 1, strlen(texts[i]) + 1);
    }
    /* A bad line does not spoil the next. */
    struct line_problem problem;
    assert_true(parse(parser, "{\"ts\":5}", values, &problem));
    assert_text(&values[0], VALUE_NUMBER, "5");
    parser->close(parser);
}

static void every_cut_of_a_line_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"ts", "a.b", "l"};
    const char *whole =
        "{\"ts\":\"x\",\"a\":{\"b\":[1,{\"c\":null}]},\"l\":[\"p\",\"q\"],\"z\":-1.5e3}";
    struct line_parser *parser = ndjson_parser(paths, 3);
    struct value values[3];
    struct line_problem problem;
    assert_true(parse(parser, whole, values, &problem));
    char cut[128];
    for (size_t length = 0; length < strlen(whole); length++) {
        memcpy(cut, whole, length);
        cut[length] = '\0';
        if (parse(parser, cut, values, &problem))
            fail_msg("'%s' was accepted", cut);
    }
    parser->close(parser);
}

/* The forms of `combined`; see compiler/model/log.c. */
static struct format_string *combined_forms(struct arena *arena, uint32_t *count)
{
    struct format_string *forms = NULL;
    struct format_problem problem;
    *count = 0;
    for (const char *const *text = log_format_forms(LOG_COMBINED); *text; text++) {
        struct format_string *form = ARENA_APPEND(arena, forms, *count);
        assert_true(format_string_compile(arena, DIALECT_OWN, *text, form, &problem));
    }
    return forms;
}

static void combined_lines_are_taken_apart(void **state)
{
    (void)state;
    static const char *const paths[] = {"remote_addr", "remote_user", "time",      "request",
                                        "method",      "path",        "protocol",  "status",
                                        "bytes",       "referer",     "user_agent"};
    struct arena arena = {0};
    uint32_t count;
    struct format_string *forms = combined_forms(&arena, &count);
    struct line_parser *parser = format_string_parser(paths, 11, forms, count);
    struct value values[11];
    struct line_problem problem;
    assert_true(
        parse(parser,
              "83.149.9.216 - amira s [17/May/2015:10:05:03 +0000] \"GET /a/b?q=1 2 HTTP/1.1\" "
              "200 - \"-\" \"Mozilla \\\"5\\\" \\x41\"",
              values, &problem));
    assert_text(&values[0], VALUE_STRING, "83.149.9.216");
    assert_text(&values[1], VALUE_STRING, "amira s");
    assert_text(&values[2], VALUE_STRING, "17/May/2015:10:05:03 +0000");
    assert_text(&values[3], VALUE_STRING, "GET /a/b?q=1 2 HTTP/1.1");
    assert_text(&values[4], VALUE_STRING, "GET");
    assert_text(&values[5], VALUE_STRING, "/a/b");
    assert_text(&values[6], VALUE_STRING, "HTTP/1.1");
    assert_text(&values[7], VALUE_NUMBER, "200");
    assert_text(&values[8], VALUE_NUMBER, "0");
    assert_int_equal(values[9].kind, VALUE_ABSENT);
    assert_text(&values[10], VALUE_STRING, "Mozilla \"5\" A");

    assert_true(
        parse(parser, "::1 - - [17/May/2015:10:05:03 +0000] \"-\" 408 12", values, &problem));
    assert_int_equal(values[1].kind, VALUE_ABSENT);
    assert_int_equal(values[3].kind, VALUE_ABSENT);
    assert_int_equal(values[4].kind, VALUE_ABSENT);
    assert_text(&values[7], VALUE_NUMBER, "408");
    assert_int_equal(values[10].kind, VALUE_ABSENT);
    parser->close(parser);
    arena_release(&arena);
}

static void cut_combined_lines_are_refused(void **state)
{
    (void)state;
    const char *whole =
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\" \"ua\"";
    static const char *const paths[] = {"status", "bytes", "user_agent"};
    struct arena arena = {0};
    uint32_t count;
    struct format_string *forms = combined_forms(&arena, &count);
    struct line_parser *parser = format_string_parser(paths, 3, forms, count);
    struct value values[3];
    struct line_problem problem;
    char cut[128];
    for (size_t length = 0; length < strlen(whole); length++) {
        memcpy(cut, whole, length);
        cut[length] = '\0';
        bool parsed = parse(parser, cut, values, &problem);
        /* Up to the bytes, this is a line of `common`. */
        const char *common = "\" 200 5";
        bool may = length >= 7 && memcmp(cut + length - 7, common, 7) == 0;
        if (parsed != may)
            fail_msg("'%s' was %s", cut, parsed ? "accepted" : "refused");
    }
    parser->close(parser);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_round_like_strtod),
        cmocka_unit_test(short_numbers_are_the_same),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(times_are_told_apart),
        cmocka_unit_test(a_time_does_not_depend_on_the_one_before),
        cmocka_unit_test(json_fields_are_found_wherever_they_are),
        cmocka_unit_test(json_escapes_are_undone),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(every_cut_of_a_line_is_refused),
        cmocka_unit_test(combined_lines_are_taken_apart),
        cmocka_unit_test(cut_combined_lines_are_refused),
    };
    return cmocka_run_group_tests_name("replay_lines", tests, NULL, NULL);
}
