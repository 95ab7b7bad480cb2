/*
 * silence.c - whether the logs still mention the canary.
 *
 * Measurements from before they fell silent say nothing about now: a canary that crashed makes no
 * more errors. So it does not advance on them, however long it has been held. A canary that is
 * rarely seen counts as silent only once the gap is out of proportion.
 */
#include "verdict.h"
#include "compiler/model/model.h"

/* Silent after this many times the average spacing of lines. */
#define SILENT_SPACINGS 10

static bool is_silent(const struct analysis *analysis, const struct canary_lines *lines,
                      const struct replay_times *times)
{
    if (lines->count == 0)
        return false; /* not seen yet, which the criteria will report */
    int64_t gap = analysis_served(analysis, lines->last, times->now);
    int64_t spacing = (lines->last - lines->first) / (int64_t)lines->count;
    return gap > times->stale && gap / SILENT_SPACINGS > spacing;
}

/* If no metric names a log, one log that still mentions the canary is enough. */
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
