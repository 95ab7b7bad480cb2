/* told.c - see told.h. */
#include "told.h"

#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "report.h"
#include "tools/ffreplay/canary/reasons_bound.h"
#include "tools/ffreplay/metrics/unreadable_text.h"

struct told judgement_told(struct arena *arena, const struct judgement *judgement)
{
    const struct metric *metric = judgement->criterion->metric;
    const struct comparison *comparison = &judgement->comparison;
    enum criterion_verdict verdict = judgement->finding.verdict;
    bool not_yet = judgement->finding.advances && verdict == CRITERION_HARM;
    struct told told = {
        .metric = metric->name.text,
        .wanted = wanted_text(arena, judgement->criterion),
        .canary = judgement->measured ? estimate_text(arena, metric, judgement->estimate) : "-",
        .samples = arena_format(arena, "%" PRIu64, judgement->samples),
        .control = judgement->control_measured
                       ? estimate_text(arena, metric, judgement->control_estimate)
                       : "-",
        .verdict = not_yet ? "NOT YET" : criterion_verdict_words[verdict],
        .tone = verdict == CRITERION_PASS               ? TOLD_GOOD
                : verdict == CRITERION_HARM && !not_yet ? TOLD_BAD
                                                        : TOLD_OPEN,
        .action = finding_action_text(&judgement->finding),
    };
    if (criterion_compares(judgement->criterion))
        told.change = comparison->method && isfinite(comparison->change)
                          ? change_text(arena, judgement, comparison->change)
                          : "-";
    if (judgement->statistical)
        told.interval = interval_text(arena, judgement);
    return told;
}

bool told_is_said(const char *text)
{
    return text && (text[0] != '-' || text[1]);
}

const char *told_measured(struct arena *arena, const struct told *told)
{
    if (!told_is_said(told->canary))
        return "not measured";
    const char *text = arena_format(arena, "canary %s over %s", told->canary, told->samples);
    if (told_is_said(told->control))
        text = arena_format(arena, "%s, control %s", text, told->control);
    if (told_is_said(told->change))
        text = arena_format(arena, "%s: %s", text, told->change);
    if (told_is_said(told->interval))
        text = arena_format(arena, "%s (%s)", text, told->interval);
    return text;
}

const char *told_unreadable(struct arena *arena, const struct verdict *verdict,
                            const struct accumulator *accumulator)
{
    const char *text = NULL;
    const struct unreadable_value *shown = NULL;
    for (int group = 0; group < ASSIGNED_GROUPS; group++) {
        const struct cell *cell = &accumulator->cells[group];
        uint64_t unreadable = cell->unreadable.count;
        if (unreadable == 0)
            continue;
        shown = shown ? shown : cell->unreadable.shown;
        text = arena_format(arena, "%s%s%" PRIu64 " of %" PRIu64 " %s", text ? text : "",
                            text ? ", " : "", unreadable, cell->count + unreadable,
                            assignment_words[group]);
    }
    if (!text)
        return NULL;
    return arena_format(arena, "%s: %s samples (%s)", accumulator->measure.metric->name.text, text,
                        unreadable_value_text(verdict->replay, arena, shown));
}

const char *told_health(struct arena *arena, const struct verdict *verdict)
{
    const struct unit_ratio *ratio = &verdict->ratio;
    if (!ratio->known)
        return "no issue found";
    return arena_format(
        arena, "no issue found; %.0f canary and %.0f control units are as %s gives (p = %.2g)",
        ratio->observed[0], ratio->observed[1], percent_text(arena, verdict->stage->percent),
        ratio->anytime_p);
}
