/*
 * What is the same in all lines is compared as part of their pattern, and lines in which it is
 * another, in whatever way, give the JSON parser's results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "same_value.h"
#include "tools/ffreplay/logs/line_parser.h"
#include "tools/ffreplay/logs/line_shape.h"

#define LONGEST        1024
#define LONGEST_MEMBER 512

static const char *const paths[] = {"kind", "user",    "status",      "latency_ms", "ok",
                                    "none", "default", "geo.country", "geo.zone",   "last"};
#define PATH_COUNT (sizeof paths / sizeof *paths)

/* A member of a line: its key, and what its value is. Half of those that may be are constant. */
struct member {
    const char *before, *key; /* `before` opens objects, `after` closes them */
    const char *values[4];
    const char *after;
    bool varies;
};

static const struct member members[] = {
    {"", "kind", {"\"feature\"", "\"tracking\"", "\"f\"", "\"\""}, "", false},
    {"", "contextKind", {"\"user\"", "\"anonymousUser\"", "\"u\"", "7"}, "", false},
    {"", "user", {"\"user-1\"", "\"somebody with a long name\"", "\"u\"", "null"}, "", true},
    {"", "status", {"200", "2", "503", "\"200\""}, "", false},
    {"", "latency_ms", {"33.073", "-1.5", "0", "1e3"}, "", true},
    {"", "ok", {"true", "false", "null", "true"}, "", false},
    {"", "none", {"null", "null", "{}", "0"}, "", false},
    {"", "default", {"false", "false", "true", "\"false\""}, "", false},
    {"", "version, which nobody wants", {"\"1\"", "\"10\"", "1", "\"v1.20.300\""}, "", false},
    {"\"geo\":{", "zone", {"\"x\"", "1.5", "true", "\"\""}, "", false},
    {"", "country", {"\"NO\"", "\"SE\"", "\"N\"", "\"NOR\""}, "}", false},
    {"\"http\":{\"response\":{", "status", {"200", "404", "500", "20"}, "}}", false},
    {"", "last", {"1767571200", "17", "\"end\"", "0"}, "", false},
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

/* The members of an epoch's lines, in order, and which value those that are constant have. */
struct form {
    size_t order[MEMBER_COUNT], constant[MEMBER_COUNT];
    bool varies[MEMBER_COUNT];
};

/* The two within "geo" stay together. */
static struct form some_form(void)
{
    struct form form;
    size_t groups[MEMBER_COUNT], count = 0;
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        form.constant[i] = random_below(4);
        form.varies[i] = members[i].varies || random_below(4) == 0;
        if (strcmp(members[i].key, "country") != 0)
            groups[count++] = i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below((uint32_t)i), other = groups[j];
        groups[j] = groups[i - 1];
        groups[i - 1] = other;
    }
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        form.order[placed++] = groups[i];
        if (strcmp(members[groups[i]].key, "zone") == 0)
            form.order[placed++] = groups[i] + 1;
    }
    return form;
}

enum broken {
    IS_LONGER,
    IS_SHORTER,
    IS_PREFIX,
    BEGINS_WITH_IT,
    IS_ESCAPED,
    IS_NOT_ASCII,
    HAS_OTHER_KIND,
    IS_LIST,
    IS_OBJECT,
    IS_GONE,
    IS_SWAPPED,
    COMES_TWICE,
    HAS_BLANK,
    HAS_OTHER_KEY,
    BROKEN_COUNT
};

