/* plan_text.c - plans for people. See plan_page.h. */
#include <inttypes.h>
#include <math.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "plan_page.h"
#include "tools/ffreplay/canary/reasons_bound.h"
#include "tools/ffreplay/report/report.h"
#include "compiler/base/scalar.h"

/* A plan is not even precise to three digits. */
static const char *count_text(struct arena *arena, double count)
{
    if (isnan(count))
        return "-";
    if (isinf(count))
        return "never";
    double step = count < 1000 ? 1 : pow(10, floor(log10(count)) - 2);
    return arena_format(arena, "%.0f", ceil(count / step) * step);
}

static const char *time_text(struct arena *arena, double seconds)
{
    if (isnan(seconds))
        return "-";
    if (isinf(seconds) || seconds > 1e11)
        return "never";
    /* For a day or two, minutes make no difference. */
    double step = seconds < 60 ? 1 : seconds < 172800 ? 60 : 3600;
    return duration_text(arena, (int64_t)(ceil(seconds / step) * step) * 1000);
}

static const char *rate_text(struct arena *arena, double rate)
{
    return rate < 0.1   ? arena_format(arena, "%.3g an hour", rate * 3600)
           : rate < 1e4 ? arena_format(arena, "%.3g a second", rate)
                        : arena_format(arena, "%.0f a second", rate);
}

/* ------------------------------------------------------------------------------------ canary -- */

static const char *effect_text(struct arena *arena, const struct prospect *prospect)
{
    const struct judgement *judgement = prospect->judgement;
    if (isnan(prospect->effect))
        return "-";
    bool above = judgement->criterion->form == CRITERION_MAX ||
                 judgement->criterion->form == CRITERION_MAX_INCREASE;
    double sign = above ? 1 : -1;
    if (criterion_compares(judgement->criterion))
        return change_text(arena, judgement, sign * prospect->effect);
    return estimate_text(arena, prospect->metric, prospect->baseline + sign * prospect->effect);
}

static void put_prospects(const struct stage_plan *stage, const struct page *page)
{
    struct arena *arena = page->arena;
    struct page_row *rows = ARENA_ARRAY(arena, struct page_row, stage->count + 1);
    rows[0] = (struct page_row){
        .cells = {"criterion", "wanted", "baseline", "settled after", "time", "finds by the hold"}};
    uint32_t count = 1;
    for (uint32_t i = 0; i < stage->count; i++) {
        const struct prospect *prospect = &stage->prospects[i];
        const struct criterion *criterion = prospect->judgement->criterion;
        if (prospect->has_no_control)
            continue;
        rows[count++] = (struct page_row){
            .cells = {prospect->metric->name.text, wanted_text(arena, criterion),
                      isnan(prospect->baseline)
                          ? "-"
                          : estimate_text(arena, prospect->metric, prospect->baseline),
                      prospect->samples == 0 ? "-" : count_text(arena, prospect->samples),
                      time_text(arena, prospect->seconds), effect_text(arena, prospect)},
            .below = prospect->note};
    }
    if (count > 1)
        page_write_table(page, &(struct page_table){rows, count, "llrrrr"});
}

static void put_stage(const struct stage_plan *stage, const struct page *page)
{
    struct arena *arena = page->arena;
    buffer_append_text(page->out, "\n");
    page_put(page, PAGE_BOLD, stage->stage->name.text, 0);
    terminal_format(page->out, "  %s", percent_text(arena, stage->stage->percent));
    if (stage->canary_rate > 0)
        terminal_format(page->out, ", %s", rate_text(arena, stage->canary_rate));
    if (stage->stage->hold > 0)
        terminal_format(page->out, ", hold %s", duration_text(arena, stage->stage->hold));
    if (isinf(stage->seconds))
        buffer_append_text(page->out, ": never advances");
    else
        terminal_format(page->out, ": takes %s%s", time_text(arena, stage->seconds),
                        stage->unknown ? " or more" : "");
    buffer_append_text(page->out, "\n");
    if (stage->count > 0)
        put_prospects(stage, page);
    for (uint32_t i = 0; i < stage->warnings.count; i++) {
        buffer_append_text(page->out, "  ");
        page_put(page, PAGE_YELLOW, "note: ", 0);
        page_wrap(page, 8, 8, stage->warnings.items[i]);
    }
}

void plan_canary_text(const struct canary_plan *plan, const struct page *page)
{
    struct arena *arena = page->arena;
    page_put(page, PAGE_BOLD, "plan", 0);
    terminal_format(page->out, "  %s in %s\n\n", plan->flag->name.text, plan->environment);
    page_fact(page, "traffic",
              plan->lines_per_second > 0
                  ? arena_format(arena, "%s of the first stage's audience, %s",
                                 rate_text(arena, plan->lines_per_second),
                                 plan->wish->traffic > 0 ? "as given" : "as in the log")
                  : "not known: give --traffic, or a log");
    page_fact(page, "power",
              arena_format(arena,
                           "%g%% of canaries that change nothing are settled by then; of "
                           "quantiles, about a half",
                           plan->wish->power * 100));
    page_fact(page, "rollout",
              isinf(plan->seconds)
                  ? "never ends as it is: see the notes below"
                  : arena_format(arena, "%s%s", time_text(arena, plan->seconds),
                                 plan->unknown ? ", or more: not all is known" : " at the least"));
    for (uint32_t i = 0; i < plan->stage_count; i++)
        put_stage(&plan->stages[i], page);
}

