/* merge_rows.c - see merge_rows.h. */
#include "merge_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/statistics/exact_sum_text.h"
#include "merge_units.h"
#include "row_rules.h"
#include "slots.h"

static const struct row_rule rules[] = {
    {"a", SUM},
    {"aa", SUM},
    {"aaa", SUM},
    {"aab", SUM},
    {"ab", SUM},
    {"abb", SUM},
    {"accuracy", SAME},
    {"as_logged", COUNT},
    {"assigned", COUNTS},
    {"b", SUM},
    {"bb", SUM},
    {"bbb", SUM},
    {"before_first", FIRST},
    {"beyond", TRUTH},
    {"bits", SAME},
    {"build", SAME},
    {"by", SAME},
    {"canary_lines", ROWS},
    {"cells", ROWS},
    {"copies", COUNT},
    {"count", COUNT},
    {"cut", FIRST},
    {"days", COUNTS},
    {"definitions", SAME},
    {"denominator", SUM},
    {"digest", DIGEST},
    {"divided", SAMPLE},
    {"divided_otherwise", COUNT},
    {"environment", SAME},
    {"events", COUNT},
    {"exposed", EXPOSED},
    {"exposing", COUNT},
    {"exposing_fractions", COUNT},
    {"fields", NAMES},
    {"first", FIRST},
    {"flags", SAME},
    {"format_version", SAME},
    {"fractions", COUNT},
    {"greatest", MOST},
    {"groups", ROWS},
    {"hash", ALIKE},
    {"hits", COUNT},
    {"idle", COUNT},
    {"ids", ALONE},
    {"in_transition", COUNT},
    {"items", ROWS},
    {"kept", SAME},
    {"last", LAST},
    {"last_other", LAST},
    {"later", LAST},
    {"latest", NEWEST},
    {"least", LEAST},
    {"least_name", WORD},
    {"left_out", COUNTS},
    {"lines", COUNT},
    {"lookalikes", COUNTS},
    {"marked", TRUTH},
    {"metrics", NAMES},
    {"name", WORD},
    {"negative", COUNTS},
    {"newest", LAST},
    {"no_time", COUNT},
    {"not_exposing", COUNTS},
    {"of_gone", COUNT},
    {"options", SAME},
    {"origins", COUNTS},
    {"other_share", COUNT},
    {"other_stream", COUNT},
    {"over_time", ALIKE},
    {"pieces", COUNT},
    {"positive", COUNTS},
    {"reasons", COUNTS},
    {"said", SAID},
    {"second", INTEGER},
    {"seen", NAMES},
    {"series", SERIES},
    {"shares", SAMPLE},
    {"shown", SHOWN},
    {"sketch", ROW},
    {"slices", SLICES},
    {"spread", ROW},
    {"stages", ROWS},
    {"sum", SUM},
    {"total", INTEGER},
    {"traffic", TRAFFIC},
    {"unassigned", ROW},
    {"unit", TRUTH},
    {"units", SAME},
    {"unkeyed", ROW},
    {"unknown", ROW},
    {"unparsable", COUNT},
    {"unreadable", ROW},
    {"used", COUNT},
    {"variants", COUNTS},
    {"windows", WINDOWS},
    {"zeros", COUNT},
};

static bool fail(char *fault, const char *why)
{
    snprintf(fault, ROW_FAULT, "%s", why);
    return false;
}

const struct row_rule *row_rule_of(const char *field)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].field, field) == 0)
            return &rules[i];
    return NULL;
}

#define FOREACH(object, name, value) json_object_foreach((json_t *)(uintptr_t)(object), name, value)

/* ---------------------------------------------------------------------------------- checking -- */

static bool check(const json_t *row, uint32_t depth, char *fault);

static bool is_one(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) == 1;
}

static bool are_counts(const json_t *value, bool ones)
{
    const char *name;
    json_t *item;
    uint64_t count;
    FOREACH(value, name, item)
    if (ones ? !is_one(item) : !json_count(item, &count))
        return false;
    return json_object_size(value) > 0;
}

