/* outcomes.c - see outcomes.h. */
#include "outcomes.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

const char *const outcome_left_out_words[] = WORDS(OUTCOME_LEFT_OUT_WORDS);

/* ------------------------------------------------------------------------------------- cells -- */

static uint32_t set_count(const struct outcomes *outcomes)
{
    return 1 + unit_groups_all(outcomes->groups);
}

static void begin_set(struct outcomes *outcomes, struct cell *set)
{
    for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
        for (uint32_t i = 0; i < outcomes->measure_count; i++) {
            struct cell *cell = outcome_cell(set, i, arm);
            bool same_log = i > 0 && outcomes->measure_logs[i - 1] == outcomes->measure_logs[i];
            cell_init(cell, &outcomes->measures[i]);
            cell_gather_spread(cell, &outcomes->measures[i],
                               same_log ? outcome_cell(set, i - 1, arm) : NULL);
        }
}

static struct cell *new_cells(struct outcomes *outcomes)
{
    size_t a_set = (size_t)outcomes->measure_count * ARMS_MOST;
    struct cell *cells = xcalloc(set_count(outcomes) * a_set + 1, sizeof *cells);
    for (uint32_t set = 0; set < set_count(outcomes); set++)
        begin_set(outcomes, outcome_set(outcomes, cells, set));
    return cells;
}

static void release_set(struct outcomes *outcomes, struct cell *set)
{
    for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
        for (uint32_t i = 0; i < outcomes->measure_count; i++)
            cell_release(outcome_cell(set, i, arm));
}

static void release_cells(struct outcomes *outcomes, struct cell **cells)
{
    for (uint32_t set = 0; *cells && set < set_count(outcomes); set++)
        release_set(outcomes, outcome_set(outcomes, *cells, set));
    free(*cells);
    *cells = NULL;
}

static void merge_set(struct outcomes *outcomes, struct cell *set, struct cell *other)
{
    for (uint32_t arm = 0; arm < outcomes->exposures->arms->count; arm++)
        for (uint32_t i = 0; i < outcomes->measure_count; i++)
            cell_merge(outcome_cell(set, i, arm), &outcomes->measures[i],
                       outcome_cell(other, i, arm));
}

static void merge_cells(struct outcomes *outcomes, struct cell *cells, struct cell *others)
{
    for (uint32_t set = 0; cells && set < set_count(outcomes); set++)
        merge_set(outcomes, outcome_set(outcomes, cells, set), outcome_set(outcomes, others, set));
}

/* ------------------------------------------------------------------------------------ taking -- */

static enum outcome_left_out place_line(const struct outcomes *outcomes,
                                        const struct waiting_outcome *line,
                                        const struct exposure *exposure, uint32_t *arm)
{
    if (!exposure)
        return OUTCOME_NOT_EXPOSED;
    if (exposure->forced)
        return OUTCOME_FORCED;
    *arm = exposure_arm(exposure);
    if (*arm == NO_ARM)
        return OUTCOME_CROSSOVER;
    if (line->time < exposure->first)
        return OUTCOME_BEFORE;
    return line->time < outcomes->from ? OUTCOME_EARLIER : OUTCOME_LEFT_OUT_CAUSES;
}

static void add_to_set(struct outcomes *outcomes, struct cell *cells, uint32_t arm,
                       const struct waiting_outcome *line)
{
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        if (outcomes->measure_logs[i] != line->log)
            continue;
        struct cell *cell = outcome_cell(cells, i, arm);
        if (line->samples[i].state == NUMBER_GIVEN)
            cell_add(cell, &outcomes->measures[i], &line->samples[i]);
        else if (line->samples[i].state == NUMBER_UNREADABLE)
            cell_add_unreadable(cell, &outcomes->measures[i], &line->samples[i], NULL);
    }
}

/* To those of all units, and to those of the unit's group in each field. */
static void add_to_cells(struct outcomes *outcomes, struct cell *cells, uint32_t arm,
                         const struct exposure *exposure, const struct waiting_outcome *line)
{
    add_to_set(outcomes, cells, arm, line);
    for (uint32_t i = 0; i < outcomes->groups->count; i++) {
        uint32_t value = exposure_value(outcomes->exposures, exposure, i);
        uint32_t set = unit_group_set(&outcomes->groups->fields[i], value);
        add_to_set(outcomes, outcome_set(outcomes, cells, set), arm, line);
    }
}