/* The member's text, `"key":value`, broken in one way; empty: it is gone. */
static void break_member(char *text, const char *key, const char *value, enum broken how)
{
    static const char *const others[] = {"null", "true", "false", "-1", "\"x\"", "\"200\"", "12.5"};
    char inner[128];
    int length = (int)strlen(value), bare = *value == '"' ? length - 2 : length;
    snprintf(inner, sizeof inner, "%.*s", bare, *value == '"' ? value + 1 : value);
    const char *quote = *value == '"' ? "\"" : "";
    const char *other = others[random_below(sizeof others / sizeof *others)];
    *text = '\0';
    switch (how) {
    case IS_LONGER:
        snprintf(text, LONGEST_MEMBER, "\"%s\":\"%s and far more than it was\"", key, inner);
        break;
    case IS_SHORTER:
        snprintf(text, LONGEST_MEMBER, "\"%s\":\"\"", key);
        break;
    case IS_PREFIX:
        snprintf(text, LONGEST_MEMBER, "\"%s\":%s%.*s%s", key, quote, bare > 0 ? bare - 1 : 0,
                 inner, quote);
        break;
    case BEGINS_WITH_IT:
        snprintf(text, LONGEST_MEMBER, "\"%s\":%s%s%s%s", key, quote, inner,
                 random_below(2) ? "0" : "e", quote);
        break;
    case IS_ESCAPED:
        snprintf(text, LONGEST_MEMBER, "\"%s\":\"%s%s\"", key, inner,
                 (const char *[]){"\\n", "\\\"", "\\\\", "\\u0041", "\\"}[random_below(5)]);
        break;
    case IS_NOT_ASCII:
        snprintf(text, LONGEST_MEMBER, "\"%s\":\"%s%s\"", key, inner,
                 random_below(4) ? "\xc3\xa9" : "\xc3");
        break;
    case HAS_OTHER_KIND:
        snprintf(text, LONGEST_MEMBER, "\"%s\":%s", key, other);
        break;
    case IS_LIST:
        snprintf(text, LONGEST_MEMBER, "\"%s\":[%s]", key, value);
        break;
    case IS_OBJECT:
        snprintf(text, LONGEST_MEMBER, "\"%s\":{\"%s\":%s}", key, key, value);
        break;
    case COMES_TWICE:
        snprintf(text, LONGEST_MEMBER, "\"%s\":%s,\"%s\":%s", key, value, key,
                 random_below(2) ? other : value);
        break;
    case HAS_BLANK:
        snprintf(text, LONGEST_MEMBER, "\"%s\":%s%s%s", key, random_below(2) ? " " : "", value,
                 random_below(2) ? " " : "");
        break;
    case HAS_OTHER_KEY:
        snprintf(text, LONGEST_MEMBER, "\"%s%s\":%s", key, random_below(2) ? "s" : "\\u0073",
                 value);
        break;
    case IS_GONE:
    case IS_SWAPPED:
    case BROKEN_COUNT:
        break;
    }
}

/* A line of the form; `breaks`: with one of its members, mostly a constant one, in another way. */
static size_t make_line(char *line, const struct form *form, bool breaks)
{
    size_t order[MEMBER_COUNT], broken = breaks ? random_below(MEMBER_COUNT) : MEMBER_COUNT;
    enum broken how = (enum broken)random_below(BROKEN_COUNT);
    memcpy(order, form->order, sizeof order);
    if (how == IS_SWAPPED && broken > 0 && broken < MEMBER_COUNT) {
        order[broken] = form->order[broken - 1];
        order[broken - 1] = form->order[broken];
    }
    size_t length = (size_t)snprintf(line, LONGEST, "{");
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct member *member = &members[order[i]];
        size_t value = form->varies[order[i]] ? random_below(4) : form->constant[order[i]];
        char text[LONGEST_MEMBER];
        snprintf(text, sizeof text, "\"%s\":%s", member->key, member->values[value]);
        if (i == broken && how != IS_SWAPPED)
            break_member(text, member->key, member->values[value], how);
        bool begins = line[length - 1] == '{';
        length += (size_t)snprintf(line + length, LONGEST - length, "%s%s%s%s",
                                   begins || (!*text && !*member->before) ? "" : ",",
                                   member->before, text, member->after);
    }
    return length + (size_t)snprintf(line + length, LONGEST - length, "}");
}