static bool are_rows(const json_t *value, uint32_t depth, char *fault)
{
    const char *name;
    json_t *item;
    FOREACH(value, name, item)
    if (!json_is_object(item) || !check(item, depth + 1, fault))
        return false;
    return json_object_size(value) > 0;
}

static bool is_sum(const json_t *value)
{
    struct exact_sum sum = {0};
    const char *text = json_string_value(value);
    return text && strcmp(text, "0") != 0 && exact_sum_read(&sum, text, strlen(text));
}

/* Of a field that is read by itself: `read` is applied to a row that has nothing else. */
static json_t *alone(const json_t *value)
{
    json_t *row = json_pack("{sO}", "it", value);
    if (!row)
        out_of_memory();
    return row;
}

static bool number_of(const json_t *value, double *number, char *fault)
{
    json_t *row = alone(value);
    struct row_reader reader = row_reader(row, fault);
    *number = row_number(&reader, "it");
    json_decref(row);
    return row_is_sound(&reader);
}

static bool digest_of(const json_t *value, struct input_digest *digest, char *fault)
{
    json_t *row = alone(value);
    struct row_reader reader = row_reader(row, fault);
    row_digest(&reader, "it", digest);
    json_decref(row);
    return row_is_sound(&reader) && (digest->low || digest->high);
}

static bool slices_of(const json_t *value, struct slices *slices, char *fault)
{
    json_t *row = alone(value);
    struct row_reader reader = row_reader(row, fault);
    slices_init(slices);
    row_slices(&reader, "it", slices);
    json_decref(row);
    return row_is_sound(&reader);
}

static bool traffic_of(const json_t *value, struct traffic *traffic, char *fault)
{
    json_t *row = alone(value);
    struct row_reader reader = row_reader(row, fault);
    row_traffic(&reader, "it", traffic);
    json_decref(row);
    return row_is_sound(&reader);
}

struct newest {
    int64_t time;
    double value;
};

static bool newest_of(const json_t *value, struct newest *newest, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    bool whole = row_has(&reader, "time") && row_has(&reader, "value");
    newest->time = row_time(&reader, "time", 0);
    newest->value = row_number(&reader, "value");
    return whole && row_end(&reader);
}

struct shown {
    int64_t time;
    const char *text, *field, *file;
    uint64_t line;
};

static bool shown_of(const json_t *value, struct shown *shown, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    shown->time = row_time(&reader, "time", 0);
    shown->text = row_text(&reader, "text");
    shown->field = row_text(&reader, "field");
    shown->file = row_text(&reader, "file");
    shown->line = row_count(&reader, "line");
    return row_end(&reader) && shown->text && shown->field && shown->file && shown->line > 0;
}

/* Units whose hashes begin with so many zero bits are in a sample. */
static bool is_sampled(struct unit_hash unit, int64_t halvings)
{
    return unit.high >> 1 >> (63 - halvings) == 0;
}

static bool sample_of(const json_t *value, int64_t *halvings, const json_t **units, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    *halvings = row_time(&reader, "halvings", 0);
    *units = row_named(&reader, "units");
    if (!row_end(&reader) || *halvings < 0 || *halvings > 63 ||
        json_object_size(*units) > SAMPLE_MOST)
        return false;
    const char *name;
    json_t *groups;
    struct unit_hash unit;
    FOREACH(*units, name, groups)
    {
        const char *text = json_string_value(groups);
        if (!unit_from_text(name, &unit) || !is_sampled(unit, *halvings) || !text || !*text ||
            *text == '0' || strlen(text) > 16 || strspn(text, "0123456789abcdef") != strlen(text))
            return false;
    }
    return true;
}

/* As many as there may be: see canary/analysis.c. */
#define WINDOWS_MOST 4096

static bool windows_of(const json_t *value, int64_t *keep, json_t **items, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    *keep = row_time(&reader, "keep", 0);
    *items = (json_t *)(uintptr_t)row_named(&reader, "items");
    if (!row_end(&reader) || *keep < 1 || *keep > WINDOWS_MOST ||
        (int64_t)json_object_size(*items) > *keep)
        return false;
    const char *name;
    json_t *item;
    int64_t begin;
    FOREACH(*items, name, item)
    if (!text_integer(name, &begin))
        return false;
    return true;
}