/* In the cells of its time, or of its unit's exposure: only then is it known whose it is. */
static __attribute__((noinline)) void add_to_series(struct outcomes *outcomes, uint32_t arm,
                                                    int64_t time, bool before,
                                                    const struct waiting_outcome *line)
{
    uint32_t arms = outcomes->exposures->arms->count;
    struct cell *cells = series_cells(&outcomes->series, time);
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        struct cell *cell = &cells[(before ? outcomes->measure_count * arms : 0) + i * arms + arm];
        if (outcomes->measure_logs[i] != line->log)
            continue;
        if (line->samples[i].state == NUMBER_GIVEN)
            cell_add(cell, &outcomes->measures[i], &line->samples[i]);
        else if (line->samples[i].state == NUMBER_UNREADABLE)
            cell_add_unreadable(cell, &outcomes->measures[i], &line->samples[i], NULL);
    }
}

static void take_line(struct outcomes *outcomes, const struct waiting_outcome *line)
{
    uint32_t arm;
    const struct exposure *exposure = exposures_find(outcomes->exposures, line->unit);
    enum outcome_left_out cause = place_line(outcomes, line, exposure, &arm);
    bool before = cause == OUTCOME_BEFORE && outcomes->before;
    if (before)
        add_to_cells(outcomes, outcomes->before, arm, exposure, line);
    if (cause == OUTCOME_LEFT_OUT_CAUSES)
        add_to_cells(outcomes, outcomes->cells, arm, exposure, line);
    if (outcomes->keeps_series && (before || cause == OUTCOME_LEFT_OUT_CAUSES))
        add_to_series(outcomes, arm, before ? exposure->first : line->time, before, line);
    if (before || cause == OUTCOME_LEFT_OUT_CAUSES)
        input_digest_join(&outcomes->digest, &line->digest);
    outcomes->lines += cause == OUTCOME_LEFT_OUT_CAUSES;
    if (cause == OUTCOME_LEFT_OUT_CAUSES)
        line_days_add(&outcomes->days[line->log], line->time);
    if (cause != OUTCOME_LEFT_OUT_CAUSES)
        outcomes->left_out[cause]++;
}

void outcomes_settle(struct outcomes *outcomes)
{
    for (uint32_t i = 0; i < outcomes->waiting_count; i++)
        exposures_prefetch(outcomes->exposures, outcomes->waiting[i].unit);
    for (uint32_t i = 0; i < outcomes->waiting_count; i++)
        take_line(outcomes, &outcomes->waiting[i]);
    outcomes->waiting_count = 0;
}

static bool is_measured(const struct outcomes *outcomes, uint32_t log)
{
    for (uint32_t i = 0; i < outcomes->measure_count; i++)
        if (outcomes->measure_logs[i] == log)
            return true;
    return false;
}

