/*
 * gather.c - what an analysis takes from records.
 *
 * Everything gathered can be added up: counts, exact sums, sets, extremes. So records may come in
 * any order, and be taken by any number of forks.
 */
#include "compiler/base/memory.h"
#include "analysis.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Adds a canary sample, also to its windows. */
static void gather_windowed(struct analysis *analysis, struct accumulator *accumulator,
                            const struct event *event)
{
    struct sample sample = {0};
    measure_sample(&accumulator->measure, event, &sample);
    if (sample.state == NUMBER_GIVEN)
        cell_add(&accumulator->cells[ASSIGNED_CANARY], &accumulator->measure, &sample);
    else if (sample.state == NUMBER_UNREADABLE)
        cell_add_unreadable(&accumulator->cells[ASSIGNED_CANARY], &accumulator->measure, &sample,
                            event);
    else
        return;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        struct judgement *judgement = &analysis->judgements[i];
        if (judgement->windowed && &analysis->accumulators[judgement->accumulator] == accumulator)
            windows_add(&judgement->windows, &sample);
    }
}

/* With the key as its unit: what was randomised as one unit counts as one, however many users or
 * sessions it has. */
static struct event clustered(const struct assigner *assigner, const struct event *event)
{
    struct event of_key = *event;
    of_key.has_unit = line_key_unit(&assigner->key, event, &of_key.unit);
    return of_key;
}

static inline void take_accumulator(struct analysis *analysis, struct accumulator *accumulator,
                                    const struct event *event, enum assignment group)
{
    if (accumulator->windowed && group == ASSIGNED_CANARY)
        gather_windowed(analysis, accumulator, event);
    else
        cell_take(&accumulator->cells[group], &accumulator->measure, event);
}

static void gather(struct analysis *analysis, uint32_t log, const struct event *event,
                   enum assignment group)
{
    struct accumulator *end = analysis->accumulators + analysis->accumulator_count;
    for (struct accumulator *accumulator = analysis->accumulators; accumulator < end; accumulator++)
        if (accumulator->log == log)
            take_accumulator(analysis, accumulator, event, group);
}

/* Separate from gather(), which takes most lines: this one copies each event. */
static __attribute__((noinline)) void gather_clustered(struct analysis *analysis, uint32_t log,
                                                       const struct event *event,
                                                       enum assignment group)
{
    struct event of_key = clustered(&analysis->assigners[log], event);
    struct accumulator *end = analysis->accumulators + analysis->accumulator_count;
    for (struct accumulator *accumulator = analysis->accumulators; accumulator < end; accumulator++)
        if (accumulator->log == log)
            take_accumulator(analysis, accumulator,
                             accumulator->measure.metric->per_unit ? event : &of_key, group);
}

/* Once more, in the cells of its time. Only a report asks for that. */
__attribute__((noinline)) void analysis_gather_series(const struct analysis *analysis,
                                                      struct series *series,
                                                      const struct assigner *assigner,
                                                      const struct record *record,
                                                      enum assignment group)
{
    const struct event *event = record->event;
    uint32_t log = record->log;
    struct event of_key = assigner->clusters ? clustered(assigner, event) : *event;
    struct cell *cells = series_cells(series, event->time);
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const struct accumulator *accumulator = &analysis->accumulators[i];
        if (accumulator->log == log)
            cell_take(&cells[2 * i + group], &accumulator->measure,
                      accumulator->measure.metric->per_unit ? event : &of_key);
    }
}

static void note_canary(struct canary_lines *lines, int64_t first, int64_t last, uint64_t count)
{
    if (count == 0)
        return;
    if (lines->count == 0 || first < lines->first)
        lines->first = first;
    if (lines->count == 0 || last > lines->last)
        lines->last = last;
    lines->count += count;
}

/* The group that a line before the stage belongs to. */
static enum assignment assign_before(struct analysis *analysis, struct assigner *assigner,
                                     const struct event *event)
{
    enum assignment assignment = assign(assigner, event, PAST_AS_DEFINED);
    if (assignment != ASSIGNED_CANARY && assignment != ASSIGNED_CONTROL)
        return LEFT_OUT_BEFORE;
    if (event->time < analysis->before_first)
        analysis->before_first = event->time;
    return ASSIGNED_BEFORE;
}

static enum assignment assign_record(struct analysis *analysis, struct assigner *assigner,
                                     const struct record *record)
{
    const struct event *event = record->event;
    bool before = event->time < analysis->since; /* INT64_MIN: none is */
    if (before && !analysis->compares_before)
        return LEFT_OUT_BEFORE;
    if (analysis->times->now != INT64_MIN && event->time > analysis->times->now)
        return LEFT_OUT_AFTER;
    if (record->duplicate)
        return LEFT_OUT_DUPLICATE;
    return before ? assign_before(analysis, assigner, event)
                  : assign(assigner, event, PAST_AS_SERVED);
}

static void note_time(struct analysis *analysis, const struct record *record, bool canary)
{
    int64_t time = record->event->time;
    if (time < analysis->first)
        analysis->first = time;
    if (time > analysis->last)
        analysis->last = time;
    if (canary)
        note_canary(&analysis->canary_lines[record->log], time, time, 1);
}