static bool series_of(const json_t *value, int64_t *width, json_t **items, char *fault)
{
    struct row_reader reader = row_reader(value, fault);
    *width = row_width(&reader, "width");
    *items = (json_t *)(uintptr_t)row_named(&reader, "items");
    if (!row_end(&reader) || *width == 0 || json_object_size(*items) > SLOTS_MOST)
        return false;
    const char *name;
    json_t *item;
    int64_t begin;
    FOREACH(*items, name, item)
    if (!text_integer(name, &begin) || window_begin(begin, *width) != begin)
        return false;
    return true;
}

static bool is_sound(const json_t *value, enum row_operation operation, uint32_t depth, char *fault)
{
    uint64_t count;
    int64_t time;
    double number;
    struct input_digest digest;
    struct newest newest;
    struct shown shown;
    struct slices slices;
    struct traffic traffic = TRAFFIC_INIT;
    const json_t *units;
    json_t *items;
    __int128 wide;
    bool sound;
    switch (operation) {
    case SAME:
    case ALIKE:
        return true;
    case ALONE:
    case TRUTH:
        return is_one(value);
    case COUNT:
        return json_count(value, &count);
    case COUNTS:
        return are_counts(value, false);
    case NAMES:
        return are_counts(value, true);
    case FIRST:
    case LAST:
        return json_time(value, &time);
    case SUM:
        return is_sum(value);
    case INTEGER:
        return json_wide(value, &wide) && wide != 0;
    case DIGEST:
        return digest_of(value, &digest, fault);
    case LEAST:
    case MOST:
        return number_of(value, &number, fault);
    case WORD:
        return json_is_string(value);
    case NEWEST:
        return newest_of(value, &newest, fault);
    case SHOWN:
        return shown_of(value, &shown, fault);
    case EXPOSED:
        return exposed_is_sound(value, fault);
    case SAID:
        return lines_are_sound(value, fault);
    case SLICES:
        return slices_of(value, &slices, fault);
    case TRAFFIC:
        sound = traffic_of(value, &traffic, fault);
        traffic_release(&traffic);
        return sound;
    case SAMPLE:
        return sample_of(value, &time, &units, fault);
    case SERIES:
        return series_of(value, &time, &items, fault) && are_rows(items, depth, fault);
    case WINDOWS:
        return windows_of(value, &time, &items, fault) && are_rows(items, depth, fault);
    case ROW:
        return json_object_size(value) > 0 && check(value, depth + 1, fault);
    case ROWS:
        return are_rows(value, depth, fault);
    }
    return false;
}

static bool check(const json_t *row, uint32_t depth, char *fault)
{
    const char *name;
    json_t *value;
    if (depth > ROW_DEEPEST)
        return fail(fault, "its objects are within one another too often");
    FOREACH(row, name, value)
    {
        const struct row_rule *rule = row_rule_of(name);
        if (rule && is_sound(value, rule->operation, depth, fault))
            continue;
        if (!*fault)
            snprintf(fault, ROW_FAULT,
                     rule ? "'%.60s' is not what it should be"
                          : "there is no field '%.60s' in this version",
                     name);
        return false;
    }
    return true;
}

bool row_check(const json_t *row, char fault[ROW_FAULT])
{
    return check(row, 0, fault);
}

/* ----------------------------------------------------------------------------------- merging -- */

static void set(json_t *row, const char *field, json_t *value)
{
    if (!value || json_object_set_new(row, field, value) != 0)
        out_of_memory();
}

/* The same value, held once more. */
static json_t *held(const json_t *value)
{
    return json_incref((json_t *)(uintptr_t)value);
}

static bool merge_count(json_t *row, const char *field, const json_t *other, char *fault)
{
    json_int_t sum = json_integer_value(json_object_get(row, field)) + json_integer_value(other);
    if (sum > MOST_COUNTED)
        return fail(fault, "its counts add up to more than 2^53");
    set(row, field, json_integer(sum));
    return true;
}

