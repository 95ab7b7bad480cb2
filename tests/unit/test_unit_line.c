/* Rows of units that are read without a tree: they say what the tree says, and are refused to
 * nobody who would have had them refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "compiler/base/buffer.h"
#include "random.h"
#include "tools/ffreplay/aggregate/merge_rows.h"
#include "tools/ffreplay/aggregate/unit_line.h"
#include "tools/ffreplay/commands/analyze/kept_lines.h"

#define HASH   "0ba2d3f19ad3146ee86f76b138b362e2"
#define DIGEST "c0954c332ea08793bb110e7aaf54d9b9"

static const char *const rows[] = {
    "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"blue\",\"first\":1795515036000}}}",
    "{\"key\":\"units/b/" HASH
    "\",\"exposed\":{\"e\":{\"crossover\":1,\"first\":-5},\"f\":{\"arm\":"
    "\"a b\",\"first\":0,\"values\":{\"country\":\"5345\",\"plan\":\"\"}},\"g\":{\"first\":1,"
    "\"forced\":1}}}",
    "{\"key\":\"units/b/" HASH "/o/2026-11-23T04:45\",\"said\":[[1795409103000,1,\"" DIGEST
    "\",{\"bought\":0}]]}",
    "{\"key\":\"units/b/" HASH "/o/2026-11-23T04:45\",\"said\":[[1,12,\"" DIGEST
    "\",{\"bought\":1,\"share\":[\"2\",\"-3.5\"],\"spent\":\"7.15\"}],[1,2,\"" DIGEST
    "\",{\"bought\":1,\"spent\":null}],[7,9007199254740992,\"" DIGEST "\",{}],[8,1,\"" DIGEST
    "\",{\"spent\":\"1e-09\"}]]}",
};
/* Of digits that are alike. */
static const char *const alike[] = {
    "{\"key\":\"units/b\",\"said\":[[1,1,\"ffffffffffffffffffffffffffffffff\",{}]]}",
    "{\"key\":\"units/b\",\"said\":[[1,1,\"00000000000000000000000000000000\",{}]]}",
};
#define ROWS (sizeof rows / sizeof *rows)

static char *as_written(const char *key, const json_t *row)
{
    struct buffer text = {0};
    char *fields = row_dump(row);
    buffer_format(&text, "{\"key\":\"%s\",%s", key, fields + 1);
    free(fields);
    return text.bytes;
}

static bool same_text(struct line_text text, const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) == text.length &&
           memcmp(json_string_value(value), text.at, text.length) == 0;
}

static void same_exposures(const struct unit_line *unit, const json_t *logs)
{
    assert_int_equal(unit->exposed_count, json_object_size(logs));
    for (size_t i = 0; i < unit->exposed_count; i++) {
        const struct unit_exposed *exposed = &unit->exposed[i];
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)exposed->log.length, exposed->log.at);
        assert_true(line_text_is(exposed->log, name));
        const json_t *log = json_object_get(logs, name);
        assert_int_equal(exposed->first, json_integer_value(json_object_get(log, "first")));
        assert_int_equal(exposed->crossover, json_object_get(log, "crossover") != NULL);
        assert_int_equal(exposed->forced, json_object_get(log, "forced") != NULL);
        assert_true(exposed->arm.at ? same_text(exposed->arm, json_object_get(log, "arm"))
                                    : !json_object_get(log, "arm"));
        const json_t *values = json_object_get(log, "values");
        assert_int_equal(exposed->pair_count, json_object_size(values));
        for (size_t j = 0; j < exposed->pair_count; j++) {
            const struct unit_pair *pair = &unit->pairs[exposed->pairs + j];
            snprintf(name, sizeof name, "%.*s", (int)pair->name.length, pair->name.at);
            assert_true(same_text(pair->text, json_object_get(values, name)));
        }
    }
}

static void same_sayings(const struct unit_line *unit, const json_t *lines)
{
    assert_int_equal(unit->saying_count, json_array_size(lines));
    for (size_t i = 0; i < unit->saying_count; i++) {
        const struct unit_saying *saying = &unit->sayings[i];
        const json_t *line = json_array_get(lines, i), *said = json_array_get(line, 3);
        struct unit_hash digest;
        assert_int_equal(saying->time, json_integer_value(json_array_get(line, 0)));
        assert_int_equal(saying->count, json_integer_value(json_array_get(line, 1)));
        assert_true(unit_from_text(json_string_value(json_array_get(line, 2)), &digest));
        assert_true(digest.high == saying->digest.high && digest.low == saying->digest.low);
        assert_int_equal(saying->pair_count, json_object_size(said));
        for (size_t j = 0; j < saying->pair_count; j++) {
            const struct unit_pair *pair = &unit->pairs[saying->pairs + j];
            struct said wanted, found = said_of_pair(pair);
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)pair->name.length, pair->name.at);
            assert_true(said_read(json_object_get(said, name), &wanted));
            assert_true(found.state == wanted.state && found.hit == wanted.hit);
            assert_memory_equal(&found.number, &wanted.number, sizeof found.number);
            assert_memory_equal(&found.denominator, &wanted.denominator, sizeof found.denominator);
        }
    }
}

