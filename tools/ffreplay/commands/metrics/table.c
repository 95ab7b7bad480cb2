/* table.c - see table.h. */
#include "table.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

const char *const left_out_words[] = WORDS(LEFT_OUT_WORDS);

/* ------------------------------------------------------------------------------------ taking -- */

static void widen(struct time_span *span, const struct time_span *other)
{
    if (other->first < span->first)
        span->first = other->first;
    if (other->last > span->last)
        span->last = other->last;
}

/* LEFT_OUT_CAUSES: the line counts. */
static enum left_out place_line(struct table *table, struct line_facts *facts)
{
    const struct event *event = facts->event;
    facts->variant = facts->stage = NO_PLACE;
    facts->window = event->time - ((event->time % table->width) + table->width) % table->width;
    if (!table->variants)
        return LEFT_OUT_CAUSES;
    struct served served = served_of(&table->readers[facts->log], event);
    if (served.kind == SERVED_VARIANT)
        facts->variant = served.variant;
    if (served.evaluated)
        origins_count(&table->origins, served.origin, served.age);
    const struct stage_times *stages = &table->variants->stages;
    facts->stage = stage_times_at(stages, event->time)->same;
    return served.kind == SERVED_OTHER_FLAG   ? LEFT_OUT_OTHERS
           : served.kind == SERVED_OVERRIDE   ? LEFT_OUT_HELD
           : served.kind == SERVED_TRANSITION ? LEFT_OUT_CHANGING
                                              : LEFT_OUT_CAUSES;
}

static void add_to_group(struct table *table, struct group *group, const struct event *event,
                         const struct sample *samples)
{
    group->events++;
    for (uint32_t i = 0; i < table->measure_count; i++)
        if (samples[i].state == NUMBER_GIVEN)
            cell_add(&group->cells[i], &table->measures[i], &samples[i]);
        else if (samples[i].state == NUMBER_UNREADABLE)
            cell_add_unreadable(&group->cells[i], &table->measures[i], &samples[i], event);
}

#define MOST_MEASURES 256

static bool is_left_out(struct table *table, const struct record *record, enum left_out *cause)
{
    int64_t time = record->event->time;
    *cause = time < table->from  ? LEFT_OUT_EARLIER
             : time > table->to  ? LEFT_OUT_LATER
             : record->duplicate ? LEFT_OUT_DOUBLE
                                 : LEFT_OUT_CAUSES;
    return *cause != LEFT_OUT_CAUSES;
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct table *table = (struct table *)consumer;
    struct line_facts facts = {.event = record->event, .log = record->log};
    enum left_out cause;
    if (is_left_out(table, record, &cause) ||
        (cause = place_line(table, &facts)) != LEFT_OUT_CAUSES) {
        table->left_out[cause]++;
        return;
    }
    table->used++;
    const struct time_span now = {record->event->time, record->event->time};
    widen(&table->span, &now);
    if (facts.stage != NO_PLACE)
        widen(&table->stages[facts.stage], &now);
    struct sample samples[MOST_MEASURES];
    for (uint32_t i = 0; i < table->measure_count; i++) {
        samples[i] = (struct sample){0};
        if (table->measure_logs[i] == record->log)
            measure_sample(&table->measures[i], record->event, &samples[i]);
    }
    for (uint32_t i = 0; i < table->grouping_count; i++) {
        unsigned char key[LONGEST_KEY];
        size_t length = grouping_key(&table->groupings[i], &facts, key);
        struct group *group = groups_find(&table->groups[i], key, length);
        if (group)
            add_to_group(table, group, record->event, samples);
    }
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)log;
    ((struct table *)consumer)->left_out[LEFT_OUT_CUT]++;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static struct consumer *fork_table(struct consumer *consumer);

static void join_table(struct consumer *consumer, struct consumer *other)
{
    struct table *table = (struct table *)consumer, *fork = (struct table *)other;
    table->used += fork->used;
    for (int i = 0; i < LEFT_OUT_CAUSES; i++)
        table->left_out[i] += fork->left_out[i];
    origins_join(&table->origins, &fork->origins);
    widen(&table->span, &fork->span);
    for (uint32_t i = 0; table->variants && i < table->variants->stages.count; i++)
        widen(&table->stages[i], &fork->stages[i]);
    for (uint32_t i = 0; i < table->grouping_count; i++)
        groups_merge(&table->groups[i], &fork->groups[i]);
    table_release(fork);
    free(fork);
}

static_assert(offsetof(struct table, consumer) == 0, "a consumer is the table it begins");

