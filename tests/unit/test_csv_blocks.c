/*
 * CSV in blocks: where records end, against a splitter that goes byte by byte; and lines that are
 * read side by side, against those that are read alone. SEED= repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/ffreplay/logs/blocks.h"
#include "tools/ffreplay/logs/csv_record.h"
#include "tools/ffreplay/logs/line_parser.h"
#include "random_file.h"

/* ----------------------------------------------------------------------------------- records -- */

/* As it is defined. */
static size_t slow_end(const char *text, size_t length, char delimiter, char comment)
{
    bool quoted = false, field_begins = true,
         is_comment = comment && length > 0 && *text == comment;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (quoted) {
            quoted = c != '"' || (i + 1 < length && text[i + 1] == '"' && i++);
            continue;
        }
        if (c == '\n')
            return i;
        quoted = field_begins && c == '"' && !is_comment;
        field_begins = c == delimiter || (field_begins && c == ' ');
    }
    return CSV_NO_END;
}

/* A line that has no end yet may be a comment's. */
static size_t slow_end_if_any(const char *text, size_t length, char delimiter, char comment)
{
    return memchr(text, '\n', length) ? slow_end(text, length, delimiter, comment) : CSV_NO_END;
}

static void a_record_ends_where_no_quote_holds_its_end(void **unused)
{
    (void)unused;
    unsigned ended = 0;
    for (int i = 0; i < 400000; i++) {
        char text[40];
        size_t length = random_below(sizeof text);
        for (size_t j = 0; j < length; j++)
            text[j] = "\"\"\", ,\na#\n "[random_below(11)];
        char comment = random_below(2) ? '#' : '\0', delimiter = ",; "[random_below(3)];
        size_t expected = slow_end_if_any(text, length, delimiter, comment);
        size_t found = csv_record_end(text, length, delimiter, comment);
        if (found != expected)
            fail_msg("'%.*s' ends at %zu, not %zu", (int)length, text, expected, found);
        ended += found != CSV_NO_END;
    }
    assert_true(ended > 50000);
}

/* ------------------------------------------------------------------------------------ blocks -- */

#define FILE_SIZE (5u << 20)

static void append(char *text, size_t *length, const char *more, size_t size)
{
    size = size < FILE_SIZE - *length ? size : FILE_SIZE - *length;
    memcpy(text + *length, more, size);
    *length += size;
}

static void append_text(char *text, size_t *length, const char *more)
{
    append(text, length, more, strlen(more));
}

/* Rows with quotes now and then, by `each`: in how many fields there is one. */
static size_t make_file(char *text, uint32_t each, bool hostile)
{
    static const char *const quoted[] = {"\"a\"",     "\"line\nend\"", "\"x \"\"y\"\", \r\n z\"",
                                         " \"b\" ",   "5\" wide",      "\"\"",
                                         "\"\n\n\n\""};
    static const char *const odd[] = {"\"open", "\"",   "a\"\n", "#\"",
                                      "\"\"\"", "\n\"", "\0\"",  ",,,\""};
    static char run[1 << 16];
    memset(run, 'r', sizeof run);
    size_t length = 0;
    while (length < FILE_SIZE) {
        if (random_below(400) == 0)
            append_text(text, &length, "# it's \"5\" wide\n");
        if (hostile && random_below(3000) == 0)
            for (uint32_t i = random_below(24); i > 0; i--)
                append(text, &length, run, sizeof run);
        for (int field = 0; field < 5; field++) {
            append(text, &length, run, random_below(20));
            if (each > 0 && random_below(each) == 0)
                append_text(text, &length, quoted[random_below(7)]);
            if (hostile && random_below(each * 50) == 0)
                append_text(text, &length, odd[random_below(8)]);
            append_text(text, &length, field < 4 ? "," : random_below(4) ? "\n" : "\r\n");
        }
    }
    return length - random_below(30);
}

struct piece {
    size_t begin, length;
    uint64_t line;
};

static size_t slow_pieces(const char *text, size_t length, struct piece *pieces)
{
    size_t count = 0;
    uint64_t line = 1;
    for (size_t at = 0; at < length; count++) {
        size_t most = length - at < LONGEST_RECORD ? length - at : LONGEST_RECORD;
        size_t size = slow_end_if_any(text + at, most, ',', '#');
        const char *newline = memchr(text + at, '\n', most);
        if (size == CSV_NO_END)
            size = newline ? (size_t)(newline - text) - at : most;
        pieces[count] = (struct piece){at, size, line};
        for (size_t i = 0; i < size; i++)
            line += text[at + i] == '\n';
        at += size;
        if (at < length && text[at] == '\n') {
            line++;
            at++;
        }
    }
    return count;
}

static void expect_pieces(const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    fclose(file);
    struct piece *expected = calloc(length, sizeof *expected);
    struct place *places = calloc(length, sizeof *places);
    size_t count = slow_pieces(text, length, expected), seen = 0;
    struct blocks blocks;
    struct block block = {0};
    assert_true(blocks_open(&blocks, path));
    blocks.framing = FRAMING_CSV;
    blocks.delimiter = ',';
    blocks.comment = '#';
    while (blocks_next(&blocks, &block, 0)) {
        for (int i = 0; i < LINES_ABREAST; i++) {
            struct block_part *part = &block.parts[i];
            for (; part->text < part->end; seen++) {
                bool ended;
                const char *piece = part->text;
                assert_true(seen < count);
                places[seen] = part->place;
                size_t size = block_take_piece(&blocks, &block, part, &ended);
                const struct piece *other = &expected[seen];
                if (size != other->length || memcmp(piece, text + other->begin, size) != 0)
                    fail_msg("piece %zu, at byte %zu, has %zu bytes, not %zu", seen, other->begin,
                             size, other->length);
                assert_int_equal(ended, other->begin + size < length && piece[size] == '\n');
            }
        }
        blocks_note_lines(&blocks, &block);
    }
    assert_int_equal(seen, count);
    for (size_t i = 0; i < count; i += 1 + i / 10)
        assert_int_equal(blocks_line_number(&blocks, places[i]), expected[i].line);
    block_release(&block);
    blocks_close(&blocks);
    free(expected);
    free(places);
}

