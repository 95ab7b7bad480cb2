/* reasons.c - the reasons for a verdict, as sentences with numbers. */
#include "reasons.h"

#include <inttypes.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"

#include "absent_fields.h"
#include "reasons_bound.h"
#include "tools/ffreplay/metrics/unreadable_text.h"
#include "compiler/base/scalar.h"

static struct arena *arena_of(const struct verdict *verdict)
{
    return verdict->replay->texts;
}

static const struct metric *metric_of(const struct judgement *judgement)
{
    return judgement->criterion->metric;
}

/* "above the max of 5%" */
static const char *bound_text(struct verdict *verdict, const struct judgement *judgement,
                              bool beyond)
{
    bool max = judgement->criterion->form == CRITERION_MAX;
    return arena_format(arena_of(verdict), "%s the %s of %s",
                        beyond ? (max ? "above" : "below") : "within", max ? "max" : "min",
                        judgement->criterion->written.text);
}

const char *measured_text(struct verdict *verdict, const struct judgement *judgement)
{
    struct arena *arena = arena_of(verdict);
    const struct criterion *criterion = judgement->criterion;
    const struct metric *metric = criterion->metric;
    if (judgement->statistical)
        return bounded_text(arena, judgement);
    const char *estimate = estimate_text(arena, metric, judgement->estimate);
    const char *noun = sample_noun(metric, judgement->samples);
    bool beyond = judgement->finding.verdict == CRITERION_HARM;
    const char *bound = bound_text(verdict, judgement, beyond);
    if (criterion->for_windows > 1)
        return arena_format(arena,
                            "%s is beyond its %s of %s in %u of the %u newest complete windows, %s "
                            "over %" PRIu64 " canary %s in the newest",
                            metric->name.text, criterion->form == CRITERION_MAX ? "max" : "min",
                            criterion->written.text, judgement->looks_beyond, judgement->looks,
                            estimate, judgement->samples, noun);
    if (judgement->windowed)
        return arena_format(arena, "%s is %s over %" PRIu64 " canary %s in the last %s, %s",
                            metric->name.text, estimate, judgement->samples, noun,
                            duration_text(arena, criterion->over), bound);
    return arena_format(arena, "%s is %s over %" PRIu64 " canary %s, %s", metric->name.text,
                        estimate, judgement->samples, noun, bound);
}

uint64_t missing_samples(const struct judgement *judgement)
{
    uint64_t have = judgement->fewest_samples, wanted = judgement->wanted_samples;
    return wanted > have ? wanted - have : 0;
}

/* " in the last 1m", if that is what is judged. */
static const char *range_text(struct verdict *verdict, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    if (criterion->for_windows > 1)
        return " in one of the windows";
    if (!judgement->windowed)
        return "";
    return arena_format(arena_of(verdict), " in the last %s",
                        duration_text(arena_of(verdict), criterion->over));
}

/* ----------------------------------------------------------------------------------- reasons -- */

/* If the time before the stage had too few, there are no more to come. */
static const char *skewed_text(struct verdict *verdict, const struct judgement *judgement)
{
    const struct metric *metric = judgement->criterion->metric;
    const char *way = metric_may_have(metric, METRIC_KEY_CAP) ? "a lower 'cap' needs fewer"
                                                              : "with a control it needs fewer";
    if (missing_samples(judgement) == 0)
        return arena_format(arena_of(verdict),
                            "%s is too skewed for a bound of what there was before the stage: %s",
                            metric->name.text, way);
    return arena_format(arena_of(verdict),
                        "%s was measured on %" PRIu64 " canary %s, of the %" PRIu64
                        " that a bound needs for values so skewed: %s",
                        metric->name.text, judgement->samples,
                        sample_noun(metric, judgement->samples), judgement->wanted_samples, way);
}

