/* test_scalars.c - the lexical forms of single values, exact to the last digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/nearest.h"
#include "compiler/base/buffer.h"
#include "compiler/base/match.h"
#include "compiler/cli/options.h"
#include "compiler/base/calendar.h"
#include "compiler/base/scalar.h"

static void percentages_are_exact(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        uint32_t thousandths;
    } good[] = {{"0", 0},          {"0%", 0},          {"25", 25000},   {"25%", 25000},
                {"0.125", 125},    {"33.333%", 33333}, {"100", 100000}, {"100.000%", 100000},
                {"99.999", 99999}, {"0.1", 100},       {"007", 7000},   {"12.5000", 12500}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint32_t value = UINT32_MAX;
        assert_true(parse_percent(good[i].text, &value));
        assert_int_equal(value, good[i].thousandths);
    }
    static const char *const bad[] = {"",     "%",    "-1",     "+1",  "100.001",
                                      "101",  "1e2",  "0.0001", "1.",  ".5",
                                      "25 %", "25%%", "0x10",   "1,5", "99999999999999999999",
                                      "50%x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t value;
        assert_false(parse_percent(bad[i], &value));
    }
}

static void durations_are_whole_numbers_with_a_unit(void **unused)
{
    (void)unused;
    int64_t ms;
    assert_true(parse_duration("90s", &ms) && ms == 90000);
    assert_true(parse_duration("30m", &ms) && ms == 1800000);
    assert_true(parse_duration("24h", &ms) && ms == 86400000);
    assert_true(parse_duration("7d", &ms) && ms == 604800000);
    assert_true(parse_duration("2w", &ms) && ms == 1209600000);
    assert_true(parse_duration("0s", &ms) && ms == 0);
    static const char *const bad[] = {"",    "s",    "5",   "5ms", "1h30m",
                                      "-5s", "1.5h", "5 s", "5S",  "99999999999w"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_duration(bad[i], &ms));
}

static void times_are_moments(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"2026-11-20T10:00:00Z", 1795168800000},
                {"2026-11-20T11:00:00+01:00", 1795168800000},
                {"2026-11-20t04:30:00-05:30", 1795168800000},
                {"2024-02-29T23:59:59.999Z", 1709251199999},
                {"1969-12-31T23:59:59.5Z", -500},
                {"2026-11-20T10:00:00.1239Z", 1795168800123}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = 1;
        assert_true(parse_time(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    static const char *const bad[] = {
        "2026-11-20",           "2026-11-20T10:00:00",   "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z",  "2026-11-20T10:60:00Z",
        "2026-11-20T10:00Z",    "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00Zz",
        "26-11-20T10:00:00Z",   "2026-11-20T10:00:00+1", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms;
        assert_false(parse_time(bad[i], &ms));
    }
}

static void times_print_as_they_are_read(void **unused)
{
    (void)unused;
    static const int64_t times[] = {0,
                                    1,
                                    -1,
                                    1795168800000,
                                    1709251199999,
                                    951782400000,
                                    -62135596800000,
                                    253402300799999,
                                    4107542399000};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[32];
        int64_t again = 0;
        format_time(times[i], text, sizeof text);
        assert_true(parse_time(text, &again));
        assert_int_equal(again, times[i]);
    }
    char text[32];
    format_time(1795168800000, text, sizeof text);
    assert_string_equal(text, "2026-11-20T10:00:00Z");
}

static void versions_become_canonical(void **unused)
{
    (void)unused;
    static const char *const good[][2] = {{"1.2.3", "1.2.3"},
                                          {"v1.2", "1.2.0"},
                                          {"2", "2.0.0"},
                                          {"1.0.0-rc.1+b7", "1.0.0-rc.1"},
                                          {"1.2-beta", "1.2.0-beta"},
                                          {"0.0.0-0a", "0.0.0-0a"},
                                          {"1.2.3-x-y-z.--", "1.2.3-x-y-z.--"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buffer canonical = {0};
        assert_true(parse_version(good[i][0], &canonical));
        assert_string_equal(canonical.bytes, good[i][1]);
        buffer_release(&canonical);
    }
    static const char *const bad[] = {"",           "v",      "1.",       "1.2.3.4",
                                      "01.2.3",     "1.2.3-", "1.2.3-01", "1.2.3+",
                                      "1.2.3-a..b", "V1.2.3", "2.x",      "1.2.3 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buffer canonical = {0};
        assert_false(parse_version(bad[i], &canonical));
        buffer_release(&canonical);
    }
}

static void loose_versions_have_one_text(void **unused)
{
    (void)unused;
    static const char *const good[][2] = {
        {"1.2.3.4", "1.2.3.4"},    {"v01.2.0", "1.2"},  {"1.2.0rc1", "1.2-rc.1"},
        {"1.2-RC.01", "1.2-rc.1"}, {"0.0", "0"},        {"1.0.0.1", "1.0.0.1"},
        {"1.beta+x.y", "1-beta"},  {"V2_3-a", "2-3.a"}, {"2026.01.05", "2026.1.5"},
        {"1.0.0-0", "1-0"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buffer canonical = {0};
        assert_true(parse_loose_version(good[i][0], &canonical));
        assert_string_equal(canonical.bytes, good[i][1]);
        buffer_release(&canonical);
    }
    static const char *const bad[] = {"", "v", "1.", "1..2", "a", "1-", "1+", "1 ", "1.-a", "1+-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buffer canonical = {0};
        assert_false(parse_loose_version(bad[i], &canonical));
        buffer_release(&canonical);
    }
    static const char *const ordered[] = {"0-0",     "0",       "1-1",      "1-b.2",
                                          "1-b.2.1", "1-b.10",  "1",        "1.0.0.1",
                                          "1.0.1",   "1.9.9.9", "1.10-a.1", "1.10.0.2"};
    for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
        for (size_t k = 0; k < sizeof ordered / sizeof *ordered; k++) {
            int order = compare_versions(ordered[i], ordered[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
}

static void blocks_cover_their_addresses(void **unused)
{
    (void)unused;
    struct network network;
    bool exact;
    static const uint8_t v4_first[16] = {[10] = 0xFF, 0xFF, 10, 0, 0, 0};
    static const uint8_t v4_last[16] = {[10] = 0xFF, 0xFF, 10, 255, 255, 255};
    assert_true(parse_network("10.0.0.0/8", &network, &exact) && exact);
    assert_memory_equal(network.first, v4_first, 16);
    assert_memory_equal(network.last, v4_last, 16);
    assert_true(parse_network("10.1.2.3/8", &network, &exact) && !exact);
    assert_memory_equal(network.first, v4_first, 16);
    assert_true(parse_network("::ffff:10.0.0.0/104", &network, &exact) && exact);
    assert_memory_equal(network.last, v4_last, 16);
    assert_true(parse_network("0.0.0.0/0", &network, &exact) && exact);
    assert_int_equal(network.first[10], 0xFF);
    assert_true(parse_network("::/0", &network, &exact) && exact);
    assert_int_equal(network.last[0], 0xFF);
    static const char *const bad[] = {
        "",       "10.0.0",       "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/08",
        "::/129", "fe80::1%eth0", "010.0.0.1",   "10.0.0.0/-1", "10.0.0.0/8 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_network(bad[i], &network, &exact));
}

static void numbers_are_decimal(void **unused)
{
    (void)unused;
    double number;
    int64_t integer;
    assert_true(parse_number("-2.5e3", &number) && number == -2500);
    assert_true(parse_number("0.1", &number) && number == 0.1);
    static const char *const bad[] = {"",    "-",   ".5",    "5.",    "+5", "0x10", "1e",
                                      "inf", "nan", "1e999", "1_000", " 1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_number(bad[i], &number));
    assert_true(parse_integer("-9223372036854775808", &integer) && integer == INT64_MIN);
    assert_true(parse_integer("9223372036854775807", &integer) && integer == INT64_MAX);
    assert_false(parse_integer("9223372036854775808", &integer));
    assert_false(parse_integer("1.0", &integer));
    assert_false(parse_integer("", &integer));
}

static void patterns_match_names(void **unused)
{
    (void)unused;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {{"*", "", true},
                 {"canary.*", "canary.a", true},
                 {"canary.*", "canary", false},
                 {"a?c", "abc", true},
                 {"a?c",
                  "a\xC3\xA9"
                  "c",
                  true},
                 {"[a-c]x", "bx", true},
                 {"[!a-c]x", "bx", false},
                 {"[!a-c]x", "dx", true},
                 {"\\*", "*", true},
                 {"\\*", "a", false},
                 {"*a*b*c", "xaybzc", true},
                 {"*a*b*c", "xaybz", false},
                 {"[]]", "]", true},
                 {"[a\\-c]", "-", true},
                 {"[a\\-c]", "b", false},
                 {"", "", true},
                 {"", "a", false},
                 {"a**", "a", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(glob_problem(cases[i].pattern));
        assert_int_equal(match_name(cases[i].pattern, cases[i].text), cases[i].matches);
    }
    static const char *const bad[] = {"[", "[a", "[]", "[!]", "\\", "a[b\\", "[b-a]", "[a-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(glob_problem(bad[i]));
}

static void suggestions_are_near(void **unused)
{
    (void)unused;
    static const char *const names[] = {"percent", "serve", "split", "on", "off", "production"};
    assert_string_equal(nearest_name("percnt", names, 6), "percent");
    assert_string_equal(nearest_name("sreve", names, 6), "serve");
    assert_string_equal(nearest_name("of", names, 6), "off");
    assert_string_equal(nearest_name("prod", names, 6), "production");
    assert_null(nearest_name("layer", names, 6));
    assert_null(nearest_name("x", names, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_are_exact),
        cmocka_unit_test(durations_are_whole_numbers_with_a_unit),
        cmocka_unit_test(times_are_moments),
        cmocka_unit_test(times_print_as_they_are_read),
        cmocka_unit_test(versions_become_canonical),
        cmocka_unit_test(loose_versions_have_one_text),
        cmocka_unit_test(blocks_cover_their_addresses),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(patterns_match_names),
        cmocka_unit_test(suggestions_are_near),
    };
    return cmocka_run_group_tests_name("scalars", tests, NULL, NULL);
}
