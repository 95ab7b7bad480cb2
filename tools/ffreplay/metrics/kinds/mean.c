/* mean.c - the mean of a field over events, or over units of their aggregated values. See
 * kinds.h. */
#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "shared.h"

/* For sums without a cap, the lines as a whole give the mean over units; anything else needs each
 * unit's value. */
static bool needs_unit_values(const struct metric *metric)
{
    bool is_sum = metric->aggregate == AGGREGATE_SUM || metric->aggregate == AGGREGATE_COUNT;
    return metric->per_unit && !(is_sum && metric->cap == 0 && metric->winsorize == 0);
}

static void init(struct cell *cell, const struct measure *measure)
{
    init_sum(cell, measure);
    if (measure->metric->per_unit)
        init_totals(cell, measure, unit_keeps_of(measure->metric), NULL);
}

/* If there are units, a mean over events is a ratio. */
static enum spread_cubes cubes_of(const struct measure *measure)
{
    if (!measure->asks_skewness)
        return CUBES_NONE;
    return knows_units(measure) && !measure->metric->per_unit ? CUBES_OF_BOTH : CUBES_OF_FIRST;
}

static void init_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    init_moments(cell, measure, beside, unit_keeps_of(measure->metric),
                 (struct spread){.takes_cubes = cubes_of(measure), .of_events = true});
}

static void sample(const struct measure *measure, const struct event *event, struct sample *sample)
{
    const struct metric *metric = measure->metric;
    sample->state = read_value(measure, event, &sample->number);
    if (!metric->per_unit && metric->cap > 0) /* else the cap applies to the unit's aggregate */
        sample->number = capped(sample->number, metric->cap);
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    exact_sum_add(cell->sum, sample->number);
    add_aggregated(cell, measure->metric, sample);
}

static void put(struct cell *cell, double number)
{
    exact_sum_add(cell->sum, number);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    take_value(cell, measure, event, put);
}

static double mean_of_units(const struct cell *cell)
{
    struct spread *units = xcalloc(1, sizeof *units);
    spread_add_units(units, cell->totals);
    double mean = units->beyond ? NAN : exact_sum_value(&units->first) / (double)units->count;
    free(units);
    return mean;
}

/* For sums, the mean over units is the total divided by the number of units; likewise for
 * counts. */
static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)duration;
    const struct metric *metric = measure->metric;
    if (needs_unit_values(metric))
        return mean_of_units(cell);
    double samples = (double)cell_samples(cell, measure);
    if (metric->per_unit && metric->aggregate == AGGREGATE_COUNT)
        return (double)cell->count / samples;
    return exact_sum_value(cell->sum) / samples;
}

static void evidence(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control)
{
    evidence_of_moments(evidence, measure, canary, control, cubes_of(measure));
}

CELL_OF_PARTS(mean)

const struct metric_functions mean_functions = {
    .prepare = prepare_value,
    .init = init,
    .init_spread = init_spread,
    .sample = sample,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_value,
    .merge = merge_nothing,
    .estimate = estimate,
    .quantiles = keeps_no_values,
    .evidence = evidence,
};
