/* Lines read by their pattern give the JSON parser's results, however they are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/buffer.h"
#include "tools/ffreplay/logs/line_parser.h"
#include "tools/ffreplay/logs/lines.h"
#include "tools/ffreplay/logs/line_pattern.h"
#include "random.h"
#include "same_value.h"

#define LONGEST 512

static const char *const paths[] = {"time", "user",        "status", "latency_ms",
                                    "ok",   "geo.country", "tags",   "nothing"};
#define PATH_COUNT (sizeof paths / sizeof *paths)

static const char *const lines[] = {
    "{\"time\":1767571200015,\"user\":\"user-1888\",\"status\":200,\"latency_ms\":33.073,\"ok\":"
    "true}",
    "{\"time\":1767571200020,\"user\":\"u\",\"status\":503,\"latency_ms\":-1.5e3,\"ok\":false}",
    "{\"user\":\"somebody with a long "
    "name\",\"time\":1,\"nothing\":null,\"other\":\"x\",\"ok\":true}",
    "{\"time\":12,\"geo.country\":\"NO\",\"status\":1}",
    "{\"time\":12,\"geo\":{\"country\":\"NO\"},\"status\":1}",
    "{\"time\":12,\"tags\":[\"a\",\"b\"],\"status\":1}",
    "{\"a key that nobody wants\":0,\"status\":0,\"user\":\"\",\"status\":7}",
    "{\"time\":1,\"geo\":{\"zone\":\"x\",\"country\":\"NO\",\"at\":{\"x\":1.5,\"status\":4}},"
    "\"status\":5}",
    "{\"geo\":{\"country\":\"NO\"},\"ok\":true,\"http\":{},\"a\":{\"b\":{\"c\":null}}}",
    "{\"geo\":{\"country\":\"a\"},\"geo.country\":\"b\",\"user\":{\"time\":1},\"time\":2}",
    "{\"geo.country\":\"b\",\"geo\":{\"country\":\"a\"},\"geo\":{\"country\":\"c\"}}",
    "{\"geo\":{\"country\":\"a\"},\"geo\":{\"country\":\"c\"},\"tags\":{},\"ok\":{\"ok\":true}}",
    "{\"geo\":{\"country\":{\"name\":\"a\"}},\"ok\":1}",
};
#define LINE_COUNT (sizeof lines / sizeof *lines)

/* Changes, removes or inserts a byte, sometimes several, or truncates the line. */
static size_t damage(char *line, size_t length)
{
    static const char bytes[] = "{}[]\",:\\ \t\r/0123456789.eE-+tfna\x80\xc3\x1f";
    for (uint32_t times = random_below(3); times > 0 && length > 0; times--) {
        size_t at = random_below((uint32_t)length);
        char byte = bytes[random_below(sizeof bytes - 1)];
        switch (random_below(4)) {
        case 0:
            line[at] = byte;
            break;
        case 1:
            memmove(line + at, line + at + 1, --length - at);
            break;
        case 2:
            memmove(line + at + 1, line + at, length++ - at);
            line[at] = byte;
            break;
        default:
            if (random_below(4) == 0)
                length = at;
        }
    }
    return length;
}

/* One parser has learnt from all previous lines; the other has none to learn from. */
static void reads_as_the_parser_does(void **unused)
{
    (void)unused;
    struct line_parser *learnt = ndjson_parser(paths, PATH_COUNT);
    uint32_t good = 0, total = 200000;
    for (uint32_t i = 0; i < total; i++) {
        char line[LONGEST + LINE_PADDING] = {0};
        const char *model = lines[random_below(LINE_COUNT)];
        size_t length = strlen(model);
        memcpy(line, model, length);
        length = damage(line, length);
        memset(line + length, i % 2 ? '"' : 0, LINE_PADDING);
        struct value values[PATH_COUNT], expected[PATH_COUNT];
        struct line_problem problem, expected_problem;
        if (i % 500 == 0) { /* it learns a few forms only */
            learnt->close(learnt);
            learnt = ndjson_parser(paths, PATH_COUNT);
        }
        struct line_parser *fresh = ndjson_parser(paths, PATH_COUNT);
        bool is_good = fresh->parse(fresh, line, length, expected, &expected_problem);
        assert_int_equal(learnt->parse(learnt, line, length, values, &problem), is_good);
        for (size_t j = 0; is_good && j < PATH_COUNT; j++)
            assert_same_value(&values[j], &expected[j]);
        if (!is_good)
            assert_string_equal(problem.text, expected_problem.text);
        good += is_good;
        fresh->close(fresh);
    }
    learnt->close(learnt);
    assert_true(good > total / 4 && good < total);
}

