/* table_aggregate.c - see table_aggregate.h. */
#include "table_aggregate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/canary/origins_row.h"
#include "tools/ffreplay/metrics/cell_row.h"

/* "metrics/FLAG" and what else; without a flag, "metrics/". */
static void key_of_table(struct buffer *key, const struct table *table)
{
    KEY(key, "metrics", table->variants ? table->variants->flag->name.text : "");
}

static void key_of_grouping(struct buffer *key, const struct table *table,
                            const struct grouping *grouping)
{
    key_of_table(key, table);
    key_add(key, grouping->text);
}

bool metric_needs_units(const struct metric *metric)
{
    return metric->per_unit;
}

/* ----------------------------------------------------------------------------------- writing -- */

static json_t *span_row(const struct time_span *span)
{
    json_t *row = json_object();
    row_put_time(row, "first", span->first);
    row_put_time(row, "last", span->last);
    return row;
}

static json_t *table_row_of(const struct table *table)
{
    json_t *row = span_row(&table->span), *left_out = json_object(), *stages = json_object();
    json_t *metrics = json_object();
    row_put_count(row, "used", table->used);
    for (int i = 0; i < LEFT_OUT_CAUSES; i++)
        row_put_count(left_out, left_out_words[i], table->left_out[i]);
    row_put_row(row, "left_out", left_out);
    origins_put(row, &table->origins);
    for (uint32_t i = 0; table->variants && i < table->variants->stages.count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        row_put_row(stages, name, span_row(&table->stages[i]));
    }
    row_put_row(row, "stages", stages);
    for (uint32_t i = 0; i < table->measure_count; i++)
        row_put_truth(metrics, table->measures[i].metric->name.text, true);
    row_put_row(row, "metrics", metrics);
    return row;
}

static json_t *group_row(const struct table *table, const struct group *group,
                         const struct replay *replay)
{
    json_t *row = json_object(), *cells = json_object();
    row_put_count(row, "events", group->events);
    for (uint32_t i = 0; i < table->measure_count; i++)
        row_put_row(cells, table->measures[i].metric->name.text,
                    cell_row(&group->cells[i], &table->measures[i], replay));
    row_put_row(row, "cells", cells);
    return row;
}

static void add_hex(struct buffer *key, const unsigned char *bytes, size_t length)
{
    buffer_append_text(key, "/");
    for (size_t i = 0; i < length; i++)
        buffer_format(key, "%02x", bytes[i]);
}

static void put_grouping(const struct table *table, uint32_t number, const struct replay *replay,
                         struct rows *rows)
{
    struct buffer key = {0};
    const struct groups *groups = &table->groups[number];
    json_t *row = json_object();
    row_put_truth(row, "beyond", groups->too_many);
    key_of_grouping(&key, table, &table->groupings[number]);
    rows_add(rows, key.bytes, row);
    size_t length = key.length;
    for (size_t i = 0; i < groups->capacity; i++) {
        const struct group *group = groups->slots[i];
        if (!group)
            continue;
        key.length = length;
        add_hex(&key, group->key, group->length);
        rows_add(rows, key.bytes, group_row(table, group, replay));
    }
    buffer_release(&key);
}

void table_put(const struct table *table, const struct replay *replay, struct rows *rows)
{
    struct buffer key = {0};
    key_of_table(&key, table);
    rows_add(rows, key.bytes, table_row_of(table));
    for (uint32_t i = 0; i < table->grouping_count; i++)
        put_grouping(table, i, replay, rows);
    buffer_release(&key);
}

static void add_unit_cells(const struct table *table, const struct group *group, struct buffer *key,
                           struct unit_cells *cells)
{
    size_t length = key->length;
    for (uint32_t i = 0; i < table->measure_count; i++) {
        key->length = length;
        key_add(key, table->measures[i].metric->name.text);
        unit_cells_add(cells, key->bytes, &group->cells[i]);
    }
}

void table_unit_cells(const struct table *table, struct unit_cells *cells)
{
    struct buffer key = {0};
    for (uint32_t i = 0; i < table->grouping_count; i++) {
        const struct groups *groups = &table->groups[i];
        key_of_grouping(&key, table, &table->groupings[i]);
        size_t length = key.length;
        for (size_t slot = 0; slot < groups->capacity; slot++) {
            const struct group *group = groups->slots[slot];
            if (!group)
                continue;
            key.length = length;
            add_hex(&key, group->key, group->length);
            add_unit_cells(table, group, &key, cells);
        }
    }
    buffer_release(&key);
}

/* ----------------------------------------------------------------------------------- reading -- */

static void read_span(struct row_reader *reader, struct time_span *span)
{
    span->first = row_time(reader, "first", INT64_MAX);
    span->last = row_time(reader, "last", INT64_MIN);
}

static void read_stages(struct row_reader *reader, const struct table *table)
{
    struct row_reader stages = row_inner(reader, "stages");
    for (uint32_t i = 0; table->variants && i < table->variants->stages.count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        struct row_reader inner = row_inner(&stages, name);
        read_span(&inner, &table->stages[i]);
        row_end(&inner);
    }
    row_end(&stages);
}

