/* invocation.h - programs that a rollout runs: hooks, and a plan's steps. */
#ifndef FFC_MODEL_INVOCATION_H
#define FFC_MODEL_INVOCATION_H

#include <stdint.h>

#include "compiler/base/words.h"
#include "text.h"

/* Programs that are run when a rollout has changed, with what it is about on their stdin. */
#define HOOKS(X)                    \
    X(HOOK_START, "on_start")       \
    X(HOOK_ADVANCE, "on_advance")   \
    X(HOOK_PAUSE, "on_pause")       \
    X(HOOK_RESUME, "on_resume")     \
    X(HOOK_ROLLBACK, "on_rollback") \
    X(HOOK_COMPLETE, "on_complete")
enum hook { HOOKS(WORDS_MEMBER) };
#define HOOK_COUNT WORDS_COUNT(HOOKS)
extern const char *const hook_words[]; /* their keys */

struct invocation {
    struct texts arguments; /* the program first; none: nothing is run */
    int64_t timeout;
};
struct hooks {
    struct invocation on[HOOK_COUNT];
};
#define USUAL_TIMEOUT 60000

#endif