static void why_insufficient(struct verdict *verdict, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    uint64_t missing = missing_samples(judgement);
    if (judgement->comparison.state == COMPARISON_SKEWED)
        sentence_add(verdict, &verdict->reasons, "%s", skewed_text(verdict, judgement));
    else if (missing == 0)
        sentence_add(verdict, &verdict->reasons,
                     "%s was measured in %u complete windows, of the %u in a row that are needed",
                     criterion->metric->name.text, judgement->looks, criterion->for_windows);
    else
        sentence_add(verdict, &verdict->reasons,
                     "%s was measured on %" PRIu64 " canary %s%s, of the %" PRIu64 " wanted",
                     criterion->metric->name.text, judgement->fewest_samples,
                     sample_noun(criterion->metric, judgement->fewest_samples),
                     range_text(verdict, judgement), judgement->wanted_samples);
}

static const char *group_text(enum assignment group)
{
    return group == ASSIGNED_CANARY   ? "in the canary"
           : group == ASSIGNED_BEFORE ? "before the stage"
                                      : "in control";
}

/* "lat cannot be read in the canary: 47 of 315 samples have no number, more than --max-bad 1%
 * ('time' is '0.004, 0.012' at access.log:12); …" */
static const char *spoilt_text(struct verdict *verdict, const struct judgement *judgement)
{
    struct arena *arena = arena_of(verdict);
    const struct spoilt *spoilt = &judgement->spoilt;
    const char *what =
        spoilt->by_newest
            ? "the newest sample has no number"
            : arena_format(arena,
                           "%" PRIu64 " of %" PRIu64 " samples have no number%s, more than "
                           "--max-bad %s",
                           spoilt->unreadable, spoilt->samples, range_text(verdict, judgement),
                           percent_text(arena, verdict->replay->times.max_bad));
    return arena_format(arena,
                        "%s cannot be read %s: %s (%s); fix the log, or leave such lines out with "
                        "a 'where'%s",
                        metric_of(judgement)->name.text, group_text(spoilt->group), what,
                        unreadable_value_text(verdict->replay, arena, spoilt->shown),
                        spoilt->by_newest ? "" : ", or raise --max-bad");
}

const char *unmeasured_text(struct verdict *verdict, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    if (judgement->spoilt.found)
        return spoilt_text(verdict, judgement);
    const char *where = "in the canary";
    if (judgement->measured)
        where = criterion->versus_before ? "before the stage" : "in control";
    const char *absent = absent_from_metric(verdict, judgement);
    return arena_format(arena_of(verdict), "%s was not measured %s%s%s%s",
                        criterion->metric->name.text, where,
                        criterion->over ? range_text(verdict, judgement) : "", absent ? ": " : "",
                        absent ? absent : "");
}

/* Those for everybody, during the stage: "override rollback-20261120t100031z". */
static const char *overrides_text(const struct verdict *verdict)
{
    const struct held_times *held = &verdict->analysis->subject.held;
    const char *text = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        const struct held_time *one = &held->items[i];
        if (one->override->condition || one->until <= verdict->begin || one->from >= verdict->now)
            continue;
        text = one->override->name;
        count++;
    }
    return count == 1 ? text : arena_format(arena_of(verdict), "%u overrides", count);
}

static void why_overridden(struct verdict *verdict)
{
    struct arena *arena = arena_of(verdict);
    const struct override *override = verdict->override;
    const char *since = "", *by = "", *reason = "";
    if (override->from != INT64_MIN) {
        char text[32];
        format_time(override->from, text, sizeof text);
        since = arena_format(arena, " since %s", text);
    }
    if (override->by)
        by = arena_format(arena, ", by %s", override->by);
    if (override->reason)
        reason = arena_format(arena, ": %s", override->reason);
    sentence_add(verdict, &verdict->reasons, "%s holds the flag back%s%s%s", override->name, since,
                 by, reason);
    if (override->lifted)
        sentence_add(verdict, &verdict->reasons,
                     "it is in the ledger, not in the definitions, and nothing says when it ended");
    uint64_t lines = verdict->analysis->assigned[LEFT_OUT_OVERRIDE];
    sentence_add(verdict, &verdict->reasons,
                 "%" PRIu64 " lines of that time are left out: the stage was served for %s", lines,
                 duration_text(arena, verdict->elapsed));
}

