/*
 * comparison.c - one form for every comparison: chooses the method; gives the estimate and
 * its bounds, or why there are none; tests them against a margin.
 */
#include "comparison.h"

#include <math.h>
#include <stdbool.h>

#include "count_sequence.h"
#include "mean_sequence.h"
#include "quantile_sequence.h"

#define MOST_GROWTH 1e6
#define HALVINGS    50

static bool is_counted(const struct comparison_input *input)
{
    return input->measurement == MEASURED_PROPORTION || input->measurement == MEASURED_RATE;
}

static struct stratum all_strata(const struct comparison_input *input)
{
    struct stratum all = {{0, 0}, {0, 0}};
    for (size_t i = 0; i < input->stratum_count; i++) {
        const struct stratum *stratum = &input->strata[i];
        all.canary.n += stratum->canary.n;
        all.canary.events += stratum->canary.events;
        all.control.n += stratum->control.n;
        all.control.events += stratum->control.events;
    }
    return all;
}

/*
 * Stratified and weighted by information (Mantel and Haenszel): a control that saw more of a bad
 * hour than the canary did must not look worse for it.
 */
static double stratified_change(const struct comparison_input *input)
{
    double canary = 0, control = 0, weight = 0;
    for (size_t i = 0; i < input->stratum_count; i++) {
        const struct proportion *a = &input->strata[i].canary, *b = &input->strata[i].control;
        if (!(a->n > 0) || !(b->n > 0))
            continue;
        canary += a->events * b->n / (a->n + b->n);
        control += b->events * a->n / (a->n + b->n);
        weight += a->n * b->n / (a->n + b->n);
    }
    if (input->change == CHANGE_ABSOLUTE)
        return weight > 0 ? (canary - control) / weight : NAN;
    return control > 0 ? canary / control - 1 : NAN;
}

static double plain_change(const struct comparison_input *input, double canary, double control)
{
    if (input->baseline == BASELINE_NONE)
        return canary;
    if (input->change == CHANGE_ABSOLUTE)
        return canary - control;
    return control > 0 ? canary / control - 1 : NAN;
}

static void estimate(const struct comparison_input *input, struct comparison *comparison)
{
    if (is_counted(input)) {
        struct stratum all = all_strata(input);
        comparison->canary = all.canary.n > 0 ? all.canary.events / all.canary.n : NAN;
        comparison->control = all.control.n > 0 ? all.control.events / all.control.n : NAN;
    } else if (input->measurement == MEASURED_MEAN) {
        comparison->canary = input->canary.n > 0 ? input->canary.mean : NAN;
        comparison->control = input->control.n > 0 ? input->control.mean : NAN;
    } else {
        comparison->canary = distribution_quantile(&input->canary_values, input->quantile);
        comparison->control = distribution_quantile(&input->control_values, input->quantile);
    }
    if (input->baseline == BASELINE_NONE)
        comparison->control = NAN;
    comparison->change = is_counted(input) && input->baseline == BASELINE_CONTROL
                             ? stratified_change(input)
                             : plain_change(input, comparison->canary, comparison->control);
}

static bool is_idle(const struct moments *seen)
{
    return seen->n * (1 - seen->idle) < MEANS_LEAST_BUSY;
}

static enum comparison_state state_of_means(const struct comparison_input *input)
{
    bool alone = input->baseline == BASELINE_NONE;
    if (input->canary.n < MEANS_BURN_IN || (!alone && input->control.n < MEANS_BURN_IN))
        return COMPARISON_TOO_FEW;
    if (is_idle(&input->canary) || (!alone && is_idle(&input->control)))
        return COMPARISON_IDLE;
    /* Side by side, an arm without spread borrows the other's; in separate periods it cannot. */
    bool canary_varies = input->canary.variance > 0, control_varies = input->control.variance > 0;
    bool enough = input->baseline == BASELINE_CONTROL ? canary_varies || control_varies
                                                      : canary_varies && (alone || control_varies);
    if (!enough)
        return COMPARISON_NO_SPREAD;
    bool skewed = input->canary.n < means_wanted(&input->canary) ||
                  (!alone && input->control.n < means_wanted(&input->control));
    return skewed && input->baseline != BASELINE_CONTROL ? COMPARISON_SKEWED : COMPARISON_FINE;
}

static enum comparison_state state_of(const struct comparison_input *input,
                                      const struct comparison *comparison)
{
    bool alone = input->baseline == BASELINE_NONE;
    if (!isfinite(comparison->canary) || (!alone && !isfinite(comparison->control)))
        return COMPARISON_NODATA;
    if (is_counted(input)) {
        /* With zero events in the control there is no baseline yet, but there are bounds. */
        return COMPARISON_FINE;
    }
    if (!alone && input->change == CHANGE_RELATIVE && !(comparison->control > 0))
        return COMPARISON_NO_BASELINE;
    return input->measurement == MEASURED_MEAN ? state_of_means(input) : COMPARISON_FINE;
}

