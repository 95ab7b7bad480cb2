/* Files to pieces: lines, CSV records, JSON documents; wherever the blocks end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/ffreplay/logs/lines.h"

#define BLOCK (1u << 20) /* as lines.c reads */

static char path[64];

static int make_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/ffreplay-pieces-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* A file of `before` bytes of blank lines, followed by the text. */
static void write_file(size_t before, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < before; i++)
        fputc('\n', file);
    fwrite(text, 1, length, file);
    fclose(file);
}

struct piece {
    const char *text;
    uint64_t number; /* its line number if nothing precedes the text */
};

/* The pieces are the same wherever the text is in the blocks; a NULL ends their list. */
static void expect_pieces(enum framing framing, const char *text, const struct piece *pieces,
                          bool cut_short)
{
    size_t length = strlen(text);
    for (size_t before = 0; before <= BLOCK + 1;
         before = before == 0 ? BLOCK - length - 1 : before + 1) {
        write_file(before, text, length);
        struct lines lines;
        assert_true(lines_open(&lines, path, framing, ','));
        size_t seen = 0, size;
        const char *piece;
        while (lines_next(&lines, &piece, &size)) {
            if (size == 0)
                continue;
            const char *expected = pieces[seen].text;
            if (!expected || strlen(expected) != size || memcmp(piece, expected, size) != 0)
                fail_msg("piece %zu after %zu blank lines is '%.*s'", seen, before, (int)size,
                         piece);
            assert_int_equal(lines.number, before + pieces[seen].number);
            for (size_t i = 0; i < LINE_PADDING; i++)
                (void)*(volatile const char *)(piece + size + i);
            seen++;
        }
        assert_null(pieces[seen].text);
        assert_int_equal(lines.cut_short, cut_short);
        assert_string_equal(lines.source.error, "");
        lines_close(&lines);
    }
}

static void lines_end_where_they_end(void **state)
{
    (void)state;
    static const struct piece pieces[] = {{"one", 1}, {"two", 2}, {"\"three", 4}, {NULL, 0}};
    expect_pieces(FRAMING_LINES, "one\ntwo\r\n\n\"three\n", pieces, false);
    expect_pieces(FRAMING_LINES, "one\ntwo\r\n\n\"three", pieces, true);
}

static void quotes_hold_line_ends(void **state)
{
    (void)state;
    static const struct piece pieces[] = {
        {"a,\"b\nc\",d", 1}, {"\"\"\"\n\n\",e", 3}, {"f,5\" wide", 6}, {"\"\",g", 7}, {NULL, 0}};
    expect_pieces(FRAMING_CSV, "a,\"b\nc\",d\n\"\"\"\n\n\",e\r\nf,5\" wide\n\"\",g\n", pieces,
                  false);
}

static void a_quote_left_open_costs_one_line(void **state)
{
    (void)state;
    static const struct piece pieces[] = {{"a,b", 1}, {"c,\"d", 2}, {"e,f", 3}, {NULL, 0}};
    expect_pieces(FRAMING_CSV, "a,b\nc,\"d\ne,f\n", pieces, false);
    static const struct piece last[] = {{"a,b", 1}, {"c,\"d", 2}, {NULL, 0}};
    expect_pieces(FRAMING_CSV, "a,b\nc,\"d", last, true);
}

static void documents_end_with_their_bracket(void **state)
{
    (void)state;
    static const struct piece sound[] = {
        {"{\"a\":\n[1,\"]}\\\"\"]}", 1}, {"[]", 2}, {"{\n}", 4}, {"text", 6}, {"{}", 7}, {NULL, 0}};
    expect_pieces(FRAMING_JSON, "{\"a\":\n[1,\"]}\\\"\"]}[]\n\n{\n}\n text\n{}\n", sound, false);
    static const struct piece cut[] = {{"[1]", 1}, {"[1,\n2", 1}, {NULL, 0}};
    expect_pieces(FRAMING_JSON, "[1] [1,\n2", cut, true);
}

/* Quotes that are never closed cost no more than one look ahead each. */
static void records_have_a_longest(void **state)
{
    (void)state;
    size_t length = 3 * (size_t)LONGEST_RECORD;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    memcpy(text, "\"open\nsound\n", 12);
    text[length - 1] = '\n';
    write_file(0, text, length);
    struct lines lines;
    const char *piece;
    size_t size;
    assert_true(lines_open(&lines, path, FRAMING_CSV, ','));
    assert_true(lines_next(&lines, &piece, &size));
    assert_int_equal(size, 5);
    assert_true(lines_next(&lines, &piece, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(piece, "sound", 5);
    lines_close(&lines);
    free(text);
}

static void a_file_that_is_not_there_says_why(void **state)
{
    (void)state;
    struct lines lines;
    assert_false(lines_open(&lines, "/nonexistent/log", FRAMING_LINES, 0));
    assert_string_equal(lines.source.error, "No such file or directory");
    assert_false(lines_open(&lines, "/tmp", FRAMING_LINES, 0));
    assert_string_equal(lines.source.error, "Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_where_they_end),
        cmocka_unit_test(quotes_hold_line_ends),
        cmocka_unit_test(a_quote_left_open_costs_one_line),
        cmocka_unit_test(documents_end_with_their_bracket),
        cmocka_unit_test(records_have_a_longest),
        cmocka_unit_test(a_file_that_is_not_there_says_why),
    };
    return cmocka_run_group_tests_name("replay_pieces", tests, make_file, remove_file);
}
