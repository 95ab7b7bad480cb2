/*
 * Format strings: the scanner against a slow matcher that has nothing in common with it: regular
 * expressions for values, and every way to take a line apart. A line is read if there is exactly
 * one way, with the values that it has; otherwise it is bad. SEED= repeats a run.
 */
#include <regex.h>
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
#include "random.h"

#define LONGEST 200
#define MOST    12

#define V4 "([0-9]{1,3}[.]){3}[0-9]{1,3}"
#define G  "[0-9A-Fa-f]{1,4}"

/* What a value of each form is, without its '-'. */
static const char *const expressions[WORDS_COUNT(VALUE_FORMS)] = {
    [AS_TEXT] = NULL, /* by the escape mode */
    [AS_REQUEST] = NULL,
    [AS_WORD] = "([^]\"\\ [:cntrl:][]|[][]|\\\\[^[:cntrl:]])+",
    [AS_NAME] = "[^]\"\\ :/[:cntrl:][]+",
    [AS_STATUS] = "[0-9]{3}",
    [AS_INTEGER] = "[+-]?[0-9]+",
    [AS_DECIMAL] = "[+-]?[0-9]+([.][0-9]+)?",
    [AS_DECIMALS] = "(-|[+-]?[0-9]+([.][0-9]+)?)((, | : )(-|[+-]?[0-9]+([.][0-9]+)?))*",
    [AS_WORDS] = "[^,\" [:cntrl:]]+((, | : )[^,\" [:cntrl:]]+)*",
    [AS_ADDRESS] =
        V4 "|unix:|(" G "(:" G ")*)?::((" G ":)*(" G "|" V4 "))?|(" G ":){7}" G "|(" G ":){6}" V4,
    [AS_CLF_TIME] = "[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}",
};
static const char *const text_expressions[] = {
    [ESCAPE_BACKSLASH] = "([^\"\\[:cntrl:]]|\\\\[^[:cntrl:]])*",
    [ESCAPE_JSON] = "([^\"\\[:cntrl:]]|\\\\[^[:cntrl:]])*",
    [ESCAPE_NONE] = ".*",
};

/* Values that are written like those that follow them, and their neighbours. */
static const char *const strings[] = {
    "$status $status-$pid $request_time",
    "$remote_addr \"$request\" $status \"$http_user_agent\" $request_time",
    "escape=none $remote_addr \"$request\" $status \"$http_user_agent\" $request_time",
    "escape=none \"$http_a\" \"$http_b\" $pid",
    "escape=json {\"a\":\"$http_a\",\"s\":$status,\"t\":$request_time}",
    "$upstream_response_time $upstream_status $pid",
    "$upstream_status : $pid",
    "$http_a $http_b",
    "[$request_id] [$pipe] $http_a",
    "$scheme://$host$request_uri $status",
    "$http_a|$pid|$http_b",
    "$msec-$http_a-$pid",
    "[$time_local] $http_a [$time_local]",
    "$remote_addr - $http_b [$time_local] \"$request\" $status $body_bytes_sent \"$http_a\"",
    "$remote_addr|$pid $request_time,$http_a",
    "$http_a $status $http_b \"$http_c\" $request_time",
    "$pid $request_id $http_a $request_id $upstream_addr [$upstream_response_time]",
};

struct reference {
    const struct format_string *format;
    regex_t values[MOST];
    const char *begin[MOST], *end[MOST], *found_begin[MOST], *found_end[MOST];
    unsigned ways;
};

static bool fits(struct reference *reference, uint32_t index, const char *text, size_t length)
{
    const struct format_part *part = &reference->format->parts[index];
    char copy[LONGEST + 1];
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (length == 0 && reference->format->empty_is_nothing)
        return true;
    if (part->as == AS_PATH)
        return length == 0 ||
               (*text == '/' && regexec(&reference->values[index], copy, 0, NULL, 0) == 0);
    return strcmp(copy, "-") == 0 || regexec(&reference->values[index], copy, 0, NULL, 0) == 0;
}

static void split(struct reference *reference, uint32_t index, const char *at, const char *end)
{
    if (index == reference->format->part_count) {
        if (at == end && reference->ways++ == 0) {
            memcpy(reference->found_begin, reference->begin, sizeof reference->begin);
            memcpy(reference->found_end, reference->end, sizeof reference->end);
        }
        return;
    }
    const struct format_part *part = &reference->format->parts[index];
    for (const char *stop = at; stop <= end && reference->ways < 2; stop++) {
        if ((size_t)(end - stop) < part->literal_length ||
            memcmp(stop, part->literal, part->literal_length) != 0 ||
            !fits(reference, index, at, (size_t)(stop - at)))
            continue;
        reference->begin[index] = at;
        reference->end[index] = stop;
        split(reference, index + 1, stop + part->literal_length, end);
    }
}