static bool merge_counts(json_t *counts, const json_t *other, char *fault)
{
    const char *name;
    json_t *item;
    FOREACH(other, name, item)
    if (!merge_count(counts, name, item, fault))
        return false;
    return true;
}

static void merge_names(json_t *names, const json_t *other)
{
    const char *name;
    json_t *item;
    FOREACH(other, name, item)
    set(names, name, held(item));
}

static bool merge_rows(json_t *rows, const json_t *others, char *fault)
{
    const char *name;
    json_t *item;
    FOREACH(others, name, item)
    {
        json_t *own = json_object_get(rows, name);
        if (!own)
            set(rows, name, json_deep_copy(item));
        else if (!row_merge(own, item, fault))
            return false;
    }
    return true;
}

static bool merge_sum(json_t *row, const char *field, const json_t *other, char *fault)
{
    struct exact_sum sum = {0}, addend = {0};
    struct row_reader own = row_reader(row, fault);
    row_sum(&own, field, &sum);
    json_t *beside = alone(other);
    struct row_reader others = row_reader(beside, fault);
    row_sum(&others, "it", &addend);
    exact_sum_merge(&sum, &addend);
    json_decref(beside);
    json_object_del(row, field);
    row_put_sum(row, field, &sum);
    return true;
}

static bool merge_integer(json_t *row, const char *field, const json_t *own, const json_t *other,
                          char *fault)
{
    __int128 a, b;
    (void)json_wide(own, &a);
    (void)json_wide(other, &b);
    a += b; /* each is below 2^126 */
    if (!wide_fits(a))
        return fail(fault, "the sums of a unit are too large");
    json_object_del(row, field);
    row_put_wide(row, field, a);
    return true;
}

static void merge_digest(json_t *row, const char *field, const json_t *own, const json_t *other,
                         char *fault)
{
    struct input_digest a, b;
    (void)digest_of(own, &a, fault);
    (void)digest_of(other, &b, fault);
    input_digest_join(&a, &b);
    json_object_del(row, field);
    row_put_digest(row, field, &a);
}

static void merge_number(json_t *row, const char *field, const json_t *own, const json_t *other,
                         bool most, char *fault)
{
    double a, b;
    (void)number_of(own, &a, fault);
    (void)number_of(other, &b, fault);
    if (most ? b > a : b < a)
        set(row, field, held(other));
}

static void merge_newest(json_t *row, const char *field, const json_t *own, const json_t *other,
                         char *fault)
{
    struct newest a, b;
    (void)newest_of(own, &a, fault);
    (void)newest_of(other, &b, fault);
    if (b.time > a.time || (b.time == a.time && b.value > a.value))
        set(row, field, held(other));
}

static int order_of(const struct shown *a, const struct shown *b)
{
    int order = (a->time > b->time) - (a->time < b->time);
    order = order ? order : strcmp(a->text, b->text);
    order = order ? order : strcmp(a->file, b->file);
    order = order ? order : (a->line > b->line) - (a->line < b->line);
    return order ? order : strcmp(a->field, b->field);
}

static void merge_shown(json_t *row, const char *field, const json_t *own, const json_t *other,
                        char *fault)
{
    struct shown a, b;
    (void)shown_of(own, &a, fault);
    (void)shown_of(other, &b, fault);
    if (order_of(&b, &a) < 0)
        set(row, field, held(other));
}

static void merge_slices(json_t *row, const char *field, const json_t *own, const json_t *other,
                         char *fault)
{
    struct slices a, b;
    (void)slices_of(own, &a, fault);
    (void)slices_of(other, &b, fault);
    slices_merge(&a, &b);
    json_object_del(row, field);
    row_put_slices(row, field, &a);
}

static void merge_traffic(json_t *row, const char *field, const json_t *own, const json_t *other,
                          char *fault)
{
    struct traffic a = TRAFFIC_INIT, b = TRAFFIC_INIT;
    (void)traffic_of(own, &a, fault);
    (void)traffic_of(other, &b, fault);
    traffic_join(&a, &b);
    json_object_del(row, field);
    row_put_traffic(row, field, &a);
    traffic_release(&a);
    traffic_release(&b);
}

