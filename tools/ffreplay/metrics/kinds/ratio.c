/* ratio.c - the ratio of two fields' sums, over events that have both. See kinds.h. */
#include "compiler/base/memory.h"
#include "shared.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

static bool prepare(struct measure *measure)
{
    const struct metric *metric = measure->metric;
    if (metric->per_unit) {
        print_error_at(&measure->layout->project->sources, metric->name.span,
                       "metric '%s' cannot be computed per unit", metric->name.text);
        print_help("leave out 'per: unit': a ratio is over units already");
        return false;
    }
    return prepare_field(measure, &metric->numerator, &measure->numerator) &&
           prepare_field(measure, &metric->denominator, &measure->denominator);
}

static void init(struct cell *cell, const struct measure *measure)
{
    init_sum(cell, measure);
    cell->denominator = xcalloc(1, sizeof *cell->denominator);
}

static enum spread_cubes cubes_of(const struct measure *measure)
{
    return measure->asks_skewness ? CUBES_OF_BOTH : CUBES_NONE;
}

static void init_spread(struct cell *cell, const struct measure *measure, const struct cell *beside)
{
    init_moments(cell, measure, beside, UNIT_SUMS,
                 (struct spread){.takes_cubes = cubes_of(measure)});
}

/* An event that lacks one of the numbers does not have both, whatever the other is. */
static inline enum number_state both(enum number_state a, enum number_state b)
{
    if (a == NUMBER_ABSENT || b == NUMBER_ABSENT)
        return NUMBER_ABSENT;
    return a == NUMBER_GIVEN ? b : a;
}

static inline enum number_state read_both(const struct measure *measure, const struct event *event,
                                          double *numerator, double *denominator)
{
    return both(event_number(event, measure->numerator, numerator),
                event_number(event, measure->denominator, denominator));
}

static void sample(const struct measure *measure, const struct event *event, struct sample *sample)
{
    sample->state = state_of_truth(measure_is_about(measure, event));
    if (sample->state == NUMBER_GIVEN)
        sample->state = read_both(measure, event, &sample->number, &sample->denominator);
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    exact_sum_add(cell->sum, sample->number);
    exact_sum_add(cell->denominator, sample->denominator);
    add_pair(cell, sample, sample->number, sample->denominator);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    enum truth about;
    double numerator = 0, denominator = 0;
    enum number_state state = NUMBER_UNREADABLE;
    if (quickly_about(measure, event, &about))
        state = about == TRUTH_YES ? read_both(measure, event, &numerator, &denominator)
                                   : NUMBER_ABSENT;
    if (state == NUMBER_UNREADABLE) {
        cell_take_sample(cell, measure, event);
    } else if (state == NUMBER_GIVEN) {
        cell->count++;
        exact_sum_add(cell->sum, numerator);
        exact_sum_add(cell->denominator, denominator);
    }
}

static uint32_t unreadable_place(const struct measure *measure, const struct event *event)
{
    double number;
    bool above = event_number(event, measure->numerator, &number) == NUMBER_UNREADABLE;
    return above ? measure->numerator.place : measure->denominator.place;
}

static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)measure;
    (void)duration;
    return exact_sum_value(cell->sum) / exact_sum_value(cell->denominator);
}

static void evidence(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control)
{
    evidence_of_moments(evidence, measure, canary, control, cubes_of(measure));
}

CELL_OF_PARTS(ratio)

const struct metric_functions ratio_functions = {
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
