/* metric.c - see metric.h. */
#include "metric.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/base/percent.h"

static bool prepare_units(struct measure *measure)
{
    struct layout *layout = measure->layout;
    if (!measure->metric->per_unit)
        return true;
    if (layout->unit == NO_PLACE) {
        print_error_at(&layout->project->sources, measure->metric->name.span,
                       "metric '%s' is per unit, but log '%s' does not name the field of the unit",
                       measure->metric->name.text, layout->log->name.text);
        print_help("give the log a 'unit'");
        return false;
    }
    return measure->takes_units = layout->hashes_units = true;
}

bool measure_prepare(struct measure *measure, const struct metric *metric, struct layout *layout)
{
    *measure = (struct measure){
        .metric = metric,
        .functions = metric_functions(metric->kind),
        .layout = layout,
        .goes_by_newest = layout_framing(layout) == FRAMING_JSON,
    };
    layout->asked = 0;
    if (metric->where && !(measure->where = predicate_prepare(metric->where, layout)))
        return false;
    if (measure->where)
        measure->quick_where = predicate_quick(measure->where);
    if (!measure->functions->prepare(measure) || !prepare_units(measure))
        return false;
    measure->fields = layout->asked;
    if (metric->per_unit && layout->unit < 64)
        measure->fields |= UINT64_C(1) << layout->unit;
    bool in_between = metric->per_unit || metric->cap > 0 || measure->goes_by_newest;
    measure->take = in_between ? cell_take_sample : measure->functions->take;
    return true;
}

void measure_take_unit(const struct measure *measure, const struct event *event,
                       struct sample *sample)
{
    if (event->has_unit)
        sample->unit = event->unit;
    else if (measure->metric->per_unit)
        sample->state = NUMBER_ABSENT;
    else
        sample->unit = unit_hash_of(&event->time, sizeof event->time);
}

void cell_init(struct cell *cell, const struct measure *measure)
{
    *cell = (struct cell){.newest = INT64_MIN};
    measure->functions->init(cell, measure);
}

void cell_gather_spread(struct cell *cell, struct measure *measure, const struct cell *beside)
{
    measure->take = cell_take_sample;
    if (measure->layout->unit != NO_PLACE)
        measure->takes_units = measure->layout->hashes_units = true;
    measure->functions->init_spread(cell, measure, beside);
}

void cell_gather_spread_too(struct cell *cell, const struct measure *measure)
{
    measure->functions->init_spread(cell, measure, NULL);
}

void cell_keep_no_units(struct cell *cell)
{
    if (cell->totals)
        unit_totals_release(cell->totals);
    free(cell->totals);
    cell->totals = NULL;
}

void cell_share_units(struct cell *cell, const struct cell *of)
{
    if (cell->totals)
        unit_totals_share(cell->totals, of ? of->totals : NULL);
}

void cell_release(struct cell *cell)
{
    cell_keep_no_units(cell);
    free(cell->spread);
    for (uint32_t i = 0; i < UNIT_SKETCHES && cell->groups; i++)
        sketch_release(&cell->groups[i]);
    free(cell->groups);
    free(cell->slices);
    if (cell->sketch)
        sketch_release(cell->sketch);
    free(cell->sum);
    unreadable_release(&cell->unreadable);
    free(cell->denominator);
    free(cell->sketch);
    *cell = (struct cell){0};
}

void cell_take_sample(struct cell *cell, const struct measure *measure, const struct event *event)
{
    struct sample sample = {0};
    measure_sample(measure, event, &sample);
    if (sample.state == NUMBER_GIVEN)
        cell_add(cell, measure, &sample);
    else if (sample.state == NUMBER_UNREADABLE)
        cell_add_unreadable(cell, measure, &sample, event);
}

/* The field that makes this event's sample unreadable. */
static uint32_t unreadable_place(const struct measure *measure, const struct event *event)
{
    uint32_t place = NO_PLACE;
    if (measure->where)
        place = predicate_unreadable_place(measure->where, event);
    return place != NO_PLACE ? place : measure->functions->unreadable_place(measure, event);
}

void cell_add_unreadable(struct cell *cell, const struct measure *measure,
                         const struct sample *sample, const struct event *event)
{
    uint32_t place = event ? unreadable_place(measure, event) : NO_PLACE;
    unreadable_add(&cell->unreadable, sample->time);
    if (place != NO_PLACE)
        unreadable_show(&cell->unreadable, measure->layout, event, place);
}

bool cell_newest_is_unreadable(const struct cell *cell, const struct measure *measure)
{
    const struct unreadable *unreadable = &cell->unreadable;
    return measure->goes_by_newest && unreadable->count > 0 && unreadable->newest >= cell->newest;
}

bool cell_is_unreadable(const struct cell *cell, const struct measure *measure, uint32_t max_bad)
{
    const struct unreadable *unreadable = &cell->unreadable;
    typedef unsigned __int128 wide;
    if (cell_newest_is_unreadable(cell, measure))
        return true;
    return (wide)unreadable->count * PERCENT_ALL >
           (wide)(unreadable->count + cell->count) * max_bad;
}

void cell_merge(struct cell *cell, const struct measure *measure, const struct cell *other)
{
    unreadable_merge(&cell->unreadable, &other->unreadable);
    if (other->count == 0)
        return;
    if (other->newest > cell->newest)
        cell->newest = other->newest;
    measure->functions->merge(cell, other);
    cell->count += other->count;
    cell->hits += other->hits;
    if (cell->sum)
        exact_sum_merge(cell->sum, other->sum);
    if (cell->denominator)
        exact_sum_merge(cell->denominator, other->denominator);
    if (cell->sketch)
        sketch_merge(cell->sketch, other->sketch);
    for (uint32_t i = 0; i < UNIT_SKETCHES && cell->groups; i++)
        sketch_merge(&cell->groups[i], &other->groups[i]);
    if (cell->totals)
        unit_totals_merge(cell->totals, other->totals);
    if (cell->spread)
        spread_merge(cell->spread, other->spread);
    if (cell->slices)
        slices_merge(cell->slices, other->slices);
}

uint64_t cell_samples(const struct cell *cell, const struct measure *measure)
{
    uint64_t marked;
    return measure->metric->per_unit ? unit_totals_seen(cell->totals, &marked) : cell->count;
}

bool cell_estimate(const struct cell *cell, const struct measure *measure, int64_t duration,
                   double *estimate)
{
    if (cell_samples(cell, measure) == 0)
        return false;
    *estimate = measure->functions->estimate(cell, measure, duration);
    return isfinite(*estimate);
}

bool cell_quantiles(const struct cell *cell, const struct measure *measure, const double *levels,
                    double *values, size_t count)
{
    return measure->functions->quantiles(cell, levels, values, count);
}
