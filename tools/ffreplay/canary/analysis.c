/* analysis.c - prepares what a canary's verdict needs; gather.c gathers it, judge.c judges. See
 * analysis.h. */
#include "analysis.h"

#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/cli/messages.h"
#include "tools/ffreplay/logs/points.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

#define MOST_WINDOWS       4096
#define DEFAULT_CONFIDENCE 0.95

bool criterion_compares(const struct criterion *criterion)
{
    return criterion->form == CRITERION_MAX_INCREASE || criterion->form == CRITERION_MAX_DECREASE;
}

/* Returns true if the criterion tests a confidence bound. */
static bool criterion_is_statistical(const struct criterion *criterion)
{
    return criterion_compares(criterion) || criterion->confidence > 0;
}

static bool log_of(const struct project *project, const struct metric *metric, uint32_t *log)
{
    for (*log = 0; *log < project->log_count; (*log)++)
        if (project->logs[*log] == metric->log || (!metric->log && project->log_count == 1))
            return true;
    print_error_at(&project->sources, metric->name.span,
                   "metric '%s' does not name the log it is computed from", metric->name.text);
    print_help("the project has %u logs: give the metric a 'log'", project->log_count);
    return false;
}

static bool add_accumulator(struct analysis *analysis, const struct project *project,
                            struct layout *layouts, const struct metric *metric, uint32_t *place)
{
    for (*place = 0; *place < analysis->accumulator_count; (*place)++)
        if (analysis->accumulators[*place].measure.metric == metric)
            return true;
    uint32_t log;
    if (!log_of(project, metric, &log))
        return false;
    struct accumulator *accumulator = &analysis->accumulators[analysis->accumulator_count];
    if (!measure_prepare(&accumulator->measure, metric, &layouts[log]))
        return false;
    accumulator->log = log;
    for (int group = 0; group < ASSIGNED_GROUPS; group++)
        cell_init(&accumulator->cells[group], &accumulator->measure);
    analysis->accumulator_count++;
    return true;
}

/* An earlier metric's accumulator over the same lines, which keeps something of their units. */
static const struct accumulator *accumulator_beside(const struct analysis *analysis,
                                                    const struct accumulator *accumulator)
{
    for (const struct accumulator *other = analysis->accumulators; other < accumulator; other++)
        if (other->log == accumulator->log && other->cells[ASSIGNED_CANARY].totals)
            return other;
    return NULL;
}

static void gather_spread(struct analysis *analysis, struct accumulator *accumulator)
{
    const struct accumulator *beside = accumulator_beside(analysis, accumulator);
    for (int group = 0; group < ASSIGNED_GROUPS; group++)
        cell_gather_spread(&accumulator->cells[group], &accumulator->measure,
                           beside ? &beside->cells[group] : NULL);
}

void analysis_gather_spreads(struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->accumulator_count; i++)
        if (analysis->accumulators[i].gathers_spread)
            gather_spread(analysis, &analysis->accumulators[i]);
}

void analysis_share_units(struct analysis *analysis, const struct analysis *of)
{
    for (uint32_t i = 0; i < analysis->accumulator_count; i++)
        for (int group = 0; group < ASSIGNED_GROUPS; group++)
            cell_share_units(&analysis->accumulators[i].cells[group],
                             of ? &of->accumulators[i].cells[group] : NULL);
}

static bool prepare_windows(struct analysis *analysis, const struct project *project,
                            struct judgement *judgement, const struct replay_times *times)
{
    const struct criterion *criterion = judgement->criterion;
    judgement->windowed = criterion->over > 0 || criterion->for_windows > 1;
    if (!judgement->windowed)
        return true;
    analysis->accumulators[judgement->accumulator].windowed = true;
    int64_t width = times->window;
    int64_t keep = criterion->for_windows + (criterion->over + width - 1) / width +
                   (times->lateness + width - 1) / width + 2;
    if (keep > MOST_WINDOWS) {
        print_error_at(&project->sources, criterion->span,
                       "this criterion needs %lld windows of %lld ms, more than %d",
                       (long long)keep, (long long)width, MOST_WINDOWS);
        print_help("give a longer --window");
        return false;
    }
    windows_init(&judgement->windows, &analysis->accumulators[judgement->accumulator].measure,
                 width, (uint32_t)keep);
    return true;
}

/* Without a concurrent control, a mean's bound needs the skewness of its values. */
static void gather_for(struct accumulator *accumulator, const struct criterion *criterion)
{
    accumulator->gathers_spread = true;
    accumulator->measure.asks_skewness |= criterion_baseline(criterion) != BASELINE_CONTROL;
}

/* Counts the bounds that may end or stop a rollout, at one of its stages. */
static uint32_t count_bounds(const struct criteria *guards, const struct stage *stage)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < guards->count; i++) {
        const struct criterion *guard = &guards->items[i];
        bool has_no_control =
            criterion_compares(guard) && !guard->versus_before && stage->percent == PERCENT_ALL;
        count +=
            criterion_is_statistical(guard) && guard->action != ACTION_ALERT && !has_no_control;
    }
    return count;
}

/* The confidence of each bound that gives all bounds of a rollout together the project's
 * confidence. */
static double confidence_of_each(const struct project *project, const struct canary *canary)
{
    uint32_t bounds = 0;
    for (uint32_t i = canary->instant ? canary->stage_count - 1 : 0; i < canary->stage_count; i++)
        bounds += count_bounds(&canary->guards, &canary->stages[i]) +
                  count_bounds(&canary->stages[i].guards, &canary->stages[i]);
    if (project->rollout_confidence == 0 || bounds == 0)
        return 0;
    return 1 - (1 - project->rollout_confidence) / bounds;
}