static void compile(struct reference *reference, const struct format_string *format)
{
    *reference = (struct reference){.format = format};
    assert_true(format->part_count <= MOST);
    for (uint32_t i = 0; i < format->part_count; i++) {
        const char *own = expressions[format->parts[i].as];
        char whole[400];
        snprintf(whole, sizeof whole, "^(%s)$", own ? own : text_expressions[format->escape]);
        assert_int_equal(regcomp(&reference->values[i], whole, REG_EXTENDED | REG_NOSUB), 0);
    }
}

/* ----------------------------------------------------------------------------- random lines -- */

static unsigned abreast_read;
static const char *const words[] = {"200",
                                    "-",
                                    "192.0.2.1",
                                    "0.5",
                                    "1",
                                    "a b",
                                    "GET / HTTP/1.1",
                                    "/x",
                                    "",
                                    "shop",
                                    "a",
                                    "5, 6",
                                    "1 : 2",
                                    "\\\"",
                                    "\"",
                                    "\\",
                                    "] [",
                                    "|",
                                    " ",
                                    "17/May/2015:10:05:03 +0000",
                                    "\" \"",
                                    "\t",
                                    ":",
                                    "-1",
                                    "https"};

static void append(char *line, const char *text)
{
    size_t length = strlen(line), more = strlen(text);
    if (length + more < LONGEST)
        memcpy(line + length, text, more + 1);
}

/* Likely values between the literals, and sometimes anything in place of either. */
static void make_line(const struct format_string *format, char line[LONGEST + 1])
{
    static const char *const usual[WORDS_COUNT(VALUE_FORMS)] = {
        [AS_STATUS] = "503", [AS_INTEGER] = "12",  [AS_DECIMAL] = "0.25",
        [AS_DECIMALS] = "1", [AS_WORDS] = "w",     [AS_ADDRESS] = "192.0.2.7",
        [AS_NAME] = "shop",  [AS_PATH] = "/a?b=c", [AS_REQUEST] = "GET / HTTP/1.1",
        [AS_WORD] = "w",     [AS_TEXT] = "x",      [AS_CLF_TIME] = "17/May/2015:10:05:03 +0000"};
    line[0] = '\0';
    append(line, format->lead);
    for (uint32_t i = 0; i < format->part_count; i++) {
        unsigned count = random_below(4) ? 1 : 1 + random_below(3);
        for (unsigned j = 0; j < count; j++)
            append(line, random_below(3) ? usual[format->parts[i].as]
                                         : words[random_below(sizeof words / sizeof *words)]);
        append(line, random_below(40) ? format->parts[i].literal : "");
    }
    if (line[0] && !random_below(12))
        line[random_below((uint32_t)strlen(line))] = " \"-:|a0]["[random_below(9)];
}

/* Lines that are read side by side are those that are read, and say the same. */
static void expect_same_abreast(struct line_parser *parser, const struct format_string *format,
                                const char *line, bool parsed, const struct value *values)
{
    static const char *const ends[] = {"\n", "\r\n\"", "\n- 1 \" -"};
    char padded[LINES_ABREAST][LONGEST + LINE_PADDING + 8] = {0};
    const char *texts[LINES_ABREAST];
    struct value lanes[LINES_ABREAST][MOST], *places[LINES_ABREAST];
    size_t lengths[LINES_ABREAST], length = strlen(line);
    for (int i = 0; i < LINES_ABREAST; i++) {
        snprintf(padded[i], sizeof padded[i], "%s%s", line, ends[i]);
        texts[i] = padded[i];
        places[i] = lanes[i];
    }
    parser->read_abreast(parser, texts, places, lengths);
    for (int i = 0; i < LINES_ABREAST; i++) {
        if (lengths[i] != length) /* of another length: its end is no line end, which is seen */
            continue;
        if (!parsed)
            fail_msg("'%s' was read beside others only", line);
        abreast_read++;
        for (uint32_t j = 0; j < format->part_count; j++)
            if (lanes[i][j].kind != values[j].kind ||
                (values[j].kind != VALUE_ABSENT &&
                 (lanes[i][j].length != values[j].length ||
                  memcmp(lanes[i][j].text, values[j].text, values[j].length) != 0)))
                fail_msg("'%s': %s differs beside others", line, format->parts[j].shown);
    }
}

