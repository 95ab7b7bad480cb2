/* counterfactual.c - what would have to be different for another verdict. */
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "reasons.h"

#include <inttypes.h>
#include <math.h>

#include "reasons_bound.h"
#include "compiler/base/scalar.h"

static struct arena *arena_of(const struct verdict *verdict)
{
    return verdict->replay->texts;
}

static const struct metric *metric_of(const struct judgement *judgement)
{
    return judgement->criterion->metric;
}

struct list {
    struct buffer text;
    const char *separator;
    uint32_t count;
};

static void list_add(struct list *list, const char *text)
{
    if (list->count++ > 0)
        buffer_append_text(&list->text, list->separator);
    buffer_append_text(&list->text, text);
}

/* "error_rate were 5% or less, so at most 40 of these 812 samples instead of 58" */
static const char *within_text(struct verdict *verdict, const struct judgement *judgement)
{
    struct arena *arena = arena_of(verdict);
    const struct criterion *criterion = judgement->criterion;
    if (judgement->statistical)
        return settled_text(verdict, judgement);
    bool max = criterion->form == CRITERION_MAX;
    const char *basic = arena_format(arena, "%s were %s or %s", criterion->metric->name.text,
                                     criterion->written.text, max ? "less" : "more");
    if (metric_traits(criterion->metric)->scale != SCALE_SHARE || !judgement->measured)
        return basic;
    double samples = (double)judgement->samples;
    double allowed =
        max ? floor(criterion->threshold * samples) : ceil(criterion->threshold * samples);
    return arena_format(arena, "%s: at %s %.0f of these %" PRIu64 " %s, instead of %.0f", basic,
                        max ? "most" : "least", allowed, judgement->samples,
                        sample_noun(criterion->metric, judgement->samples),
                        nearbyint(judgement->estimate * samples));
}

static void list_guards(struct verdict *verdict, struct list *list, enum criterion_action action)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        if (!judgement->finding.advances && judgement->finding.action == action &&
            judgement->finding.verdict == CRITERION_HARM)
            list_add(list, within_text(verdict, judgement));
    }
}

/* The length of time that a windowed criterion judges at once. */
static int64_t width_of(const struct judgement *judgement)
{
    int64_t over = judgement->criterion->over;
    return over > 0 ? over : judgement->windows.width;
}

/* A window already at its full length gains nothing by waiting. */
static bool never_fills(const struct verdict *verdict, const struct judgement *judgement)
{
    return judgement->windowed && judgement->fewest_samples > 0 &&
           verdict->elapsed >= width_of(judgement);
}

/* "error_rate had 1000 canary samples in 1m, where it has 777: that takes an 'over' of about
 * 1m 18s, or a 'min_samples' of its own" */
static const char *filled_text(struct verdict *verdict, const struct judgement *judgement)
{
    struct arena *arena = arena_of(verdict);
    const struct metric *metric = metric_of(judgement);
    double over = (double)width_of(judgement);
    double times = (double)judgement->wanted_samples / (double)judgement->fewest_samples;
    int64_t wider = (int64_t)fmin(ceil(over / 1000 * times) * 1000, 3e14);
    return arena_format(arena,
                        "%s had %" PRIu64 " canary %s in %s, where it has %" PRIu64
                        ": that takes an 'over' of about %s, or a 'min_samples' of its own",
                        metric->name.text, judgement->wanted_samples,
                        sample_noun(metric, judgement->wanted_samples),
                        duration_text(arena, width_of(judgement)), judgement->fewest_samples,
                        duration_text(arena, wider));
}

/* The most samples that any criterion still lacks, and how long they take at the current rate. */
static void list_missing_samples(struct verdict *verdict, struct list *list)
{
    struct arena *arena = arena_of(verdict);
    const struct analysis *analysis = verdict->analysis;
    uint64_t most = 0, have = 0;
    const char *noun = "samples";
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        uint64_t missing = missing_samples(judgement);
        if (!finding_blocks(&judgement->finding) || missing == 0)
            continue;
        if (never_fills(verdict, judgement)) {
            list_add(list, filled_text(verdict, judgement));
            continue;
        }
        if (missing <= most)
            continue;
        most = missing;
        have = judgement->windowed ? 0 : judgement->samples;
        noun = sample_noun(metric_of(judgement), missing);
    }
    if (analysis->judgement_count == 0) {
        have = analysis->assigned[ASSIGNED_CANARY];
        most = verdict->stage->min_samples - have;
    }
    if (most == 0)
        return;
    const char *count =
        arena_format(arena, "there were about %" PRIu64 " more canary %s", most, noun);
    if (have > 0 && verdict->elapsed > 0) {
        double wait = (double)verdict->elapsed / (double)have * (double)most;
        count = arena_format(arena, "%s (about %s at this rate)", count,
                             duration_text(arena, (int64_t)fmin(wait, 3e14)));
    }
    list_add(list, count);
}