/* An empty table. It owns what only one thread uses, and shares the rest. */
static void begin(struct table *table, const struct variant_reader *readers)
{
    table->consumer = (struct consumer){take, note_incomplete, fork_table, join_table};
    table->used = 0;
    memset(table->left_out, 0, sizeof table->left_out);
    table->origins = (struct origins){.before_edit = 0};
    table->span = (struct time_span){INT64_MAX, INT64_MIN};
    table->groups = xcalloc(table->grouping_count, sizeof *table->groups);
    for (uint32_t i = 0; i < table->grouping_count; i++)
        groups_init(&table->groups[i], table->measures, table->measure_count);
    table->readers = NULL;
    table->stages = NULL;
    if (!table->variants)
        return;
    table->readers = xcalloc(table->log_count, sizeof *table->readers);
    if (readers)
        variant_readers_copy(table->readers, readers, table->log_count);
    table->stages = xcalloc(table->variants->stages.count, sizeof *table->stages);
    for (uint32_t i = 0; i < table->variants->stages.count; i++)
        table->stages[i] = (struct time_span){INT64_MAX, INT64_MIN};
}

static struct consumer *fork_table(struct consumer *consumer)
{
    const struct table *table = (const struct table *)consumer;
    struct table *fork = xcalloc(1, sizeof *fork);
    *fork = *table;
    begin(fork, table->readers);
    return &fork->consumer;
}

void table_release(struct table *table)
{
    for (uint32_t i = 0; i < table->grouping_count && table->groups; i++)
        groups_release(&table->groups[i]);
    free(table->groups);
    free(table->readers);
    free(table->stages);
    table->groups = NULL;
    table->readers = NULL;
    table->stages = NULL;
}

/* --------------------------------------------------------------------------------- preparing -- */

static bool log_of(const struct project *project, const struct metric *metric, uint32_t *log)
{
    for (*log = 0; *log < project->log_count; (*log)++)
        if (project->logs[*log] == metric->log || (!metric->log && project->log_count == 1))
            return true;
    return false;
}

static bool add_measure(struct table *table, const struct metric *metric, struct layout *layouts,
                        uint32_t log)
{
    if (table->measure_count == MOST_MEASURES)
        return print_error_at(&table->project->sources, metric->name.span,
                              "there are more than %d metrics: name the ones to print",
                              MOST_MEASURES);
    table->measure_logs[table->measure_count] = log;
    return measure_prepare(&table->measures[table->measure_count++], metric, &layouts[log]);
}

/* Named metrics must exist; without names, all those whose log is read. */
static bool add_measures(struct table *table, struct layout *layouts, const struct table_wish *wish)
{
    const struct project *project = table->project;
    uint32_t count = wish->metrics ? wish->metric_count : project->metric_count, log;
    for (uint32_t i = 0; i < count; i++) {
        const struct metric *metric = wish->metrics ? wish->metrics[i] : project->metrics[i];
        bool has_log = log_of(project, metric, &log);
        if (wish->metrics && !has_log) {
            print_error_at(&project->sources, metric->name.span,
                           "metric '%s' does not name the log it is computed from",
                           metric->name.text);
            print_help("the project has %u logs: give the metric a 'log'", project->log_count);
            return false;
        }
        if (has_log && (wish->metrics || table->reads[log]) &&
            !add_measure(table, metric, layouts, log))
            return false;
    }
    return true;
}

bool table_prepare(struct table *table, struct project *project, struct layout *layouts,
                   const struct table_wish *wish)
{
    *table = (struct table){.project = project,
                            .log_count = project->log_count,
                            .reads = wish->reads,
                            .from = wish->from,
                            .to = wish->to,
                            .width = wish->width,
                            .max_bad = wish->max_bad,
                            .variants = wish->variants,
                            .groupings = wish->groupings,
                            .grouping_count = wish->grouping_count};
    uint32_t most = project->metric_count + wish->metric_count + 1;
    table->measures = ARENA_ARRAY(&project->arena, struct measure, most);
    table->measure_logs = ARENA_ARRAY(&project->arena, uint32_t, most);
    if (!add_measures(table, layouts, wish))
        return false;
    begin(table, NULL);
    for (uint32_t log = 0; log < project->log_count; log++) {
        if (!table->reads[log])
            continue;
        for (uint32_t i = 0; i < table->grouping_count; i++)
            grouping_prepare(&table->groupings[i], layouts, log, project->log_count);
        if (table->variants &&
            !variant_reader_prepare(&table->readers[log], table->variants, &layouts[log]))
            return false;
    }
    return true;
}
