/* output_text.c - a table of metrics for people. See output.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "tools/ffreplay/metrics/metric_text.h"
#include "output.h"
#include "tools/ffreplay/metrics/unreadable_text.h"

#define HEADINGS 8

static const char *rate_text(struct arena *arena, const struct row *row)
{
    if (!row->has_rate)
        return "-";
    return arena_format(arena, row->rate < 1000 ? "%.3g" : "%.0f", row->rate);
}

static void put_numbers(const struct output *output, const struct row *row, const char **cells)
{
    struct arena *arena = output->arena;
    cells[0] = row->measure ? row->measure->metric->name.text : "lines";
    cells[1] = arena_format(arena, "%" PRIu64, row->samples);
    cells[2] = rate_text(arena, row);
    if (!row->measure)
        return;
    const struct metric *metric = row->measure->metric;
    cells[3] = row->measured        ? estimate_text(arena, metric, row->estimate)
               : row->is_unreadable ? "unreadable"
                                    : "no data";
    if (row->unreadable > 0)
        cells[7] = arena_format(arena, "%" PRIu64, row->unreadable);
    for (int i = 0; i < 3 && row->has_quantiles; i++)
        cells[4 + i] = estimate_text(arena, metric, row->quantiles[i]);
}

static const char *shown(const char *text)
{
    return !text ? "-" : *text ? text : "\"\"";
}

static void put_group(const struct output *output, const struct grouping *grouping,
                      const struct group *group, struct page_row *row)
{
    const struct table *table = output->table;
    const unsigned char *key = group->key;
    for (uint32_t i = 0; i < grouping->count; i++) {
        struct part part = grouping_part(grouping->dimensions[i].kind, &key);
        row->cells[i] = shown(part_text(table, grouping->dimensions[i].kind, &part, output->arena));
    }
    struct row lines = table_row(table, grouping, group, NULL);
    put_numbers(output, &lines, row->cells + grouping->count);
    for (uint32_t i = 0; i < table->measure_count; i++) {
        lines = table_row(table, grouping, group, &table->measures[i]);
        put_numbers(output, &lines, row[i + 1].cells + grouping->count);
    }
}

static void write_grouping(const struct output *output, const struct page *page, uint32_t place)
{
    const struct table *table = output->table;
    const struct grouping *grouping = &table->groupings[place];
    const struct groups *groups = &table->groups[place];
    struct group **sorted = groups_sorted(groups);
    size_t lines = table->measure_count + 1, count = groups->count * lines + 1;
    struct page_row *rows = ARENA_ARRAY(output->arena, struct page_row, count);
    static const char *const headings[HEADINGS] = {"metric", "n",   "a second", "estimate",
                                                   "P50",    "P95", "P99",      "unreadable"};
    char alignment[MOST_DIMENSIONS + HEADINGS + 1] = "";
    for (uint32_t i = 0; i < grouping->count; i++) {
        rows[0].cells[i] = grouping->dimensions[i].name;
        alignment[i] = 'l';
    }
    for (uint32_t i = 0; i < HEADINGS; i++) {
        rows[0].cells[grouping->count + i] = headings[i];
        alignment[grouping->count + i] = i == 0 ? 'l' : 'r';
    }
    for (size_t i = 0; i < groups->count; i++)
        put_group(output, grouping, sorted[i], &rows[1 + i * lines]);
    buffer_append_text(page->out, "\n");
    page_write_table(page, &(struct page_table){rows, count, alignment});
    free(sorted);
}

static const char *used_text(const struct output *output)
{
    const struct table *table = output->table;
    struct log_counts counts = replay_counts(output->replay);
    uint64_t left_out = 0;
    for (int cause = 0; cause < LEFT_OUT_CAUSES; cause++)
        left_out += table->left_out[cause];
    return arena_format(
        output->arena, "%" PRIu64 " lines: %" PRIu64 " used, %" PRIu64 " left out, %" PRIu64 " bad",
        counts.lines, table->used, left_out, log_counts_bad(&counts));
}

static const char *left_out_causes(const struct output *output)
{
    const char *causes = NULL;
    for (int cause = 0; cause < LEFT_OUT_CAUSES; cause++)
        if (output->table->left_out[cause] > 0)
            causes = arena_format(output->arena, "%s%s%" PRIu64 " %s", causes ? causes : "",
                                  causes ? ", " : "", output->table->left_out[cause],
                                  left_out_words[cause]);
    return causes;
}

/* An example for each metric with unreadable values. */
static void put_unreadable(const struct output *output, const struct page *page)
{
    const struct table *table = output->table;
    const struct group *all = groups_look_up(&table->groups[0], (const unsigned char *)"", 0);
    const char *heading = "not read";
    for (uint32_t i = 0; all && i < table->measure_count; i++) {
        const struct unreadable_value *shown = all->cells[i].unreadable.shown;
        if (!shown)
            continue;
        page_fact(page, heading,
                  arena_format(output->arena, "%s: %s", table->measures[i].metric->name.text,
                               unreadable_value_text(output->replay, output->arena, shown)));
        heading = "";
    }
}

/* What is to be known of some metrics: a slip in the log's definition, most often. */
static void put_texts(const struct output *output, const struct page *page, const char *heading,
                      const char *between,
                      const char *(*text_of)(const struct output *output, uint32_t index))
{
    for (uint32_t i = 0; i < output->table->measure_count; i++) {
        const char *text = text_of(output, i);
        if (!text)
            continue;
        page_fact(page, heading,
                  arena_format(output->arena, "%s%s%s",
                               output->table->measures[i].metric->name.text, between, text));
        heading = "";
    }
}

static void put_uncapped(const struct output *output, const struct page *page)
{
    const char *heading = "uncapped";
    for (uint32_t i = 0; i < output->table->measure_count; i++) {
        if (!output_is_uncapped(output, i))
            continue;
        page_fact(page, heading,
                  arena_format(output->arena,
                               "%s: its 'winsorize' caps an experiment's units, in 'ffreplay "
                               "analyze', and nothing here",
                               output->table->measures[i].metric->name.text));
        heading = "";
    }
}

void output_text(const struct output *output, const struct page *page)
{
    const struct table *table = output->table;
    if (table->variants)
        page_fact(page, "flag",
                  arena_format(output->arena, "%s in %s", table->variants->flag->name.text,
                               output->environment));
    page_fact(page, "input", used_text(output));
    if (left_out_causes(output))
        page_fact(page, "left out", left_out_causes(output));
    if (origins_text(&table->origins, output->arena))
        page_fact(page, "assigned", origins_text(&table->origins, output->arena));
    if (table->used > 0)
        page_fact(page, "span",
                  arena_format(output->arena, "%s to %s", page_time(page, table->span.first),
                               page_time(page, table->span.last)));
    put_unreadable(output, page);
    put_texts(output, page, "absent", ": ", output_absent_text);
    put_texts(output, page, "units", " ", output_doubtful_unit_text);
    put_uncapped(output, page);
    output_text_tables(output, page);
}

void output_text_tables(const struct output *output, const struct page *page)
{
    for (uint32_t i = 0; i < output->table->grouping_count; i++)
        if (output->table->groups[i].count > 0)
            write_grouping(output, page, i);
}
