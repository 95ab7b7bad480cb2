/* analysis.c - gathering; judge.c judges. See analysis.h. */
#include "analysis.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "complain.h"

#define MOST_WINDOWS 4096

static const char *const form_names[] = {"max", "min", "max_increase", "max_decrease"};

static bool can_be_judged(const struct project *project, const struct criterion *criterion)
{
    const char *asked = NULL;
    if (criterion->form == CRITERION_MAX_INCREASE || criterion->form == CRITERION_MAX_DECREASE)
        asked = form_names[criterion->form];
    else if (criterion->confidence > 0)
        asked = "confidence";
    if (!asked)
        return true;
    complain(
        project, criterion->span,
        "'%s' of metric '%s' asks for a statistical comparison, which this version does not make",
        asked, criterion->metric->name.text);
    complain_help("'max' and 'min' work, with 'over', 'for' and 'min_samples'");
    return false;
}

static bool all_can_be_judged(const struct project *project, const struct criteria *criteria)
{
    bool can = true;
    for (uint32_t i = 0; i < criteria->count; i++)
        can &= can_be_judged(project, &criteria->items[i]);
    return can;
}

/* A later stage's criteria count, too: a rollout should not get stuck half way. */
static bool canary_can_be_judged(const struct project *project, const struct canary *canary)
{
    bool can = all_can_be_judged(project, &canary->guards);
    can &= all_can_be_judged(project, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        can &= all_can_be_judged(project, &canary->stages[i].guards);
        can &= all_can_be_judged(project, &canary->stages[i].advance_when);
    }
    return can;
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
    analysis->tally_count++;
    return true;
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
    if (!canary_can_be_judged(project, canary))
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
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        windows_release(&analysis->judgements[i].windows);
    subject_close(&analysis->subject);
}

static void add_to_digest(struct analysis *analysis, const char *line, size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(line, length);
    analysis->digest[0] += hash.low64;
    analysis->digest[1] += hash.high64 + (analysis->digest[0] < hash.low64);
}

static void gather(struct analysis *analysis, uint32_t log, const struct event *event, bool canary)
{
    for (uint32_t i = 0; i < analysis->tally_count; i++) {
        struct tally *tally = &analysis->tallies[i];
        if (tally->log != log)
            continue;
        struct sample sample = {0};
        measure_sample(&tally->measure, event, &sample);
        if (!sample.counts)
            continue;
        cell_add(canary ? &tally->canary : &tally->control, &tally->measure, &sample);
        for (uint32_t j = 0; canary && j < analysis->judgement_count; j++)
            if (analysis->judgements[j].windowed && analysis->judgements[j].tally == i)
                windows_add(&analysis->judgements[j].windows, &sample);
    }
}

void analysis_line(struct analysis *analysis, uint32_t log, const struct event *event,
                   bool duplicate, int64_t now, const char *line, size_t length)
{
    struct assigner *assigner = &analysis->assigners[log];
    if (!assigner->layout)
        return;
    enum assignment assignment;
    if (analysis->since != INT64_MIN && event->time < analysis->since)
        assignment = LEFT_OUT_BEFORE;
    else if (now != INT64_MIN && event->time > now)
        assignment = LEFT_OUT_AFTER;
    else if (duplicate)
        assignment = LEFT_OUT_DUPLICATE;
    else
        assignment = assign(assigner, event);
    analysis->assigned[assignment]++;
    if (assignment != ASSIGNED_CANARY && assignment != ASSIGNED_CONTROL)
        return;
    if (event->time < analysis->first)
        analysis->first = event->time;
    if (event->time > analysis->last)
        analysis->last = event->time;
    add_to_digest(analysis, line, length);
    gather(analysis, log, event, assignment == ASSIGNED_CANARY);
}

uint64_t analysis_used(const struct analysis *analysis)
{
    return analysis->assigned[ASSIGNED_CANARY] + analysis->assigned[ASSIGNED_CONTROL];
}
