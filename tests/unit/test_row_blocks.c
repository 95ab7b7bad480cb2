/*
 * Lines that say something of those that follow, in blocks: three parsers that take turns, each
 * with what was carried to its block, find what one finds that reads all. SEED= repeats a run.
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

#include "compiler/base/buffer.h"
#include "compiler/base/hash.h"
#include "compiler/model/log.h"
#include "tools/ffreplay/logs/blocks.h"
#include "tools/ffreplay/logs/line_parser.h"
#include "random_file.h"

#define FIELDS    4
#define FILE_SIZE (5u << 20)
#define PARSERS   3

/* What is found in a line: whether it is a record, is none, or is bad; and its values. */
static uint64_t digest(const struct line_parser *parser, bool parsed, const struct value *values)
{
    uint64_t sum = parsed ? 1 + parser->empty : 3;
    for (int i = 0; i < FIELDS && parsed && !parser->empty; i++) {
        sum = hash64_seeded(&values[i].kind, sizeof values[i].kind, sum);
        if (!value_is_absent(&values[i]))
            sum = hash64_seeded(values[i].text, values[i].length, sum);
    }
    return sum;
}

static uint64_t parse(struct line_parser *parser, const char *line, size_t length)
{
    size_t mark = length > 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* of the first */
    line += mark;
    length -= mark;
    struct value values[FIELDS];
    struct line_problem problem;
    return digest(parser, parser->parse(parser, line, length, values, &problem), values);
}

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r") >= length;
}

/* By line. */
static uint64_t *read_all(struct line_parser *parser, const char *text, size_t size, size_t *count)
{
    uint64_t *found = calloc(size, sizeof *found);
    const char *at = text;
    for (*count = 0; at < text + size; ++*count) {
        const char *newline = memchr(at, '\n', (size_t)(text + size - at));
        size_t length = (size_t)((newline ? newline : text + size) - at);
        size_t own = length - (length > 0 && at[length - 1] == '\r');
        found[*count] = is_blank(at, own) ? 0 : parse(parser, at, own);
        at += length + 1;
    }
    return found;
}

/* ------------------------------------------------------------------------------------ blocks -- */

struct turn {
    struct blocks *blocks;
    struct block *block;
    struct line_parser *parser;
    uint64_t *found;
    struct place *places;
    size_t *count;
};

static void note(struct turn *turn, struct place place, uint64_t found)
{
    turn->places[*turn->count] = place;
    turn->found[(*turn->count)++] = found;
}

static void take_line(struct turn *turn, struct block_part *part)
{
    bool ended;
    struct place place = part->place;
    const char *line = part->text;
    size_t length = block_take_piece(turn->blocks, turn->block, part, &ended);
    length -= length > 0 && line[length - 1] == '\r';
    note(turn, place, is_blank(line, length) ? 0 : parse(turn->parser, line, length));
}

/* Side by side as far as the parser reads so. */
static bool take_abreast(struct turn *turn)
{
    struct block_part *parts = turn->block->parts;
    struct value values[LINES_ABREAST][FIELDS], *places[LINES_ABREAST];
    const char *texts[LINES_ABREAST];
    size_t lengths[LINES_ABREAST];
    for (int i = 0; i < LINES_ABREAST; i++) {
        texts[i] = parts[i].text;
        places[i] = values[i];
        if (parts[i].text == parts[i].end)
            return false;
    }
    turn->parser->empty = false;
    turn->parser->read_abreast(turn->parser, texts, places, lengths);
    bool is_read[LINES_ABREAST];
    for (int i = 0; i < LINES_ABREAST; i++) {
        size_t stop = lengths[i] + (lengths[i] > 0 && texts[i][lengths[i]] == '\r');
        is_read[i] = lengths[i] > 0 && texts[i][stop] == '\n';
        if (!is_read[i])
            continue;
        note(turn, parts[i].place, digest(turn->parser, true, values[i]));
        parts[i].text += stop + 1;
        parts[i].place.line++;
    }
    for (int i = 0; i < LINES_ABREAST; i++)
        if (!is_read[i])
            take_line(turn, &parts[i]);
    return true;
}

static void take_block(struct turn *turn)
{
    const struct buffer *before = &turn->block->before;
    if (turn->parser->restart)
        turn->parser->restart(turn->parser);
    for (const char *line = before->bytes, *newline; line < before->bytes + before->length;
         line = newline + 1) {
        newline = strchr(line, '\n');
        (void)parse(turn->parser, line, (size_t)(newline - line));
    }
    if (!turn->block->in_order && turn->parser->read_abreast)
        while (take_abreast(turn))
            continue;
    for (int i = 0; i < LINES_ABREAST; i++)
        while (turn->block->parts[i].text < turn->block->parts[i].end)
            take_line(turn, &turn->block->parts[i]);
    blocks_note_lines(turn->blocks, turn->block);
}

