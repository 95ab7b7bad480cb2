/* table_rows.c - a table's content, group by group. See table.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "table.h"

/* --------------------------------------------------------------------------------- one group -- */

/* How much time a group's lines cover: a window, a stage, or all that was read. 0: unknown. */
static int64_t duration_of(const struct table *table, const struct grouping *grouping,
                           const struct group *group)
{
    if (grouping_has(grouping, BY_WINDOW))
        return table->width;
    struct time_span span = table->span;
    const unsigned char *key = group->key;
    for (uint32_t i = 0; i < grouping->count; i++) {
        struct part part = grouping_part(grouping->dimensions[i].kind, &key);
        if (grouping->dimensions[i].kind == BY_STAGE && part.known)
            span = table->stages[part.place];
    }
    return span.last > span.first ? span.last - span.first : 0;
}

struct row table_row(const struct table *table, const struct grouping *grouping,
                     const struct group *group, const struct measure *measure)
{
    int64_t duration = duration_of(table, grouping, group);
    struct row row = {.group = group, .measure = measure, .samples = group->events};
    uint64_t lines = group->events;
    if (measure) {
        const struct cell *cell = &group->cells[measure - table->measures];
        lines = cell->count;
        row.samples = cell_samples(cell, measure);
        row.unreadable = cell->unreadable.count;
        row.is_unreadable = cell_is_unreadable(cell, measure, table->max_bad);
        row.measured = !row.is_unreadable && cell_estimate(cell, measure, duration, &row.estimate);
        static const double levels[] = {0.5, 0.95, 0.99};
        row.keeps_values = cell_quantiles(cell, measure, levels, row.quantiles, 3);
        row.has_quantiles = row.measured && row.keeps_values;
    }
    row.has_rate = duration > 0;
    if (row.has_rate)
        row.rate = (double)lines / ((double)duration / 1000);
    return row;
}

const char *part_text(const struct table *table, enum dimension_kind kind, const struct part *part,
                      struct arena *arena)
{
    char time[32];
    if (!part->known)
        return NULL;
    switch (kind) {
    case BY_VARIANT:
        return variant_text(table->variants, part->place);
    case BY_STAGE:
        return stage_time_text(&table->variants->stages.items[part->place],
                               table->variants->targeting->canary);
    case BY_WINDOW:
        format_time(part->window, time, sizeof time);
        return arena_copy(arena, time, strlen(time));
    case BY_FIELD:
        break;
    }
    return part->rest ? "(other)" : part->text;
}

/* ----------------------------------------------------------------------------------- folding -- */

struct ranked {
    const char *text; /* for a known value: its text in the key */
    uint64_t events;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->text, ((const struct ranked *)b)->text);
}

static int by_events(const void *a, const void *b)
{
    const struct ranked *first = a, *second = b;
    if (first->events != second->events)
        return first->events > second->events ? -1 : 1;
    return by_text(a, b);
}

/* The values of a dimension, those with the most lines first. */
static struct ranked *rank(const struct grouping *grouping, uint32_t dimension,
                           struct group *const *sorted, size_t count, size_t *values)
{
    struct ranked *ranked = xcalloc(count + 1, sizeof *ranked);
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *key = sorted[i]->key;
        struct part part = {0};
        for (uint32_t j = 0; j <= dimension; j++)
            part = grouping_part(grouping->dimensions[j].kind, &key);
        if (part.known && !part.rest)
            ranked[parts++] = (struct ranked){part.text, sorted[i]->events};
    }
    qsort(ranked, parts, sizeof *ranked, by_text);
    *values = 0;
    for (size_t i = 0; i < parts; i++) {
        if (*values > 0 && strcmp(ranked[*values - 1].text, ranked[i].text) == 0)
            ranked[*values - 1].events += ranked[i].events;
        else
            ranked[(*values)++] = ranked[i];
    }
    qsort(ranked, *values, sizeof *ranked, by_events);
    return ranked;
}

static bool is_among(const struct ranked *ranked, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ranked[i].text, text) == 0)
            return true;
    return false;
}

/* The key, with values that are not among the first of the dimension replaced by the rest. */
static size_t fold_key(const struct grouping *grouping, uint32_t dimension,
                       const struct group *group, const struct ranked *ranked, size_t most,
                       unsigned char *folded)
{
    const unsigned char *key = group->key, *from = key;
    struct part part = {0};
    for (uint32_t i = 0; i <= dimension; i++) {
        from = key;
        part = grouping_part(grouping->dimensions[i].kind, &key);
    }
    size_t before = (size_t)(from - group->key);
    memcpy(folded, group->key, group->length);
    if (!part.known || part.rest || is_among(ranked, most, part.text))
        return group->length;
    size_t put = grouping_put_rest(folded + before);
    size_t behind = group->length - (size_t)(key - group->key);
    memcpy(folded + before + put, key, behind);
    return before + put + behind;
}

static void fold(struct table *table, uint32_t place, uint32_t dimension, size_t most)
{
    const struct grouping *grouping = &table->groupings[place];
    struct groups *groups = &table->groups[place], folded;
    struct group **sorted = groups_sorted(groups);
    size_t values;
    struct ranked *ranked = rank(grouping, dimension, sorted, groups->count, &values);
    if (values > most) {
        groups_init(&folded, table->measures, table->measure_count);
        for (size_t i = 0; i < groups->count; i++) {
            unsigned char key[LONGEST_KEY];
            size_t length = fold_key(grouping, dimension, sorted[i], ranked, most, key);
            group_merge(&folded, groups_find(&folded, key, length), sorted[i]);
        }
        groups_release(groups);
        *groups = folded;
    }
    free(ranked);
    free(sorted);
}

void table_fold(struct table *table, size_t most)
{
    for (uint32_t i = 0; i < table->grouping_count; i++)
        for (uint32_t j = 0; j < table->groupings[i].count; j++)
            if (table->groupings[i].dimensions[j].kind == BY_FIELD)
                fold(table, i, j, most);
}
