/* canary.h - a rollout in stages, and where it stands. */
#ifndef FFC_MODEL_CANARY_H
#define FFC_MODEL_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"
#include "criterion.h"
#include "invocation.h"

struct node;

#define MOST_STAGES 100

struct stage {
    struct text name;
    uint32_t percent;
    int64_t hold;
    int64_t max_hold; /* 0: none */
    uint64_t min_samples;
    struct condition *condition;
    struct criteria guards; /* in addition to the canary's */
    struct criteria advance_when;
    bool approval; /* named in the canary's `approval` */
    struct span span;
};

#define CANARY_STATES(X)                 \
    X(CANARY_PENDING, "pending")         \
    X(CANARY_RUNNING, "running")         \
    X(CANARY_PAUSED, "paused")           \
    X(CANARY_ROLLED_BACK, "rolled_back") \
    X(CANARY_COMPLETE, "complete")
enum canary_state { CANARY_STATES(WORDS_MEMBER) };
extern const char *const canary_state_words[];

#define TIMEOUT_POLICIES(X)         \
    X(TIMEOUT_HOLD, "hold")         \
    X(TIMEOUT_PAUSE, "pause")       \
    X(TIMEOUT_ROLLBACK, "rollback") \
    X(TIMEOUT_ADVANCE, "advance")
enum timeout_policy { TIMEOUT_POLICIES(WORDS_MEMBER) };
extern const char *const timeout_policy_words[];

struct canary {
    uint32_t serve;
    struct stage *stages; /* at least one, at most MOST_STAGES */
    uint32_t stage_count;
    struct criteria guards;
    struct criteria advance_when;
    enum timeout_policy on_timeout;
    enum nodata_policy on_unhealthy;
    int64_t max_hold;
    bool automatic;
    bool instant;
    enum canary_state state;
    uint32_t stage;           /* the current one; 0 while pending */
    int64_t since;            /* INT64_MIN: not given */
    const char *approved;     /* the stage that a person has let through; or NULL */
    struct hooks hooks;       /* the project's, where the canary has none of its own */
    const struct node *node;  /* the block, where edit.h finds state, stage and since */
    const struct node *whole; /* the same with what its template adds; no file has it like that */
    struct span span;
};

#endif
