/* evidence.c - see evidence.h. */
#include "evidence.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

/* Below so many units in a group, how much they differ from one another is not known. */
#define UNITS_TO_TELL 30

/* As if each unit's events were but one, repeated: the most that clusters can do. */
static double worst_effect(const struct spread *units, bool rate)
{
    const struct exact_sum *squares = rate ? &units->first_squared : &units->second_squared;
    double sum = exact_sum_value(rate ? &units->first : &units->second);
    double effect = exact_sum_value(squares) / sum;
    return effect > 1 ? effect : 1;
}

/*
 * By how much events of units vary more than independent ones. Of both groups together, as they are
 * when the canary changes nothing: the smaller one alone would tell it badly.
 */
static double effect_of(const struct evidence *evidence, const struct spread *units,
                        enum metric_kind kind)
{
    /* Units that come and go with all their events make a compound Poisson process. */
    if (kind == METRIC_RATE)
        return worst_effect(units, true);
    bool few = evidence->units[0] < UNITS_TO_TELL ||
               (evidence->input.baseline != BASELINE_NONE && evidence->units[1] < UNITS_TO_TELL);
    double events = exact_sum_value(&units->first);
    bool varied = events > 0 && events < exact_sum_value(&units->second);
    if (few || !varied)
        return worst_effect(units, false);
    struct ratio_moments moments = spread_moments(units);
    return design_effect(&moments);
}

static double clusters(struct evidence *evidence, const struct cell *canary,
                       const struct cell *control, enum metric_kind kind)
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
    double effect = units->count > 0 ? effect_of(evidence, units, kind) : 1;
    evidence->beyond |= units->beyond;
    free(units);
    return isfinite(effect) ? effect : 1;
}

/* Of an arm's quantile: how many values each group of units has, and how many of them below it. */
static struct grouped groups_of(const struct cell *cell, double q, struct proportion *groups)
{
    double quantile = sketch_quantile(cell->sketch, q);
    struct sketch_split all = sketch_split(cell->sketch, quantile);
    double at = q * (double)cell->sketch->count;
    /* The bucket that has it belongs to the side that it is nearer to. */
    bool upto = (double)all.upto - at < at - (double)all.below;
    for (size_t i = 0; i < UNIT_SKETCHES; i++) {
        struct sketch_split split = sketch_split(&cell->groups[i], quantile);
        groups[i].n = (double)cell->groups[i].count;
        groups[i].events = (double)(upto ? split.upto : split.below);
    }
    return (struct grouped){groups, UNIT_SKETCHES};
}

/* By how much the values of units vary more around a quantile than independent ones. */
static double quantile_clusters(const struct cell *canary, const struct cell *control, double q)
{
    struct proportion groups[2][UNIT_SKETCHES];
    struct grouped arms[2];
    size_t count = 0;
    if (canary->groups && canary->count > 0)
        arms[count] = groups_of(canary, q, groups[count]), count++;
    if (control && control->groups && control->count > 0)
        arms[count] = groups_of(control, q, groups[count]), count++;
    return count > 0 ? grouped_design_effect(arms, count) : 1;
}

static struct proportion proportion_of(const struct cell *cell, const struct measure *measure)
{
    double events = (double)(measure->metric->per_unit ? cell->units->marked : cell->hits);
    return (struct proportion){(double)cell_samples(cell, measure), events};
}

/* By time, where the canary's share moved. */
static void stratify(struct evidence *evidence, const struct cell *canary,
                     const struct cell *control)
{
    size_t count = slices_strata(canary->slices, control->slices, evidence->strata);
    evidence->input.stratum_count = count > 0 ? count : 1;
}

/* A rate's exposure is time; of two groups at the same time, each has its share of it. */
static struct proportion rate_of(const struct observed *observed)
{
    double seconds = (double)observed->duration / 1000;
    return (struct proportion){seconds > 0 ? seconds * observed->share : 0,
                               (double)observed->cell->hits};
}

static struct moments moments_of(struct evidence *evidence, const struct cell *cell,
                                 const struct measure *measure)
{
    struct spread *spread = cell->spread;
    if (cell->totals) {
        spread = xcalloc(1, sizeof *spread);
        spread->takes_cubes = measure->takes_cubes;
        spread_add_units(spread, cell->totals);
    }
    struct ratio_moments ratio = spread_moments(spread);
    evidence->beyond |= spread->beyond;
    if (cell->totals)
        free(spread);
    return measure->metric->per_unit ? ratio.numerator : ratio_as_moments(&ratio);
}

static struct distribution distribution_of(const struct cell *cell, struct bin **bins)
{
    size_t count = sketch_bins(cell->sketch, bins);
    return (struct distribution){*bins, count};
}

void evidence_gather(struct evidence *evidence, const struct measure *measure,
                     struct observed canary, struct observed control, enum baseline baseline,
                     enum change change, double confidence)
{
    *evidence = (struct evidence){0};
    struct comparison_input *input = &evidence->input;
    *input = (struct comparison_input){
        .baseline = baseline, .change = change, .confidence = confidence, .stratum_count = 1};
    input->strata = evidence->strata;
    enum metric_kind kind = measure->metric->kind;
    switch (kind) {
    case METRIC_PROPORTION:
        input->measurement = MEASURED_PROPORTION;
        input->design_effect = clusters(evidence, canary.cell, control.cell, kind);
        evidence->strata[0].canary = proportion_of(canary.cell, measure);
        if (control.cell)
            evidence->strata[0].control = proportion_of(control.cell, measure);
        if (baseline == BASELINE_CONTROL && canary.cell->slices)
            stratify(evidence, canary.cell, control.cell);
        break;
    case METRIC_RATE:
        input->measurement = MEASURED_RATE;
        input->design_effect = clusters(evidence, canary.cell, control.cell, kind);
        evidence->strata[0].canary = rate_of(&canary);
        if (control.cell)
            evidence->strata[0].control = rate_of(&control);
        break;
    case METRIC_QUANTILE:
        input->measurement = MEASURED_QUANTILE;
        input->quantile = measure->metric->quantile;
        input->design_effect = quantile_clusters(canary.cell, control.cell, input->quantile);
        input->canary_values = distribution_of(canary.cell, &evidence->bins[0]);
        if (control.cell)
            input->control_values = distribution_of(control.cell, &evidence->bins[1]);
        break;
    default:
        input->measurement = MEASURED_MEAN;
        input->canary = moments_of(evidence, canary.cell, measure);
        if (control.cell)
            input->control = moments_of(evidence, control.cell, measure);
    }
}

void evidence_release(struct evidence *evidence)
{
    free(evidence->bins[0]);
    free(evidence->bins[1]);
}
