/* analysis.c - gathering; judge.c judges. See analysis.h. */
#include "analysis.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tools/ffreplay/logs/complain.h"
#include "tools/ffreplay/logs/points.h"

#define MOST_WINDOWS 4096

bool criterion_compares(const struct criterion *criterion)
{
    return criterion->form == CRITERION_MAX_INCREASE || criterion->form == CRITERION_MAX_DECREASE;
}

bool criterion_is_statistical(const struct criterion *criterion)
{
    return criterion_compares(criterion) || criterion->confidence > 0;
}

static bool log_of(const struct project *project, const struct metric *metric, uint32_t *log)
{
    for (*log = 0; *log < project->log_count; (*log)++)
        if (project->logs[*log] == metric->log || (!metric->log && project->log_count == 1))
            return true;
    complain(project, metric->name.span, "metric '%s' does not say which log it is computed from",
             metric->name.text);
    complain_help("the project has %u logs: give the metric a 'log'", project->log_count);
    return false;
}

static bool add_tally(struct analysis *analysis, const struct project *project,
                      struct layout *layouts, const struct metric *metric, uint32_t *place)
{
    for (*place = 0; *place < analysis->tally_count; (*place)++)
        if (analysis->tallies[*place].measure.metric == metric)
            return true;
    uint32_t log;
    if (!log_of(project, metric, &log))
        return false;
    struct tally *tally = &analysis->tallies[analysis->tally_count];
    if (!measure_prepare(&tally->measure, metric, &layouts[log]))
        return false;
    tally->log = log;
    cell_init(&tally->canary, &tally->measure);
    cell_init(&tally->control, &tally->measure);
    cell_init(&tally->before, &tally->measure);
    analysis->tally_count++;
    return true;
}

/* Once for the metric, however many of its criteria are statistical. */
static void gather_spread(struct tally *tally)
{
    if (tally->gathers_spread)
        return;
    tally->gathers_spread = true;
    cell_gather_spread(&tally->canary, &tally->measure);
    cell_gather_spread(&tally->control, &tally->measure);
    cell_gather_spread(&tally->before, &tally->measure);
}

static bool prepare_windows(struct analysis *analysis, const struct project *project,
                            struct judgement *judgement, const struct replay_times *times)
{
    const struct criterion *criterion = judgement->criterion;
    judgement->windowed = criterion->over > 0 || criterion->for_windows > 1;
    if (!judgement->windowed)
        return true;
    int64_t width = times->window;
    int64_t keep = criterion->for_windows + (criterion->over + width - 1) / width +
                   (times->lateness + width - 1) / width + 2;
    if (keep > MOST_WINDOWS) {
        complain(project, criterion->span,
                 "this criterion needs %lld windows of %lld ms, more than %d", (long long)keep,
                 (long long)width, MOST_WINDOWS);
        complain_help("give a longer --window");
        return false;
    }
    windows_init(&judgement->windows, &analysis->tallies[judgement->tally].measure, width,
                 (uint32_t)keep);
    return true;
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
        if (!add_tally(analysis, project, layouts, criterion->metric, &judgement->tally) ||
            !prepare_windows(analysis, project, judgement, times))
            return false;
        judgement->statistical = criterion_is_statistical(criterion);
        judgement->confidence = criterion->confidence > 0 ? criterion->confidence : 0.95;
        if (judgement->statistical)
            gather_spread(&analysis->tallies[judgement->tally]);
        analysis->compares_before |= criterion_compares(criterion) && criterion->versus_before;
        analysis->judgement_count++;
    }
    return true;
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
    analysis->first = INT64_MAX;
    analysis->last = INT64_MIN;
    analysis->before_first = INT64_MAX;
    if (!points_fit(project, canary))
        return false;

    uint32_t most = canary->guards.count + stage->guards.count + canary->advance_when.count +
                    stage->advance_when.count;
    /* Measures and windows point to one another, so these arrays are made once. */
    analysis->tallies = ARENA_ARRAY(&project->arena, struct tally, most);
    analysis->judgements = ARENA_ARRAY(&project->arena, struct judgement, most);
    if (!add_criteria(analysis, project, layouts, &canary->guards, false, times) ||
        !add_criteria(analysis, project, layouts, &stage->guards, false, times) ||
        !add_criteria(analysis, project, layouts, &canary->advance_when, true, times) ||
        !add_criteria(analysis, project, layouts, &stage->advance_when, true, times) ||
        !subject_open(subject, project))
        return false;
    analysis->assigners = ARENA_ARRAY(&project->arena, struct assigner, project->log_count);
    for (uint32_t i = 0; i < project->log_count; i++) {
        /* Without criteria, every log still says how much the canary was seen. */
        bool used = analysis->tally_count == 0;
        for (uint32_t j = 0; j < analysis->tally_count; j++)
            used |= analysis->tallies[j].log == i;
        if (used && !assigner_prepare(&analysis->assigners[i], subject, &layouts[i]))
            return false;
    }
    return true;
}