/* ----------------------------------------------------------------------- samples and windows -- */

static void add_unit(json_t *units, const char *name, const json_t *groups)
{
    const json_t *own = json_object_get(units, name);
    if (!own) {
        set(units, name, held(groups));
        return;
    }
    char text[20];
    snprintf(text, sizeof text, "%" PRIx64,
             (uint64_t)(strtoull(json_string_value(own), NULL, 16) |
                        strtoull(json_string_value(groups), NULL, 16)));
    set(units, name, json_string(text));
}

void row_keep_sampled(json_t *units, int64_t halvings)
{
    const char *name;
    json_t *groups;
    void *next;
    json_object_foreach_safe(units, next, name, groups)
    {
        struct unit_hash unit;
        if (!unit_from_text(name, &unit) || !is_sampled(unit, halvings))
            json_object_del(units, name);
    }
}

static bool merge_sample(json_t *own, const json_t *other, char *fault)
{
    int64_t a, b;
    const json_t *own_units, *units;
    (void)sample_of(own, &a, &own_units, fault);
    (void)sample_of(other, &b, &units, fault);
    json_t *all = own_units ? held(own_units) : json_object();
    const char *name;
    json_t *groups;
    FOREACH(units, name, groups)
    add_unit(all, name, groups);
    int64_t halvings = a > b ? a : b;
    row_keep_sampled(all, halvings);
    while (json_object_size(all) > SAMPLE_MOST && halvings < 63)
        row_keep_sampled(all, ++halvings);
    bool is_sample = json_object_size(all) <= SAMPLE_MOST;
    json_object_clear(own);
    row_put_count(own, "halvings", (uint64_t)halvings);
    row_put_row(own, "units", all);
    return is_sample || fail(fault, "its sample has units that cannot be so many");
}

static int by_time_down(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a < b) - (a > b);
}

/* Of windows, the newest are kept; no part that has a window among them has lost it. */
static void keep_newest(json_t *items, size_t keep)
{
    size_t count = 0, all = json_object_size(items);
    int64_t *begins = xcalloc(all + 1, sizeof *begins);
    const char *name;
    json_t *item;
    void *next;
    FOREACH(items, name, item)
    count += text_integer(name, &begins[count]);
    qsort(begins, count, sizeof *begins, by_time_down);
    int64_t oldest = begins[keep - 1];
    json_object_foreach_safe(items, next, name, item)
    {
        int64_t begin;
        if (text_integer(name, &begin) && begin < oldest)
            json_object_del(items, name);
    }
    free(begins);
}

static bool merge_windows(json_t *own, const json_t *other, char *fault)
{
    int64_t keep, others_keep;
    json_t *items, *others;
    (void)windows_of(own, &keep, &items, fault);
    (void)windows_of(other, &others_keep, &others, fault);
    if (keep != others_keep)
        return fail(fault, "they keep another number of windows of time");
    if (!merge_rows(items, others, fault))
        return false;
    if (json_object_size(items) > (size_t)keep)
        keep_newest(items, (size_t)keep);
    return true;
}

static bool have_room(json_t *items, int64_t width)
{
    int64_t first = INT64_MAX, last = INT64_MIN, begin;
    const char *name;
    json_t *item;
    FOREACH(items, name, item)
    if (text_integer(name, &begin)) {
        first = begin < first ? begin : first;
        last = begin > last ? begin : last;
    }
    return slots_fit(first, last, width);
}

/* Into slots that are so wide. */
static bool widen_slots(json_t *items, int64_t width, char *fault)
{
    json_t *all = json_copy(items);
    const char *name;
    json_t *item;
    int64_t begin;
    bool merged = true;
    json_object_clear(items);
    FOREACH(all, name, item)
    {
        char slot[24];
        if (!merged || !text_integer(name, &begin))
            continue;
        snprintf(slot, sizeof slot, "%" PRId64, window_begin(begin, width));
        json_t *own = json_object_get(items, slot);
        if (own)
            merged = row_merge(own, item, fault);
        else
            set(items, slot, held(item));
    }
    json_decref(all);
    return merged;
}

