/* shared.c - see shared.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared.h"
#include "compiler/base/memory.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

/* --------------------------------------------------------------------------------- preparing -- */

bool prepare_nothing(struct measure *measure)
{
    (void)measure;
    return true;
}

bool prepare_field(struct measure *measure, const struct text *name, struct field *field)
{
    if (!name->text)
        return print_error_at(&measure->layout->project->sources, measure->metric->name.span,
                              "metric '%s' does not name the field it is computed from",
                              measure->metric->name.text);
    *field = layout_field(measure->layout, name->text);
    layout_use_number(measure->layout, field->place);
    return true;
}

bool prepare_value(struct measure *measure)
{
    return prepare_field(measure, &measure->metric->value, &measure->value);
}

bool knows_units(const struct measure *measure)
{
    return measure->layout->unit != NO_PLACE;
}

/* ------------------------------------------------------------------------------------- parts -- */

void init_nothing(struct cell *cell, const struct measure *measure)
{
    (void)cell;
    (void)measure;
}

void init_sum(struct cell *cell, const struct measure *measure)
{
    (void)measure;
    cell->sum = xcalloc(1, sizeof *cell->sum);
}

void init_no_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    (void)cell;
    (void)measure;
    (void)beside;
}

void init_totals(struct cell *cell, const struct measure *measure, enum unit_keeps keeps,
                 const struct cell *beside)
{
    const struct metric *metric = measure->metric;
    if (cell->totals)
        unit_totals_release(cell->totals);
    else
        cell->totals = xcalloc(1, sizeof *cell->totals);
    unit_totals_init(cell->totals, keeps, beside ? beside->totals : NULL);
    if (metric->per_unit && metric->cap > 0)
        cell->totals->cap = metric->cap;
}

enum unit_keeps unit_keeps_of(const struct metric *metric)
{
    static const enum unit_keeps aggregates[] = {
        [AGGREGATE_SUM] = UNIT_SUM,   [AGGREGATE_MEAN] = UNIT_MEAN, [AGGREGATE_MAX] = UNIT_MAX,
        [AGGREGATE_COUNT] = UNIT_SUM, [AGGREGATE_LAST] = UNIT_LAST,
    };
    return metric->per_unit ? aggregates[metric->aggregate] : UNIT_SUM;
}

/* For a unit's own sum, only `first` is used. */
void add_aggregated(struct cell *cell, const struct metric *metric, const struct sample *sample)
{
    double first = sample->number, second = 1;
    if (metric->per_unit && metric->aggregate == AGGREGATE_COUNT)
        first = 1;
    else if (metric->per_unit && metric->aggregate == AGGREGATE_LAST)
        second = (double)sample->time;
    add_pair(cell, sample, first, second);
}

void init_moments(struct cell *cell, const struct measure *measure, const struct cell *beside,
                  enum unit_keeps keeps, struct spread spread)
{
    if (knows_units(measure)) {
        init_totals(cell, measure, keeps, beside);
        return;
    }
    cell->spread = xcalloc(1, sizeof *cell->spread);
    *cell->spread = spread;
}

void merge_nothing(struct cell *cell, const struct cell *other)
{
    (void)cell;
    (void)other;
}

/* -------------------------------------------------------------------------------- aggregates -- */

#define SPREAD_SUMS(X)      \
    X("a", first)           \
    X("b", second)          \
    X("aa", first_squared)  \
    X("bb", second_squared) \
    X("ab", product) X("aaa", cubes[0]) X("aab", cubes[1]) X("abb", cubes[2]) X("bbb", cubes[3])

static void put_spread(json_t *row, const struct spread *spread)
{
    json_t *inner = json_object();
    row_put_count(inner, "count", spread->count);
    row_put_count(inner, "idle", spread->idle);
    row_put_truth(inner, "beyond", spread->beyond);
#define PUT(name, member) row_put_sum(inner, name, &spread->member);
    SPREAD_SUMS(PUT)
    row_put_row(row, "spread", inner);
}

static void read_spread(struct row_reader *reader, struct spread *spread)
{
    struct row_reader inner = row_inner(reader, "spread");
    spread->count = row_count(&inner, "count");
    spread->idle = row_count(&inner, "idle");
    spread->beyond = row_truth(&inner, "beyond");
#define READ(name, member) row_sum(&inner, name, &spread->member);
    SPREAD_SUMS(READ)
    row_end(&inner);
}

static void put_groups(json_t *row, const struct sketch *groups)
{
    json_t *inner = json_object();
    for (uint32_t i = 0; i < UNIT_SKETCHES; i++) {
        char name[16];
        json_t *group = json_object();
        snprintf(name, sizeof name, "%" PRIu32, i);
        row_put_sketch(group, "sketch", &groups[i]);
        row_put_row(inner, name, group);
    }
    row_put_row(row, "groups", inner);
}

static void read_groups(struct row_reader *reader, struct sketch *groups)
{
    struct row_reader inner = row_inner(reader, "groups");
    for (uint32_t i = 0; i < UNIT_SKETCHES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        struct row_reader group = row_inner(&inner, name);
        row_sketch(&group, "sketch", &groups[i]);
        row_end(&group);
    }
    row_end(&inner);
}

