/* merge_units.c - see merge_units.h. */
#include "merge_units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "merge_rows.h"

#define FOREACH(object, name, value) json_object_foreach((json_t *)(uintptr_t)(object), name, value)

static bool fail(char *fault, const char *why)
{
    snprintf(fault, ROW_FAULT, "%s", why);
    return false;
}

static void put(json_t *row, const char *field, json_t *value)
{
    if (!value || json_object_set_new(row, field, value) != 0)
        out_of_memory();
}

/* When and where a unit was first exposed by the lines of a log. */
struct exposed {
    int64_t first;
    const char *arm; /* NULL: one of the next two */
    bool crossover, forced;
    const json_t *values;
};

static bool are_texts(const json_t *row)
{
    const char *name;
    json_t *text;
    FOREACH(row, name, text)
    if (!json_is_string(text))
        return false;
    return true;
}

static bool exposed_of(const json_t *value, struct exposed *exposed, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    bool whole = row_has(&reader, "first");
    exposed->first = row_time(&reader, "first", 0);
    exposed->arm = row_text(&reader, "arm");
    exposed->crossover = row_truth(&reader, "crossover");
    exposed->forced = row_truth(&reader, "forced");
    exposed->values = row_named(&reader, "values");
    return row_end(&reader) && whole && are_texts(exposed->values) &&
           (exposed->arm != NULL) + exposed->crossover + exposed->forced == 1;
}

bool exposed_is_sound(const json_t *value, char fault[ROW_FAULT])
{
    const char *name;
    json_t *item;
    struct exposed exposed;
    FOREACH(value, name, item)
    if (!json_is_object(item) || !exposed_of(item, &exposed, fault))
        return false;
    return json_object_size(value) > 0;
}

/* Of lines that are sound. */
static int compare_lines(const json_t *a, const json_t *b)
{
    json_int_t times[] = {json_integer_value(json_array_get(a, 0)),
                          json_integer_value(json_array_get(b, 0))};
    if (times[0] != times[1])
        return times[0] < times[1] ? -1 : 1;
    char *left = row_dump(json_array_get(a, 3)), *right = row_dump(json_array_get(b, 3));
    int order = strcmp(left, right);
    free(left);
    free(right);
    return order;
}

static bool is_number(const json_t *value)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    double number = text ? strtod(text, &end) : 0;
    return text && end != text && !*end && isfinite(number) && strlen(text) <= 32;
}

static bool is_said(const json_t *value)
{
    return json_is_null(value) ||
           (json_is_integer(value) &&
            (json_integer_value(value) == 0 || json_integer_value(value) == 1)) ||
           (json_is_string(value) && is_number(value)) ||
           (json_is_array(value) && json_array_size(value) == 2 &&
            is_number(json_array_get(value, 0)) && is_number(json_array_get(value, 1)));
}

static bool is_line(const json_t *line)
{
    int64_t time;
    uint64_t count;
    struct unit_hash digest;
    const char *hex = json_string_value(json_array_get(line, 2)), *name;
    const json_t *said = json_array_get(line, 3);
    json_t *value;
    if (json_array_size(line) != 4 || !json_time(json_array_get(line, 0), &time) ||
        !json_count(json_array_get(line, 1), &count) || count == 0 || !hex ||
        !unit_from_text(hex, &digest) || !json_is_object(said))
        return false;
    FOREACH(said, name, value)
    if (!is_said(value))
        return false;
    return true;
}

bool lines_are_sound(const json_t *value, char fault[ROW_FAULT])
{
    size_t at;
    json_t *line;
    const json_t *last = NULL;
    json_array_foreach((json_t *)(uintptr_t)value, at, line)
    {
        if (!is_line(line))
            return false;
        if (last && compare_lines(last, line) >= 0)
            return fail(fault, "the lines of 'said' are not in order, or two are alike");
        last = line;
    }
    return json_array_size(value) > 0;
}

/* Of values at the same time: one before none, and of two the first as bytes. */
static void merge_values(json_t *values, const json_t *others)
{
    const char *name;
    json_t *other;
    FOREACH(others, name, other)
    {
        const char *own = json_string_value(json_object_get(values, name));
        if (!own || strcmp(json_string_value(other), own) < 0)
            put(values, name, json_incref(other));
    }
}

