/*
 * data_quality.c - whether the numbers can be trusted at all: traffic where there should be none,
 * groups whose size differs from their percentage, units in both groups.
 *
 * The definitions determine which units are served what; a log that names a variant that nothing
 * serves comes from a service that runs something else.
 */
#include "verdict.h"

#include <inttypes.h>

#include "absent_fields.h"
#include "tools/ffreplay/metrics/doubtful_unit.h"
#include "tools/ffreplay/evaluate/served_variants.h"
#include "tools/ffreplay/metrics/unreadable_text.h"
#include "compiler/base/percent.h"

static void judge_shares(struct verdict *verdict)
{
    struct analysis *analysis = verdict->analysis;
    const struct unit_counts *units = unit_shares_counts(&analysis->shares);
    struct unit_ratio *ratio = &verdict->ratio;
    double share = subject_share(&analysis->subject);
    double weights[] = {[UNIT_IN_CANARY] = share, [UNIT_IN_CONTROL] = 1 - share};
    *ratio = unit_ratio_of(units, weights, 2);
    ratio->known &= analysis->subject.shares_known;
    if (unit_ratio_is_off(ratio))
        sentence_add(verdict, &verdict->issues,
                     "sample ratio mismatch: %.0f units in the canary and %.0f in control, where "
                     "%s gives %.0f and %.0f (p = %.2g)",
                     ratio->observed[0], ratio->observed[1],
                     percent_text(verdict->replay->texts, verdict->stage->percent),
                     ratio->expected[0], ratio->expected[1], ratio->anytime_p);
    if (units_change_groups(units))
        sentence_add(verdict, &verdict->issues,
                     "%" PRIu64 " of %" PRIu64 " units were seen both in the canary and in control",
                     units->several, units->units);
}

/* Of the lines that belong to a group, those whose group is unknown. */
static void judge_unassigned(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    struct arena *arena = verdict->replay->texts;
    uint64_t lost = analysis->unassigned.count, lines = analysis_used(analysis) + lost;
    uint32_t max_bad = verdict->replay->times.max_bad;
    if ((unsigned __int128)lost * PERCENT_ALL > (unsigned __int128)lines * max_bad)
        sentence_add(verdict, &verdict->issues,
                     "%" PRIu64 " of %" PRIu64
                     " lines are in no group, more than --max-bad %s: a number "
                     "that the flag is evaluated with cannot be read (%s)",
                     lost, lines, percent_text(arena, max_bad),
                     unreadable_value_text(verdict->replay, arena, analysis->unassigned.shown));
}

static bool names_units(const struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->log_count; i++)
        if (analysis->assigners[i].layout && analysis->assigners[i].line.count == 0)
            return false;
    return true;
}

/* Notes overrides for some units; those for all are in the reasons. */
static void note_overrides(struct verdict *verdict)
{
    const struct held_times *held = &verdict->analysis->subject.held;
    for (uint32_t i = 0; i < held->count; i++) {
        const struct held_time *one = &held->items[i];
        if (!one->override->condition || one->until <= verdict->begin || one->from >= verdict->now)
            continue;
        bool known = names_units(verdict->analysis);
        sentence_add(verdict, &verdict->notes,
                     "%s is for some units only, %s of its time are left out", one->override->name,
                     known ? "whose lines" : "which a log does not name: all its lines");
    }
}

/* Which of several attributes is the first that a unit has, and what they make joined, cannot be
 * told without all of them. */
static void note_keys(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    const struct unit_key *key = analysis->subject.targeting->bucket_by;
    for (uint32_t i = 0; key && key->count > 1 && i < analysis->log_count; i++) {
        const struct layout *layout = analysis->assigners[i].layout;
        if (!layout || analysis->assigners[i].key.whole || layout->variant == NO_PLACE ||
            (layout->log->unit && log_units(layout->log, key) == UNITS_ARE_BUCKETED))
            continue;
        sentence_add(verdict, &verdict->notes,
                     "the context of log '%s' has no '%s', so its units are not known by %s: how "
                     "many are in each group, is not judged",
                     layout->log->name.text, log_lacks(layout->log, key)->name.text, key->text);
    }
}

/* Units that moved between the groups, as the percentage did. */
static void note_other_shares(struct verdict *verdict)
{
    uint64_t lines = verdict->analysis->of_other_share;
    if (lines > 0)
        sentence_add(verdict, &verdict->notes,
                     "%" PRIu64 " %s of times at which what was served had this stage at another "
                     "percentage: their units do not count towards the sizes of the groups",
                     lines, lines == 1 ? "line is" : "lines are");
}

/* Once for each metric, whose accumulators differ only in what is judged of it. */
static void note_units(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    const struct metric *noted = NULL;
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const struct accumulator *accumulator = &analysis->accumulators[i];
        const char *text = NULL;
        for (int group = 0; group < ASSIGNED_GROUPS && !text; group++)
            text = doubtful_unit_text(verdict->replay->texts, &accumulator->measure,
                                      &accumulator->cells[group]);
        if (text && accumulator->measure.metric != noted)
            sentence_add(verdict, &verdict->notes, "%s %s", accumulator->measure.metric->name.text,
                         text);
        noted = text ? accumulator->measure.metric : noted;
    }
}

void health_judge(struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct targeting *targeting = subject->targeting;
    const char *unknown = unknown_variants_text(&subject->unknown, verdict->replay->texts);
    if (unknown)
        sentence_add(verdict, &verdict->issues, "%s", unknown);
    const struct variant_set served =
        served_variants(verdict->replay->project, subject->flag, subject->environment);
    for (uint32_t i = 0; i <= targeting->variant_count; i++)
        if (variant_set_has(&subject->variants_seen, i) && !variant_set_has(&served, i))
            sentence_add(verdict, &verdict->issues,
                         "variant '%s' is in the log, though nothing in the definitions serves it",
                         targeting->variants[i].name.text);
    judge_shares(verdict);
    judge_unassigned(verdict);
    absent_fields_judge(verdict);
    note_units(verdict);
    note_keys(verdict);
    note_overrides(verdict);
    note_other_shares(verdict);
    verdict->lost_time =
        !clocks_judge(verdict->replay, subject->canary->since, &verdict->issues, &verdict->notes);
}