static void why_held(struct verdict *verdict)
{
    struct arena *arena = arena_of(verdict);
    const char *held = duration_text(arena, verdict->elapsed);
    const char *name = verdict->stage->name.text;
    const char *under = "";
    if (verdict->held > 0)
        under = arena_format(arena, ", and %s under %s", duration_text(arena, verdict->held),
                             overrides_text(verdict));
    if (verdict->hold > 0)
        sentence_add(verdict, &verdict->reasons, "stage '%s' was held for %s of its %s%s", name,
                     held, duration_text(arena, verdict->hold), under);
    else
        sentence_add(verdict, &verdict->reasons, "stage '%s' was held for %s%s", name, held, under);
}

const char *silence_text(const struct verdict *verdict)
{
    struct arena *arena = arena_of(verdict);
    char since[32];
    format_time(verdict->silence.since, since, sizeof since);
    return arena_format(
        arena, "log '%s' has not mentioned the canary since %s, %s ago: more than --stale %s",
        verdict->silence.log->name.text, since,
        duration_text(arena, verdict->now - verdict->silence.since),
        duration_text(arena, verdict->replay->times.stale));
}

static void why_blocked(struct verdict *verdict)
{
    struct analysis *analysis = verdict->analysis;
    struct sentences *reasons = &verdict->reasons;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (!finding_blocks(&judgement->finding))
            continue;
        if (judgement->finding.verdict == CRITERION_NODATA)
            sentence_add(verdict, reasons, "%s", unmeasured_text(verdict, judgement));
        else
            why_insufficient(verdict, judgement);
    }
    if (analysis->judgement_count == 0 && verdict->decision.blockers & BLOCKED_BY_SAMPLES)
        sentence_add(verdict, reasons,
                     "the canary has %" PRIu64 " lines, of the %" PRIu64 " samples wanted",
                     analysis->assigned[ASSIGNED_CANARY], verdict->stage->min_samples);
    if (verdict->decision.blockers & BLOCKED_BY_HOLD)
        why_held(verdict);
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (finding_is_awaited(&judgement->finding))
            sentence_add(verdict, reasons,
                         judgement->statistical ? "%s (the stage must keep it to advance)"
                                                : "%s, which the stage must meet to advance",
                         measured_text(verdict, judgement));
    }
    if (verdict->silence.log)
        sentence_add(verdict, reasons, "%s", silence_text(verdict));
}

static void why_guards(struct verdict *verdict, enum criterion_action action, const char *format)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        if (!judgement->finding.advances && judgement->finding.action == action &&
            judgement->finding.verdict == CRITERION_HARM)
            sentence_add(verdict, &verdict->reasons, "%s%s", measured_text(verdict, judgement),
                         format);
    }
}

static void why_nodata_rolls_back(struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        if (judgement->finding.verdict == CRITERION_NODATA &&
            judgement->finding.on_nodata == NODATA_ROLLBACK)
            sentence_add(verdict, &verdict->reasons, "%s, and its on_nodata is rollback",
                         unmeasured_text(verdict, judgement));
    }
}

static void why_unhealthy(struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->issues.count; i++)
        sentence_add(verdict, &verdict->reasons, "unhealthy: %s", verdict->issues.items[i]);
}

static void why_timed_out(struct verdict *verdict)
{
    struct arena *arena = arena_of(verdict);
    sentence_add(verdict, &verdict->reasons,
                 "stage '%s' was held for %s, past its max_hold of %s, and "
                 "on_timeout is %s",
                 verdict->stage->name.text, duration_text(arena, verdict->elapsed),
                 duration_text(arena, verdict->max_hold),
                 timeout_policy_words[verdict->analysis->subject.canary->on_timeout]);
    why_blocked(verdict);
}

