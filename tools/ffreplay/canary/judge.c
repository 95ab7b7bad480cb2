/*
 * judge.c - each criterion against what was gathered.
 *
 * Without `over` and `for`, the whole stage is judged. With `over` alone, the aligned windows that
 * overlap that long before now. With `for: n`, the n newest complete windows that hold data, each
 * of them a look: at that window alone or, with `over`, at the windows that end with it. A guard is
 * in harm when every look is beyond its threshold; a condition to advance passes when every look is
 * within.
 */
#include "analysis.h"

struct look {
    bool measured;
    bool enough;
    bool beyond;
    double estimate;
    uint64_t samples;
};

static bool is_beyond(const struct criterion *criterion, double estimate)
{
    return criterion->form == CRITERION_MAX ? estimate > criterion->threshold
                                            : estimate < criterion->threshold;
}

static struct look look_at(const struct judgement *judgement, const struct measure *measure,
                           const struct cell *cell, int64_t duration)
{
    struct look look = {.samples = cell_samples(cell, measure)};
    look.measured = cell_estimate(cell, measure, duration, &look.estimate);
    look.enough = look.samples >= judgement->wanted_samples;
    look.beyond = look.measured && is_beyond(judgement->criterion, look.estimate);
    return look;
}

static struct look look_at_windows(const struct analysis *analysis, struct judgement *judgement,
                                   int64_t from, int64_t to, int64_t begin)
{
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    struct cell cell;
    cell_init(&cell, &accumulator->measure);
    windows_sum(&judgement->windows, from, to, &cell);
    int64_t duration = analysis_served(analysis, from > begin ? from : begin, to);
    struct look look = look_at(judgement, &accumulator->measure, &cell, duration);
    note_spoilt(judgement, accumulator, ASSIGNED_CANARY, &cell, analysis->times->max_bad);
    cell_release(&cell);
    return look;
}

int64_t analysis_served(const struct analysis *analysis, int64_t from, int64_t to)
{
    return to - from - held_between(&analysis->subject.held, from, to);
}

static void take(struct judgement *judgement, const struct look *look)
{
    judgement->measured = look->measured;
    judgement->estimate = look->estimate;
    judgement->samples = look->samples;
    judgement->fewest_samples = look->samples;
}

static enum criterion_verdict verdict_of(const struct look *look)
{
    if (!look->measured)
        return CRITERION_NODATA;
    if (!look->enough)
        return CRITERION_INSUFFICIENT;
    return look->beyond ? CRITERION_HARM : CRITERION_PASS;
}

static enum criterion_verdict judge_row(const struct analysis *analysis,
                                        struct judgement *judgement, int64_t begin)
{
    const struct criterion *criterion = judgement->criterion;
    const struct windows *windows = &judgement->windows;
    int64_t complete = analysis->times->now - analysis->times->lateness;
    int64_t range = criterion->over > 0
                        ? (criterion->over + windows->width - 1) / windows->width * windows->width
                        : windows->width;
    bool all_enough = true;
    for (uint32_t i = 0; i < windows->count && judgement->looks < criterion->for_windows; i++) {
        int64_t end = windows->items[i]->begin + windows->width;
        if (end > complete)
            continue;
        if (judgement->looks == 0 && criterion->over > 0 && end <= complete - range)
            break;
        struct look look = look_at_windows(analysis, judgement, end - range, end, begin);
        if (!look.measured)
            continue;
        if (judgement->looks++ == 0)
            take(judgement, &look);
        judgement->looks_beyond += look.beyond;
        all_enough &= look.enough;
        if (look.samples < judgement->fewest_samples)
            judgement->fewest_samples = look.samples;
    }
    if (judgement->looks == 0)
        return CRITERION_NODATA;
    if (judgement->looks < criterion->for_windows || !all_enough)
        return CRITERION_INSUFFICIENT;
    if (judgement->finding.advances)
        return judgement->looks_beyond == 0 ? CRITERION_PASS : CRITERION_HARM;
    return judgement->looks_beyond == judgement->looks ? CRITERION_HARM : CRITERION_PASS;
}