void put_parts(json_t *row, const struct cell *cell)
{
    row_put_count(row, "hits", cell->hits);
    if (cell->sum)
        row_put_sum(row, "sum", cell->sum);
    if (cell->denominator)
        row_put_sum(row, "denominator", cell->denominator);
    if (cell->sketch)
        row_put_sketch(row, "sketch", cell->sketch);
    if (cell->groups)
        put_groups(row, cell->groups);
    if (cell->spread)
        put_spread(row, cell->spread);
    if (cell->slices)
        row_put_slices(row, "slices", cell->slices);
}

void read_parts(struct row_reader *reader, struct cell *cell)
{
    cell->hits = row_count(reader, "hits");
    if (cell->hits > cell->count)
        row_fault(reader, "'hits' is more than 'count'");
    if (cell->sum)
        row_sum(reader, "sum", cell->sum);
    if (cell->denominator)
        row_sum(reader, "denominator", cell->denominator);
    if (cell->sketch)
        row_sketch(reader, "sketch", cell->sketch);
    if (cell->sketch && cell->sketch->count != cell->count)
        row_fault(reader, "'sketch' has another 'count'");
    if (cell->groups)
        read_groups(reader, cell->groups);
    if (cell->spread)
        read_spread(reader, cell->spread);
    if (cell->slices)
        row_slices(reader, "slices", cell->slices);
}

/* ----------------------------------------------------------------------------------- samples -- */

void sample_value(const struct measure *measure, const struct event *event, struct sample *sample)
{
    sample->state = read_value(measure, event, &sample->number);
}

void take_value_of_any(struct cell *cell, const struct measure *measure, const struct event *event,
                       void (*put)(struct cell *cell, double number))
{
    double number;
    enum number_state state = state_of_truth(predicate_truth(measure->where, event));
    if (state == NUMBER_GIVEN)
        state = event_number(event, measure->value, &number);
    if (state == NUMBER_GIVEN) {
        cell->count++;
        put(cell, number);
    } else if (state == NUMBER_UNREADABLE) {
        cell_take_sample(cell, measure, event);
    }
}

uint32_t unreadable_nowhere(const struct measure *measure, const struct event *event)
{
    (void)measure;
    (void)event;
    return NO_PLACE;
}

uint32_t unreadable_value(const struct measure *measure, const struct event *event)
{
    (void)event;
    return measure->value.place;
}

/* --------------------------------------------------------------------------------- estimates -- */

double estimate_extreme(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)measure;
    (void)duration;
    return cell->extreme;
}

bool keeps_no_values(const struct cell *cell, const double *levels, double *values, size_t count)
{
    (void)cell;
    (void)levels;
    (void)values;
    (void)count;
    return false;
}

/* ---------------------------------------------------------------------------------- evidence -- */

void evidence_of_nothing(struct evidence *evidence, const struct measure *measure,
                         const struct observed *canary, const struct observed *control)
{
    (void)measure;
    (void)canary;
    (void)control;
    /* A mean without units has no data. */
    evidence->input.measurement = MEASURED_MEAN;
}

static struct moments moments_of(struct evidence *evidence, const struct cell *cell,
                                 const struct measure *measure, enum spread_cubes cubes)
{
    struct spread *spread = cell->spread;
    if (cell->totals) {
        spread = xcalloc(1, sizeof *spread);
        spread->takes_cubes = cubes;
        spread_add_units(spread, cell->totals);
    }
    struct ratio_moments ratio = spread_moments(spread);
    evidence->beyond |= spread->beyond;
    if (cell->totals)
        free(spread);
    return measure->metric->per_unit ? ratio.numerator : ratio_as_moments(&ratio);
}

void evidence_of_moments(struct evidence *evidence, const struct measure *measure,
                         const struct observed *canary, const struct observed *control,
                         enum spread_cubes cubes)
{
    evidence->input.measurement = MEASURED_MEAN;
    evidence->input.canary = moments_of(evidence, canary->cell, measure, cubes);
    if (control)
        evidence->input.control = moments_of(evidence, control->cell, measure, cubes);
}

double worst_effect(const struct exact_sum *squares, const struct exact_sum *sum)
{
    double effect = exact_sum_value(squares) / exact_sum_value(sum);
    return effect > 1 ? effect : 1;
}

double design_effect_of_units(struct evidence *evidence, const struct cell *canary,
                              const struct cell *control,
                              double (*effect_of)(const struct evidence *evidence,
                                                  const struct spread *units))
{
    if (!canary->totals)
        return 1;
    struct spread *units = xcalloc(1, sizeof *units);
    spread_add_units(units, canary->totals);
    evidence->units[0] = units->count;
    if (control) {
        spread_add_units(units, control->totals);
        evidence->units[1] = units->count - evidence->units[0];
    }
    double effect = units->count > 0 ? effect_of(evidence, units) : 1;
    evidence->beyond |= units->beyond;
    free(units);
    return isfinite(effect) ? effect : 1;
}