/* Whether it was taken; then it is what a tree has, sound, and written as it stands. */
static bool take(struct unit_line *unit, const char *text, size_t length)
{
    char fault[ROW_FAULT] = "", key[256];
    char *line = malloc(length + 1); /* of its own size, so that a sanitizer sees the end */
    assert_non_null(line);
    memcpy(line, text, length);
    bool taken = unit_line_read(unit, line, length);
    if (taken) {
        json_t *row = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(row);
        assert_true(same_text(unit->key, json_object_get(row, "key")));
        snprintf(key, sizeof key, "%.*s", (int)unit->key.length, unit->key.at);
        json_object_del(row, "key");
        assert_true(row_check(row, fault));
        char *written = as_written(key, row);
        assert_int_equal(strlen(written), length);
        assert_memory_equal(written, line, length);
        same_exposures(unit, json_object_get(row, "exposed"));
        same_sayings(unit, json_object_get(row, "said"));
        free(written);
        json_decref(row);
    }
    free(line);
    return taken;
}

static void what_is_written_is_taken(void **state)
{
    (void)state;
    struct unit_line unit = {.exposed = NULL};
    for (size_t i = 0; i < ROWS; i++)
        assert_true(take(&unit, rows[i], strlen(rows[i])));
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        assert_true(take(&unit, alike[i], strlen(alike[i])));
    unit_line_release(&unit);
}

/* Each is JSON; most are sound rows, only written otherwise. */
static void everything_else_is_left_to_others(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"key\":\"unit/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH "\", \"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"first\":1,\"arm\":\"b\"}}}",
        "{\"key\":\"units/b/" HASH
        "\",\"exposed\":{\"f\":{\"arm\":\"b\",\"first\":1},\"e\":{\"arm\":"
        "\"b\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH
        "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1},\"e\":{\"arm\":"
        "\"b\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"\\u00e5\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"\xc3\xa5\",\"first\":1}}}",
        "{\"key\":\"units/b/" HASH
        "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1,\"forced\":1}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"first\":1}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":01}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":-0}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1.0}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1},\"x\":{}}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{}}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1}},\"x\":1}",
        "{\"key\":\"units/b/" HASH "\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":1}}} ",
        "{\"key\":\"units/b\",\"said\":[]}",
        "{\"key\":\"units/b\",\"said\":[[2305843009213693952,1,\"" DIGEST "\",{}]]}",
        "{\"key\":\"units/b\",\"exposed\":{\"e\":{\"arm\":\"b\",\"first\":-2305843009213693952}}}",
        "{\"key\":\"units/b\",\"said\":[[1,0,\"" DIGEST "\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,9007199254740993,\"" DIGEST "\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "0\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"C0954c332ea08793bb110e7aaf54d9b9\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":2}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":\"1e999\"}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":\"nan\"}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":\"\"}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":[\"1\"]}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"b\":1,\"a\":1}]]}",
        "{\"key\":\"units/b\",\"said\":[[2,1,\"" DIGEST "\",{}],[1,1,\"" DIGEST "\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{}],[1,1,\"" DIGEST "\",{}]]}",
        "{\"key\":\"units/b\",\"said\":[[1,1,\"" DIGEST "\",{\"a\":1}],[1,1,\"" DIGEST
        "\",{\"a\":0}]]}",
    };
    struct unit_line unit = {.exposed = NULL};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (take(&unit, others[i], strlen(others[i])))
            fail_msg("taken: %s", others[i]);
    unit_line_release(&unit);
}

/* Bytes changed, left out, put in, repeated, cut off: what is still taken is still sound. */
static void damage_is_never_taken_for_a_row(void **state)
{
    (void)state;
    static const char likely[] = "{}[]\",:0123456789abcdef-+.e\\ nul/~\x7f\xc3\n";
    struct unit_line unit = {.exposed = NULL};
    uint32_t taken = 0;
    for (uint32_t round = 0; round < 200000; round++) {
        char text[1024];
        const char *row = rows[random_below(ROWS)];
        size_t length = strlen(row);
        memcpy(text, row, length);
        for (uint32_t change = 1 + random_below(3); change > 0 && length > 1; change--) {
            size_t at = random_below((uint32_t)length);
            size_t other = random_below((uint32_t)length);
            char byte = likely[random_below(sizeof likely - 1)];
            switch (random_below(5)) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                memmove(text + at, text + at + 1, length - at - 1);
                length--;
                break;
            case 2:
                memmove(text + at + 1, text + at, length - at);
                text[at] = byte;
                length++;
                break;
            case 3:
                text[at] = text[other];
                break;
            default:
                if (random_below(8) == 0)
                    length = at + 1;
                break;
            }
        }
        taken += take(&unit, text, length);
    }
    /* Some are: a digit became another one. */
    assert_in_range(taken, 1000, 150000);
    unit_line_release(&unit);
}

static void numbers_are_those_of_strtod(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200000; round++) {
        char text[40];
        uint64_t digits = random_bits() >> random_below(64);
        int places = (int)random_below(16);
        int length = snprintf(text, sizeof text, "%s%.*f", random_below(2) ? "-" : "", places,
                              (double)digits / (1u << random_below(20)));
        if (length > 32)
            continue;
        double found = line_text_number((struct line_text){text, (size_t)length});
        double wanted = strtod(text, NULL);
        assert_memory_equal(&found, &wanted, sizeof found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_taken),
        cmocka_unit_test(everything_else_is_left_to_others),
        cmocka_unit_test(damage_is_never_taken_for_a_row),
        cmocka_unit_test(numbers_are_those_of_strtod),
    };
    return cmocka_run_group_tests(tests, random_setup, NULL);
}