/* A list, an override or a holdout that decided for it outweighs that it was in several arms. */
static void merge_one_exposed(json_t *exposed, const json_t *other, char *fault)
{
    struct exposed a, b;
    (void)exposed_of(exposed, &a, fault);
    (void)exposed_of(other, &b, fault);
    bool forced = a.forced || b.forced;
    bool crossed = !forced && (a.crossover || b.crossover || strcmp(a.arm, b.arm) != 0);
    const json_t *earlier = b.first < a.first ? b.values : a.values;
    json_t *values = earlier ? json_deep_copy(earlier) : json_object();
    if (a.first == b.first)
        merge_values(values, b.values);
    json_object_del(exposed, "values");
    row_put_row(exposed, "values", values);
    put(exposed, "first", json_integer(a.first < b.first ? a.first : b.first));
    if (forced || crossed)
        json_object_del(exposed, "arm");
    if (forced)
        json_object_del(exposed, "crossover");
    row_put_truth(exposed, "forced", forced);
    row_put_truth(exposed, "crossover", crossed);
}

void exposed_merge(json_t *logs, const json_t *others, char fault[ROW_FAULT])
{
    const char *name;
    json_t *other;
    FOREACH(others, name, other)
    {
        json_t *own = json_object_get(logs, name);
        if (own)
            merge_one_exposed(own, other, fault);
        else
            put(logs, name, json_deep_copy(other));
    }
}

static struct input_digest line_digest(const json_t *line)
{
    struct unit_hash digest = {0, 0};
    (void)unit_from_text(json_string_value(json_array_get(line, 2)), &digest);
    return (struct input_digest){digest.low, digest.high};
}

/* The second one's count and digest go to the first, which is like it. */
static bool add_line(json_t *line, const json_t *other, char *fault)
{
    json_int_t count =
        json_integer_value(json_array_get(line, 1)) + json_integer_value(json_array_get(other, 1));
    struct input_digest digest = line_digest(line), more = line_digest(other);
    char hex[INPUT_DIGEST_TEXT];
    if (count > MOST_COUNTED)
        return fail(fault, "its counts add up to more than 2^53");
    input_digest_join(&digest, &more);
    input_digest_text(&digest, hex);
    if (json_array_set_new(line, 1, json_integer(count)) != 0 ||
        json_array_set_new(line, 2, json_string(hex)) != 0)
        out_of_memory();
    return true;
}

static bool append_line(json_t *lines, json_t *line, char *fault)
{
    size_t count = json_array_size(lines);
    json_t *last = count > 0 ? json_array_get(lines, count - 1) : NULL;
    if (last && compare_lines(last, line) == 0)
        return add_line(last, line, fault);
    if (json_array_append(lines, line) != 0)
        out_of_memory();
    return true;
}

bool lines_merge(json_t *lines, const json_t *others, char fault[ROW_FAULT])
{
    json_t *own = json_copy(lines);
    size_t at = 0, other = 0, own_count = json_array_size(own), count = json_array_size(others);
    bool merged = true;
    json_array_clear(lines);
    while (merged && (at < own_count || other < count)) {
        bool first = other == count ||
                     (at < own_count &&
                      compare_lines(json_array_get(own, at), json_array_get(others, other)) <= 0);
        merged = append_line(
            lines, first ? json_array_get(own, at++) : json_array_get(others, other++), fault);
    }
    json_decref(own);
    return merged;
}

static int by_line(const void *left, const void *right)
{
    return compare_lines(*(json_t *const *)left, *(json_t *const *)right);
}

void lines_settle(json_t *lines)
{
    size_t count = json_array_size(lines);
    char fault[ROW_FAULT] = "";
    json_t **all = xcalloc(count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = json_incref(json_array_get(lines, i));
    if (count > 1)
        qsort(all, count, sizeof *all, by_line);
    json_array_clear(lines);
    for (size_t i = 0; i < count; i++) {
        (void)append_line(lines, all[i], fault);
        json_decref(all[i]);
    }
    free(all);
}
