/*
 * silence.c - whether the logs still tell of the canary.
 *
 * What was measured before they fell silent says nothing of now: a canary that crashed has no more
 * errors. So it does not advance on that, however long it has been held. A canary that is seldom
 * seen is silent no sooner than that is out of proportion.
 */
#include "verdict.h"
#include "compiler/model/model.h"

/* So many times what lies between two lines on average. */
#define SILENT_SPACINGS 10

static bool is_silent(const struct analysis *analysis, const struct canary_lines *lines,
                      const struct replay_times *times)
{
    if (lines->count == 0)
        return false; /* it has not been seen yet, which is for the criteria to say */
    int64_t gap = analysis_served(analysis, lines->last, times->now);
    int64_t spacing = (lines->last - lines->first) / (int64_t)lines->count;
    return gap > times->stale && gap / SILENT_SPACINGS > spacing;
}

/* Where no metric names a log, one that tells is enough. */
static struct silence silence_of_all(const struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    struct silence silence = {NULL, INT64_MIN};
    for (uint32_t i = 0; i < analysis->log_count; i++) {
        const struct canary_lines *lines = &analysis->canary_lines[i];
        if (lines->count == 0)
            continue;
        if (!is_silent(analysis, lines, &verdict->replay->times))
            return (struct silence){NULL, 0};
        if (lines->last > silence.since)
            silence = (struct silence){verdict->replay->project->logs[i], lines->last};
    }
    return silence;
}

struct silence silence_of(const struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    if (analysis->accumulator_count == 0)
        return silence_of_all(verdict);
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        uint32_t log = analysis->accumulators[i].log;
        const struct canary_lines *lines = &analysis->canary_lines[log];
        if (is_silent(analysis, lines, &verdict->replay->times))
            return (struct silence){verdict->replay->project->logs[log], lines->last};
    }
    return (struct silence){NULL, 0};
}