/* Changes, removes or inserts a byte. */
static size_t damage(char *line, size_t length)
{
    static const char bytes[] = "{}[]\",:\\ \t\r/0123456789.eE-+tfna\x80\xc3\x1f";
    size_t at = random_below((uint32_t)length);
    char byte = bytes[random_below(sizeof bytes - 1)];
    switch (random_below(3)) {
    case 0:
        line[at] = byte;
        return length;
    case 1:
        memmove(line + at, line + at + 1, length - at);
        return length - 1;
    default:
        memmove(line + at + 1, line + at, length - at);
        line[at] = byte;
        return length + 1;
    }
}

struct text {
    char line[LONGEST + LINE_PADDING];
    size_t length;
};

/* In one of `times` lines something is another. Behind it is another line's beginning, or none. */
static void make_text(struct text *text, const struct form *form, uint32_t times)
{
    bool breaks = times > 0 && random_below(times) == 0;
    text->length = make_line(text->line, form, breaks);
    if (breaks && random_below(3) == 0)
        text->length = damage(text->line, text->length);
    memset(text->line + text->length, 0, LINE_PADDING);
    if (random_below(2))
        memcpy(text->line + text->length, "\n{\"kind\":\"feature\"", 18);
}

/* One parser has read all lines before; the other one is new. */
static void reads_as_the_parser_does(void **unused)
{
    (void)unused;
    uint32_t good = 0, bad = 0;
    for (uint32_t epoch = 0; epoch < 150; epoch++) {
        struct line_parser *learnt = ndjson_parser(paths, PATH_COUNT);
        struct form form = some_form();
        uint32_t times = (uint32_t[]){3, 10, 100}[random_below(3)];
        for (uint32_t i = 0; i < 400; i++) {
            struct text text;
            struct value values[PATH_COUNT], expected[PATH_COUNT];
            struct line_problem problem, expected_problem;
            make_text(&text, &form, i < 100 ? 0 : times);
            struct line_parser *fresh = ndjson_parser(paths, PATH_COUNT);
            bool is_good = fresh->parse(fresh, text.line, text.length, expected, &expected_problem);
            memset(values, 0xa5, sizeof values);
            assert_int_equal(learnt->parse(learnt, text.line, text.length, values, &problem),
                             is_good);
            for (size_t j = 0; is_good && j < PATH_COUNT; j++)
                assert_same_value(&values[j], &expected[j]);
            if (!is_good)
                assert_string_equal(problem.text, expected_problem.text);
            if (!is_good)
                assert_int_equal(problem.column, expected_problem.column);
            good += is_good;
            bad += !is_good;
            fresh->close(fresh);
        }
        learnt->close(learnt);
    }
    printf("# %u good lines, %u bad ones\n", good, bad);
    assert_true(good > 10000 && bad > 500);
}

/* As in a block: of lines that are read at the same time is found what the parser finds. */
static void reads_side_by_side_as_the_parser_does(void **unused)
{
    (void)unused;
    uint32_t read = 0, other = 0;
    for (uint32_t epoch = 0; epoch < 150; epoch++) {
        struct line_parser *learnt = ndjson_parser(paths, PATH_COUNT);
        struct form form = some_form();
        uint32_t times = (uint32_t[]){3, 10, 100}[random_below(3)];
        for (uint32_t i = 0; i < 200; i++) {
            struct text texts[LINES_ABREAST];
            struct value values[LINES_ABREAST][PATH_COUNT], expected[PATH_COUNT];
            const char *begins[LINES_ABREAST];
            struct value *fields[LINES_ABREAST];
            size_t lengths[LINES_ABREAST];
            struct line_problem problem;
            memset(values, 0xa5, sizeof values);
            for (int j = 0; j < LINES_ABREAST; j++) {
                make_text(&texts[j], &form, i < 40 ? 0 : times);
                begins[j] = texts[j].line;
                fields[j] = values[j];
            }
            learnt->read_abreast(learnt, begins, fields, lengths);
            for (int j = 0; j < LINES_ABREAST; j++) {
                const struct text *text = &texts[j];
                if (lengths[j] == 0) {
                    (void)learnt->parse(learnt, text->line, text->length, values[j], &problem);
                    other++;
                    continue;
                }
                read++;
                assert_int_equal(lengths[j], strcspn(text->line, "\t\r\x1f\n"));
                struct line_parser *fresh = ndjson_parser(paths, PATH_COUNT);
                assert_true(fresh->parse(fresh, text->line, lengths[j], expected, &problem));
                for (size_t k = 0; k < PATH_COUNT; k++)
                    assert_same_value(&values[j][k], &expected[k]);
                fresh->close(fresh);
            }
        }
        learnt->close(learnt);
    }
    printf("# %u lines read side by side, %u not\n", read, other);
    assert_true(read > 30000 && other > 1000);
}

