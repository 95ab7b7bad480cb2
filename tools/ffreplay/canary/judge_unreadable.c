/*
 * judge_unreadable.c - criteria whose metric cannot be read in one of the groups they judge.
 *
 * Unreadable values are rarely random: failing requests write them. So a small share of all lines
 * may be most of one group's, and each group is judged separately.
 */
#include "analysis.h"

void note_spoilt(struct judgement *judgement, const struct accumulator *accumulator,
                 enum assignment group, const struct cell *cell, uint32_t max_bad)
{
    if (judgement->spoilt.found || !cell_is_unreadable(cell, &accumulator->measure, max_bad))
        return;
    judgement->spoilt = (struct spoilt){
        .found = true,
        .by_newest = cell_newest_is_unreadable(cell, &accumulator->measure),
        .group = group,
        .unreadable = cell->unreadable.count,
        .samples = cell->unreadable.count + cell->count,
        .shown = accumulator->cells[group].unreadable.shown,
    };
}

void judge_unreadable(const struct analysis *analysis, struct judgement *judgement,
                      const struct replay_times *times)
{
    const struct accumulator *accumulator = &analysis->accumulators[judgement->accumulator];
    bool before = criterion_compares(judgement->criterion) && judgement->criterion->versus_before;
    enum assignment beside = before ? ASSIGNED_BEFORE : ASSIGNED_CONTROL;
    if (judgement->has_no_control)
        return;
    note_spoilt(judgement, accumulator, ASSIGNED_CANARY, &accumulator->cells[ASSIGNED_CANARY],
                times->max_bad);
    note_spoilt(judgement, accumulator, beside, &accumulator->cells[beside], times->max_bad);
    if (!judgement->spoilt.found)
        return;
    judgement->finding.verdict = CRITERION_NODATA;
    /* `ignore` is for units that did nothing; these did something, and it is unknown what. */
    if (judgement->finding.on_nodata == NODATA_IGNORE)
        judgement->finding.on_nodata = NODATA_HOLD;
    judgement->comparison = (struct comparison){0};
    judgement->design_effect = 0;
    if (judgement->spoilt.group == ASSIGNED_CANARY)
        judgement->measured = false;
    else
        judgement->control_measured = false;
}