/* `open`: a parser of the format. */
static void expect_same(struct line_parser *(*open)(void), const struct buffer *text)
{
    size_t expected_count, count = 0;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->length, file), text->length);
    fclose(file);
    struct line_parser *all = open(), *scout = open(), *parsers[PARSERS];
    char *padded = calloc(1, text->length + LINE_PADDING);
    memcpy(padded, text->bytes, text->length);
    uint64_t *expected = read_all(all, padded, text->length, &expected_count);
    struct blocks blocks;
    struct block block = {0};
    assert_true(blocks_open(&blocks, path));
    assert_non_null(scout->look_ahead);
    blocks.framing = FRAMING_ROWS;
    blocks.scout = scout;
    struct turn turn = {.blocks = &blocks, .block = &block, .count = &count};
    turn.found = calloc(text->length, sizeof *turn.found);
    turn.places = calloc(text->length, sizeof *turn.places);
    for (int i = 0; i < PARSERS; i++)
        parsers[i] = open();
    while (blocks_next(&blocks, &block, 0)) {
        turn.parser = parsers[random_below(PARSERS)];
        take_block(&turn);
    }
    assert_int_equal(count, expected_count);
    uint64_t *before = calloc(blocks.count * LINES_ABREAST + 1, sizeof *before);
    for (uint64_t i = 0; i < blocks.count * LINES_ABREAST; i++)
        before[i + 1] = before[i] + blocks.line_counts[i];
    for (size_t i = 0; i < count; i++) {
        uint64_t line = before[turn.places[i].part] + turn.places[i].line;
        if (expected[line] != turn.found[i])
            fail_msg("line %llu is something else in its block", (unsigned long long)line + 1);
    }
    for (int i = 0; i < PARSERS; i++)
        parsers[i]->close(parsers[i]);
    all->close(all);
    scout->close(scout);
    block_release(&block);
    blocks_close(&blocks);
    free(before);
    free(padded);
    free(expected);
    free(turn.found);
    free(turn.places);
}

/* ------------------------------------------------------------------------------------- lines -- */

static const char *const w3c_paths[FIELDS] = {"date", "time", "cs(User-Agent)", "sc-status"};
static struct line_parser *open_w3c(void)
{
    return w3c_parser(w3c_paths, FIELDS, W3C_ANY, NULL, 0);
}
static struct line_parser *open_iis(void)
{
    return w3c_parser(w3c_paths, FIELDS, W3C_IIS, NULL, 0);
}
static struct line_parser *open_listed(void)
{
    static const char *const columns[] = {"date", "time", "sc-status", "x", "cs(User-Agent)"};
    return w3c_parser(w3c_paths, FIELDS, W3C_ANY, columns, 5);
}

static void append_row(struct buffer *text, unsigned form)
{
    static const char *const separators[] = {" ", " ", "\t"}, *const ends[] = {"\n", "\r\n"};
    const char *separator = separators[random_below(300) ? form % 3 : random_below(3)];
    static const char *const agents[] = {"Mozilla/5.0+(X11)", "-", "a\"b", "\"a b\"", "curl/8"};
    buffer_format(text, "2026-11-20%s10:%02u:00", separator, random_below(60));
    for (unsigned i = 0; i < 3; i++)
        buffer_format(text, "%s%s%u", separator, random_below(5) ? "" : agents[random_below(5)],
                      random_below(900));
    if (random_below(1000) == 0)
        buffer_append_text(text, " and more");
    buffer_append_text(text, ends[random_below(6) == 0]);
}

/* `each`: in how many lines there is one that says something. */
static void make_w3c(struct buffer *text, uint32_t each)
{
    static const char *const said[] = {"#Fields: date time sc-status x cs(User-Agent)\n",
                                       "#Fields: date time cs(User-Agent) sc-status y\r\n",
                                       "#Fields: time sc-status\n",
                                       "#Fields: date date x y z\n",
                                       "#Fields:\n",
                                       "#Software: Microsoft Internet Information Services 10.0\n",
                                       "#Software: another\n",
                                       "#Date: 2026-11-20 00:00:00\n",
                                       "#Remark: a # and\n",
                                       "\n",
                                       " \t\n"};
    text->length = 0;
    buffer_append_text(text, random_below(2) ? said[0]
                                             : "\xef\xbb\xbf#Fields: date time x y sc-status\n");
    for (unsigned form = random_below(3); text->length < FILE_SIZE;) {
        if (random_below(each) == 0) {
            buffer_append_text(text, said[random_below(11)]);
            form = random_below(4) ? form : random_below(3);
        }
        append_row(text, form);
    }
    text->length -= random_below(40);
}