/* As wide as the wider of them, and as all of it takes. */
static bool merge_series(json_t *own, const json_t *other, char *fault)
{
    int64_t width, others_width;
    json_t *items, *others;
    (void)series_of(own, &width, &items, fault);
    (void)series_of(other, &others_width, &others, fault);
    json_t *added = json_deep_copy(others);
    int64_t wide = width > others_width ? width : others_width;
    bool merged = widen_slots(items, wide, fault) && widen_slots(added, wide, fault) &&
                  merge_rows(items, added, fault);
    json_decref(added);
    for (width = wide; merged && !have_room(items, width) && width < INT64_MAX / 4;)
        width = slots_wider(width);
    if (merged && width != wide)
        merged = widen_slots(items, width, fault);
    set(own, "width", json_integer(width));
    return merged;
}

static bool merge_field(json_t *row, const struct row_rule *rule, json_t *own, const json_t *other,
                        char *fault)
{
    const char *field = rule->field;
    switch (rule->operation) {
    case SAME:
    case ALIKE:
        if (json_equal((json_t *)(uintptr_t)own, (json_t *)(uintptr_t)other))
            return true;
        snprintf(fault, ROW_FAULT, "'%s' differs", field);
        return false;
    case ALONE:
        snprintf(fault, ROW_FAULT, "'%s' is in both", field);
        return false;
    case TRUTH:
        return true;
    case COUNT:
        return merge_count(row, field, other, fault);
    case COUNTS:
        return merge_counts(own, other, fault);
    case NAMES:
        merge_names(own, other);
        return true;
    case FIRST:
    case LAST:
        if ((json_integer_value(other) < json_integer_value(own)) == (rule->operation == FIRST))
            set(row, field, held(other));
        return true;
    case SUM:
        return merge_sum(row, field, other, fault);
    case INTEGER:
        return merge_integer(row, field, own, other, fault);
    case DIGEST:
        merge_digest(row, field, own, other, fault);
        return true;
    case LEAST:
    case MOST:
        merge_number(row, field, own, other, rule->operation == MOST, fault);
        return true;
    case WORD:
        if (strcmp(json_string_value(other), json_string_value(own)) < 0)
            set(row, field, held(other));
        return true;
    case NEWEST:
        merge_newest(row, field, own, other, fault);
        return true;
    case SHOWN:
        merge_shown(row, field, own, other, fault);
        return true;
    case EXPOSED:
        exposed_merge(own, other, fault);
        return true;
    case SAID:
        return lines_merge(own, other, fault);
    case SLICES:
        merge_slices(row, field, own, other, fault);
        return true;
    case TRAFFIC:
        merge_traffic(row, field, own, other, fault);
        return true;
    case SAMPLE:
        return merge_sample(own, other, fault);
    case SERIES:
        return merge_series(own, other, fault);
    case WINDOWS:
        return merge_windows(own, other, fault);
    case ROW:
        return row_merge(own, other, fault);
    case ROWS:
        return merge_rows(own, other, fault);
    }
    return false;
}

static bool lacks_one(const json_t *row, const json_t *other, char *fault)
{
    const char *name;
    json_t *value;
    FOREACH(row, name, value)
    if (row_rule_of(name)->operation == ALIKE && !json_object_get(other, name)) {
        snprintf(fault, ROW_FAULT, "'%s' is in one of them", name);
        return true;
    }
    return false;
}

bool row_merge(json_t *row, const json_t *other, char fault[ROW_FAULT])
{
    const char *name;
    json_t *value;
    if (lacks_one(row, other, fault) || lacks_one(other, row, fault))
        return false;
    FOREACH(other, name, value)
    {
        const struct row_rule *rule = row_rule_of(name);
        json_t *own = json_object_get(row, name);
        if (own && rule->operation == SAME && json_equal(own, value))
            continue;
        if (!own)
            set(row, name, json_deep_copy(value));
        else if (!merge_field(row, rule, own, value, fault))
            return false;
    }
    return true;
}

char *row_dump(const json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    if (!text)
        out_of_memory();
    return text;
}
