/*
 * output_prometheus.c - a table of metrics in Prometheus' text format, version 0.0.4. See output.h.
 *
 * All series of a name are adjacent. The grouping is a label, so that a sum over one grouping does
 * not count another's lines as well.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "output.h"

/* A field's name as a label name: letters, digits and underscores, not beginning with a digit. */
static void put_name(struct buffer *out, const char *text)
{
    if (isdigit((unsigned char)*text))
        buffer_append_text(out, "_");
    for (; *text; text++)
        buffer_append(out, isalnum((unsigned char)*text) ? text : "_", 1);
}

static void put_label(struct buffer *out, const char *prefix, const char *name, const char *value)
{
    buffer_append_text(out, out->bytes[out->length - 1] == '{' ? "" : ",");
    buffer_append_text(out, prefix);
    put_name(out, name);
    buffer_append_text(out, "=\"");
    prometheus_append(out, value);
    buffer_append_text(out, "\"");
}

/* A field may have the name of a label that every series has. */
static const char *prefix_of(const char *name)
{
    static const char *const taken[] = {"by", "flag", "environment", "metric", "quantile"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return "field_";
    return "";
}

struct series {
    const struct output *output;
    const struct grouping *grouping;
    const struct group *group;
    struct buffer *out;
};

/* The labels, open for more. */
static void begin_series(const struct series *series, const char *name)
{
    const struct table *table = series->output->table;
    struct buffer *out = series->out;
    buffer_append_text(out, name);
    buffer_append_text(out, "{");
    put_label(out, "", "by", series->grouping->count > 0 ? series->grouping->text : "all");
    if (table->variants) {
        put_label(out, "", "flag", table->variants->flag->name.text);
        put_label(out, "", "environment", series->output->environment);
    }
    const unsigned char *key = series->group->key;
    for (uint32_t i = 0; i < series->grouping->count; i++) {
        const struct dimension *dimension = &series->grouping->dimensions[i];
        struct part part = grouping_part(dimension->kind, &key);
        const char *text = part_text(table, dimension->kind, &part, series->output->arena);
        put_label(out, prefix_of(dimension->name), dimension->name, text ? text : "");
    }
}

static void end_series(struct buffer *out, double number)
{
    buffer_append_text(out, "} ");
    json_write_number(out, number);
    buffer_append_text(out, "\n");
}

static void put_lines(const struct series *series, const struct measure *measure)
{
    (void)measure;
    begin_series(series, "ffreplay_lines_total");
    end_series(series->out, (double)series->group->events);
}

static void put_samples(const struct series *series, const struct measure *measure)
{
    struct row row = table_row(series->output->table, series->grouping, series->group, measure);
    begin_series(series, "ffreplay_samples_total");
    put_label(series->out, "", "metric", measure->metric->name.text);
    end_series(series->out, (double)row.samples);
}

static void put_unreadable(const struct series *series, const struct measure *measure)
{
    struct row row = table_row(series->output->table, series->grouping, series->group, measure);
    begin_series(series, "ffreplay_unreadable_total");
    put_label(series->out, "", "metric", measure->metric->name.text);
    end_series(series->out, (double)row.unreadable);
}

static void put_estimate(const struct series *series, const struct measure *measure)
{
    struct row row = table_row(series->output->table, series->grouping, series->group, measure);
    if (!row.measured)
        return;
    begin_series(series, "ffreplay_estimate");
    put_label(series->out, "", "metric", measure->metric->name.text);
    end_series(series->out, row.estimate);
}

static void put_quantiles(const struct series *series, const struct measure *measure)
{
    static const char *const levels[] = {"0.5", "0.95", "0.99"};
    struct row row = table_row(series->output->table, series->grouping, series->group, measure);
    for (int i = 0; i < 3 && row.has_quantiles; i++) {
        begin_series(series, "ffreplay_quantile");
        put_label(series->out, "", "metric", measure->metric->name.text);
        put_label(series->out, "", "quantile", levels[i]);
        end_series(series->out, row.quantiles[i]);
    }
}

/* Calls `put` for every group, and for every measure unless the family is about lines. */
static void family(const struct output *output, struct buffer *out, const char *head,
                   void (*put)(const struct series *series, const struct measure *measure))
{
    const struct table *table = output->table;
    buffer_append_text(out, head);
    for (uint32_t i = 0; i < table->grouping_count; i++) {
        struct group **sorted = groups_sorted(&table->groups[i]);
        for (size_t j = 0; j < table->groups[i].count; j++) {
            const struct series series = {output, &table->groupings[i], sorted[j], out};
            uint32_t count = put == put_lines ? 1 : table->measure_count;
            for (uint32_t k = 0; k < count; k++)
                put(&series, &table->measures[k]);
        }
        free(sorted);
    }
}

void output_prometheus(const struct output *output, struct buffer *out)
{
    family(output, out,
           "# HELP ffreplay_lines_total Lines of the logs.\n"
           "# TYPE ffreplay_lines_total counter\n",
           put_lines);
    family(output, out,
           "# HELP ffreplay_samples_total What a metric was measured on: lines, or units.\n"
           "# TYPE ffreplay_samples_total counter\n",
           put_samples);
    family(output, out,
           "# HELP ffreplay_unreadable_total Lines that a metric is about and could not read.\n"
           "# TYPE ffreplay_unreadable_total counter\n",
           put_unreadable);
    family(output, out,
           "# HELP ffreplay_estimate A metric's value over those samples.\n"
           "# TYPE ffreplay_estimate gauge\n",
           put_estimate);
    family(output, out,
           "# HELP ffreplay_quantile Quantiles of the values of a metric of kind quantile.\n"
           "# TYPE ffreplay_quantile gauge\n",
           put_quantiles);
}