static void columns_are_those_above(void **unused)
{
    (void)unused;
    static const uint32_t each[] = {20, 2000, 30000, 400000};
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        make_w3c(&text, each[i]);
        expect_same(open_w3c, &text);
        expect_same(open_iis, &text);
        expect_same(open_listed, &text);
    }
    buffer_release(&text);
}

static const char *const cri_paths[FIELDS] = {"time", "user", "status", "message"};
static const char *const cri_own_paths[FIELDS] = {"wrap.stream", "user", "status", "wrap.time"};
static const struct log any_log; /* of either stream */
static const struct log_wrap cri = {.kind = WRAP_CRI};
static struct line_parser *open_cri(void)
{
    return wrapped_parser(cri_paths, FIELDS, &any_log, &cri, ndjson_parser(cri_paths, FIELDS));
}
static struct line_parser *open_cri_of_own(void)
{
    return wrapped_parser(cri_own_paths, FIELDS, &any_log, &cri,
                          ndjson_parser(cri_own_paths, FIELDS));
}

/* A line of a container, in so many parts; the other stream may write between them. */
static void append_line(struct buffer *text, uint32_t parts)
{
    static const char *const odd[] = {"2026-11-20T10:00:00Z stdout F\n",
                                      "2026-11-20T10:00:00Z stdout F \n",
                                      "2026-11-20T10:00:00 stdout X y\n",
                                      "2026-11-20T10:00:00Z\n",
                                      "2026-11-20T10:00:00Z stderr P \n",
                                      "no line of a container stdout P\n",
                                      "2026-11-20T10:00:00Z stderr F:tag a stack of stdout P's\r\n",
                                      "\n"};
    const char *stream = random_below(9) ? "stdout" : "stderr";
    char line[400];
    int length =
        snprintf(line, sizeof line,
                 "{\"time\":%u,\"user\":\"u%u\",\"status\":%u,\"message\":\"stdout P %.*s\"}",
                 1795168800 + random_below(1000), random_below(5000), random_below(600),
                 random_below(4) ? 3 : (int)random_below(200),
                 "................................................................................"
                 "................................................................................"
                 "........................................");
    for (uint32_t i = 0, from = 0; i < parts; i++) {
        uint32_t to =
            i + 1 == parts ? (uint32_t)length : from + random_below((uint32_t)length - from);
        buffer_format(text, "2026-11-20T10:00:00.%uZ %s %s %.*s\n", random_below(1000000000),
                      stream,
                      i + 1 == parts    ? "F"
                      : random_below(2) ? "P"
                                        : "P:x",
                      (int)(to - from), line + from);
        from = to;
        if (random_below(8) == 0)
            buffer_append_text(text, odd[random_below(8)]);
    }
}

static void make_cri(struct buffer *text, uint32_t each)
{
    text->length = 0;
    while (text->length < FILE_SIZE)
        append_line(text, random_below(each) ? 1 : 2 + random_below(4));
    text->length -= random_below(100);
}

static void parts_are_joined(void **unused)
{
    (void)unused;
    static const uint32_t each[] = {3, 300, 20000, 400000};
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        make_cri(&text, each[i]);
        expect_same(open_cri, &text);
        expect_same(open_cri_of_own, &text);
    }
    /* One that is longer than a block, between others. */
    text.length = 0;
    for (int i = 0; i < 20000; i++) {
        buffer_append_text(
            &text, "2026-11-20T10:00:00Z stderr P {\"user\":\"............................"
                   "........................................................................\n");
        append_line(&text, 1);
    }
    expect_same(open_cri, &text);
    buffer_release(&text);
}

static const struct log_wrap docker = {.kind = WRAP_DOCKER, .field = "log"};
static struct line_parser *open_docker(void)
{
    return wrapped_parser(cri_paths, FIELDS, &any_log, &docker, ndjson_parser(cri_paths, FIELDS));
}
static struct line_parser *open_docker_of_stderr(void)
{
    static const struct log of_stderr = {.has_stream = true, .stream = STREAM_STDERR};
    return wrapped_parser(cri_own_paths, FIELDS, &of_stderr, &docker,
                          ndjson_parser(cri_own_paths, FIELDS));
}

static void append_escaped(struct buffer *text, const char *part, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        buffer_format(text, part[i] == '"' || part[i] == '\\' ? "\\%c" : "%c", part[i]);
}

