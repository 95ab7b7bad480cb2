/* quantile.c - a quantile of a field, from a sketch of all its values; or of the units' aggregated
 * values, from each of them. See kinds.h. */
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "shared.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/statistics/design_effect.h"

static bool prepare(struct measure *measure)
{
    const struct metric *metric = measure->metric;
    if (metric->accuracy < SKETCH_BEST_ACCURACY)
        return print_error_at(&measure->layout->project->sources, metric->name.span,
                              "metric '%s' asks for an accuracy of %g; the best possible is %g",
                              metric->name.text, metric->accuracy, SKETCH_BEST_ACCURACY);
    return prepare_value(measure);
}

static void init(struct cell *cell, const struct measure *measure)
{
    if (measure->metric->per_unit) {
        init_totals(cell, measure, unit_keeps_of(measure->metric), NULL);
        return;
    }
    cell->sketch = xcalloc(1, sizeof *cell->sketch);
    sketch_init(cell->sketch, measure->metric->accuracy);
}

static void init_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    (void)beside;
    if (!knows_units(measure) || measure->metric->per_unit)
        return;
    cell->groups = xcalloc(UNIT_SKETCHES, sizeof *cell->groups);
    for (uint32_t i = 0; i < UNIT_SKETCHES; i++)
        sketch_init(&cell->groups[i], measure->metric->accuracy);
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    if (measure->metric->per_unit) {
        add_aggregated(cell, measure->metric, sample);
        return;
    }
    sketch_add(cell->sketch, sample->number);
    if (cell->groups)
        sketch_add(&cell->groups[sample->unit.high >> 58], sample->number);
}

static void put(struct cell *cell, double number)
{
    sketch_add(cell->sketch, number);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    take_value(cell, measure, event, put);
}

static int compare_bins(const void *left, const void *right)
{
    double a = ((const struct bin *)left)->low, b = ((const struct bin *)right)->low;
    return a < b ? -1 : a > b;
}

/* One for each unit, ascending, in memory that the caller frees. */
static struct distribution distribution_of_units(const struct cell *cell, struct bin **bins)
{
    uint64_t marked, most = unit_totals_seen(cell->totals, &marked);
    double *values = xcalloc(most + 1, sizeof *values);
    size_t count = unit_totals_values(cell->totals, values, most);
    *bins = xcalloc(count + 1, sizeof **bins);
    for (size_t i = 0; i < count; i++)
        (*bins)[i] = (struct bin){values[i], values[i], 1};
    free(values);
    qsort(*bins, count, sizeof **bins, compare_bins);
    return (struct distribution){*bins, count};
}

/* False: there are none. */
static bool unit_quantiles(const struct cell *cell, const double *levels, double *values,
                           size_t count)
{
    struct bin *bins;
    struct distribution units = distribution_of_units(cell, &bins);
    for (size_t i = 0; i < count && units.count > 0; i++)
        values[i] = units.bins[quantile_rank(levels[i], units.count)].low;
    free(bins);
    return units.count > 0;
}

static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)duration;
    double value;
    if (cell->totals)
        return unit_quantiles(cell, &measure->metric->quantile, &value, 1) ? value : NAN;
    return sketch_quantile(cell->sketch, measure->metric->quantile);
}

static bool quantiles(const struct cell *cell, const double *levels, double *values, size_t count)
{
    if (cell->totals) {
        unit_quantiles(cell, levels, values, count);
        return true;
    }
    for (size_t i = 0; i < count && cell->count > 0; i++)
        values[i] = sketch_quantile(cell->sketch, levels[i]);
    return true;
}

/* For an arm's quantile: how many values each group of units has, and how many of those lie below
 * it. */
static struct grouped groups_of(const struct cell *cell, double q, struct proportion *groups)
{
    double quantile = sketch_quantile(cell->sketch, q);
    struct sketch_split all = sketch_split(cell->sketch, quantile);
    double at = q * (double)cell->sketch->count;
    /* The bucket with the quantile counts towards the side that it is nearer to. */
    bool upto = (double)all.upto - at < at - (double)all.below;
    for (size_t i = 0; i < UNIT_SKETCHES; i++) {
        struct sketch_split split = sketch_split(&cell->groups[i], quantile);
        groups[i].n = (double)cell->groups[i].count;
        groups[i].events = (double)(upto ? split.upto : split.below);
    }
    return (struct grouped){groups, UNIT_SKETCHES};
}

/* The design effect: how much more values vary around a quantile than independent ones would. */
static double effect_of(const struct observed *canary, const struct observed *control, double q)
{
    struct proportion groups[2][UNIT_SKETCHES];
    struct grouped arms[2];
    size_t count = 0;
    if (canary->cell->groups && canary->cell->count > 0)
        arms[count] = groups_of(canary->cell, q, groups[count]), count++;
    if (control && control->cell->groups && control->cell->count > 0)
        arms[count] = groups_of(control->cell, q, groups[count]), count++;
    return count > 0 ? grouped_design_effect(arms, count) : 1;
}

static struct distribution distribution_of(const struct cell *cell, struct bin **bins)
{
    size_t count = sketch_bins(cell->sketch, bins);
    return (struct distribution){*bins, count};
}

static void evidence(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control)
{
    struct comparison_input *input = &evidence->input;
    input->measurement = MEASURED_QUANTILE;
    input->quantile = measure->metric->quantile;
    if (measure->metric->per_unit) {
        input->canary_values = distribution_of_units(canary->cell, &evidence->bins[0]);
        if (control)
            input->control_values = distribution_of_units(control->cell, &evidence->bins[1]);
        return;
    }
    input->design_effect = effect_of(canary, control, input->quantile);
    input->canary_values = distribution_of(canary->cell, &evidence->bins[0]);
    if (control)
        input->control_values = distribution_of(control->cell, &evidence->bins[1]);
}

CELL_OF_PARTS(quantile)

const struct metric_functions quantile_functions = {
    .prepare = prepare,
    .init = init,
    .init_spread = init_spread,
    .sample = sample_value,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_value,
    .merge = merge_nothing,
    .estimate = estimate,
    .quantiles = quantiles,
    .evidence = evidence,
};