void analysis_release(struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->tally_count; i++) {
        cell_release(&analysis->tallies[i].canary);
        cell_release(&analysis->tallies[i].control);
        cell_release(&analysis->tallies[i].before);
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        windows_release(&analysis->judgements[i].windows);
    unit_shares_release(&analysis->shares);
    subject_close(&analysis->subject);
}

static void add_to_digest(struct analysis *analysis, const char *line, size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(line, length);
    analysis->digest[0] += hash.low64;
    analysis->digest[1] += hash.high64 + (analysis->digest[0] < hash.low64);
}

static void gather(struct analysis *analysis, uint32_t log, const struct event *event,
                   enum assignment group)
{
    bool canary = group == ASSIGNED_CANARY;
    for (uint32_t i = 0; i < analysis->tally_count; i++) {
        struct tally *tally = &analysis->tallies[i];
        if (tally->log != log)
            continue;
        struct sample sample = {0};
        measure_sample(&tally->measure, event, &sample);
        if (!sample.counts)
            continue;
        struct cell *cell = group == ASSIGNED_BEFORE ? &tally->before : &tally->control;
        cell_add(canary ? &tally->canary : cell, &tally->measure, &sample);
        for (uint32_t j = 0; canary && j < analysis->judgement_count; j++)
            if (analysis->judgements[j].windowed && analysis->judgements[j].tally == i)
                windows_add(&analysis->judgements[j].windows, &sample);
    }
}

static void count_unit(struct analysis *analysis, const struct assigner *assigner,
                       const struct event *event, enum assignment group)
{
    if (assigner->unit == NO_PLACE)
        return;
    const struct value *unit = &event->values[assigner->unit];
    if (unit->kind == VALUE_STRING || unit->kind == VALUE_NUMBER)
        unit_shares_add(&analysis->shares, unit_hash_of(unit->text, unit->length),
                        group == ASSIGNED_CANARY ? UNIT_IN_CANARY : UNIT_IN_CONTROL);
}

/* The group that a line before the stage belongs to. */
static enum assignment assign_before(struct analysis *analysis, struct assigner *assigner,
                                     const struct event *event)
{
    enum assignment assignment = assign(assigner, event);
    if (assignment != ASSIGNED_CANARY && assignment != ASSIGNED_CONTROL)
        return LEFT_OUT_BEFORE;
    if (event->time < analysis->before_first)
        analysis->before_first = event->time;
    return ASSIGNED_BEFORE;
}

static enum assignment assign_line(struct analysis *analysis, struct assigner *assigner,
                                   const struct event *event, bool duplicate, int64_t now)
{
    bool before = analysis->since != INT64_MIN && event->time < analysis->since;
    if (before && !analysis->compares_before)
        return LEFT_OUT_BEFORE;
    if (now != INT64_MIN && event->time > now)
        return LEFT_OUT_AFTER;
    if (duplicate)
        return LEFT_OUT_DUPLICATE;
    return before ? assign_before(analysis, assigner, event) : assign(assigner, event);
}

void analysis_line(struct analysis *analysis, uint32_t log, const struct event *event,
                   bool duplicate, int64_t now, const char *line, size_t length)
{
    struct assigner *assigner = &analysis->assigners[log];
    if (!assigner->layout)
        return;
    enum assignment assignment = assign_line(analysis, assigner, event, duplicate, now);
    analysis->assigned[assignment]++;
    if (assignment > ASSIGNED_BEFORE)
        return;
    if (event->time < analysis->first)
        analysis->first = event->time;
    if (event->time > analysis->last)
        analysis->last = event->time;
    if (assignment != ASSIGNED_BEFORE)
        count_unit(analysis, assigner, event, assignment);
    add_to_digest(analysis, line, length);
    gather(analysis, log, event, assignment);
}

uint64_t analysis_used(const struct analysis *analysis)
{
    return analysis->assigned[ASSIGNED_CANARY] + analysis->assigned[ASSIGNED_CONTROL] +
           analysis->assigned[ASSIGNED_BEFORE];
}
