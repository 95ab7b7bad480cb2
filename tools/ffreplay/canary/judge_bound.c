/*
 * judge_bound.c - criteria that judge a bound: a change relative to control or to the time before,
 * or a metric with `confidence`.
 *
 * The bound is valid at every look simultaneously, so it does not matter how often a canary is
 * decided on. It covers the whole stage: it cannot count what a trailing window has dropped.
 */
#include <math.h>

#include "analysis.h"

enum side criterion_harm_side(const struct criterion *criterion)
{
    bool above = criterion->form == CRITERION_MAX || criterion->form == CRITERION_MAX_INCREASE;
    return above ? SIDE_ABOVE : SIDE_BELOW;
}

double criterion_margin(const struct criterion *criterion)
{
    return criterion->form == CRITERION_MAX_DECREASE ? -criterion->threshold : criterion->threshold;
}

enum baseline criterion_baseline(const struct criterion *criterion)
{
    return !criterion_compares(criterion) ? BASELINE_NONE
           : criterion->versus_before     ? BASELINE_BEFORE
                                          : BASELINE_CONTROL;
}

static enum criterion_verdict verdict_of(const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    if (judgement->impossible)
        return CRITERION_UNDECIDED;
    switch (margin_judge(&judgement->comparison, criterion_harm_side(criterion),
                         criterion_margin(criterion))) {
    case MARGIN_BEYOND:
        return CRITERION_HARM;
    case MARGIN_WITHIN:
        return CRITERION_PASS;
    case MARGIN_UNDECIDED:
        break;
    }
    return CRITERION_UNDECIDED;
}

static void compare_groups(struct judgement *judgement, const struct measure *measure,
                           struct observed canary, struct observed control, enum judging judging)
{
    const struct criterion *criterion = judgement->criterion;
    enum baseline baseline = criterion_baseline(criterion);
    if (baseline == BASELINE_NONE)
        control.cell = NULL;
    struct evidence evidence;
    evidence_gather(&evidence, measure, canary, control, baseline,
                    criterion->absolute ? CHANGE_ABSOLUTE : CHANGE_RELATIVE, judgement->confidence);
    judgement->comparison = compare(&evidence.input);
    if (evidence.beyond) {
        judgement->comparison.change = NAN;
        judgement->comparison.interval = (struct interval){-INFINITY, INFINITY};
    }
    judgement->design_effect = evidence.input.design_effect;
    judgement->growth = INFINITY;
    double change = judgement->comparison.change, margin = criterion_margin(criterion);
    judgement->estimate_beyond =
        criterion_harm_side(criterion) == SIDE_ABOVE ? change > margin : change < margin;
    if (evidence.beyond)
        judgement->impossible = "a number is too large for its variance to be known";
    else if (judgement->comparison.state != COMPARISON_FINE)
        judgement->impossible = comparison_state_text(judgement->comparison.state);
    /* The search takes a hundred times as long as the comparison, and a guard's result is not worth
     * it. */
    if (judging == JUDGE_TO_EXPLAIN && judgement->finding.advances && !evidence.beyond &&
        !judgement->estimate_beyond && verdict_of(judgement) == CRITERION_UNDECIDED)
        judgement->growth = comparison_growth_needed(
            &evidence.input, criterion_harm_side(criterion), criterion_margin(criterion));
    evidence_release(&evidence);
}

void judge_without_control(struct judgement *judgement)
{
    /* There is no control left to compare with, and never will be: this must not hold the rollout
     * up. */
    judgement->has_no_control = true;
    judgement->finding.verdict = CRITERION_NODATA;
    judgement->finding.on_nodata = NODATA_IGNORE;
}

/* The samples that a mean's bound needs if its values are skewed, scaled up from the units it
 * needs. If only the time before the stage had too few, there is no such number. */
static void want_more(struct judgement *judgement)
{
    double wanted = ceil((double)judgement->samples * judgement->comparison.wanted_growth);
    judgement->finding.verdict = CRITERION_INSUFFICIENT;
    if (wanted > (double)judgement->wanted_samples && wanted < 1e15)
        judgement->wanted_samples = (uint64_t)wanted;
}

void judge_bound(struct judgement *judgement, const struct measure *measure, struct observed canary,
                 struct observed control, enum judging judging)
{
    compare_groups(judgement, measure, canary, control, judging);
    if (criterion_compares(judgement->criterion) && !judgement->control_measured)
        judgement->finding.verdict = CRITERION_NODATA;
    if (judgement->finding.verdict != CRITERION_NODATA &&
        judgement->finding.verdict != CRITERION_INSUFFICIENT)
        judgement->finding.verdict = verdict_of(judgement);
    if (judgement->comparison.state == COMPARISON_SKEWED &&
        judgement->finding.verdict != CRITERION_NODATA)
        want_more(judgement);
}
