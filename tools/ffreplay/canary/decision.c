/* decision.c - the order of the rules. See decision.h. */
#include "decision.h"

/* A bound over lines from before and after a policy change mixes two populations, and does not
 * act. */
static bool any_guard_in_harm(const struct decision_facts *facts, enum criterion_action action)
{
    for (uint32_t i = 0; i < facts->finding_count; i++) {
        const struct finding *finding = &facts->findings[i];
        if (finding->of_bound && facts->policy_changed)
            continue;
        if (!finding->advances && finding->action == action && finding->verdict == CRITERION_HARM)
            return true;
    }
    return false;
}

static bool nodata_rolls_back(const struct decision_facts *facts)
{
    for (uint32_t i = 0; i < facts->finding_count; i++)
        if (facts->findings[i].verdict == CRITERION_NODATA &&
            facts->findings[i].on_nodata == NODATA_ROLLBACK)
            return true;
    return false;
}

bool finding_blocks(const struct finding *finding)
{
    if (!finding->advances && finding->action == ACTION_ALERT)
        return false;
    return finding->verdict == CRITERION_INSUFFICIENT ||
           (finding->verdict == CRITERION_NODATA && finding->on_nodata != NODATA_IGNORE);
}

bool finding_is_awaited(const struct finding *finding)
{
    return finding->advances &&
           (finding->verdict == CRITERION_HARM || finding->verdict == CRITERION_UNDECIDED);
}

static uint32_t blockers(const struct decision_facts *facts)
{
    uint32_t found = facts->too_few_samples ? BLOCKED_BY_SAMPLES : 0;
    for (uint32_t i = 0; i < facts->finding_count; i++) {
        const struct finding *finding = &facts->findings[i];
        if (finding_blocks(finding))
            found |= finding->verdict == CRITERION_NODATA ? BLOCKED_BY_NODATA : BLOCKED_BY_SAMPLES;
        if (finding_is_awaited(finding))
            found |= BLOCKED_BY_ADVANCE_WHEN;
    }
    if (facts->elapsed < facts->hold)
        found |= BLOCKED_BY_HOLD;
    if (facts->stale)
        found |= BLOCKED_BY_SILENCE;
    return found;
}

/* Rule 1, the only one that also applies to a paused canary. */
static bool rolls_back(const struct decision_facts *facts, enum decision_rule *rule)
{
    if (any_guard_in_harm(facts, ACTION_ROLLBACK))
        *rule = RULE_GUARD;
    else if (nodata_rolls_back(facts) && !facts->overridden)
        *rule = RULE_NODATA_POLICY;
    else if (facts->unhealthy && facts->on_unhealthy == NODATA_ROLLBACK && !facts->policy_changed)
        *rule = RULE_UNHEALTHY;
    else
        return false;
    return true;
}

static enum decision_rule blocking_rule(uint32_t found)
{
    if (found & BLOCKED_BY_NODATA)
        return RULE_NODATA;
    if (found & BLOCKED_BY_SAMPLES)
        return RULE_INSUFFICIENT;
    if (found & BLOCKED_BY_HOLD)
        return RULE_HOLD_TIME;
    return found & BLOCKED_BY_ADVANCE_WHEN ? RULE_ADVANCE_WHEN : RULE_STALE;
}

struct decision decide(const struct decision_facts *facts)
{
    struct decision decision = {VERDICT_HOLD, RULE_ALL_PASSED, blockers(facts)};
#define DECIDED(by, what) (decision.rule = (by), decision.verdict = (what), decision)
    if (facts->state == CANARY_PENDING)
        return DECIDED(RULE_NOT_STARTED, VERDICT_HOLD);
    if (facts->state == CANARY_ROLLED_BACK)
        return DECIDED(RULE_ROLLED_BACK, VERDICT_HOLD);
    if (facts->state == CANARY_COMPLETE)
        return DECIDED(RULE_COMPLETED, VERDICT_HOLD);

    if (rolls_back(facts, &decision.rule))
        return DECIDED(decision.rule, VERDICT_ROLLBACK);
    if (facts->state == CANARY_PAUSED)
        return DECIDED(RULE_PAUSED, VERDICT_HOLD);
    if (any_guard_in_harm(facts, ACTION_PAUSE))
        return DECIDED(RULE_GUARD, VERDICT_PAUSE);
    if (facts->overridden)
        return DECIDED(RULE_OVERRIDE, VERDICT_HOLD);
    if (facts->policy_changed)
        return DECIDED(RULE_POLICY_CHANGED, VERDICT_HOLD);
    if (facts->unhealthy && facts->on_unhealthy == NODATA_HOLD)
        return DECIDED(RULE_UNHEALTHY, VERDICT_HOLD);
    if (any_guard_in_harm(facts, ACTION_INVESTIGATE))
        return DECIDED(RULE_INVESTIGATE, VERDICT_HOLD);

    bool timed_out = false;
    if (decision.blockers) {
        if (facts->max_hold == 0 || facts->elapsed < facts->max_hold)
            return DECIDED(blocking_rule(decision.blockers), VERDICT_HOLD);
        switch (facts->on_timeout) {
        case TIMEOUT_HOLD:
            return DECIDED(RULE_TIMEOUT, VERDICT_HOLD);
        case TIMEOUT_PAUSE:
            return DECIDED(RULE_TIMEOUT, VERDICT_PAUSE);
        case TIMEOUT_ROLLBACK:
            return DECIDED(RULE_TIMEOUT, VERDICT_ROLLBACK);
        case TIMEOUT_ADVANCE:
            if (facts->unreadable)
                return DECIDED(RULE_NODATA, VERDICT_HOLD);
            timed_out = true;
        }
    }
    if (facts->next_needs_approval && !facts->last_stage)
        return DECIDED(RULE_APPROVAL, VERDICT_HOLD);
    return DECIDED(timed_out ? RULE_TIMEOUT : RULE_ALL_PASSED,
                   facts->last_stage ? VERDICT_COMPLETE : VERDICT_ADVANCE);
#undef DECIDED
}

const char *const criterion_verdict_words[] = WORDS(CRITERION_VERDICTS);
const char *const decision_verdict_words[] = WORDS(DECISION_VERDICTS);
const char *const decision_rule_words[] = WORDS(DECISION_RULES);
