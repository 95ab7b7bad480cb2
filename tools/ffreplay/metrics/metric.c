/* metric.c - see metric.h. */
#include "metric.h"

#include <math.h>
#include <stdlib.h>

#include "tools/ffreplay/logs/complain.h"
#include "compiler/base/percent.h"

static bool per_unit_is_known(const struct measure *measure)
{
    const struct metric *metric = measure->metric;
    const struct layout *layout = measure->layout;
    if (metric->kind != METRIC_PROPORTION && metric->kind != METRIC_MEAN) {
        complain(layout->project, metric->name.span, "metric '%s' cannot be computed per unit",
                 metric->name.text);
        complain_help("'per: unit' is for 'proportion' and 'mean'; a ratio is over units already");
        return false;
    }
    if (layout->unit == NO_PLACE) {
        complain(layout->project, metric->name.span,
                 "metric '%s' is per unit, but log '%s' does not say which field is the unit",
                 metric->name.text, layout->log->name.text);
        complain_help("give the log a 'unit'");
        return false;
    }
    return true;
}

static bool prepare_value(struct measure *measure, const struct text *name, struct field *field)
{
    if (!name->text)
        return complain(measure->layout->project, measure->metric->name.span,
                        "metric '%s' does not say which field it is computed from",
                        measure->metric->name.text);
    *field = layout_field(measure->layout, name->text);
    layout_use_number(measure->layout, field->place);
    return true;
}

bool measure_prepare(struct measure *measure, const struct metric *metric, struct layout *layout)
{
    static const int takes[] = {
        [METRIC_PROPORTION] = TAKE_HIT, [METRIC_MEAN] = TAKE_SUM, [METRIC_QUANTILE] = TAKE_QUANTILE,
        [METRIC_MAX] = TAKE_MAX,        [METRIC_MIN] = TAKE_MIN,  [METRIC_LAST] = TAKE_SAMPLE};
    *measure =
        (struct measure){.metric = metric, .layout = layout, .takes_units = metric->per_unit};
    if (metric->where && !(measure->where = predicate_prepare(metric->where, layout)))
        return false;
    if (metric->of && !(measure->of = predicate_prepare(metric->of, layout)))
        return false;
    measure->goes_by_newest = metric->kind == METRIC_LAST || layout_framing(layout) == FRAMING_JSON;
    bool in_between = metric->per_unit || metric->cap > 0 || measure->goes_by_newest;
    measure->takes = in_between ? TAKE_SAMPLE : takes[metric->kind];
    if (measure->where)
        measure->quick_where = predicate_quick(measure->where);
    if (measure->of)
        measure->quick_of = predicate_quick(measure->of);
    if (metric->per_unit && !per_unit_is_known(measure))
        return false;
    layout->hashes_units |= metric->per_unit;
    if (metric->kind == METRIC_QUANTILE && metric->accuracy < SKETCH_BEST_ACCURACY)
        return complain(layout->project, metric->name.span,
                        "metric '%s' asks for an accuracy of %g; the best there is, is %g",
                        metric->name.text, metric->accuracy, SKETCH_BEST_ACCURACY);
    switch (metric->kind) {
    case METRIC_PROPORTION:
    case METRIC_RATE:
        return true;
    case METRIC_RATIO:
        return prepare_value(measure, &metric->numerator, &measure->numerator) &&
               prepare_value(measure, &metric->denominator, &measure->denominator);
    default:
        return prepare_value(measure, &metric->value, &measure->value);
    }
}

static void take_hit(struct sample *sample, enum truth hit)
{
    sample->state = hit == TRUTH_UNREADABLE ? NUMBER_UNREADABLE : NUMBER_GIVEN;
    sample->hit = hit == TRUTH_YES;
}

/* An event that lacks one of two numbers is none that has both, whatever the other is. */
static enum number_state both(enum number_state a, enum number_state b)
{
    if (a == NUMBER_ABSENT || b == NUMBER_ABSENT)
        return NUMBER_ABSENT;
    return a == NUMBER_GIVEN ? b : a;
}