/* -------------------------------------------------------------------------------- experiment -- */

static const char *arms_text(const struct experiment_plan *plan, struct arena *arena)
{
    const struct experiment *experiment = &plan->experiment;
    const char *text = "";
    for (uint32_t i = 0; i < experiment->arm_count; i++) {
        const char *name = plan->targeting.variants[experiment->arms[i].variant].name.text;
        text = arena_format(arena, "%s%s%s %s", text, i > 0 ? ", " : "", name ? name : "default",
                            percent_text(arena, experiment->arms[i].percent));
    }
    return arena_format(arena, "%s, of %s of the units", text,
                        percent_text(arena, experiment->traffic));
}

static void put_weeks(const struct experiment_plan *plan, const struct page *page)
{
    struct arena *arena = page->arena;
    for (size_t i = 0; i < PLANNED_SPANS; i++) {
        double effect = plan_effect(plan, planned_days[i]);
        page_fact(page, i == 0 ? "finds" : "",
                  isnan(effect) ? arena_format(arena, "no effect in %d days", planned_days[i])
                                : arena_format(arena, "an effect of %.3g%% in %d days",
                                               effect * 100, planned_days[i]));
    }
}

/* "sequential, valid at every look; one look at a planned end takes 16 316" */
static const char *method_text(const struct experiment_plan *plan, struct arena *arena)
{
    const struct experiment *experiment = &plan->experiment;
    const char *fixed = arena_format(arena, "%s%s", plan->size.is_certain ? "" : "at the least ",
                                     count_text(arena, plan->size.fixed));
    switch (method_of_primary(experiment)) {
    case ANALYSIS_SEQUENTIAL:
        return arena_format(arena,
                            "sequential, by the %s: looks are free; one look at the end takes %s",
                            share_method_words[plan->size.judged], fixed);
    case ANALYSIS_GROUP_SEQUENTIAL:
        return arena_format(arena, "group sequential, %u looks; one look at the end takes %s",
                            experiment->looks > 0 ? experiment->looks : 5, fixed);
    case ANALYSIS_FIXED:
        return "fixed: looked at once, at the end";
    case ANALYSIS_BAYESIAN:
        return "bayesian: sized as a test that is looked at once, at the end";
    }
    return "";
}

static void put_size(const struct experiment_plan *plan, const struct page *page)
{
    struct arena *arena = page->arena;
    const struct experiment *experiment = &plan->experiment;
    uint32_t variants = treatment_count(experiment);
    page_fact(page, "question",
              arena_format(arena,
                           "an effect of %g%%, found by %g%% of experiments, at alpha %g%%%s",
                           experiment->mde * 100, experiment->power * 100, experiment->alpha * 100,
                           variants > 1 ? arena_format(arena, " over %u variants", variants) : ""));
    page_fact(page, "method", method_text(plan, arena));
    if (experiment->guards.count > 0)
        page_fact(page, "guards",
                  arena_format(arena, "%u, shown to be kept as well: %s alone is found by %.4g%%",
                               experiment->guards.count, experiment->primary->name.text,
                               plan->size.power * 100));
    page_fact(page, "units",
              arena_format(arena, "%s%s in all, %s of the smallest arm",
                           plan->size.is_certain
                               ? ""
                               : "not known: give a 'baseline', or --baseline; at the least ",
                           count_text(arena, plan->size.all), count_text(arena, plan->size.units)));
    page_fact(page, "time",
              isnan(plan->size.days)
                  ? "not known: give 'units_per_day', or --traffic"
                  : arena_format(arena, "%.0f day%s, at %s units a day that take part",
                                 plan->size.days, plan->size.days == 1 ? "" : "s",
                                 count_text(arena, units_a_day(&plan->targeting))));
}

void plan_experiment_text(const struct experiment_plan *plan, const struct page *page)
{
    struct arena *arena = page->arena;
    const struct experiment *experiment = &plan->experiment;
    page_put(page, PAGE_BOLD, "plan", 0);
    terminal_format(page->out, "  %s in %s\n\n", plan->flag->name.text, plan->environment);
    page_fact(page, "arms", arms_text(plan, arena));
    if (experiment->primary)
        page_fact(page, "primary",
                  experiment->baseline.given
                      ? arena_format(
                            arena, "%s, %s without the experiment", experiment->primary->name.text,
                            estimate_text(arena, experiment->primary, experiment->baseline.mean))
                      : experiment->primary->name.text);
    if (plan->known)
        put_size(plan, page);
    else
        page_fact(page, "units", arena_format(arena, "not known: %s", plan->unknown));
    if (plan->finds)
        put_weeks(plan, page);
    else if (!plan->known && experiment->baseline.given && units_a_day(&plan->targeting) == 0)
        page_fact(page, "finds", "not known: give 'units_per_day', or --traffic");
}