/* --------------------------------------------------------------------------------- the shape -- */

static uint32_t place_of(const void *user, const char *path, size_t length)
{
    (void)user;
    for (uint32_t i = 0; i < PATH_COUNT; i++)
        if (strlen(paths[i]) == length && memcmp(paths[i], path, length) == 0)
            return i;
    return PATTERN_SKIPS;
}

static struct line_shape shape;

/* Of lines like this one. */
static void begin(const char *line)
{
    static struct line_pattern form;
    char text[LONGEST + LINE_PADDING] = {0};
    snprintf(text, sizeof text, "%s", line);
    assert_true(line_pattern_learn(&form, text, strlen(text), place_of, NULL));
    line_shape_begin(&shape, &form);
}

static size_t reads(const char *line, struct value *values)
{
    static char text[LONGEST + LINE_PADDING];
    memset(text, 0, sizeof text);
    snprintf(text, sizeof text, "%s", line);
    return line_shape_read(&shape, text, values);
}

static void read_times(const char *line, uint32_t times)
{
    struct value values[PATH_COUNT];
    for (uint32_t i = 0; i < times; i++)
        assert_int_equal(reads(line, values), strlen(line));
}

static const char first[] =
    "{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"1\",\"ok\":true,\"none\":null}";
static const char second[] =
    "{\"kind\":\"feature\",\"user\":\"bcd\",\"v\":\"1\",\"ok\":true,\"none\":null}";
static const char newer[] =
    "{\"kind\":\"feature\",\"user\":\"bcd\",\"v\":\"2\",\"ok\":true,\"none\":null}";

static void make_firm(void)
{
    begin(first);
    for (int i = 0; i < 1000 && shape.firm.count == 0; i++)
        read_times(i % 2 ? first : second, 1);
    assert_true(shape.firm.count > 0);
}

static void constants_become_part_of_the_pattern(void **unused)
{
    (void)unused;
    make_firm();
    assert_int_equal(shape.form.count, 6);
    assert_int_equal(shape.firm.count, 2); /* the user, and the end */
    struct value values[PATH_COUNT] = {0};
    assert_int_equal(reads(second, values), strlen(second));
    assert_int_equal(shape.missed, 0);
    const struct value *kind = &values[0], *user = &values[1], *ok = &values[4], *none = &values[5];
    assert_int_equal(kind->kind, VALUE_STRING);
    assert_int_equal(kind->length, 7);
    assert_memory_equal(kind->text, "feature", 7);
    assert_int_equal(user->length, 3);
    assert_memory_equal(user->text, "bcd", 3);
    assert_int_equal(ok->kind, VALUE_BOOLEAN);
    assert_true(ok->boolean);
    assert_int_equal(none->kind, VALUE_NULL);
    assert_ptr_equal(user->text - kind->text, strstr(second, "bcd") - strstr(second, "feature"));
}

