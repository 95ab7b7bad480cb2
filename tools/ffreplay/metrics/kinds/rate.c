/* rate.c - events per second. See kinds.h. */
#include "shared.h"

static void init_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    if (knows_units(measure))
        init_totals(cell, measure, UNIT_COUNTS, beside);
}

/* Every event counts: if none of them matches, the rate was measured to be zero. */
static void sample(const struct measure *measure, const struct event *event, struct sample *sample)
{
    sample_hit(sample, measure_is_about(measure, event));
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    cell->hits += sample->hit;
    add_pair(cell, sample, sample->hit, 1);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    enum truth hit;
    if (!quickly_about(measure, event, &hit)) {
        cell_take_sample(cell, measure, event);
        return;
    }
    cell->count++;
    cell->hits += hit;
}

static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)measure;
    return (double)cell->hits / ((double)duration / 1000);
}

/* Units that arrive with all their events form a compound Poisson process. */
static double effect_of(const struct evidence *evidence, const struct spread *units)
{
    (void)evidence;
    return worst_effect(&units->first_squared, &units->first);
}

/* Its exposure is time; two concurrent groups each get their share of it. */
static struct proportion rate_of(const struct observed *observed)
{
    double seconds = (double)observed->duration / 1000;
    return (struct proportion){seconds > 0 ? seconds * observed->share : 0,
                               (double)observed->cell->hits};
}

static void evidence(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control)
{
    (void)measure;
    evidence->input.measurement = MEASURED_RATE;
    evidence->input.design_effect =
        design_effect_of_units(evidence, canary->cell, control ? control->cell : NULL, effect_of);
    evidence->strata[0].canary = rate_of(canary);
    if (control)
        evidence->strata[0].control = rate_of(control);
}

CELL_OF_PARTS(rate)

const struct metric_functions rate_functions = {
    .prepare = prepare_nothing,
    .init = init_nothing,
    .init_spread = init_spread,
    .sample = sample,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_nowhere,
    .merge = merge_nothing,
    .estimate = estimate,
    .quantiles = keeps_no_values,
    .evidence = evidence,
};