static double confidence_of(const struct project *project, const struct canary *canary,
                            const struct criterion *criterion, bool advances)
{
    double own = criterion->confidence > 0 ? criterion->confidence : DEFAULT_CONFIDENCE;
    if (advances || criterion->action == ACTION_ALERT)
        return own;
    return fmax(own, confidence_of_each(project, canary));
}

static bool add_criteria(struct analysis *analysis, struct project *project, struct layout *layouts,
                         const struct criteria *criteria, bool advances,
                         const struct replay_times *times)
{
    for (uint32_t i = 0; i < criteria->count; i++) {
        struct judgement *judgement = &analysis->judgements[analysis->judgement_count];
        const struct criterion *criterion = &criteria->items[i];
        judgement->criterion = criterion;
        judgement->finding = (struct finding){
            .advances = advances, .action = criterion->action, .on_nodata = criterion->on_nodata};
        if (!add_accumulator(analysis, project, layouts, criterion->metric,
                             &judgement->accumulator) ||
            !prepare_windows(analysis, project, judgement, times))
            return false;
        judgement->statistical = criterion_is_statistical(criterion);
        judgement->finding.of_bound = judgement->statistical;
        judgement->confidence =
            confidence_of(project, analysis->subject.canary, criterion, advances);
        if (judgement->statistical)
            gather_for(&analysis->accumulators[judgement->accumulator], criterion);
        analysis->compares_before |= criterion_compares(criterion) && criterion->versus_before;
        analysis->judgement_count++;
    }
    return true;
}

static bool prepare_past(struct analysis *analysis, struct project *project, struct layout *layouts)
{
    struct buffer error = {0};
    const struct subject *subject = &analysis->subject;
    bool found =
        past_stages_find(&analysis->past, project, subject->flag, subject->environment, &error);
    if (!found)
        job_error(NULL, "%s", error.bytes);
    buffer_release(&error);
    return found && past_stages_prepare(analysis, project, layouts, &analysis->times->served);
}

bool analysis_prepare(struct analysis *analysis, struct project *project, struct layout *layouts,
                      const struct replay_times *times)
{
    struct subject *subject = &analysis->subject;
    subject->targeting = &subject->flag->environments[subject->environment];
    struct canary *canary = subject->canary = subject->targeting->canary;
    subject->stage = canary->instant ? canary->stage_count - 1 : canary->stage;
    const struct stage *stage = analysis->stage = &canary->stages[subject->stage];
    analysis->since = canary->since;
    analysis->times = times;
    analysis->log_count = project->log_count;
    analysis_begin(analysis);
    if (!points_fit(project, canary))
        return false;

    uint32_t most = canary->guards.count + stage->guards.count + canary->advance_when.count +
                    stage->advance_when.count;
    /* Measures and windows point to each other, so these arrays must never move. */
    analysis->accumulators = ARENA_ARRAY(&project->arena, struct accumulator, most);
    analysis->judgements = ARENA_ARRAY(&project->arena, struct judgement, most);
    if (!add_criteria(analysis, project, layouts, &canary->guards, false, times) ||
        !add_criteria(analysis, project, layouts, &stage->guards, false, times) ||
        !add_criteria(analysis, project, layouts, &canary->advance_when, true, times) ||
        !add_criteria(analysis, project, layouts, &stage->advance_when, true, times))
        return false;
    analysis_gather_spreads(analysis);
    analysis_share_units(analysis, NULL);
    analysis->columns =
        ARENA_ARRAY(&project->arena, struct series_column, 2 * analysis->accumulator_count + 1);
    analysis_begin_series(analysis);
    if (!subject_open(subject, project, &times->served))
        return false;
    analysis->canary_lines = ARENA_ARRAY(&project->arena, struct canary_lines, project->log_count);
    analysis->assigners = ARENA_ARRAY(&project->arena, struct assigner, project->log_count);
    for (uint32_t i = 0; i < project->log_count; i++) {
        /* Without criteria, every log still counts how often the canary was seen. */
        bool used = analysis->accumulator_count == 0;
        for (uint32_t j = 0; j < analysis->accumulator_count; j++)
            used |= analysis->accumulators[j].log == i;
        if (used && !assigner_prepare(&analysis->assigners[i], subject, &layouts[i]))
            return false;
    }
    return !analysis->keeps_series || prepare_past(analysis, project, layouts);
}

void analysis_release(struct analysis *analysis)
{
    analysis_forget(analysis);
    past_stages_release(&analysis->past);
    subject_close(&analysis->subject);
}

bool analyses_prepare(struct analyses *analyses, struct replay *replay)
{
    bool prepared = true;
    for (uint32_t i = 0; i < analyses->count; i++) {
        struct analysis *analysis = &analyses->items[i];
        if (!analysis_prepare(analysis, replay->project, replay->layouts, &replay->times)) {
            prepared = false;
            continue;
        }
        replay_add_stage(replay, &(struct replay_stage){.name = analysis->stage->name.text,
                                                        .flag = analysis->subject.flag->name.text,
                                                        .since = &analysis->since});
    }
    return prepared;
}

void analyses_release(struct analyses *analyses)
{
    for (uint32_t i = 0; i < analyses->count; i++)
        analysis_release(&analyses->items[i]);
    *analyses = (struct analyses){0};
}