static void take_used(struct analysis *analysis, const struct record *record,
                      enum assignment assignment)
{
    const struct event *event = record->event;
    bool canary = assignment == ASSIGNED_CANARY;
    note_time(analysis, record, canary);
    input_digest_add(&analysis->digest, record);
    const struct assigner *assigner = &analysis->assigners[record->log];
    if (assigner->clusters)
        gather_clustered(analysis, record->log, event, assignment);
    else
        gather(analysis, record->log, event, assignment);
    if (analysis->series.column_count > 0 && assignment != ASSIGNED_BEFORE)
        analysis_gather_series(analysis, &analysis->series, assigner, record, assignment);
    struct unit_hash unit;
    analysis->of_other_share += assigner->other_share;
    if (assignment != ASSIGNED_BEFORE && !assigner->other_share &&
        line_unit(&assigner->key, assigner->layout, event, &unit))
        unit_shares_add(&analysis->shares, unit,
                        UINT64_C(1) << (canary ? UNIT_IN_CANARY : UNIT_IN_CONTROL));
}

static void note_unassigned(struct analysis *analysis, const struct assigner *assigner,
                            const struct event *event)
{
    uint32_t place = assigner->line.unreadable;
    unreadable_add(&analysis->unassigned, event->time);
    unreadable_show(&analysis->unassigned, assigner->layout, event, place);
}

/* Not those that lack the field, as those of anonymous visitors may. */
static void note_unkeyed(struct analysis *analysis, const struct assigner *assigner,
                         const struct event *event)
{
    uint32_t place = assigner->key.whole ? line_key_fault(&assigner->key, event) : NO_PLACE;
    if (place == NO_PLACE)
        return;
    unreadable_add(&analysis->unkeyed, event->time);
    unreadable_show(&analysis->unkeyed, assigner->layout, event, place);
}

void analysis_take(struct analysis *analysis, const struct record *record)
{
    struct assigner *assigner = &analysis->assigners[record->log];
    if (!assigner->layout)
        return;
    enum assignment assignment = assign_record(analysis, assigner, record);
    analysis->assigned[assignment]++;
    if (assignment == LEFT_OUT_UNREADABLE)
        note_unassigned(analysis, assigner, record->event);
    if (assignment == LEFT_OUT_NO_KEY)
        note_unkeyed(analysis, assigner, record->event);
    if (assignment < ASSIGNED_GROUPS)
        take_used(analysis, record, assignment);
    if (assignment == ASSIGNED_BEFORE || assignment == LEFT_OUT_BEFORE)
        past_stages_take(analysis, record);
}

struct origins analysis_origins(const struct analysis *analysis)
{
    struct origins origins = {.before_edit = 0};
    for (uint32_t i = 0; i < analysis->log_count; i++)
        origins_join(&origins, &analysis->assigners[i].origins);
    return origins;
}

uint64_t analysis_used(const struct analysis *analysis)
{
    return analysis->assigned[ASSIGNED_CANARY] + analysis->assigned[ASSIGNED_CONTROL] +
           analysis->assigned[ASSIGNED_BEFORE];
}

/* ----------------------------------------------------------------------------- fork and join -- */

static void take(struct consumer *consumer, const struct record *record)
{
    analysis_take((struct analysis *)consumer, record);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    struct analysis *analysis = (struct analysis *)consumer;
    analysis->assigned[LEFT_OUT_INCOMPLETE] += analysis->assigners[log].layout != NULL;
}

static struct consumer *fork_analysis(struct consumer *consumer);
static void join_analysis(struct consumer *consumer, struct consumer *forked);

static_assert(offsetof(struct analysis, consumer) == 0, "a consumer is the analysis it begins");

void analysis_begin(struct analysis *analysis)
{
    analysis->consumer = (struct consumer){take, note_incomplete, fork_analysis, join_analysis};
    analysis->shares = (struct unit_shares){0};
    memset(analysis->assigned, 0, sizeof analysis->assigned);
    analysis->of_other_share = 0;
    analysis->unassigned = (struct unreadable){0};
    analysis->unkeyed = (struct unreadable){0};
    analysis->digest = (struct input_digest){0};
    analysis->first = INT64_MAX;
    analysis->last = INT64_MIN;
    analysis->before_first = INT64_MAX;
    analysis->subject.variants_seen = (struct variant_set){{0}};
    analysis->subject.unknown = (struct unknown_variants){0};
}

void analysis_begin_series(struct analysis *analysis)
{
    static_assert(ASSIGNED_CANARY == 0 && ASSIGNED_CONTROL == 1, "the columns of an accumulator");
    uint32_t count = analysis->keeps_series ? 2 * analysis->accumulator_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct accumulator *accumulator = &analysis->accumulators[i / 2];
        analysis->columns[i] =
            (struct series_column){&accumulator->measure, accumulator->gathers_spread};
    }
    series_init(&analysis->series, analysis->columns, count, analysis->times->window);
}