static void expect_same(struct line_parser *parser, struct reference *reference, const char *line)
{
    char padded[LONGEST + LINE_PADDING + 1] = {0};
    struct value values[MOST];
    struct line_problem problem;
    const struct format_string *format = reference->format;
    size_t length = strlen(line);
    memcpy(padded, line, length);
    reference->ways = 0;
    if (strncmp(line, format->lead, format->lead_length) == 0)
        split(reference, 0, padded + format->lead_length, padded + length);
    bool parsed = parser->parse(parser, padded, length, values, &problem);
    if (parsed != (reference->ways == 1))
        fail_msg("'%s' has %u ways and was %s", line, reference->ways, parsed ? "read" : "refused");
    for (uint32_t i = 0; parsed && i < format->part_count; i++) {
        if (format_string_field(format, format->parts[i].name)->part != i)
            continue; /* the name is that of an earlier one */
        size_t own = (size_t)(reference->found_end[i] - reference->found_begin[i]);
        bool is_nothing = (own == 1 && *reference->found_begin[i] == '-') ||
                          (own == 0 && format->empty_is_nothing);
        bool escapes =
            memchr(reference->found_begin[i], '\\', own) && format->escape != ESCAPE_NONE;
        if (is_nothing)
            assert_int_equal(values[i].kind, VALUE_ABSENT);
        else if (!escapes &&
                 (values[i].length != own || values[i].text != reference->found_begin[i]))
            fail_msg("'%s': %s is '%.*s'", line, format->parts[i].shown, (int)own,
                     reference->found_begin[i]);
    }
    expect_same_abreast(parser, format, line, parsed, values);
}

static void a_line_is_read_if_there_is_one_way(void **unused)
{
    (void)unused;
    random_begin(20261120);
    unsigned read = 0, refused = 0, ambiguous = 0;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct arena arena = {0};
        struct format_string format;
        struct format_problem problem;
        struct reference reference;
        const char *paths[MOST];
        assert_true(format_string_compile(&arena, DIALECT_NGINX, strings[i], &format, &problem));
        compile(&reference, &format);
        for (uint32_t j = 0; j < format.part_count; j++)
            paths[j] = format.parts[j].name;
        struct line_parser *parser = format_string_parser(paths, format.part_count, &format, 1);
        for (int j = 0; j < 3000; j++) {
            char line[LONGEST + 1];
            make_line(&format, line);
            expect_same(parser, &reference, line);
            *(reference.ways == 1 ? &read : reference.ways ? &ambiguous : &refused) += 1;
        }
        parser->close(parser);
        for (uint32_t j = 0; j < format.part_count; j++)
            regfree(&reference.values[j]);
        arena_release(&arena);
    }
    printf("# %u read, %u refused, %u ambiguous; %u beside others\n", read, refused, ambiguous,
           abreast_read);
    assert_true(read > 3000 && refused > 3000 && ambiguous > 100 && abreast_read > 3 * 2000);
}

/* -------------------------------------------------------------------------------- as pasted -- */

static void strings_are_taken_as_they_are_pasted(void **unused)
{
    (void)unused;
    static const struct {
        enum dialect dialect;
        const char *text;
    } same[] = {
        {DIALECT_NGINX, "$remote_addr \"$status\" $pid"},
        {DIALECT_NGINX, "'$remote_addr \"$status\" $pid'"},
        {DIALECT_NGINX, "log_format main '$remote_addr \"$status\"'\n   ' ${pid}';"},
        {DIALECT_NGINX, "log_format main escape=default \"$remote_addr \\\"$status\\\" $pid\" ;"},
        {DIALECT_APACHE, "%a \"%s\" %P"},
        {DIALECT_APACHE, "\"%a \\\"%s\\\" %P\""},
        {DIALECT_APACHE, "LogFormat \"%a \\\"%>s\\\" %P\" name"},
        {DIALECT_GUNICORN, "%(h)s \"%(s)s\" %(D)s"},
        {DIALECT_GUNICORN, "access_log_format = '%(h)s \"%(s)s\" %(D)s'"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct arena arena = {0};
        struct format_string format;
        struct format_problem problem;
        if (!format_string_compile(&arena, same[i].dialect, same[i].text, &format, &problem))
            fail_msg("%s: %s", same[i].text, problem.text);
        assert_int_equal(format.part_count, 3);
        assert_string_equal(format.parts[0].literal, " \"");
        assert_string_equal(format.parts[1].literal, "\" ");
        assert_non_null(format_string_field(&format, "status"));
        assert_non_null(format_string_field(&format, "remote_addr"));
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_if_there_is_one_way),
        cmocka_unit_test(strings_are_taken_as_they_are_pasted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
