/*
 * shared.h - what several kinds share, and what they have in place of nothing.
 *
 * Most are members of struct metric_functions; kinds.h says of those what they do.
 */
#ifndef FFREPLAY_METRIC_KINDS_SHARED_H
#define FFREPLAY_METRIC_KINDS_SHARED_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/metrics/evidence.h"
#include "tools/ffreplay/metrics/metric.h"

bool prepare_nothing(struct measure *measure);
/* Registers `value`. */
bool prepare_value(struct measure *measure);
/* Registers a field that is a number. */
bool prepare_field(struct measure *measure, const struct text *name, struct field *field);
bool knows_units(const struct measure *measure);

void init_nothing(struct cell *cell, const struct measure *measure);
void init_sum(struct cell *cell, const struct measure *measure);
void init_no_spread(struct cell *cell, const struct measure *measure, const struct cell *beside);
/* What is kept of each unit, in place of what was before. `beside`: see cell_gather_spread(). */
void init_totals(struct cell *cell, const struct measure *measure, enum unit_keeps keeps,
                 const struct cell *beside);
/* What is kept of a unit whose values become one, as `agg` says. */
enum unit_keeps unit_keeps_of(const struct metric *metric);
/* Adds a value to those, or to what there is of events. */
void add_aggregated(struct cell *cell, const struct metric *metric, const struct sample *sample);
/* Totals where units are known, or else sums over events. */
void init_moments(struct cell *cell, const struct measure *measure, const struct cell *beside,
                  enum unit_keeps keeps, struct spread spread);

void sample_value(const struct measure *measure, const struct event *event, struct sample *sample);
/* As take_value(), where no quick test tells whether the metric is about the event. */
void take_value_of_any(struct cell *cell, const struct measure *measure, const struct event *event,
                       void (*put)(struct cell *cell, double number));
uint32_t unreadable_nowhere(const struct measure *measure, const struct event *event);
uint32_t unreadable_value(const struct measure *measure, const struct event *event);
void merge_nothing(struct cell *cell, const struct cell *other);
double estimate_extreme(const struct cell *cell, const struct measure *measure, int64_t duration);
bool keeps_no_values(const struct cell *cell, const double *levels, double *values, size_t count);

/* That there is no bound. */
void evidence_of_nothing(struct evidence *evidence, const struct measure *measure,
                         const struct observed *canary, const struct observed *control);
/* Of a mean over units, or over events; `cubes` as they were gathered. */
void evidence_of_moments(struct evidence *evidence, const struct measure *measure,
                         const struct observed *canary, const struct observed *control,
                         enum spread_cubes cubes);
/* By how much events of units vary more than independent ones, of both groups together, as they are
 * when the canary changes nothing: the smaller one alone would tell it badly. `effect_of` says it
 * of such units. 1 where no unit is known. */
double design_effect_of_units(struct evidence *evidence, const struct cell *canary,
                              const struct cell *control,
                              double (*effect_of)(const struct evidence *evidence,
                                                  const struct spread *units));
/* As if each unit's events were one event, repeated: the most that clustering can do. */
double worst_effect(const struct exact_sum *squares, const struct exact_sum *sum);

/* All parts of a cell but the `extreme`, as fields of a row; and into the parts of one that was
 * made by the same functions. */
void put_parts(json_t *row, const struct cell *cell);
void read_parts(struct row_reader *reader, struct cell *cell);
/* Of a kind that has nothing else. */
#define CELL_OF_PARTS(name)                                             \
    void name##_put_cell(json_t *row, const struct cell *cell)          \
    {                                                                   \
        put_parts(row, cell);                                           \
    }                                                                   \
    void name##_read_cell(struct row_reader *reader, struct cell *cell) \
    {                                                                   \
        read_parts(reader, cell);                                       \
    }

/* ---------------------------------------------------------------------- what a line costs -- */

static inline enum truth measure_is_about(const struct measure *measure, const struct event *event)
{
    return measure->where ? quick_truth(&measure->quick_where, measure->where, event) : TRUTH_YES;
}

static inline enum number_state state_of_truth(enum truth truth)
{
    return truth == TRUTH_YES  ? NUMBER_GIVEN
           : truth == TRUTH_NO ? NUMBER_ABSENT
                               : NUMBER_UNREADABLE;
}

/* Of kinds that count events among others. */
static inline void sample_hit(struct sample *sample, enum truth hit)
{
    sample->state = hit == TRUTH_UNREADABLE ? NUMBER_UNREADABLE : NUMBER_GIVEN;
    sample->hit = hit == TRUTH_YES;
}

/* One that the scale takes beyond all doubles is none. */
static inline enum number_state event_number(const struct event *event, struct field field,
                                             double *number)
{
    const struct number *logged = &event->numbers[field.place];
    if (logged->state != NUMBER_GIVEN)
        return logged->state;
    /* Not -0: whether that is less than 0 would depend on which one came first. */
    *number = logged->number * field.scale + 0.0;
    return isfinite(*number) ? NUMBER_GIVEN : NUMBER_UNREADABLE;
}

/* `value`, of an event that the metric is about. */
static inline enum number_state read_value(const struct measure *measure, const struct event *event,
                                           double *number)
{
    enum number_state state = state_of_truth(measure_is_about(measure, event));
    return state == NUMBER_GIVEN ? event_number(event, measure->value, number) : state;
}

/* Two numbers whose ratio, over units, is the estimate. */
static inline void add_pair(struct cell *cell, const struct sample *sample, double first,
                            double second)
{
    if (!cell->totals) {
        if (cell->spread)
            spread_add(cell->spread, first, second);
    } else if (cell->totals->table) {
        unit_totals_add(cell->totals, sample->unit, first, second);
    } else if (sample->row) {
        unit_totals_put(cell->totals, sample->row, first, second);
    } else {
        unit_totals_note(cell->totals, first, second);
    }
}

/* Whether the metric is about the event, where a quick test answers. A `take` that asks so calls
 * nothing before it is done, and has no registers to save. */
static inline bool quickly_about(const struct measure *measure, const struct event *event,
                                 enum truth *about)
{
    *about = TRUTH_YES;
    return !measure->where || quick_answers(&measure->quick_where, event, about);
}

/* The `take` of a kind that has a value: `put` puts it into the parts. Becomes part of it. */
static inline __attribute__((always_inline)) void
take_value(struct cell *cell, const struct measure *measure, const struct event *event,
           void (*put)(struct cell *cell, double number))
{
    double number;
    enum truth about;
    if (!quickly_about(measure, event, &about)) {
        take_value_of_any(cell, measure, event, put);
        return;
    }
    enum number_state state = state_of_truth(about);
    if (state == NUMBER_GIVEN)
        state = event_number(event, measure->value, &number);
    if (state == NUMBER_GIVEN) {
        cell->count++;
        put(cell, number);
    } else if (state == NUMBER_UNREADABLE) {
        cell_take_sample(cell, measure, event);
    }
}

#endif
