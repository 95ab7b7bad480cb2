/* invocation.h - programs that a rollout runs: hooks, and steps of a plan. */
#ifndef FFC_MODEL_INVOCATION_H
#define FFC_MODEL_INVOCATION_H

#include <stdint.h>

#include "text.h"

/* Programs that are run when a rollout has changed, with what it is about on their stdin. ORDER of
 * the keys in read_hooks(): "on_start" and so on. */
enum hook { HOOK_START, HOOK_ADVANCE, HOOK_PAUSE, HOOK_RESUME, HOOK_ROLLBACK, HOOK_COMPLETE };
#define HOOK_COUNT 6
struct invocation {
    struct texts arguments; /* the program first; none: nothing is run */
    int64_t timeout;
};
struct hooks {
    struct invocation on[HOOK_COUNT];
};
#define USUAL_TIMEOUT 60000

#endif
