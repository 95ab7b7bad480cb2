/* plan_canary.c - a rollout's stages, and what their criteria need. See plan_page.h. */
#include <math.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "forecast.h"
#include "plan_page.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"

/* A given baseline counts as if this many lines had been seen. */
#define NOMINAL_LINES 1e6

/* What is expected of a metric, over all lines of the audience. */
struct foreseen {
    struct evidence evidence;
    bool known;
    double baseline;
    double samples; /* what the evidence is based on, canary and control together */
    double seconds; /* the time in which they come */
};

static void scale_bins(struct bin *bins, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++)
        bins[i].count *= factor;
}

/* Both arms were built from all lines: scales each to its share. */
static void divide(struct evidence *evidence, double canary, double control)
{
    struct comparison_input *input = &evidence->input;
    struct stratum *stratum = evidence->strata; /* both arms are equal: there is only one */
    stratum->canary.n *= canary;
    stratum->canary.events *= canary;
    stratum->control.n *= control;
    stratum->control.events *= control;
    input->canary.n *= canary;
    input->control.n *= control;
    if (evidence->bins[0])
        scale_bins(evidence->bins[0], input->canary_values.count, canary);
    if (evidence->bins[1])
        scale_bins(evidence->bins[1], input->control_values.count, control);
}

/* -------------------------------------------------------------------- what is expected of it -- */

static void expect_measured(struct foreseen *foreseen, const struct stage_plan *plan,
                            const struct analysis *analysis, const struct judgement *judgement,
                            int64_t span)
{
    const struct criterion *criterion = judgement->criterion;
    struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    struct cell pooled;
    cell_init(&pooled, &accumulator->measure);
    if (accumulator->gathers_spread)
        cell_gather_spread(&pooled, &accumulator->measure, NULL);
    cell_merge(&pooled, &accumulator->measure, &accumulator->cells[ASSIGNED_CANARY]);
    cell_merge(&pooled, &accumulator->measure, &accumulator->cells[ASSIGNED_CONTROL]);
    foreseen->known =
        cell_estimate(&pooled, &accumulator->measure, span, &foreseen->baseline) && span > 0;
    foreseen->samples = (double)cell_samples(&pooled, &accumulator->measure);
    foreseen->seconds = (double)span / 1000;
    if (foreseen->known && judgement->statistical) {
        enum baseline baseline = criterion_baseline(criterion);
        double share = plan->stage->percent / (double)PERCENT_ALL;
        struct observed all = {&pooled, span, 1}, none = {0};
        evidence_gather(&foreseen->evidence, &accumulator->measure, all,
                        baseline == BASELINE_NONE ? none : all, baseline,
                        criterion->absolute ? CHANGE_ABSOLUTE : CHANGE_RELATIVE,
                        judgement->confidence);
        divide(&foreseen->evidence, share, baseline == BASELINE_BEFORE ? 1 : 1 - share);
    }
    cell_release(&pooled);
}

static const struct given_baseline *given_for(const struct plan_wish *wish,
                                              const struct metric *metric)
{
    for (size_t i = 0; i < wish->baseline_count; i++)
        if (wish->baselines[i].metric == metric)
            return &wish->baselines[i];
    return NULL;
}

static void expect_given(struct foreseen *foreseen, const struct stage_plan *plan,
                         const struct judgement *judgement, const struct given_baseline *given,
                         double traffic)
{
    const struct criterion *criterion = judgement->criterion;
    const struct metric *metric = criterion->metric;
    double share = plan->stage->percent / (double)PERCENT_ALL, all = NOMINAL_LINES;
    struct evidence *evidence = &foreseen->evidence;
    bool is_share = metric_traits(metric)->bound == BOUND_SHARE;
    foreseen->baseline = given->mean;
    foreseen->samples = all;
    foreseen->seconds = traffic > 0 ? all / traffic : NAN;
    foreseen->known = is_share || given->deviation > 0;
    enum baseline baseline = criterion_baseline(criterion);
    evidence->input =
        (struct comparison_input){.baseline = baseline,
                                  .change = criterion->absolute ? CHANGE_ABSOLUTE : CHANGE_RELATIVE,
                                  .confidence = judgement->confidence,
                                  .measurement = is_share ? MEASURED_PROPORTION : MEASURED_MEAN,
                                  .strata = evidence->strata,
                                  .stratum_count = 1};
    evidence->strata[0].canary = (struct proportion){all, all * given->mean};
    evidence->input.canary = (struct moments){
        .n = all, .mean = given->mean, .variance = given->deviation * given->deviation};
    if (baseline != BASELINE_NONE) {
        evidence->strata[0].control = evidence->strata[0].canary;
        evidence->input.control = evidence->input.canary;
    }
    divide(evidence, share, baseline == BASELINE_BEFORE ? 1 : 1 - share);
}

