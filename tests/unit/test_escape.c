/* Texts that others wrote, as a terminal and programs are given them. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/wrap.h"

#define UNUSED_STATE void **state __attribute__((unused))

/* What the call appends to `out`. */
#define GIVES(expected, call)                     \
    do {                                          \
        struct buffer out = {0};                  \
        buffer_append_text(&out, "");             \
        call;                                     \
        assert_string_equal(out.bytes, expected); \
        buffer_release(&out);                     \
    } while (0)

static void shows_what_is_safe_as_it_is(UNUSED_STATE)
{
    GIVES("plain é 漢 🎉 \"'`\\<>", terminal_append(&out, "plain é 漢 🎉 \"'`\\<>"));
    GIVES("", terminal_append(&out, ""));
}

static void escapes_what_is_not(UNUSED_STATE)
{
    GIVES("<1B>[31m<07><0D>\\n\\t<7F>", terminal_append(&out, "\33[31m\a\r\n\t\x7F"));
    GIVES("<9B>2J<85>", terminal_append(&out, "\xC2\x9B"
                                              "2J\xC2\x85"));
    GIVES("<U+2028><U+202E><U+2066><U+200F><U+061C><U+FEFF>",
          terminal_append(&out, "\u2028\u202E\u2066\u200F\u061C\uFEFF"));
    GIVES("<FF><C3><ED><A0><80>", terminal_append(&out, "\xFF\xC3\xED\xA0\x80"));
    GIVES("a<00>b", terminal_append_bytes(&out, "a\0b", 3));
}

static void escapes_once(UNUSED_STATE)
{
    GIVES("<1B>\\n", terminal_append(&out, "<1B>\\n"));
}

static void formats_as_printf_does(UNUSED_STATE)
{
    char expected[200];
    snprintf(expected, sizeof expected,
             "%5d|%-5u|%05d|%x|%ld|%lld|%zu|%" PRId64 "|%016" PRIx64 "|%.3f|%g|%+d|%c|%%|%*d|%.*f",
             -7, 7u, 42, 255u, 1L << 40, 1LL << 40, (size_t)9, INT64_MIN, UINT64_MAX, 1.5, 0.1, 3,
             'x', 6, 12, 2, 2.345);
    GIVES(expected, terminal_format(&out,
                                    "%5d|%-5u|%05d|%x|%ld|%lld|%zu|%" PRId64 "|%016" PRIx64
                                    "|%.3f|%g|%+d|%c|%%|%*d|%.*f",
                                    -7, 7u, 42, 255u, 1L << 40, 1LL << 40, (size_t)9, INT64_MIN,
                                    UINT64_MAX, 1.5, 0.1, 3, 'x', 6, 12, 2, 2.345));
    GIVES("[  ab] [ab  ] [abc] [  ab] [ab  ]",
          terminal_format(&out, "[%4s] [%-4s] [%.3s] [%*s] [%-*.*s]", "ab", "ab", "abcdef", 4, "ab",
                          4, 2, "abcd"));
}

static void formats_texts_escaped(UNUSED_STATE)
{
    GIVES("\n'<1B>\\n' <1B>\n", terminal_format(&out, "\n'%s' %c\n", "\33\n", '\33'));
    GIVES("<1B>  |", terminal_format(&out, "%-6s|", "\33"));
    GIVES("  漢é|", terminal_format(&out, "%5s|", "漢é"));
}

static void knows_how_wide_that_is(UNUSED_STATE)
{
    assert_int_equal(terminal_width("aé漢"), 4);
    assert_int_equal(terminal_width("\33\n\u202E"), 4 + 2 + 8);
    GIVES("漢  ", terminal_append(&out, "漢"); terminal_pad(&out, "漢", 4));
    GIVES("", terminal_pad(&out, "abc", 2));
}

static void copies_whole_characters(UNUSED_STATE)
{
    char out[6];
    terminal_copy(out, sizeof out, "abcdé", 6);
    assert_string_equal(out, "abcd");
    terminal_copy(out, sizeof out, "a\33b", 3);
    assert_string_equal(out, "a<1B>");
    terminal_copy(out, sizeof out, "ab\33", 3);
    assert_string_equal(out, "ab");
}

static void message(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void message(struct buffer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_append_list(out, format, arguments);
    va_end(arguments);
}

/* `count` times, in a buffer of the test's. */
static const char *times(const char *text, size_t count)
{
    static char all[4][20000];
    static int next;
    char *out = all[next++ % 4];
    size_t length = strlen(text);
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * length, text, length);
    out[count * length] = '\0';
    return out;
}