static void firm_pattern_reads_no_other_value(void **unused)
{
    (void)unused;
    make_firm();
    static const char *const others[] = {
        "{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"10\",\"ok\":true,\"none\":null}",
        "{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"\",\"ok\":true,\"none\":null}",
        "{\"kind\":\"feature\",\"user\":\"a\",\"v\":1,\"ok\":true,\"none\":null}",
        "{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"1\",\"ok\":false,\"none\":null}",
        "{\"kind\":\"features\",\"user\":\"a\",\"v\":\"1\",\"ok\":true,\"none\":null}",
        "{\"kind\":\"featur\",\"user\":\"a\",\"v\":\"1\",\"ok\":true,\"none\":null}",
        "{\"kind\":null,\"user\":\"a\",\"v\":\"1\",\"ok\":true,\"none\":null}",
        "{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"1\",\"ok\":true,\"none\":0}",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct value values[PATH_COUNT] = {0};
        char text[LONGEST + LINE_PADDING] = {0};
        snprintf(text, sizeof text, "%s", others[i]);
        assert_int_equal(line_pattern_read(&shape.firm, text, values), 0);
        assert_int_equal(line_shape_read(&shape, text, values), strlen(text));
        assert_int_equal(shape.missed, i + 1);
    }
}

static void lines_that_are_all_the_same_are_read(void **unused)
{
    (void)unused;
    begin(first);
    read_times(first, 1000);
    assert_int_equal(shape.firm.count, 1);
    assert_int_equal(shape.missed, 0);
    read_times(second, 1);
    assert_int_equal(shape.missed, 1);
}

static void a_value_that_begins_another_one_is_no_constant(void **unused)
{
    (void)unused;
    static const char *const lines[] = {"{\"status\":10,\"ok\":true}",
                                        "{\"status\":1,\"ok\":true}"};
    for (int i = 0; i < 2; i++) {
        begin(lines[i]);
        for (int j = 0; j < 200; j++)
            read_times(lines[(i + j) % 2], 1);
        assert_int_equal(shape.firm.count, 2); /* the status, and the end */
        assert_int_equal(shape.missed, 0);
    }
}

/* As after a deployment. */
static void a_constant_that_changes_is_learnt_anew(void **unused)
{
    (void)unused;
    make_firm();
    read_times(second, 100000);
    read_times(newer, 500);
    assert_true(shape.firm.count > 0);
    struct value values[PATH_COUNT] = {0};
    char text[LONGEST + LINE_PADDING] = {0};
    snprintf(text, sizeof text, "%s", newer);
    assert_int_equal(line_pattern_read(&shape.firm, text, values), strlen(newer));
}

static void a_rare_exception_makes_no_constant_vary(void **unused)
{
    (void)unused;
    make_firm();
    for (int i = 0; i < 1000; i++) {
        read_times(second, 99);
        read_times(newer, 1);
    }
    struct value values[PATH_COUNT] = {0};
    char text[LONGEST + LINE_PADDING] = {0};
    snprintf(text, sizeof text, "%s", second);
    assert_int_equal(line_pattern_read(&shape.firm, text, values), strlen(second));
}

static void read_version(uint32_t version, uint32_t lines)
{
    for (uint32_t i = 0; i < lines; i++) {
        char line[LONGEST];
        snprintf(line, sizeof line,
                 "{\"kind\":\"feature\",\"user\":\"%u\",\"v\":\"%u\",\"ok\":true}", i % 7, version);
        read_times(line, 1);
    }
}

/* What changes as soon as it is known is watched for longer each time, and then no more. */
static void what_never_lasts_is_no_longer_watched(void **unused)
{
    (void)unused;
    begin("{\"kind\":\"feature\",\"user\":\"a\",\"v\":\"0\",\"ok\":true}");
    uint32_t version = 0, patience = 0;
    for (; shape.patience > 0 && version < 100; version++) {
        assert_int_equal(shape.firm.count, 0);
        assert_true(shape.patience > patience);
        patience = shape.patience;
        read_version(version, shape.patience);
        assert_int_equal(shape.firm.count, 2);
        for (uint32_t i = 0; shape.firm.count > 0 && i < 1000; i++)
            read_version(version + 1, 1);
    }
    printf("# given up after %u lines, at the %uth time\n", patience, version);
    assert_in_range(version, 3, 20);
    read_version(version, 2 * patience);
    assert_int_equal(shape.firm.count, 0);
}

