/* proportion.c - the share of events, or of units, for which a condition holds. See kinds.h. */
#include "compiler/base/memory.h"
#include "compiler/statistics/design_effect.h"
#include "shared.h"

/* With fewer units in a group, between-unit variance is unknown. */
#define UNITS_TO_TELL 30

static bool prepare(struct measure *measure)
{
    const struct metric *metric = measure->metric;
    if (!metric->of)
        return true;
    measure->of = predicate_prepare(metric->of, measure->layout);
    if (measure->of)
        measure->quick_of = predicate_quick(measure->of);
    return measure->of;
}

static void init(struct cell *cell, const struct measure *measure)
{
    if (measure->metric->per_unit)
        init_totals(cell, measure, UNIT_MARKS, NULL);
}

/* A proportion of units needs no spread: nothing is clustered any more. */
static void init_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    if (measure->metric->per_unit) {
        init_totals(cell, measure, UNIT_MARKS, beside);
        return;
    }
    cell->slices = xcalloc(1, sizeof *cell->slices);
    slices_init(cell->slices);
    if (knows_units(measure))
        init_totals(cell, measure, UNIT_COUNTS, beside);
}

static inline enum truth is_hit(const struct measure *measure, const struct event *event)
{
    return measure->of ? quick_truth(&measure->quick_of, measure->of, event) : TRUTH_NO;
}

static void sample(const struct measure *measure, const struct event *event, struct sample *sample)
{
    sample->state = state_of_truth(measure_is_about(measure, event));
    if (sample->state == NUMBER_GIVEN)
        sample_hit(sample, is_hit(measure, event));
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    cell->hits += sample->hit;
    add_pair(cell, sample, sample->hit, 1);
    if (cell->slices)
        slices_add(cell->slices, sample->time, sample->hit);
}

static __attribute__((noinline)) void take_any(struct cell *cell, const struct measure *measure,
                                               const struct event *event)
{
    enum truth about = measure_is_about(measure, event);
    enum truth hit = about == TRUTH_YES ? is_hit(measure, event) : about;
    if (hit == TRUTH_UNREADABLE) {
        cell_take_sample(cell, measure, event);
    } else if (about == TRUTH_YES) {
        cell->count++;
        cell->hits += hit;
    }
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    enum truth about, hit;
    if (!quickly_about(measure, event, &about) || !quick_answers(&measure->quick_of, event, &hit)) {
        take_any(cell, measure, event);
    } else if (about == TRUTH_YES) {
        cell->count++;
        cell->hits += hit;
    }
}

static uint32_t unreadable_place(const struct measure *measure, const struct event *event)
{
    return measure->of ? predicate_unreadable_place(measure->of, event) : NO_PLACE;
}

static uint64_t hits_of(const struct cell *cell, const struct measure *measure)
{
    uint64_t marked = cell->hits;
    if (measure->metric->per_unit)
        unit_totals_seen(cell->totals, &marked);
    return marked;
}

static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)duration;
    return (double)hits_of(cell, measure) / (double)cell_samples(cell, measure);
}

static double effect_of(const struct evidence *evidence, const struct spread *units)
{
    bool few = evidence->units[0] < UNITS_TO_TELL ||
               (evidence->input.baseline != BASELINE_NONE && evidence->units[1] < UNITS_TO_TELL);
    double events = exact_sum_value(&units->first);
    bool varied = events > 0 && events < exact_sum_value(&units->second);
    if (few || !varied)
        return worst_effect(&units->second_squared, &units->second);
    struct ratio_moments moments = spread_moments(units);
    return design_effect(&moments);
}

static struct proportion proportion_of(const struct cell *cell, const struct measure *measure)
{
    return (struct proportion){(double)cell_samples(cell, measure), (double)hits_of(cell, measure)};
}

/* Stratifies by time, if the canary's share changed. */
static void stratify(struct evidence *evidence, const struct cell *canary,
                     const struct cell *control)
{
    size_t count = slices_strata(canary->slices, control->slices, evidence->strata);
    evidence->input.stratum_count = count > 0 ? count : 1;
}

static void evidence(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control)
{
    struct comparison_input *input = &evidence->input;
    input->measurement = MEASURED_PROPORTION;
    input->design_effect = measure->metric->per_unit
                               ? 1
                               : design_effect_of_units(evidence, canary->cell,
                                                        control ? control->cell : NULL, effect_of);
    evidence->strata[0].canary = proportion_of(canary->cell, measure);
    if (control)
        evidence->strata[0].control = proportion_of(control->cell, measure);
    if (input->baseline == BASELINE_CONTROL && canary->cell->slices)
        stratify(evidence, canary->cell, control->cell);
}

CELL_OF_PARTS(proportion)

const struct metric_functions proportion_functions = {
    .prepare = prepare,
    .init = init,
    .init_spread = init_spread,
    .sample = sample,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_place,
    .merge = merge_nothing,
    .estimate = estimate,
    .quantiles = keeps_no_values,
    .evidence = evidence,
};