static void cuts_long_names_in_their_middle(UNUSED_STATE)
{
    GIVES("a", name_append(&out, "a", 1));
    GIVES(times("a", 64), name_append(&out, times("a", 64), 64));
    struct buffer cut = {0};
    buffer_format(&cut, "%s…%s", times("a", 32), times("b", 31));
    char text[256];
    snprintf(text, sizeof text, "%s%s", times("a", 40), times("b", 40));
    GIVES(cut.bytes, name_append(&out, text, strlen(text)));
    buffer_release(&cut);
    /* In quotes, whole characters, and marks without a width count, too. */
    GIVES(times("x", 100), message(&out, "%s", times("x", 100)));
    struct buffer quoted = {0};
    buffer_format(&quoted, "no '%s…%s' here", times("漢", 16), times("漢", 15));
    GIVES(quoted.bytes, message(&out, "no '%s' here", times("漢", 3000)));
    GIVES(quoted.bytes, terminal_message(&out, "no '%s' here", times("漢", 3000)));
    buffer_release(&quoted);
    buffer_format(&quoted, "'a%s…%s'", times("\u0301", 31), times("\u0301", 31));
    struct buffer marks = {0};
    buffer_format(&marks, "a%s", times("\u0301", 5000));
    GIVES(quoted.bytes, message(&out, "'%s'", marks.bytes));
    buffer_release(&marks);
    buffer_release(&quoted);
    buffer_format(&quoted, "'%s…%s'", times("<80>", 8), times("<80>", 7));
    GIVES(quoted.bytes, terminal_message(&out, "'%s'", times("\x80", 5000)));
    buffer_release(&quoted);
}

static void keeps_paths_whole(UNUSED_STATE)
{
    char path[200];
    snprintf(path, sizeof path, "/home/%s", times("d/", 60));
    GIVES(path, terminal_message(&out, "%s", path));
    struct buffer quoted = {0};
    buffer_format(&quoted, "'%s'", path);
    GIVES(quoted.bytes, terminal_message(&out, "'%s'", path));
    buffer_release(&quoted);
}

static void folds_between_words(UNUSED_STATE)
{
    GIVES("aa bb\n  cc", append_wrapped(&out, 6, 0, 2, "aa bb cc"));
    GIVES("aa bb cc", append_wrapped(&out, 0, 0, 2, "aa bb cc"));
    GIVES("aa bb cc", append_wrapped(&out, 8, 0, 2, "aa bb cc"));
    GIVES("\n  aaa", append_wrapped(&out, 6, 4, 2, "aaa"));
    GIVES("aaaaaaaaa\n  b", append_wrapped(&out, 6, 0, 2, "aaaaaaaaa b"));
    GIVES("\n  aaa", append_wrapped(&out, 6, 3, 2, " aaa"));
    GIVES("漢漢\n  漢", append_wrapped(&out, 6, 0, 2, "漢漢 漢"));
}

static void keeps_what_belongs_together(UNUSED_STATE)
{
    GIVES("run\n  'a b c'.", append_wrapped(&out, 11, 0, 2, "run 'a b c'."));
    GIVES("run 'a b c\n  d e f g\n  h'", append_wrapped(&out, 10, 0, 2, "run 'a b c d e f g h'"));
    GIVES("a 'it's b'\n  c", append_wrapped(&out, 10, 0, 2, "a 'it's b' c"));
    GIVES("ab 'c d\n  e f g", append_wrapped(&out, 8, 0, 2, "ab 'c d e f g"));
    GIVES("a b\n  [c [d]]", append_wrapped(&out, 10, 0, 2, "a b [c [d]]"));
}

static void writes_for_programs(UNUSED_STATE)
{
    GIVES("a b", csv_append(&out, "a b"));
    GIVES("\"a,\"\"b\"\"\n<1B>\"", csv_append(&out, "a,\"b\"\n\33"));
    GIVES("\\\"\\\\\\n\\\\t<1B>é", prometheus_append(&out, "\"\\\n\t\33é"));
    GIVES("a%25%0A%0D:,<1B>", github_append(&out, "a%\n\r:,\33"));
    GIVES("a%3A%2C", github_append_property(&out, "a:,"));
    GIVES("file:///a%20%0A%C3%A9", uri_append(&out, "/a \né"));
    GIVES("a\\|b \\*c\\* \\<d\\> \\_e", markdown_append(&out, "a|b *c* <d>\n_e"));
    GIVES("<1B>\\[31m", markdown_append(&out, "\033[31m"));
    GIVES("a/b.yaml", uri_append(&out, "a/b.yaml"));
}

static void writes_json_that_is_safe(UNUSED_STATE)
{
    GIVES("\"\\u001b\\n\\t\\\"\\\\\\u007f\\u009b\\u2028\\u202eé漢\"",
          json_write_string(&out, "\33\n\t\"\\\x7F\xC2\x9B\u2028\u202Eé漢"));
    static const char document[] = "{\"a\":\n \"\\n\xC2\x9B\u202E\xFF\"}";
    GIVES("{\"a\":\n \"\\n\\u009b\\u202e\uFFFD\"}",
          json_write_document(&out, document, sizeof document - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_safe_as_it_is),
        cmocka_unit_test(escapes_what_is_not),
        cmocka_unit_test(escapes_once),
        cmocka_unit_test(formats_as_printf_does),
        cmocka_unit_test(formats_texts_escaped),
        cmocka_unit_test(knows_how_wide_that_is),
        cmocka_unit_test(copies_whole_characters),
        cmocka_unit_test(cuts_long_names_in_their_middle),
        cmocka_unit_test(keeps_paths_whole),
        cmocka_unit_test(folds_between_words),
        cmocka_unit_test(keeps_what_belongs_together),
        cmocka_unit_test(writes_for_programs),
        cmocka_unit_test(writes_json_that_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