/* The limits of what is kept: values that have no room stay what they are, steps. */
static void long_values_are_read(void **unused)
{
    (void)unused;
    static char line[3 * PATTERN_TEXT + LINE_PADDING];
    static char value[PATTERN_TEXT + 100];
    for (size_t length = PATTERN_TEXT - 100; length < PATTERN_TEXT + 50; length++) {
        memset(value, 'x', length);
        value[length] = '\0';
        memset(line, 0, sizeof line);
        snprintf(line, sizeof line, "{\"kind\":\"%s\",\"user\":\"u\",\"last\":\"%s\"}", value,
                 value);
        struct line_pattern form;
        assert_true(line_pattern_learn(&form, line, strlen(line), place_of, NULL));
        line_shape_begin(&shape, &form);
        struct value values[PATH_COUNT] = {0};
        for (int i = 0; i < 200; i++) {
            assert_int_equal(line_shape_read(&shape, line, values), strlen(line));
            assert_int_equal(values[0].length, length);
            assert_int_equal(values[9].length, length);
        }
    }
}

static void assert_read_as_by(const struct line_pattern *pattern, const struct text *text,
                              size_t length, const struct value *values)
{
    struct value expected[PATH_COUNT] = {0};
    assert_int_equal(length, line_pattern_read(pattern, text->line, expected));
    for (size_t i = 0; length > 0 && i < PATH_COUNT; i++)
        assert_same_value(&values[i], &expected[i]);
}

/* By the pattern alone, and with all that its lines have in common: one by one, or not. */
static void reads_what_the_pattern_alone_finds(void **unused)
{
    (void)unused;
    uint32_t firm = 0, lines = 0;
    for (uint32_t epoch = 0; epoch < 300; epoch++) {
        struct form form = some_form();
        struct text texts[LINES_ABREAST];
        static struct line_pattern pattern;
        make_text(texts, &form, 0);
        if (!line_pattern_learn(&pattern, texts->line, texts->length, place_of, NULL))
            continue;
        line_shape_begin(&shape, &pattern);
        for (uint32_t i = 0; i < 170; i++, lines += LINES_ABREAST) {
            struct value values[LINES_ABREAST][PATH_COUNT] = {0}, ignored[PATH_COUNT];
            const char *begins[LINES_ABREAST];
            struct value *fields[LINES_ABREAST];
            size_t lengths[LINES_ABREAST];
            for (int j = 0; j < LINES_ABREAST; j++) {
                make_text(&texts[j], &form, i < 40 ? 0 : 10);
                begins[j] = texts[j].line;
                fields[j] = values[j];
                firm += line_pattern_read(&shape.firm, texts[j].line, ignored) > 0;
            }
            if (epoch % 2)
                line_shape_read_abreast(&shape, begins, fields, lengths);
            for (int j = 0; j < LINES_ABREAST; j++) {
                if (epoch % 2 == 0)
                    lengths[j] = line_shape_read(&shape, begins[j], values[j]);
                assert_read_as_by(&pattern, &texts[j], lengths[j], values[j]);
            }
        }
    }
    printf("# %u of %u lines by a firm pattern\n", firm, lines);
    assert_true(firm > lines / 4 && lines > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_the_parser_does),
        cmocka_unit_test(reads_side_by_side_as_the_parser_does),
        cmocka_unit_test(reads_what_the_pattern_alone_finds),
        cmocka_unit_test(constants_become_part_of_the_pattern),
        cmocka_unit_test(firm_pattern_reads_no_other_value),
        cmocka_unit_test(lines_that_are_all_the_same_are_read),
        cmocka_unit_test(a_value_that_begins_another_one_is_no_constant),
        cmocka_unit_test(a_constant_that_changes_is_learnt_anew),
        cmocka_unit_test(a_rare_exception_makes_no_constant_vary),
        cmocka_unit_test(what_never_lasts_is_no_longer_watched),
        cmocka_unit_test(long_values_are_read),
    };
    return cmocka_run_group_tests_name("line_shapes", tests, random_setup, NULL);
}