static void why_all_passed(struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    uint32_t passed = 0, open = 0;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        passed += analysis->judgements[i].finding.verdict == CRITERION_PASS;
        open += analysis->judgements[i].finding.verdict == CRITERION_UNDECIDED;
    }
    if (analysis->judgement_count == 0)
        sentence_add(verdict, &verdict->reasons, "stage '%s' has no criteria to fail",
                     verdict->stage->name.text);
    else
        sentence_add(verdict, &verdict->reasons,
                     "%u of %u criteria passed%s, and none is against it", passed,
                     analysis->judgement_count,
                     open > 0 ? arena_format(arena_of(verdict), ", %u %s undecided", open,
                                             open == 1 ? "is" : "are")
                              : "");
    why_held(verdict);
}

static void why_not_compared(struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        if (judgement->has_no_control)
            sentence_add(verdict, &verdict->reasons,
                         "%s is not compared with control: stage '%s' takes everybody",
                         metric_of(judgement)->name.text, verdict->stage->name.text);
    }
}

/* What a burst in the only arm is mistaken for: see docs/replay.md, "Without a control". */
static void why_alone(struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        enum metric_bound bound = metric_traits(metric_of(judgement))->bound;
        bool counted = bound == BOUND_SHARE || bound == BOUND_RATE;
        if (counted && judgement->statistical && !judgement->finding.advances &&
            judgement->finding.verdict == CRITERION_HARM &&
            criterion_baseline(judgement->criterion) != BASELINE_CONTROL)
            sentence_add(
                verdict, &verdict->reasons,
                "%s has no concurrent control: a burst that hits everybody counts as the canary's",
                metric_of(judgement)->name.text);
    }
}

static void why(struct verdict *verdict)
{
    struct sentences *reasons = &verdict->reasons;
    switch (verdict->decision.rule) {
    case RULE_NOT_STARTED:
        sentence_add(verdict, reasons, "the canary has not started: its state is pending");
        break;
    case RULE_ROLLED_BACK:
        sentence_add(verdict, reasons, "the canary was rolled back, which is final");
        break;
    case RULE_COMPLETED:
        sentence_add(verdict, reasons, "the canary is complete, which is final");
        break;
    case RULE_GUARD:
        if (verdict->decision.verdict == VERDICT_ROLLBACK)
            why_guards(verdict, ACTION_ROLLBACK, "");
        else
            why_guards(verdict, ACTION_PAUSE, "");
        break;
    case RULE_NODATA_POLICY:
        why_nodata_rolls_back(verdict);
        break;
    case RULE_UNHEALTHY:
        why_unhealthy(verdict);
        break;
    case RULE_PAUSED:
        sentence_add(verdict, reasons, "the canary is paused until a person resumes it");
        break;
    case RULE_OVERRIDE:
        why_overridden(verdict);
        break;
    case RULE_INVESTIGATE:
        why_guards(verdict, ACTION_INVESTIGATE, ", and should be investigated");
        break;
    case RULE_POLICY_CHANGED:
        sentence_add(verdict, reasons,
                     "who is in stage '%s', or what it is judged by, has changed since it began: "
                     "its looks start over",
                     verdict->stage->name.text);
        break;
    case RULE_TIMEOUT:
        why_timed_out(verdict);
        break;
    case RULE_APPROVAL:
        sentence_add(verdict, reasons, "the next stage, '%s', needs a person's approval",
                     verdict->next->name.text);
        break;
    case RULE_ALL_PASSED:
        why_all_passed(verdict);
        break;
    case RULE_NODATA:
    case RULE_INSUFFICIENT:
    case RULE_HOLD_TIME:
    case RULE_ADVANCE_WHEN:
    case RULE_STALE:
        why_blocked(verdict);
        break;
    }
    why_guards(verdict, ACTION_ALERT, ": an alert, which decides nothing");
    why_not_compared(verdict);
    why_alone(verdict);
    if (verdict->too_bad && verdict->decision.rule == RULE_GUARD)
        sentence_add(verdict, reasons,
                     "too many lines of a log are bad: harm that the others show still counts");
    if (verdict_left_to_person(verdict))
        sentence_add(verdict, reasons, "automatic is false: the rollback is left to a person");
}

void verdict_explain(struct verdict *verdict)
{
    why(verdict);
    verdict->would = would_text(verdict);
}
