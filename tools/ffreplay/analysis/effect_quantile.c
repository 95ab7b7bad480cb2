/* effect_quantile.c - see effect_quantile.h. */
#include "effect_quantile.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/statistics/comparison.h"
#include "compiler/statistics/planned_end.h"
#include "compiler/statistics/quantile_change.h"
#include "tools/ffreplay/metrics/evidence.h"

/* As bins of one value each. */
static struct distribution unit_values(const struct arm_evidence *arm,
                                       const struct measure *measure, struct bin **bins)
{
    size_t count;
    double *values = arm_values(arm, measure, &count);
    free(*bins);
    *bins = xcalloc(count + 1, sizeof **bins);
    for (size_t i = 0; i < count; i++)
        (*bins)[i] = (struct bin){values[i], values[i], 1};
    free(values);
    return (struct distribution){*bins, count};
}

/* What both arms' quantiles are made of, in memory that is released as evidence. */
static struct evidence *quantile_evidence(const struct measure *measure,
                                          const struct arm_evidence *variant,
                                          const struct arm_evidence *control, enum change change,
                                          double confidence)
{
    struct evidence *evidence = xcalloc(1, sizeof *evidence);
    evidence_gather(evidence, measure, (struct observed){.cell = variant->cell, .share = 1},
                    (struct observed){.cell = control->cell, .share = 1}, BASELINE_CONTROL, change,
                    confidence);
    if (measure->metric->per_unit) {
        evidence->input.canary_values = unit_values(variant, measure, &evidence->bins[0]);
        evidence->input.control_values = unit_values(control, measure, &evidence->bins[1]);
    }
    return evidence;
}

/* By order statistics, at a planned end; its error is NaN where they do not tell. */
static struct estimated_change quantile_change_of(const struct measure *measure,
                                                  const struct arm_evidence *variant,
                                                  const struct arm_evidence *control,
                                                  enum change change)
{
    struct evidence *evidence = quantile_evidence(measure, variant, control, change, 0.95);
    const struct comparison_input *input = &evidence->input;
    struct quantile_estimate of_variant =
        quantile_estimate(&input->canary_values, input->quantile, input->design_effect);
    struct quantile_estimate of_control =
        quantile_estimate(&input->control_values, input->quantile, input->design_effect);
    struct estimated_change found = quantile_change(&of_variant, &of_control, change);
    evidence_release(evidence);
    free(evidence);
    return found;
}

static bool takes_order_statistics(const struct judgement *judgement)
{
    return judgement->method == ANALYSIS_FIXED;
}

/* Quantiles have one method, which holds at every look, and so at one, too. */
static struct comparison compare_quantiles(const struct measure *measure,
                                           const struct arm_evidence *variant,
                                           const struct arm_evidence *control, enum change change,
                                           double alpha)
{
    struct evidence *evidence = quantile_evidence(measure, variant, control, change, 1 - alpha);
    struct comparison comparison = compare(&evidence->input);
    evidence_release(evidence);
    free(evidence);
    return comparison;
}

/* The least level, each bound's own, at which the change is shown to be on that side of `margin`.
 * */
static double quantile_level(const struct measure *measure, const struct arm_evidence *variant,
                             const struct arm_evidence *control, enum change change, enum side side,
                             double margin)
{
    double low = log(1e-9), high = log(0.45);
    for (int i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        struct comparison seen = compare_quantiles(measure, variant, control, change, exp(middle));
        bool shown =
            side == SIDE_ABOVE ? seen.interval.upper < margin : seen.interval.lower > margin;
        *(shown ? &high : &low) = middle;
    }
    return high == log(0.45) ? 1 : exp(high);
}

void judge_quantiles(struct effect *effect, const struct judgement *judgement,
                     const struct arm_evidence *variant, const struct arm_evidence *control,
                     const struct measure *measure)
{
    double each = judgement->alpha / 2;
    if (takes_order_statistics(judgement)) {
        struct estimated_change change =
            quantile_change_of(measure, variant, control, CHANGE_ABSOLUTE);
        if (change.error > 0) {
            effect->method = "order statistics, Welch's t";
            effect->absolute = change;
            effect->relative = quantile_change_of(measure, variant, control, CHANGE_RELATIVE);
            effect->absolute_interval = planned_end_bounds(&effect->absolute, each);
            effect->relative_interval = planned_end_bounds(&effect->relative, each);
            effect->p = planned_end_p(&effect->absolute);
            return;
        }
    }
    struct comparison absolute =
        compare_quantiles(measure, variant, control, CHANGE_ABSOLUTE, each);
    struct comparison relative =
        compare_quantiles(measure, variant, control, CHANGE_RELATIVE, each);
    if (absolute.state != COMPARISON_FINE) {
        effect->state = absolute.state == COMPARISON_NODATA ? EFFECT_NODATA : EFFECT_TOO_FEW;
        return;
    }
    effect->method = "confidence sequence for quantiles";
    effect->absolute_interval = absolute.interval;
    effect->relative_interval = relative.interval;
    bool above = variant->value > control->value;
    effect->p = fmin(1, 2 * quantile_level(measure, variant, control, CHANGE_ABSOLUTE,
                                           above ? SIDE_BELOW : SIDE_ABOVE, 0));
}

double quantile_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                         const struct arm_evidence *control, const struct measure *measure,
                         enum change change, enum side side, double margin)
{
    struct estimated_change found = {NAN, NAN, NAN, NAN};
    if (takes_order_statistics(judgement))
        found = quantile_change_of(measure, variant, control, change);
    return found.error > 0 ? planned_end_p_within(&found, side, margin)
                           : quantile_level(measure, variant, control, change, side, margin);
}