static void read_table(struct row_reader *reader, struct table *table)
{
    read_span(reader, &table->span);
    table->used = row_count(reader, "used");
    struct row_reader left_out = row_inner(reader, "left_out");
    for (int i = 0; i < LEFT_OUT_CAUSES; i++)
        table->left_out[i] = row_count(&left_out, left_out_words[i]);
    row_end(&left_out);
    origins_read(reader, &table->origins);
    read_stages(reader, table);
    (void)row_named(reader, "metrics");
    row_end(reader);
}

static bool from_hex(const char *hex, unsigned char *bytes, size_t *length)
{
    static const char digits[] = "0123456789abcdef";
    *length = strlen(hex) / 2;
    if (strlen(hex) % 2 || *length > LONGEST_KEY || strspn(hex, digits) != strlen(hex))
        return false;
    for (size_t i = 0; i < *length; i++)
        bytes[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits) * 16 +
                                   (strchr(digits, hex[2 * i + 1]) - digits));
    return true;
}

static void read_group(struct row_reader *reader, const struct table *table, struct group *group,
                       struct replay *replay)
{
    group->events = row_count(reader, "events");
    struct row_reader cells = row_inner(reader, "cells");
    for (uint32_t i = 0; i < table->measure_count; i++) {
        struct row_reader inner = row_inner(&cells, table->measures[i].metric->name.text);
        cell_read_row(&inner, &group->cells[i], &table->measures[i], replay);
    }
    row_end(reader);
}

/* Places that a key may have. */
static struct key_limits limits_of(const struct table *table)
{
    const struct flag_variants *variants = table->variants;
    return (struct key_limits){variants ? variants->targeting->variant_count + 1 : 0,
                               variants ? variants->stages.count : 0};
}

static void read_one(struct row_reader *reader, struct table *table, uint32_t number,
                     const char *hex, struct replay *replay)
{
    unsigned char bytes[LONGEST_KEY];
    size_t length;
    if (!from_hex(hex, bytes, &length) ||
        !grouping_key_is_sound(&table->groupings[number], limits_of(table), bytes, length)) {
        row_fault(reader, "its key is of no group");
        return;
    }
    struct group *group = groups_find(&table->groups[number], bytes, length);
    if (group)
        read_group(reader, table, group, replay);
}

static bool say(struct buffer *error, const char *key, const char *fault)
{
    if (*fault)
        terminal_format(error, "the aggregates' row '%s' cannot be used: %s", key, fault);
    return !*fault;
}

static bool read_grouping(struct table *table, uint32_t number, struct replay *replay,
                          const struct rows *rows, struct buffer *error)
{
    struct buffer key = {0};
    char fault[ROW_FAULT] = "";
    const struct grouping *grouping = &table->groupings[number];
    key_of_grouping(&key, table, grouping);
    struct row_reader head = row_reader(rows_find(rows, key.bytes), fault);
    bool read = head.row != NULL;
    if (!read)
        terminal_format(error, "these aggregates are not --by %s", grouping->text);
    table->groups[number].too_many = row_truth(&head, "beyond");
    buffer_append_text(&key, "/");
    for (size_t i = rows_begin(rows, key.bytes); i < rows->count && read; i++) {
        const struct keyed_row *row = &rows->items[i];
        if (strncmp(row->key, key.bytes, key.length) != 0)
            break;
        struct row_reader reader = row_reader(row->row, fault);
        read_one(&reader, table, number, row->key + key.length, replay);
        read = say(error, row->key, fault);
    }
    buffer_release(&key);
    return read;
}

static bool has_metrics(const struct table *table, const json_t *metrics, struct buffer *error)
{
    for (uint32_t i = 0; i < table->measure_count; i++) {
        const struct metric *metric = table->measures[i].metric;
        if (json_object_get(metrics, metric->name.text))
            continue;
        terminal_format(error, "these aggregates have no metric '%s'%s", metric->name.text,
                        metric_needs_units(metric) ? ", which is per unit" : "");
        return false;
    }
    return true;
}

bool table_read_rows(struct table *table, struct replay *replay, const struct rows *rows,
                     struct buffer *error)
{
    struct buffer key = {0};
    char fault[ROW_FAULT] = "";
    key_of_table(&key, table);
    const json_t *row = rows_find(rows, key.bytes);
    struct row_reader reader = row_reader(row, fault);
    bool read = row != NULL;
    if (read)
        read_table(&reader, table);
    else
        terminal_format(error, "these aggregates have no metrics of flag '%s'",
                        table->variants ? table->variants->flag->name.text : "");
    read = read && say(error, key.bytes, fault) &&
           has_metrics(table, json_object_get(row, "metrics"), error);
    for (uint32_t i = 0; i < table->grouping_count && read; i++)
        read = read_grouping(table, i, replay, rows, error);
    buffer_release(&key);
    return read;
}
