/* canary.h - a rollout in stages, and where it stands. */
#ifndef FFC_MODEL_CANARY_H
#define FFC_MODEL_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"
#include "criterion.h"
#include "invocation.h"

struct node;

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

enum canary_state {
    CANARY_PENDING,
    CANARY_RUNNING,
    CANARY_PAUSED,
    CANARY_ROLLED_BACK,
    CANARY_COMPLETE
};
extern const char *const canary_state_names[]; /* in the order of the enum, ended by NULL */
const char *canary_state_text(enum canary_state state); /* as in the definitions: "rolled_back" */

enum timeout_policy { TIMEOUT_HOLD, TIMEOUT_PAUSE, TIMEOUT_ROLLBACK, TIMEOUT_ADVANCE };

struct canary {
    uint32_t serve;
    struct stage *stages; /* at least one */
    uint32_t stage_count;
    struct criteria guards;
    struct criteria advance_when;
    enum timeout_policy on_timeout;
    enum nodata_policy on_unhealthy;
    int64_t max_hold;
    bool automatic;
    bool instant;
    enum canary_state state;
    uint32_t stage;          /* the current one; 0 while pending */
    int64_t since;           /* INT64_MIN: not given */
    const char *approved;    /* the stage that a person has let through; or NULL */
    struct hooks hooks;      /* the project's, where the canary has none of its own */
    const struct node *node; /* the block, where edit.h finds state, stage and since */
    struct span span;
};

#endif
