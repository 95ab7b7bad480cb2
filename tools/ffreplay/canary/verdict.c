/* verdict.c - facts, decision, and small texts. See verdict.h. */
#include "verdict.h"
#include "compiler/base/arena.h"
#include "compiler/rollout/policy.h"
#include "compiler/model/model.h"

#include <math.h>
#include <string.h>

static bool any_unreadable(const struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        if (analysis->judgements[i].spoilt.found &&
            finding_blocks(&analysis->judgements[i].finding))
            return true;
    return false;
}

static struct decision decide_on(const struct verdict *verdict)
{
    const struct analysis *analysis = verdict->analysis;
    const struct canary *canary = analysis->subject.canary;
    struct arena *arena = verdict->replay->texts;
    struct finding *findings = ARENA_ARRAY(arena, struct finding, analysis->judgement_count);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        findings[i] = analysis->judgements[i].finding;
    /* `ignore` must not let times in a wrong unit pass: they may be a year off. */
    bool ignores = canary->on_unhealthy == NODATA_IGNORE && verdict->lost_time;
    bool few = analysis->assigned[ASSIGNED_CANARY] < verdict->stage->min_samples;
    struct decision_facts facts = {
        .state = canary->state,
        .last_stage = !verdict->next,
        .next_needs_approval = verdict_awaits_approval(verdict),
        .too_few_samples = few && analysis->judgement_count == 0,
        .unreadable = any_unreadable(analysis),
        .unhealthy = verdict->issues.count > 0,
        .stale = verdict->silence.log != NULL,
        .policy_changed = verdict->policy_changed,
        .overridden = verdict->override != NULL,
        .on_unhealthy = ignores ? NODATA_HOLD : canary->on_unhealthy,
        .elapsed = verdict->elapsed,
        .hold = verdict->hold,
        .max_hold = verdict->max_hold,
        .on_timeout = canary->on_timeout,
        .findings = findings,
        .finding_count = analysis->judgement_count,
    };
    return decide(&facts);
}

static void begin(struct verdict *verdict, const struct replay *replay, struct analysis *analysis)
{
    const struct subject *subject = &analysis->subject;
    const struct canary *canary = subject->canary;
    *verdict = (struct verdict){.replay = replay, .analysis = analysis, .stage = analysis->stage};
    verdict->environment = replay->project->environments.items[subject->environment].text;
    if (subject->stage + 1 < canary->stage_count)
        verdict->next = &canary->stages[subject->stage + 1];
    verdict->hold = verdict->stage->hold;
    verdict->max_hold = verdict->stage->max_hold ? verdict->stage->max_hold : canary->max_hold;
    verdict->now = replay->times.now;
    verdict->begin = canary->since;
    if (verdict->begin == INT64_MIN)
        verdict->begin = analysis->first < verdict->now ? analysis->first : verdict->now;
    verdict->held = held_between(&subject->held, verdict->begin, verdict->now);
    verdict->elapsed = verdict->now - verdict->begin - verdict->held;
    verdict->override = holds_at(&subject->held, verdict->now);
    verdict->silence = silence_of(verdict);
}

void verdict_decide(struct verdict *verdict, const struct replay *replay, struct analysis *analysis,
                    enum judging judging)
{
    begin(verdict, replay, analysis);
    analysis_judge(analysis, &replay->times, verdict->begin, judging);
    health_judge(verdict);
    verdict->decision = decide_on(verdict);
}

void verdict_reach(struct verdict *verdict, const struct replay *replay, struct analysis *analysis)
{
    const struct subject *subject = &analysis->subject;
    begin(verdict, replay, analysis);
    analysis_judge(analysis, &replay->times, verdict->begin, JUDGE_TO_EXPLAIN);
    health_judge(verdict);
    verdict->too_bad = replay_is_too_bad_since(replay, analysis->since);
    verdict->policy_changed = policy_changed(replay->project, subject->flag, subject->environment);
    verdict->decision = decide_on(verdict);
    verdict_explain(verdict);
}

bool verdict_awaits_approval(const struct verdict *verdict)
{
    const char *approved = verdict->analysis->subject.canary->approved;
    return verdict->next && verdict->next->approval &&
           (!approved || strcmp(approved, verdict->next->name.text) != 0);
}

bool verdict_left_to_person(const struct verdict *verdict)
{
    return verdict->decision.verdict == VERDICT_ROLLBACK &&
           !verdict->analysis->subject.canary->automatic;
}

bool verdict_holds(const struct verdict *verdict)
{
    enum decision_rule rule = verdict->decision.rule;
    return rule == RULE_GUARD || rule == RULE_ROLLED_BACK || rule == RULE_COMPLETED ||
           !verdict->too_bad;
}

bool verdict_changes(const struct verdict *verdict)
{
    if (!verdict_holds(verdict))
        return false;
    if (verdict->decision.rule == RULE_POLICY_CHANGED)
        return true;
    return verdict->decision.verdict != VERDICT_HOLD && !verdict_left_to_person(verdict);
}

uint64_t verdict_look(const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++)
        if (verdict->analysis->judgements[i].statistical)
            return verdict->analysis->judgements[i].look;
    return 0;
}

void sentence_add(struct verdict *verdict, struct sentences *sentences, const char *format, ...)
{
    struct arena *arena = verdict->replay->texts;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = arena_alloc(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    *ARENA_APPEND(arena, sentences->items, sentences->count) = text;
}

const char *percent_text(struct arena *arena, uint32_t thousandths)
{
    return arena_format(arena, "%g%%", thousandths / 1000.0);
}