static const char *expect(struct foreseen *foreseen, const struct canary_plan *plan,
                          const struct stage_plan *stage, const struct analysis *analysis,
                          const struct judgement *judgement, int64_t span)
{
    const struct metric *metric = judgement->criterion->metric;
    const struct given_baseline *given = given_for(plan->wish, metric);
    *foreseen = (struct foreseen){.baseline = NAN, .samples = NAN, .seconds = NAN};
    enum metric_bound bound = metric_traits(metric)->bound;
    if (given && (bound == BOUND_SHARE || bound == BOUND_MEAN)) {
        expect_given(foreseen, stage, judgement, given, plan->wish->traffic);
        return foreseen->known ? NULL : "give its deviation, too";
    }
    if (!plan->wish->has_log)
        return "not known: give a log, or its baseline";
    expect_measured(foreseen, stage, analysis, judgement, span);
    return foreseen->known ? NULL : "not measured in the log";
}

/* ----------------------------------------------------------------------------- one criterion -- */

static uint64_t wanted_samples(const struct stage *stage, const struct criterion *criterion)
{
    return criterion->min_samples > 0 ? criterion->min_samples : stage->min_samples;
}

/* An estimate is judged as soon as there are enough samples, in all or in a window. */
static void judge_by_estimate(struct prospect *prospect, const struct stage_plan *stage,
                              double sample_rate, const struct replay_times *times,
                              struct arena *arena)
{
    const struct criterion *criterion = prospect->judgement->criterion;
    double wanted = (double)wanted_samples(stage->stage, criterion);
    prospect->samples = wanted;
    if (!prospect->judgement->windowed) {
        prospect->seconds = wanted > 0 ? wanted / sample_rate : 0;
        return;
    }
    int64_t width = criterion->over > 0 ? criterion->over : times->window;
    double held = sample_rate * (double)width / 1000;
    prospect->seconds =
        (double)width / 1000 + (double)(criterion->for_windows - 1) * (double)times->window / 1000;
    if (held < wanted) {
        prospect->seconds = INFINITY;
        prospect->note = arena_format(arena, "%s has about %.0f of the %.0f samples it needs",
                                      duration_text(arena, width), floor(held), wanted);
    }
}

static void judge_by_bound(struct prospect *prospect, struct foreseen *foreseen,
                           const struct stage_plan *stage, double power, double speed,
                           double seconds)
{
    const struct criterion *criterion = prospect->judgement->criterion;
    const struct question_asked asked = {criterion_harm_side(criterion),
                                         criterion_margin(criterion), power};
    const struct comparison_input *input = &foreseen->evidence.input;
    double share = stage->stage->percent / (double)PERCENT_ALL;
    double growth = forecast_growth(input, &asked);
    double wanted = (double)wanted_samples(stage->stage, criterion);
    prospect->samples = fmax(foreseen->samples * share * growth, wanted);
    prospect->seconds = foreseen->seconds / speed * prospect->samples / (foreseen->samples * share);
    double until = seconds > 0 ? seconds : prospect->seconds;
    if (isfinite(until))
        prospect->effect = forecast_effect(input, &asked, until * speed / foreseen->seconds);
}

static void foresee(struct prospect *prospect, const struct canary_plan *plan,
                    const struct stage_plan *stage, const struct analysis *analysis, int64_t span,
                    double speed, struct arena *arena)
{
    const struct judgement *judgement = prospect->judgement;
    bool everybody = stage->stage->percent == PERCENT_ALL;
    if (everybody && criterion_compares(judgement->criterion) &&
        !judgement->criterion->versus_before) {
        prospect->has_no_control = true;
        prospect->seconds = 0;
        return;
    }
    struct foreseen foreseen;
    prospect->note = expect(&foreseen, plan, stage, analysis, judgement, span);
    prospect->baseline = foreseen.baseline;
    double rate =
        foreseen.samples / foreseen.seconds * speed * (stage->stage->percent / (double)PERCENT_ALL);
    if (!judgement->statistical)
        judge_by_estimate(prospect, stage, isnan(rate) ? stage->canary_rate : rate, analysis->times,
                          arena);
    else if (foreseen.known)
        judge_by_bound(prospect, &foreseen, stage, plan->wish->power, speed,
                       (double)stage->stage->hold / 1000);
    if (foreseen.evidence.bins[0] || foreseen.evidence.bins[1])
        evidence_release(&foreseen.evidence);
}