static enum criterion_verdict judge_measured(const struct analysis *analysis,
                                             struct judgement *judgement, int64_t begin)
{
    const struct replay_times *times = analysis->times;
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    if (judgement->criterion->for_windows > 1)
        return judge_row(analysis, judgement, begin);
    struct look look;
    if (judgement->windowed) {
        int64_t from = window_begin(times->now - judgement->criterion->over + 1, times->window);
        look = look_at_windows(analysis, judgement, from, times->now + 1, begin);
    } else {
        look = look_at(judgement, &accumulator->measure, &accumulator->cells[ASSIGNED_CANARY],
                       analysis_served(analysis, begin, times->now));
    }
    take(judgement, &look);
    return verdict_of(&look);
}

/* The group that the canary is shown next to, and compared with. */
static struct observed control_of(const struct analysis *analysis,
                                  const struct judgement *judgement,
                                  const struct replay_times *times, int64_t begin)
{
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    const struct criterion *criterion = judgement->criterion;
    if (criterion_compares(criterion) && criterion->versus_before) {
        int64_t first = analysis->before_first;
        if (first != INT64_MAX && first < times->first)
            first = times->first;
        return (struct observed){&accumulator->cells[ASSIGNED_BEFORE],
                                 begin > first ? analysis_served(analysis, first, begin) : 0, 1};
    }
    return (struct observed){&accumulator->cells[ASSIGNED_CONTROL],
                             analysis_served(analysis, begin, times->now),
                             1 - subject_share(&analysis->subject)};
}

/* Drops the findings of an earlier look. */
static void forget(struct judgement *judgement)
{
    judgement->measured = judgement->control_measured = judgement->has_no_control = false;
    judgement->samples = judgement->fewest_samples = judgement->control_samples = 0;
    judgement->looks = judgement->looks_beyond = 0;
    judgement->comparison = (struct comparison){0};
    judgement->spoilt = (struct spoilt){0};
    judgement->finding.on_nodata = judgement->criterion->on_nodata;
    judgement->impossible = NULL;
    judgement->estimate_beyond = false;
    judgement->growth = judgement->design_effect = 0;
}

static void judge_statistical(const struct analysis *analysis, struct judgement *judgement,
                              struct observed control, const struct replay_times *times,
                              int64_t begin, enum judging judging)
{
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    struct observed canary = {&accumulator->cells[ASSIGNED_CANARY],
                              analysis_served(analysis, begin, times->now),
                              subject_share(&analysis->subject)};
    judgement->look = times->now < begin ? 0 : (uint64_t)((times->now - begin) / times->window) + 1;
    if (criterion_compares(judgement->criterion) && !judgement->criterion->versus_before &&
        analysis->subject.takes_everybody)
        judge_without_control(judgement);
    else
        judge_bound(judgement, &accumulator->measure, canary, control, judging);
}

static void judge(struct analysis *analysis, struct judgement *judgement,
                  const struct replay_times *times, int64_t begin, enum judging judging)
{
    forget(judgement);
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    const struct measure *measure = &accumulator->measure;
    uint64_t own = judgement->criterion->min_samples;
    judgement->wanted_samples = own > 0 ? own : analysis->stage->min_samples;
    struct observed control = control_of(analysis, judgement, times, begin);
    if (!judgement->windowed) {
        judgement->control_samples = cell_samples(control.cell, measure);
        judgement->control_measured =
            cell_estimate(control.cell, measure, control.duration, &judgement->control_estimate);
    }
    judgement->finding.verdict = judge_measured(analysis, judgement, begin);
    if (judgement->statistical)
        judge_statistical(analysis, judgement, control, times, begin, judging);
    judge_unreadable(analysis, judgement, times);
}

void analysis_judge(struct analysis *analysis, const struct replay_times *times, int64_t begin,
                    enum judging judging)
{
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        judge(analysis, &analysis->judgements[i], times, begin, judging);
}
