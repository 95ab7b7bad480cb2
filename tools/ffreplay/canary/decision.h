/*
 * decision.h - from measurements to an action: the rollout's state machine.
 *
 * A pure function of its facts. Every criterion has been judged before; here the first matching
 * rule decides, in the order of docs/replay.md.
 */
#ifndef FFREPLAY_DECISION_H
#define FFREPLAY_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/canary.h"

#define CRITERION_VERDICTS(X)                                                                      \
    X(CRITERION_NODATA, "NODATA")             /* nothing was measured */                           \
    X(CRITERION_INSUFFICIENT, "INSUFFICIENT") /* less than `min_samples` */                        \
    X(CRITERION_PASS, "PASS")                                                                      \
    X(CRITERION_UNDECIDED, "UNDECIDED") /* of a bound: neither within the threshold, nor beyond */ \
    X(CRITERION_HARM, "HARM")           /* of `advance_when`: not (yet) reached */
enum criterion_verdict { CRITERION_VERDICTS(WORDS_MEMBER) };
extern const char *const criterion_verdict_words[];

/* One criterion, judged. */
struct finding {
    enum criterion_verdict verdict;
    bool advances; /* from `advance_when`; otherwise a guard, and `action` counts */
    enum criterion_action action;
    enum nodata_policy on_nodata;
    bool of_bound; /* which holds only while the stage stays what it was when it began */
};

struct decision_facts {
    enum canary_state state;
    bool last_stage;
    bool next_needs_approval;
    bool too_few_samples; /* of a stage that has no criteria to count them */
    bool policy_changed;  /* since the stage began: neither bounds nor health mean anything */
    bool stale;           /* the logs say nothing of the canary any more */
    bool unreadable;      /* a criterion that counts has no data because it cannot be read */
    bool overridden;      /* an override holds the flag back for everybody */
    bool unhealthy;
    enum nodata_policy on_unhealthy;
    int64_t elapsed; /* since the stage began, in milliseconds; negative: it has not yet */
    int64_t hold;
    int64_t max_hold; /* 0: none */
    enum timeout_policy on_timeout;
    const struct finding *findings;
    uint32_t finding_count;
};

#define DECISION_VERDICTS(X)        \
    X(VERDICT_ADVANCE, "advance")   \
    X(VERDICT_COMPLETE, "complete") \
    X(VERDICT_HOLD, "hold")         \
    X(VERDICT_PAUSE, "pause")       \
    X(VERDICT_ROLLBACK, "rollback")
enum decision_verdict { DECISION_VERDICTS(WORDS_MEMBER) };
extern const char *const decision_verdict_words[];

/* What decided. The words are part of the output. */
#define DECISION_RULES(X)                                                                  \
    X(RULE_NOT_STARTED, "not-started")                                                     \
    X(RULE_ROLLED_BACK, "rolled-back")                                                     \
    X(RULE_COMPLETED, "completed")                                                         \
    X(RULE_GUARD, "guard") /* a rollback or pause guard in harm: the verdict says which */ \
    X(RULE_NODATA_POLICY, "on-nodata")                                                     \
    X(RULE_UNHEALTHY, "unhealthy")                                                         \
    X(RULE_PAUSED, "paused")                                                               \
    X(RULE_OVERRIDE, "override")                                                           \
    X(RULE_INVESTIGATE, "investigate")                                                     \
    X(RULE_POLICY_CHANGED, "policy-changed")                                               \
    X(RULE_TIMEOUT, "timeout")                                                             \
    X(RULE_NODATA, "nodata")                                                               \
    X(RULE_INSUFFICIENT, "insufficient")                                                   \
    X(RULE_HOLD_TIME, "hold-time")                                                         \
    X(RULE_ADVANCE_WHEN, "advance-when")                                                   \
    X(RULE_STALE, "stale")                                                                 \
    X(RULE_APPROVAL, "approval")                                                           \
    X(RULE_ALL_PASSED, "all-passed")
enum decision_rule { DECISION_RULES(WORDS_MEMBER) };
extern const char *const decision_rule_words[];

/* What stands between the stage and the next one; several may, and reports name them all. */
enum decision_blocker {
    BLOCKED_BY_NODATA = 1u << 0,
    BLOCKED_BY_SAMPLES = 1u << 1,
    BLOCKED_BY_HOLD = 1u << 2,
    BLOCKED_BY_ADVANCE_WHEN = 1u << 3,
    BLOCKED_BY_SILENCE = 1u << 4
};

struct decision {
    enum decision_verdict verdict;
    enum decision_rule rule;
    uint32_t blockers; /* as bits, whatever the verdict */
};

struct decision decide(const struct decision_facts *facts);

/* Whether missing or insufficient data keep the stage where it is. */
bool finding_blocks(const struct finding *finding);
/* Whether it is part of `advance_when`, was measured, and did not pass. */
bool finding_is_awaited(const struct finding *finding);

#endif
