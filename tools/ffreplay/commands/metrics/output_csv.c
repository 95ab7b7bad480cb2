/*
 * output_csv.c - a table of metrics as CSV, with one line per metric and group. See output.h.
 *
 * Quoted as in RFC 4180; lines end like other tools' here, without a carriage return.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "output.h"

/* Each dimension of any grouping is a column, once. */
struct columns {
    const struct dimension **items;
    size_t count;
};

static size_t column_of(const struct columns *columns, const struct dimension *dimension)
{
    size_t column = 0;
    while (column < columns->count && strcmp(columns->items[column]->name, dimension->name) != 0)
        column++;
    return column;
}

static struct columns find_columns(const struct output *output)
{
    struct columns columns = {0};
    const struct table *table = output->table;
    for (uint32_t i = 0; i < table->grouping_count; i++)
        for (uint32_t j = 0; j < table->groupings[i].count; j++) {
            const struct dimension *dimension = &table->groupings[i].dimensions[j];
            if (column_of(&columns, dimension) == columns.count)
                *ARENA_APPEND(output->arena, columns.items, columns.count) = dimension;
        }
    return columns;
}

static void put_number(struct buffer *out, bool given, double number)
{
    buffer_append_text(out, ",");
    if (given)
        json_write_number(out, number);
}

static void put_row(struct buffer *out, const struct grouping *grouping, const char **values,
                    const struct columns *columns, const struct row *row)
{
    csv_append(out, grouping->text);
    for (size_t i = 0; i < columns->count; i++) {
        buffer_append_text(out, ",");
        csv_append(out, values[i] ? values[i] : "");
    }
    buffer_append_text(out, ",");
    csv_append(out, row->measure ? row->measure->metric->name.text : "");
    buffer_format(out, ",%" PRIu64, row->samples);
    put_number(out, row->has_rate, row->rate);
    put_number(out, row->measured, row->estimate);
    for (int i = 0; i < 3; i++)
        put_number(out, row->has_quantiles, row->quantiles[i]);
    put_number(out, row->measure != NULL, (double)row->unreadable);
    buffer_append_text(out, "\n");
}

static void put_group(const struct output *output, const struct grouping *grouping,
                      const struct group *group, const struct columns *columns, struct buffer *out)
{
    const struct table *table = output->table;
    const char **values = ARENA_ARRAY(output->arena, const char *, columns->count + 1);
    const unsigned char *key = group->key;
    for (uint32_t i = 0; i < grouping->count; i++) {
        const struct dimension *dimension = &grouping->dimensions[i];
        struct part part = grouping_part(dimension->kind, &key);
        values[column_of(columns, dimension)] =
            part_text(table, dimension->kind, &part, output->arena);
    }
    struct row row = table_row(table, grouping, group, NULL);
    put_row(out, grouping, values, columns, &row);
    for (uint32_t i = 0; i < table->measure_count; i++) {
        row = table_row(table, grouping, group, &table->measures[i]);
        put_row(out, grouping, values, columns, &row);
    }
}

void output_csv(const struct output *output, struct buffer *out)
{
    const struct table *table = output->table;
    struct columns columns = find_columns(output);
    buffer_append_text(out, "by");
    for (size_t i = 0; i < columns.count; i++) {
        buffer_append_text(out, ",");
        csv_append(out, columns.items[i]->name);
    }
    buffer_append_text(out, ",metric,n,rate,estimate,p50,p95,p99,unreadable\n");
    for (uint32_t i = 0; i < table->grouping_count; i++) {
        struct group **sorted = groups_sorted(&table->groups[i]);
        for (size_t j = 0; j < table->groups[i].count; j++)
            put_group(output, &table->groupings[i], sorted[j], &columns, out);
        free(sorted);
    }
}