/* ------------------------------------------------------------------------------------ stages -- */

static void warn(struct stage_plan *stage, struct arena *arena, const char *text)
{
    *ARENA_APPEND(arena, stage->warnings.items, stage->warnings.count) = text;
}

/* An undecided guard holds nothing up; one with too few samples does. */
static double blocks_for(const struct prospect *prospect, const struct stage_plan *stage)
{
    const struct judgement *judgement = prospect->judgement;
    if (judgement->finding.advances || !judgement->statistical)
        return prospect->seconds;
    double wanted = (double)wanted_samples(stage->stage, judgement->criterion);
    return prospect->samples > 0 ? prospect->seconds * wanted / prospect->samples : 0;
}

static void time_stage(struct stage_plan *stage, const struct canary *canary, struct arena *arena)
{
    int64_t max_hold = stage->stage->max_hold > 0 ? stage->stage->max_hold : canary->max_hold;
    stage->seconds = (double)stage->stage->hold / 1000;
    for (uint32_t i = 0; i < stage->count; i++) {
        double seconds = blocks_for(&stage->prospects[i], stage);
        stage->unknown |= isnan(seconds);
        if (seconds > stage->seconds)
            stage->seconds = seconds;
    }
    if (isinf(stage->seconds))
        warn(stage, arena, "some criterion never has enough to let the stage advance");
    if (max_hold > 0 && stage->seconds * 1000 > (double)max_hold)
        warn(stage, arena,
             arena_format(arena, "its max_hold of %s ends sooner: on_timeout is %s",
                          duration_text(arena, max_hold),
                          timeout_policy_words[canary->on_timeout]));
    if (stage->canary_rate > 0 && stage->stage->min_samples > 0 && stage->count == 0)
        stage->seconds =
            fmax(stage->seconds, (double)stage->stage->min_samples / stage->canary_rate);
}

static double lines_of(const struct analysis *analysis)
{
    return (double)(analysis->assigned[ASSIGNED_CANARY] + analysis->assigned[ASSIGNED_CONTROL]);
}

static void plan_stage(struct canary_plan *plan, struct stage_plan *stage,
                       const struct analysis *analysis, int64_t span, struct arena *arena)
{
    const struct plan_wish *wish = plan->wish;
    double measured = span > 0 ? lines_of(analysis) * 1000 / (double)span : NAN;
    /* The given traffic is that of the first stage's audience; others get their share of it. */
    double speed = wish->traffic > 0 && wish->has_log ? wish->traffic / plan->lines_per_second : 1;
    double traffic = wish->has_log ? measured * speed : wish->traffic > 0 ? wish->traffic : NAN;
    stage->canary_rate = traffic * stage->stage->percent / (double)PERCENT_ALL;
    stage->count = analysis->judgement_count;
    stage->prospects = ARENA_ARRAY(arena, struct prospect, stage->count + 1);
    for (uint32_t i = 0; i < stage->count; i++) {
        struct prospect *prospect = &stage->prospects[i];
        *prospect = (struct prospect){.judgement = &analysis->judgements[i],
                                      .metric = analysis->judgements[i].criterion->metric,
                                      .baseline = NAN,
                                      .samples = NAN,
                                      .seconds = NAN,
                                      .effect = NAN};
        foresee(prospect, plan, stage, analysis, span, speed, arena);
    }
    time_stage(stage, analysis->subject.canary, arena);
}

void plan_canary(struct canary_plan *plan, const struct analysis *analyses, uint32_t count,
                 int64_t span, struct arena *arena)
{
    plan->stage_count = count;
    plan->stages = ARENA_ARRAY(arena, struct stage_plan, count);
    plan->lines_per_second = span > 0 ? lines_of(&analyses[0]) * 1000 / (double)span : NAN;
    for (uint32_t i = 0; i < count; i++) {
        plan->stages[i].stage = analyses[i].stage;
        plan_stage(plan, &plan->stages[i], &analyses[i], span, arena);
        plan->seconds += plan->stages[i].seconds;
        plan->unknown |= plan->stages[i].unknown;
    }
    if (plan->wish->traffic > 0)
        plan->lines_per_second = plan->wish->traffic;
}