static struct interval counted_bounds(const struct comparison_input *input, double alpha,
                                      double growth)
{
    bool rates = input->measurement == MEASURED_RATE;
    struct stratum all = all_strata(input);
    switch (input->baseline) {
    case BASELINE_CONTROL:
        return rates ? rates_sequence(input->strata, input->stratum_count, input->change, alpha,
                                      growth)
                     : proportions_sequence(input->strata, input->stratum_count, input->change,
                                            alpha, growth);
    case BASELINE_BEFORE:
        return rates ? rates_apart_sequence(all.canary, all.control, input->change, alpha, growth)
                     : proportions_apart_sequence(all.canary, all.control, input->change, alpha,
                                                  growth);
    case BASELINE_NONE:
        break;
    }
    return rates ? rate_sequence(all.canary, alpha, growth)
                 : proportion_sequence(all.canary, alpha, growth);
}

static struct interval mean_bounds(const struct comparison_input *input, double alpha,
                                   double growth)
{
    switch (input->baseline) {
    case BASELINE_CONTROL:
        return means_sequence(&input->canary, &input->control, input->change, alpha, growth);
    case BASELINE_BEFORE:
        return means_apart_sequence(&input->canary, &input->control, input->change, alpha, growth);
    case BASELINE_NONE:
        break;
    }
    return mean_sequence(&input->canary, alpha, growth);
}

static struct interval bounds(const struct comparison_input *input, double growth)
{
    double alpha = 1 - input->confidence;
    if (input->measurement == MEASURED_MEAN)
        return mean_bounds(input, alpha, growth);
    if (input->design_effect > 1)
        growth /= input->design_effect;
    if (is_counted(input))
        return counted_bounds(input, alpha, growth);
    return input->baseline == BASELINE_NONE
               ? quantile_sequence(&input->canary_values, input->quantile, alpha, growth)
               : quantiles_sequence(&input->canary_values, &input->control_values, input->quantile,
                                    input->change, alpha, growth);
}

/*
 * Strata that contradict each other, say one with twice the errors and one with half, can reject
 * every change from one side or the other. Then nothing is known between the bounds, nor between
 * the bounds and the estimate.
 */
static struct interval bounds_around(const struct comparison_input *input, double change,
                                     double growth)
{
    struct interval found = bounds(input, growth);
    struct interval around = {fmin(found.lower, found.upper), fmax(found.lower, found.upper)};
    if (isfinite(change)) {
        around.lower = fmin(around.lower, change);
        around.upper = fmax(around.upper, change);
    }
    return around;
}

static const char *method_of(const struct comparison_input *input)
{
    if (input->measurement == MEASURED_MEAN)
        return "asymptotic confidence sequence";
    if (input->measurement == MEASURED_QUANTILE)
        return "quantile confidence sequence";
    return "mixture e-process";
}

struct comparison compare(const struct comparison_input *input)
{
    struct comparison comparison = {.method = method_of(input), .interval = {-INFINITY, INFINITY}};
    estimate(input, &comparison);
    comparison.state = state_of(input, &comparison);
    if (comparison.state == COMPARISON_FINE)
        comparison.interval = bounds_around(input, comparison.change, 1);
    if (comparison.state == COMPARISON_SKEWED)
        comparison.wanted_growth = fmax(1, means_wanted(&input->canary) / input->canary.n);
    return comparison;
}

const char *comparison_state_text(enum comparison_state state)
{
    static const char *const texts[] = {
        [COMPARISON_FINE] = "it can be judged",
        [COMPARISON_NODATA] = "one side has no data",
        [COMPARISON_TOO_FEW] = "one side has fewer than 100 units",
        [COMPARISON_IDLE] = "one side has fewer than 30 units with a denominator",
        [COMPARISON_SKEWED] = "the values are too skewed for a bound of so few",
        [COMPARISON_NO_SPREAD] = "all values are the same, so chance cannot be judged",
        [COMPARISON_NO_BASELINE] = "a change relative to zero means nothing",
    };
    return texts[state];
}

static enum margin_verdict judge(struct interval interval, enum side side, double margin)
{
    if (side == SIDE_ABOVE ? interval.lower > margin : interval.upper < margin)
        return MARGIN_BEYOND;
    if (side == SIDE_ABOVE ? interval.upper <= margin : interval.lower >= margin)
        return MARGIN_WITHIN;
    return MARGIN_UNDECIDED;
}

enum margin_verdict margin_judge(const struct comparison *comparison, enum side side, double margin)
{
    if (comparison->state != COMPARISON_FINE)
        return MARGIN_UNDECIDED;
    return judge(comparison->interval, side, margin);
}

double comparison_growth_needed(const struct comparison_input *input, enum side side, double margin)
{
    struct comparison comparison = compare(input);
    double change = comparison.change;
    if (margin_judge(&comparison, side, margin) != MARGIN_UNDECIDED)
        return 1;
    bool never = comparison.state == COMPARISON_NODATA ||
                 comparison.state == COMPARISON_NO_SPREAD ||
                 comparison.state == COMPARISON_NO_BASELINE;
    if (never || judge(bounds_around(input, change, MOST_GROWTH), side, margin) == MARGIN_UNDECIDED)
        return INFINITY;
    double low = 1, high = MOST_GROWTH;
    for (int i = 0; i < HALVINGS && high / low > 1.001; i++) {
        double middle = sqrt(low * high);
        if (judge(bounds_around(input, change, middle), side, margin) == MARGIN_UNDECIDED)
            low = middle;
        else
            high = middle;
    }
    return high;
}