struct text {
    char line[LONGEST + LINE_PADDING];
    size_t length;
};

/* A line as in a block: another one follows it. */
static void make_text(struct text *text)
{
    const char *model = lines[random_below(LINE_COUNT)];
    memset(text, 0, sizeof *text);
    text->length = strlen(model);
    memcpy(text->line, model, text->length);
    text->length = damage(text->line, text->length);
    memset(text->line + text->length, 0, LINE_PADDING);
    static const char next[] = "\n{\"time\":1}\n";
    memcpy(text->line + text->length, next, sizeof next);
}

static void reads_side_by_side_as_one_by_one(void **unused)
{
    (void)unused;
    struct line_parser *learnt = ndjson_parser(paths, PATH_COUNT);
    struct line_parser *other = ndjson_parser(paths, PATH_COUNT);
    uint32_t read = 0, total = 30000;
    for (uint32_t i = 0; i < total; i++) {
        struct text texts[LINES_ABREAST];
        struct value values[LINES_ABREAST][PATH_COUNT], expected[PATH_COUNT];
        const char *begins[LINES_ABREAST];
        struct value *fields[LINES_ABREAST];
        size_t lengths[LINES_ABREAST];
        struct line_problem problem;
        if (i % 100 == 0) {
            learnt->close(learnt);
            learnt = ndjson_parser(paths, PATH_COUNT);
        }
        for (int j = 0; j < LINES_ABREAST; j++) {
            make_text(&texts[j]);
            begins[j] = texts[j].line;
            fields[j] = values[j];
        }
        learnt->read_abreast(learnt, begins, fields, lengths);
        for (int j = 0; j < LINES_ABREAST; j++) {
            const struct text *text = &texts[j];
            if (lengths[j] == 0) {
                learnt->parse(learnt, text->line, text->length, values[j], &problem);
                continue;
            }
            read++;
            assert_int_equal(lengths[j], strcspn(text->line, "\t\r\x1f\n"));
            assert_true(other->parse(other, text->line, lengths[j], expected, &problem));
            for (size_t k = 0; k < PATH_COUNT; k++)
                assert_same_value(&values[j][k], &expected[k]);
        }
    }
    learnt->close(learnt);
    other->close(other);
    printf("# %u of %u read side by side\n", read, total * LINES_ABREAST);
    assert_true(read > total * LINES_ABREAST / 16 && read < total * LINES_ABREAST);
}

static uint32_t place_of(const void *user, const char *key, size_t length)
{
    (void)user;
    return length == 1 && *key == 'b' ? 0 : PATTERN_SKIPS;
}

static bool reads(const struct line_pattern *pattern, const char *text, struct value *value)
{
    char line[LONGEST + LINE_PADDING] = {0};
    memcpy(line, text, strlen(text));
    size_t length = line_pattern_read(pattern, line, value);
    if (length == 0 || length != strlen(line))
        return false;
    value->text = text + (value->text - line);
    return true;
}

static void knows_its_pattern_and_no_other(void **unused)
{
    (void)unused;
    struct line_pattern pattern;
    struct value value;
    char line[LONGEST + LINE_PADDING] = "{\"a\":1,\"b\":\"x\"}";
    assert_true(line_pattern_learn(&pattern, line, strlen(line), place_of, NULL));
    assert_true(reads(&pattern, "{\"a\":false,\"b\":-12.5}", &value));
    assert_int_equal(value.kind, VALUE_NUMBER);
    assert_memory_equal(value.text, "-12.5", value.length);
    static const char *const others[] = {
        "{\"a\":1,\"b\":\"x\"} ",  "{\"a\":1,\"b\":\"x\"",
        "{\"a\":1, \"b\":\"x\"}",  "{\"a\":1,\"c\":\"x\"}",
        "{\"a\":1,\"b\":[]}",      "{\"a\":1}",
        "{\"a\":1,\"b\":\"\\n\"}", "{\"a\":1,\"b\":\"\xc3\xa9\"}",
        "{\"b\":1,\"a\":1}",       "{\"a\":1,\"b\":1,\"c\":1}",
        "{\"a\":,\"b\":1}",        "",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(reads(&pattern, others[i], &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_the_parser_does),
        cmocka_unit_test(reads_side_by_side_as_one_by_one),
        cmocka_unit_test(knows_its_pattern_and_no_other),
    };
    return cmocka_run_group_tests_name("line_patterns", tests, NULL, NULL);
}