static void take_outcome(const struct measure *measure, const struct event *event,
                         struct sample *sample)
{
    const struct metric *metric = measure->metric;
    enum truth about = measure_is_about(measure, event);
    sample->time = event->time;
    if (metric->kind == METRIC_RATE) {
        /* Every event counts: that none of them matches is a rate of zero, and was measured. */
        take_hit(sample, about);
        return;
    }
    if (about != TRUTH_YES) {
        sample->state = about == TRUTH_UNREADABLE ? NUMBER_UNREADABLE : NUMBER_ABSENT;
        return;
    }
    switch (metric->kind) {
    case METRIC_PROPORTION:
        take_hit(sample, measure_is_hit(measure, event));
        break;
    case METRIC_RATIO:
        sample->state = both(event_number(event, measure->numerator, &sample->number),
                             event_number(event, measure->denominator, &sample->denominator));
        break;
    default:
        sample->state = event_number(event, measure->value, &sample->number);
        if (metric->cap > 0 && !metric->per_unit) /* else of what becomes of a unit's numbers */
            sample->number = capped(sample->number, metric->cap);
    }
}

static void take_unit(const struct measure *measure, const struct event *event,
                      struct sample *sample)
{
    if (event->has_unit)
        sample->unit = event->unit;
    else if (measure->metric->per_unit)
        sample->state = NUMBER_ABSENT;
    else
        sample->unit = unit_hash_of(&event->time, sizeof event->time);
}

void measure_sample(const struct measure *measure, const struct event *event, struct sample *sample)
{
    take_outcome(measure, event, sample);
    if (sample->state != NUMBER_ABSENT && measure->takes_units)
        take_unit(measure, event, sample);
}

/* Of sums without a cap, all lines together say the mean over units; of the others, only each
 * unit's value. */
static bool needs_unit_values(const struct metric *metric)
{
    bool is_sum = metric->aggregate == AGGREGATE_SUM || metric->aggregate == AGGREGATE_COUNT;
    return metric->per_unit && metric->kind == METRIC_MEAN && !(is_sum && metric->cap == 0);
}

static enum unit_keeps unit_keeps_of(const struct metric *metric)
{
    static const enum unit_keeps aggregates[] = {
        [AGGREGATE_SUM] = UNIT_SUM,   [AGGREGATE_MEAN] = UNIT_MEAN, [AGGREGATE_MAX] = UNIT_MAX,
        [AGGREGATE_COUNT] = UNIT_SUM, [AGGREGATE_LAST] = UNIT_LAST,
    };
    if (metric->kind == METRIC_RATIO)
        return UNIT_SUMS;
    if (metric->kind != METRIC_MEAN)
        return UNIT_COUNTS;
    return metric->per_unit ? aggregates[metric->aggregate] : UNIT_SUM;
}

static void add_totals(struct cell *cell, const struct metric *metric, const struct cell *beside)
{
    if (cell->totals)
        return;
    cell->totals = xcalloc(1, sizeof *cell->totals);
    unit_totals_init(cell->totals, unit_keeps_of(metric), beside ? beside->totals : NULL);
    if (metric->per_unit)
        cell->totals->cap = metric->cap;
}

void cell_init(struct cell *cell, const struct measure *measure)
{
    *cell = (struct cell){.newest = INT64_MIN};
    enum metric_kind kind = measure->metric->kind;
    if (kind == METRIC_MEAN || kind == METRIC_RATIO)
        cell->sum = xcalloc(1, sizeof *cell->sum);
    if (kind == METRIC_RATIO)
        cell->denominator = xcalloc(1, sizeof *cell->denominator);
    if (kind == METRIC_QUANTILE) {
        cell->sketch = xcalloc(1, sizeof *cell->sketch);
        sketch_init(cell->sketch, measure->metric->accuracy);
    }
    if (measure->metric->per_unit)
        cell->units = xcalloc(1, sizeof *cell->units);
    if (needs_unit_values(measure->metric))
        add_totals(cell, measure->metric, NULL);
}