static const char *const odd_docker[] = {
    "{\"log\":\"{}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"",
    "{\"log\":\"a\\\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"a\\\\\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"a\\\\\",\"stream\":\"stderr\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"p\",\"x\":\"\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"b\\n\",\"stream\":\"stdout\",\"time\":\"1\",\"log\":\"c\"}",
    "{\"log\":\"b\\n\",\"stream\":\"elsewhere\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"stream\":\"stdout\",\"log\":\"c\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"\\n\",\"stream\":\"stdout\",\"attrs\":{},\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":\"\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}\r",
    "{\"log\":\"a\001b\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "{\"log\":7,\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
    "no line of a container",
    ""};

/* The same by Docker, whose parts lack the line end that others have. */
static void append_docker(struct buffer *text, uint32_t parts, uint32_t odd_each)
{
    const char *stream = random_below(9) ? "stdout" : "stderr";
    char line[400];
    int length = snprintf(line, sizeof line,
                          "{\"time\":%u,\"user\":\"u%u\",\"status\":%u,\"message\":\"%s%.*s\"}",
                          1795168800 + random_below(1000), random_below(5000), random_below(600),
                          random_below(3) ? "a" : "\\\\\\\"n\\n", (int)random_below(60),
                          "............................................................");
    for (uint32_t i = 0, from = 0; i < parts; i++) {
        bool is_last = i + 1 == parts;
        uint32_t to = is_last ? (uint32_t)length : from + random_below((uint32_t)length - from);
        buffer_append_text(text, "{\"log\":\"");
        append_escaped(text, line + from, to - from);
        buffer_format(text, "%s\",\"stream\":\"%s\",\"time\":\"2026-11-20T10:00:00.%uZ\"}\n",
                      is_last ? "\\n" : "", stream, random_below(1000000000));
        from = to;
        if (random_below(odd_each) == 0)
            buffer_format(text, "%s\n",
                          odd_docker[random_below(sizeof odd_docker / sizeof *odd_docker)]);
    }
}

/* What a whole line gives behind a text of one line, for somebody who read that, or what was
 * carried from it: as it is, or joined with that. */
static void expect_carried(struct line_parser *(*open)(void), const char *line, size_t length)
{
    static const char *const whole[] = {
        "{\"log\":\"{\\\"user\\\":1}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}",
        "{\"log\":\"{\\\"user\\\":1}\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-20T10:00:"
        "00Z\"}"};
    struct line_parser *all = open(), *scout = open(), *behind = open();
    struct buffer text = {0}, carry = {0};
    buffer_append(&text, line, length);
    (void)parse(all, text.bytes, length - (length > 0 && line[length - 1] == '\r'));
    buffer_append_text(&text, "\n................................................................");
    bool in_order = scout->look_ahead(scout, text.bytes, length + 1, &carry);
    assert_true(in_order || carry.length == 0);
    behind->restart(behind);
    buffer_append_text(&carry, "................................................................");
    for (const char *at = carry.bytes, *newline; (newline = strchr(at, '\n')); at = newline + 1)
        (void)parse(behind, at, (size_t)(newline - at));
    for (int i = 0; i < 2; i++) {
        buffer_release(&text);
        buffer_append_text(&text, whole[i]);
        buffer_append_text(&text,
                           "................................................................");
        size_t size = strlen(whole[i]);
        if (parse(all, text.bytes, size) != parse(behind, text.bytes, size))
            fail_msg("%.*s: was not carried as it is", (int)length, line);
    }
    all->close(all);
    scout->close(scout);
    behind->close(behind);
    buffer_release(&text);
    buffer_release(&carry);
}

static void parts_by_docker_are_carried(void **unused)
{
    (void)unused;
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof odd_docker / sizeof *odd_docker; i++) {
        expect_carried(open_docker, odd_docker[i], strlen(odd_docker[i]));
        expect_carried(open_docker_of_stderr, odd_docker[i], strlen(odd_docker[i]));
    }
    for (int i = 0; i < 2000; i++) {
        text.length = 0;
        append_docker(&text, 2, UINT32_MAX);
        size_t first = (size_t)(strchr(text.bytes, '\n') - text.bytes);
        expect_carried(open_docker, text.bytes, first);
        expect_carried(open_docker, text.bytes + first + 1, text.length - first - 2);
        expect_carried(open_docker_of_stderr, text.bytes, first);
    }
    buffer_release(&text);
}

static void parts_by_docker_are_joined(void **unused)
{
    (void)unused;
    static const uint32_t each[] = {3, 300, 20000, 400000};
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        text.length = 0;
        while (text.length < FILE_SIZE)
            append_docker(&text, random_below(each[i]) ? 1 : 2 + random_below(4), 2 + each[i] / 10);
        text.length -= random_below(100);
        expect_same(open_docker, &text);
        expect_same(open_docker_of_stderr, &text);
    }
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_above),
        cmocka_unit_test(parts_are_joined),
        cmocka_unit_test(parts_by_docker_are_joined),
        cmocka_unit_test(parts_by_docker_are_carried),
    };
    return cmocka_run_group_tests_name("row_blocks", tests, begin, end);
}
