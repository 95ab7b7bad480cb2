/* output_json.c - a table of metrics as one JSON object. See output.h. */
#include <stdlib.h>

#include "compiler/base/buffer.h"
#include "output.h"
#include "tools/ffreplay/metrics/doubtful_unit.h"
#include "compiler/base/json.h"
#include "tools/ffreplay/report/json_input.h"

void output_json_row(const struct row *row, struct buffer *out)
{
    buffer_append_text(out, "{");
    field_count(out, "n", row->samples);
    field_number(out, "rate", row->has_rate, row->rate);
    field_number(out, "estimate", row->measured, row->estimate);
    if (row->unreadable > 0)
        field_count(out, "unreadable", row->unreadable);
    static const char *const names[] = {"p50", "p95", "p99"};
    for (int i = 0; i < 3 && row->keeps_values; i++)
        field_number(out, names[i], row->has_quantiles, row->quantiles[i]);
    buffer_append_text(out, "}");
}

static void put_group(const struct output *output, const struct grouping *grouping,
                      const struct group *group, struct buffer *out)
{
    const struct table *table = output->table;
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_object(out, "by");
    const unsigned char *key = group->key;
    for (uint32_t i = 0; i < grouping->count; i++) {
        const struct dimension *dimension = &grouping->dimensions[i];
        struct part part = grouping_part(dimension->kind, &key);
        field_text(out, dimension->name, part_text(table, dimension->kind, &part, output->arena));
    }
    buffer_append_text(out, "}");
    struct row row = table_row(table, grouping, group, NULL);
    field_count(out, "lines", row.samples);
    field_number(out, "rate", row.has_rate, row.rate);
    field_object(out, "metrics");
    for (uint32_t i = 0; i < table->measure_count; i++) {
        row = table_row(table, grouping, group, &table->measures[i]);
        json_write_key(out, row.measure->metric->name.text);
        output_json_row(&row, out);
    }
    buffer_append_text(out, "}}");
}

const char *output_absent_text(const struct output *output, uint32_t index)
{
    const struct replay *replay = output->replay;
    const struct measure *measure = &output->table->measures[index];
    uint32_t log = (uint32_t)(measure->layout - replay->layouts);
    return replay_fields_text(replay, output->arena, log,
                              replay_absent_fields(replay, log) & measure->fields);
}

const char *output_doubtful_unit_text(const struct output *output, uint32_t index)
{
    const struct table *table = output->table;
    const struct group *all = groups_look_up(&table->groups[0], (const unsigned char *)"", 0);
    return all ? doubtful_unit_text(output->arena, &table->measures[index], &all->cells[index])
               : NULL;
}

/* What is to be known of some metrics, by their names. */
static void put_texts(const struct output *output, struct buffer *out, const char *field,
                      const char *(*text_of)(const struct output *output, uint32_t index))
{
    bool any = false;
    for (uint32_t i = 0; i < output->table->measure_count; i++) {
        const char *text = text_of(output, i);
        if (!text)
            continue;
        if (!any)
            field_object(out, field);
        any = true;
        field_text(out, output->table->measures[i].metric->name.text, text);
    }
    buffer_append_text(out, any ? "}" : "");
}

static void put_uncapped(const struct output *output, struct buffer *out)
{
    bool any = false;
    for (uint32_t i = 0; i < output->table->measure_count; i++) {
        if (!output_is_uncapped(output, i))
            continue;
        if (!any)
            field_array(out, "not_winsorized");
        any = true;
        json_write_comma(out);
        json_write_string(out, output->table->measures[i].metric->name.text);
    }
    buffer_append_text(out, any ? "]" : "");
}

void output_json(const struct output *output, struct buffer *out)
{
    const struct table *table = output->table;
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", table->variants ? table->variants->flag->name.text : NULL);
    field_text(out, "environment", output->environment);
    field_number(out, "window_seconds", true, (double)table->width / 1000);
    field_object(out, "input");
    field_input(out, output->replay, table->used);
    field_object(out, "left_out");
    for (int cause = 0; cause < LEFT_OUT_CAUSES; cause++)
        if (table->left_out[cause] > 0)
            field_count(out, left_out_words[cause], table->left_out[cause]);
    buffer_append_text(out, "}");
    field_time(out, "first", table->span.first);
    field_time(out, "last", table->span.last);
    buffer_append_text(out, "}");
    put_texts(output, out, "absent", output_absent_text);
    put_texts(output, out, "doubtful_units", output_doubtful_unit_text);
    put_uncapped(output, out);
    if (table->variants)
        field_assignment(out, &table->origins);
    field_array(out, "groups");
    for (uint32_t i = 0; i < table->grouping_count; i++) {
        struct group **sorted = groups_sorted(&table->groups[i]);
        for (size_t j = 0; j < table->groups[i].count; j++)
            put_group(output, &table->groupings[i], sorted[j], out);
        free(sorted);
    }
    buffer_append_text(out, "]}\n");
}