void cell_gather_spread(struct cell *cell, struct measure *measure, const struct cell *beside)
{
    const struct metric *metric = measure->metric;
    bool has_units = measure->layout->unit != NO_PLACE;
    measure->takes = TAKE_SAMPLE;
    if (metric->per_unit && metric->kind == METRIC_PROPORTION)
        return; /* units that are hit, of units: nothing is clustered any more */
    if (metric->kind == METRIC_PROPORTION) {
        cell->slices = xcalloc(1, sizeof *cell->slices);
        slices_init(cell->slices);
    }
    if (has_units)
        measure->takes_units = measure->layout->hashes_units = true;
    if (has_units && metric->kind == METRIC_QUANTILE) {
        cell->groups = xcalloc(UNIT_SKETCHES, sizeof *cell->groups);
        for (uint32_t i = 0; i < UNIT_SKETCHES; i++)
            sketch_init(&cell->groups[i], metric->accuracy);
    } else if (has_units) {
        add_totals(cell, metric, beside);
    } else if (metric->kind == METRIC_MEAN || metric->kind == METRIC_RATIO) {
        cell->spread = xcalloc(1, sizeof *cell->spread);
        cell->spread->takes_cubes = measure->takes_cubes;
        cell->spread->of_events = metric->kind == METRIC_MEAN;
    }
}

void cell_release(struct cell *cell)
{
    if (cell->totals)
        unit_totals_release(cell->totals);
    free(cell->totals);
    free(cell->spread);
    for (uint32_t i = 0; i < UNIT_SKETCHES && cell->groups; i++)
        sketch_release(&cell->groups[i]);
    free(cell->groups);
    free(cell->slices);
    if (cell->sketch)
        sketch_release(cell->sketch);
    if (cell->units)
        unit_set_release(cell->units);
    free(cell->sum);
    unreadable_release(&cell->unreadable);
    free(cell->denominator);
    free(cell->sketch);
    free(cell->units);
    *cell = (struct cell){0};
}

/* Of two values at one time the greater is the latest, so that the order of lines does not count.
 */
static void take_extreme(struct cell *cell, const struct measure *measure, double number,
                         int64_t time, bool first)
{
    bool better;
    switch (measure->metric->kind) {
    case METRIC_MAX:
        better = number > cell->extreme;
        break;
    case METRIC_MIN:
        better = number < cell->extreme;
        break;
    default:
        better = time > cell->latest || (time == cell->latest && number > cell->extreme);
    }
    if (first || better) {
        cell->extreme = number;
        cell->latest = time;
    }
}

/* The two numbers whose ratio, over units, is the estimate: events hit of events, sum of events,
 * numerator of denominator. Of a unit's own sum, only the first counts. */
static void add_spread(struct cell *cell, const struct measure *measure,
                       const struct sample *sample)
{
    const struct metric *metric = measure->metric;
    double first = sample->hit, second = 1;
    if (metric->kind == METRIC_RATIO) {
        first = sample->number;
        second = sample->denominator;
    } else if (metric->kind == METRIC_MEAN) {
        first = sample->number;
        if (metric->per_unit && metric->aggregate == AGGREGATE_COUNT)
            first = 1;
        else if (metric->per_unit && metric->aggregate == AGGREGATE_LAST)
            second = (double)sample->time;
    }
    if (cell->totals)
        unit_totals_add(cell->totals, sample->unit, first, second);
    else
        spread_add(cell->spread, first, second);
}

void cell_add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    cell->count++;
    if (measure->goes_by_newest && sample->time > cell->newest)
        cell->newest = sample->time;
    if (cell->totals || cell->spread)
        add_spread(cell, measure, sample);
    if (cell->units)
        unit_set_add(cell->units, sample->unit, sample->hit);
    switch (measure->metric->kind) {
    case METRIC_PROPORTION:
        if (cell->slices)
            slices_add(cell->slices, sample->time, sample->hit);
        /* fall through */
    case METRIC_RATE:
        cell->hits += sample->hit;
        break;
    case METRIC_RATIO:
        exact_sum_add(cell->denominator, sample->denominator);
        /* fall through */
    case METRIC_MEAN:
        exact_sum_add(cell->sum, sample->number);
        break;
    case METRIC_QUANTILE:
        sketch_add(cell->sketch, sample->number);
        if (cell->groups)
            sketch_add(&cell->groups[sample->unit.high >> 58], sample->number);
        break;
    default:
        take_extreme(cell, measure, sample->number, sample->time, cell->count == 1);
    }
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