/* `event` is the record's, with the unit that the flag is bucketed by. */
static void wait(struct outcomes *outcomes, const struct record *record, const struct event *event)
{
    if (outcomes->waiting_count == OUTCOMES_WAITING)
        outcomes_settle(outcomes);
    struct waiting_outcome *line = &outcomes->waiting[outcomes->waiting_count];
    *line = (struct waiting_outcome){
        .unit = event->unit,
        .time = event->time,
        .log = record->log,
        .samples = &outcomes->samples[outcomes->waiting_count * outcomes->measure_count]};
    outcomes->waiting_count++;
    input_digest_add(&line->digest, record);
    for (uint32_t i = 0; i < outcomes->measure_count; i++) {
        line->samples[i] = (struct sample){0};
        if (outcomes->measure_logs[i] == record->log)
            measure_sample(&outcomes->measures[i], event, &line->samples[i]);
    }
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct outcomes *outcomes = (struct outcomes *)consumer;
    const struct exposures *exposures = outcomes->exposures;
    if (!is_measured(outcomes, record->log))
        return;
    struct event event = *record->event;
    event.has_unit = line_unit(&exposures->keys[record->log], &exposures->layouts[record->log],
                               record->event, &event.unit);
    if (record->duplicate)
        outcomes->left_out[OUTCOME_DOUBLE]++;
    else if (event.time > outcomes->to)
        outcomes->left_out[OUTCOME_LATER]++;
    else if (!event.has_unit)
        outcomes->left_out[OUTCOME_NO_UNIT]++;
    else
        wait(outcomes, record, &event);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ----------------------------------------------------------------------------- fork and join -- */

static_assert(offsetof(struct outcomes, consumer) == 0, "a consumer is what it begins");

static struct consumer *fork_outcomes(struct consumer *consumer)
{
    const struct outcomes *outcomes = (const struct outcomes *)consumer;
    struct outcomes *fork = xcalloc(1, sizeof *fork);
    *fork = (struct outcomes){.exposures = outcomes->exposures,
                              .measures = outcomes->measures,
                              .measure_logs = outcomes->measure_logs,
                              .measure_count = outcomes->measure_count,
                              .takes_before = outcomes->takes_before,
                              .keeps_series = outcomes->keeps_series,
                              .window = outcomes->window,
                              .groups = outcomes->groups,
                              .from = outcomes->from,
                              .to = outcomes->to};
    outcomes_init(fork);
    return &fork->consumer;
}

static void join_outcomes(struct consumer *consumer, struct consumer *other)
{
    struct outcomes *outcomes = (struct outcomes *)consumer, *fork = (struct outcomes *)other;
    outcomes_settle(fork);
    merge_cells(outcomes, outcomes->cells, fork->cells);
    merge_cells(outcomes, outcomes->before, fork->before);
    series_merge(&outcomes->series, &fork->series);
    outcomes->lines += fork->lines;
    for (uint32_t i = 0; i < OUTCOME_LEFT_OUT_CAUSES; i++)
        outcomes->left_out[i] += fork->left_out[i];
    input_digest_join(&outcomes->digest, &fork->digest);
    for (uint32_t i = 0; i < outcomes->exposures->log_count; i++)
        line_days_join(&outcomes->days[i], &fork->days[i]);
    outcomes_release(fork);
    free(fork);
}

static void begin_series(struct outcomes *outcomes)
{
    uint32_t arms = outcomes->exposures->arms->count, once = outcomes->measure_count * arms;
    uint32_t count = outcomes->takes_before ? 2 * once : once;
    outcomes->columns = xcalloc(count + 1, sizeof *outcomes->columns);
    for (uint32_t i = 0; i < count; i++)
        outcomes->columns[i] =
            (struct series_column){&outcomes->measures[i % once / arms], .spread = true};
    series_init(&outcomes->series, outcomes->columns, count, outcomes->window);
}

void outcomes_init(struct outcomes *outcomes)
{
    outcomes->consumer = (struct consumer){take, note_incomplete, fork_outcomes, join_outcomes};
    outcomes->cells = new_cells(outcomes);
    outcomes->before = outcomes->takes_before ? new_cells(outcomes) : NULL;
    if (outcomes->keeps_series)
        begin_series(outcomes);
    outcomes->days = xcalloc(outcomes->exposures->log_count, sizeof *outcomes->days);
    for (uint32_t i = 0; i < outcomes->exposures->log_count; i++)
        outcomes->days[i].zone = outcomes->exposures->zone;
    outcomes->samples =
        xcalloc((size_t)OUTCOMES_WAITING * outcomes->measure_count + 1, sizeof *outcomes->samples);
}

void outcomes_release(struct outcomes *outcomes)
{
    if (!outcomes->exposures)
        return;
    release_cells(outcomes, &outcomes->cells);
    release_cells(outcomes, &outcomes->before);
    series_release(&outcomes->series);
    free(outcomes->columns);
    outcomes->columns = NULL;
    for (uint32_t i = 0; outcomes->days && i < outcomes->exposures->log_count; i++)
        line_days_release(&outcomes->days[i]);
    free(outcomes->days);
    outcomes->days = NULL;
    free(outcomes->samples);
    outcomes->samples = NULL;
}