static void list_blockers(struct verdict *verdict, struct list *list)
{
    struct arena *arena = arena_of(verdict);
    const struct analysis *analysis = verdict->analysis;
    uint32_t blockers = verdict->decision.blockers;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (finding_blocks(&judgement->finding) && judgement->finding.verdict == CRITERION_NODATA)
            list_add(list,
                     arena_format(arena, "%s were %s and passed", metric_of(judgement)->name.text,
                                  judgement->spoilt.found ? "readable" : "measured"));
    }
    if (blockers & BLOCKED_BY_SAMPLES)
        list_missing_samples(verdict, list);
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (judgement->finding.verdict == CRITERION_INSUFFICIENT && missing_samples(judgement) == 0)
            list_add(list, arena_format(arena, "%s were measured in %u complete windows",
                                        metric_of(judgement)->name.text,
                                        judgement->criterion->for_windows));
    }
    if (blockers & BLOCKED_BY_HOLD)
        list_add(list, arena_format(arena, "%s more had passed",
                                    duration_text(arena, verdict->hold - verdict->elapsed)));
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (finding_is_awaited(&judgement->finding))
            list_add(list, within_text(verdict, judgement));
    }
    if (verdict->silence.log)
        list_add(list, arena_format(arena, "log '%s' told of the canary again",
                                    verdict->silence.log->name.text));
    if (verdict_awaits_approval(verdict))
        list_add(list, arena_format(arena, "stage '%s' were approved", verdict->next->name.text));
}

static void list_dangers(struct verdict *verdict, struct list *list)
{
    struct arena *arena = arena_of(verdict);
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        const struct criterion *criterion = judgement->criterion;
        if (judgement->finding.advances || judgement->finding.action != ACTION_ROLLBACK ||
            judgement->has_no_control)
            continue;
        if (judgement->statistical) {
            list_add(list, passed_text(arena, judgement));
            continue;
        }
        const char *now = judgement->measured
                              ? estimate_text(arena, criterion->metric, judgement->estimate)
                              : "not measured";
        list_add(list, arena_format(arena, "%s were %s %s (it is %s)", criterion->metric->name.text,
                                    criterion->form == CRITERION_MAX ? "above" : "below",
                                    criterion->written.text, now));
    }
}

const char *would_text(struct verdict *verdict)
{
    struct arena *arena = arena_of(verdict);
    struct list list = {.separator = ", and "};
    const char *then = verdict->next ? "advance" : "complete";
    switch (verdict->decision.rule) {
    case RULE_NOT_STARTED:
        return "be decided on once a person starts the canary";
    case RULE_ROLLED_BACK:
    case RULE_COMPLETED:
        return "stay so, whatever the logs say";
    case RULE_PAUSED:
        return "continue once a person resumes the canary";
    case RULE_OVERRIDE:
        return verdict->override->lifted
                   ? "continue once a person pauses and resumes it, to confirm that it is served "
                     "again"
                   : arena_format(arena, "continue once a person lifts it: ffc rollback --lift %s",
                                  verdict->override->id.text ? verdict->override->id.text
                                                             : verdict->override->name);
    case RULE_UNHEALTHY:
        return "be decided by its criteria once these issues are gone";
    case RULE_POLICY_CHANGED:
        return "be decided on new data only: --apply writes the new 'since'";
    case RULE_NODATA_POLICY:
        return "not roll back once that is measured";
    case RULE_GUARD:
        if (verdict->decision.verdict == VERDICT_ROLLBACK)
            list_guards(verdict, &list, ACTION_ROLLBACK);
        else
            list_guards(verdict, &list, ACTION_PAUSE);
        then = verdict->decision.verdict == VERDICT_ROLLBACK ? "not roll back" : "not pause";
        break;
    case RULE_INVESTIGATE:
        list_guards(verdict, &list, ACTION_INVESTIGATE);
        list_blockers(verdict, &list);
        break;
    case RULE_ALL_PASSED:
        then = "roll back";
        list.separator = ", or ";
        list_dangers(verdict, &list);
        break;
    case RULE_TIMEOUT:
    case RULE_NODATA:
    case RULE_INSUFFICIENT:
    case RULE_HOLD_TIME:
    case RULE_ADVANCE_WHEN:
    case RULE_STALE:
    case RULE_APPROVAL:
        list_blockers(verdict, &list);
        break;
    }
    const char *text = list.count == 0 ? "not change with these criteria"
                                       : arena_format(arena, "%s if %.*s", then,
                                                      (int)list.text.length, list.text.bytes);
    buffer_release(&list.text);
    return text;
}