/* The value that spoils a sample of this event. */
static uint32_t unreadable_place(const struct measure *measure, const struct event *event)
{
    double number;
    uint32_t place = NO_PLACE;
    if (measure->where)
        place = predicate_unreadable_place(measure->where, event);
    if (place == NO_PLACE && measure->of)
        place = predicate_unreadable_place(measure->of, event);
    if (place != NO_PLACE || measure->metric->kind == METRIC_PROPORTION)
        return place;
    if (measure->metric->kind != METRIC_RATIO)
        return measure->value.place;
    bool above = event_number(event, measure->numerator, &number) == NUMBER_UNREADABLE;
    return above ? measure->numerator.place : measure->denominator.place;
}

void cell_add_unreadable(struct cell *cell, const struct measure *measure,
                         const struct sample *sample, const struct event *event)
{
    uint32_t place = event ? unreadable_place(measure, event) : NO_PLACE;
    unreadable_add(&cell->unreadable, sample->time);
    if (place != NO_PLACE)
        unreadable_show(&cell->unreadable, measure->layout->paths[place], event, place);
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
    enum metric_kind kind = measure->metric->kind;
    if (kind == METRIC_MAX || kind == METRIC_MIN || kind == METRIC_LAST)
        take_extreme(cell, measure, other->extreme, other->latest, cell->count == 0);
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
    if (cell->units)
        unit_set_merge(cell->units, other->units);
    if (cell->totals)
        unit_totals_merge(cell->totals, other->totals);
    if (cell->spread)
        spread_merge(cell->spread, other->spread);
    if (cell->slices)
        slices_merge(cell->slices, other->slices);
}

uint64_t cell_samples(const struct cell *cell, const struct measure *measure)
{
    return measure->metric->per_unit ? cell->units->count : cell->count;
}

/* The mean over units of their sums is the sum of all over the number of units; of counts,
 * likewise. */
static double mean_of(const struct cell *cell, const struct measure *measure)
{
    const struct metric *metric = measure->metric;
    if (needs_unit_values(metric)) {
        struct spread *units = xcalloc(1, sizeof *units);
        spread_add_units(units, cell->totals);
        double mean = units->beyond ? NAN : exact_sum_value(&units->first) / (double)units->count;
        free(units);
        return mean;
    }
    double samples = (double)cell_samples(cell, measure);
    if (metric->per_unit && metric->aggregate == AGGREGATE_COUNT)
        return (double)cell->count / samples;
    return exact_sum_value(cell->sum) / samples;
}

bool cell_estimate(const struct cell *cell, const struct measure *measure, int64_t duration,
                   double *estimate)
{
    const struct metric *metric = measure->metric;
    uint64_t samples = cell_samples(cell, measure);
    if (samples == 0)
        return false;
    switch (metric->kind) {
    case METRIC_PROPORTION:
        *estimate = (double)(metric->per_unit ? cell->units->marked : cell->hits) / (double)samples;
        break;
    case METRIC_MEAN:
        *estimate = mean_of(cell, measure);
        break;
    case METRIC_RATIO:
        *estimate = exact_sum_value(cell->sum) / exact_sum_value(cell->denominator);
        break;
    case METRIC_QUANTILE:
        *estimate = sketch_quantile(cell->sketch, metric->quantile);
        break;
    case METRIC_RATE:
        *estimate = (double)cell->hits / ((double)duration / 1000);
        break;
    default:
        *estimate = cell->extreme;
    }
    return isfinite(*estimate);
}