static void blocks_are_of_whole_records(void **unused)
{
    (void)unused;
    char *text = malloc(FILE_SIZE);
    assert_non_null(text);
    static const uint32_t each[] = {0, 2, 40, 20000, 200000};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        expect_pieces(text, make_file(text, each[i], false));
    for (size_t i = 1; i < sizeof each / sizeof *each; i++)
        expect_pieces(text, make_file(text, each[i], true));
    memset(text, 'x', FILE_SIZE); /* no line end, and then one quote */
    expect_pieces(text, FILE_SIZE);
    text[FILE_SIZE / 2] = '"';
    expect_pieces(text, FILE_SIZE);
    text[0] = '"';
    text[20] = text[(1u << 20) - 1] = text[FILE_SIZE / 3] = '\n';
    expect_pieces(text, FILE_SIZE);
    free(text);
}

/* ------------------------------------------------------------------------------ side by side -- */

#define LONGEST 400

/* Of lines with random fields, some of them no lines of the form. */
static void make_line(char line[LONGEST + 1], const struct csv_form *form, size_t columns)
{
    static const char *const odd[] = {"\"q\"", "\"", "\t", " ", "  b  ",
                                      "\r",    "#",  "",   "-", "\"\"\"x\"\"\""};
    size_t length = 0, count = columns + (random_below(12) == 0) - (random_below(12) == 0);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t j = random_below(4) ? random_below(9) : random_below(90);
             j > 0 && length < LONGEST - 20; j--)
            line[length++] = (char)('a' + random_below(26));
        if (random_below(25) == 0 && length < LONGEST - 20)
            length += (size_t)snprintf(line + length, 12, "%s", odd[random_below(10)]);
        if (i + 1 < count && length < LONGEST)
            line[length++] = form->delimiter;
    }
    line[length] = '\0';
}

static void expect_same(struct line_parser *parser, uint32_t count,
                        char lines[LINES_ABREAST][LONGEST + 1], unsigned *read)
{
    static const char *const ends[] = {"\n", "\r\n", "\n,,\"\n"};
    char padded[LINES_ABREAST][LONGEST + 8 + LINE_PADDING] = {0};
    struct value values[LINES_ABREAST][16], alone[16], *places[LINES_ABREAST];
    const char *texts[LINES_ABREAST];
    size_t lengths[LINES_ABREAST];
    struct line_problem problem;
    for (int i = 0; i < LINES_ABREAST; i++) {
        size_t size = strlen(lines[i]);
        memcpy(padded[i], lines[i], size);
        memcpy(padded[i] + size, ends[i], strlen(ends[i]));
        texts[i] = padded[i];
        places[i] = values[i];
    }
    parser->read_abreast(parser, texts, places, lengths);
    for (int i = 0; i < LINES_ABREAST; i++) {
        if (lengths[i] == 0)
            continue;
        const char *line = texts[i];
        size_t length = strlen(lines[i]);
        length -= length > 0 && line[length - 1] == '\r' && line[length] == '\n';
        if (lengths[i] != length || !parser->parse(parser, line, length, alone, &problem) ||
            parser->empty)
            fail_msg("'%s' was read beside others only, as %zu bytes", lines[i], lengths[i]);
        for (uint32_t j = 0; j < count; j++)
            if (alone[j].kind != values[i][j].kind ||
                (alone[j].kind != VALUE_ABSENT &&
                 (alone[j].length != values[i][j].length || alone[j].text != values[i][j].text)))
                fail_msg("'%s': field %u differs beside others", lines[i], j);
        ++*read;
    }
}

static void lines_are_the_same_beside_others(void **unused)
{
    (void)unused;
    static const char *const columns[] = {"time", "user", "status", "a", "b", "c", "d", "e"};
    static const char *const paths[] = {"status", "time", "e", "nowhere", "user"};
    static const struct csv_form forms[] = {
        {',', 0, CSV_QUOTED}, {',', '#', CSV_QUOTED}, {'\t', 0, CSV_QUOTED}, {' ', '#', CSV_BLANKS},
        {' ', 0, CSV_PLAIN},  {'\t', 0, CSV_PLAIN},   {'|', 0, CSV_QUOTED}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        unsigned read = 0;
        for (size_t count = 1; count <= 8; count++) {
            struct line_parser *parser = csv_parser(paths, 5, forms[i], columns, count);
            for (int j = 0; j < 4000; j++) {
                char lines[LINES_ABREAST][LONGEST + 1];
                for (int k = 0; k < LINES_ABREAST; k++)
                    make_line(lines[k], &forms[i], count);
                expect_same(parser, 5, lines, &read);
            }
            parser->close(parser);
        }
        printf("# form %zu: %u read beside others\n", i, read);
        assert_true(read > 3000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_ends_where_no_quote_holds_its_end),
        cmocka_unit_test(blocks_are_of_whole_records),
        cmocka_unit_test(lines_are_the_same_beside_others),
    };
    return cmocka_run_group_tests_name("csv_blocks", tests, begin, end);
}