void analysis_forget(struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        for (int group = 0; group < ASSIGNED_GROUPS; group++)
            cell_release(&analysis->accumulators[i].cells[group]);
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        windows_release(&analysis->judgements[i].windows);
    series_release(&analysis->series);
    past_stages_forget(&analysis->past);
    unit_shares_release(&analysis->shares);
    unreadable_release(&analysis->unassigned);
    unreadable_release(&analysis->unkeyed);
}

static void *copy_of(const void *items, size_t count, size_t size)
{
    void *copy = xcalloc(count + 1, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

static void fork_accumulator(struct accumulator *accumulator)
{
    for (int group = 0; group < ASSIGNED_GROUPS; group++)
        cell_init(&accumulator->cells[group], &accumulator->measure);
}

void analysis_copy_empty(struct analysis *fork, const struct analysis *analysis,
                         enum unit_stores stores)
{
    *fork = *analysis;
    uint32_t logs = analysis->log_count;
    fork->assigners = copy_of(analysis->assigners, logs, sizeof *fork->assigners);
    for (uint32_t i = 0; i < logs; i++) {
        fork->assigners[i].subject = &fork->subject;
        fork->assigners[i].cursor = NULL;
        fork->assigners[i].origins = (struct origins){.before_edit = 0};
    }
    fork->canary_lines = xcalloc(logs + 1, sizeof *fork->canary_lines);
    fork->accumulators =
        copy_of(analysis->accumulators, fork->accumulator_count, sizeof *fork->accumulators);
    for (uint32_t i = 0; i < fork->accumulator_count; i++)
        fork_accumulator(&fork->accumulators[i]);
    analysis_gather_spreads(fork);
    switch (stores) {
    case UNIT_STORES_SHARED:
        analysis_share_units(fork, analysis);
        break;
    case UNIT_STORES_OWN:
        break;
    }
    fork->judgements =
        copy_of(analysis->judgements, fork->judgement_count, sizeof *fork->judgements);
    for (uint32_t i = 0; i < fork->judgement_count; i++) {
        struct windows *windows = &fork->judgements[i].windows;
        if (fork->judgements[i].windowed)
            windows_init(windows, windows->measure, windows->width, windows->keep);
    }
    fork->columns =
        copy_of(analysis->columns, analysis->series.column_count, sizeof *fork->columns);
    analysis_begin_series(fork);
    past_stages_fork(fork, analysis);
    analysis_begin(fork);
}

void analysis_free_copy(struct analysis *fork)
{
    past_stages_free_fork(&fork->past);
    analysis_forget(fork);
    free(fork->columns);
    free(fork->assigners);
    free(fork->canary_lines);
    free(fork->accumulators);
    free(fork->judgements);
}

/* For another thread to fill. */
static struct consumer *fork_analysis(struct consumer *consumer)
{
    struct analysis *fork = xcalloc(1, sizeof *fork);
    analysis_copy_empty(fork, (struct analysis *)consumer, UNIT_STORES_SHARED);
    return &fork->consumer;
}

static void join_counts(struct analysis *analysis, const struct analysis *fork)
{
    for (int i = 0; i < ASSIGNMENT_COUNT; i++)
        analysis->assigned[i] += fork->assigned[i];
    input_digest_join(&analysis->digest, &fork->digest);
    if (fork->first < analysis->first)
        analysis->first = fork->first;
    if (fork->last > analysis->last)
        analysis->last = fork->last;
    if (fork->before_first < analysis->before_first)
        analysis->before_first = fork->before_first;
    analysis->of_other_share += fork->of_other_share;
    for (uint32_t i = 0; i < analysis->log_count; i++) {
        origins_join(&analysis->assigners[i].origins, &fork->assigners[i].origins);
        const struct canary_lines *lines = &fork->canary_lines[i];
        note_canary(&analysis->canary_lines[i], lines->first, lines->last, lines->count);
    }
}

void analysis_join_totals(struct analysis *analysis, struct analysis *other)
{
    join_counts(analysis, other);
    subject_join(&analysis->subject, &other->subject);
    unit_shares_merge(&analysis->shares, &other->shares);
    unreadable_merge(&analysis->unassigned, &other->unassigned);
    unreadable_merge(&analysis->unkeyed, &other->unkeyed);
}

static void join_analysis(struct consumer *consumer, struct consumer *forked)
{
    struct analysis *analysis = (struct analysis *)consumer, *fork = (struct analysis *)forked;
    analysis_join_totals(analysis, fork);
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        struct accumulator *accumulator = &analysis->accumulators[i],
                           *other = &fork->accumulators[i];
        for (int group = 0; group < ASSIGNED_GROUPS; group++)
            cell_merge(&accumulator->cells[group], &accumulator->measure, &other->cells[group]);
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        if (analysis->judgements[i].windowed)
            windows_merge(&analysis->judgements[i].windows, &fork->judgements[i].windows);
    series_merge(&analysis->series, &fork->series);
    past_stages_join(&analysis->past, &fork->past, analysis->log_count);
    analysis_free_copy(fork);
    free(fork);
}
