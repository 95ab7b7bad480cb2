/* invocation.h - programs that are run: hooks, a plan's steps, and those that print a log. */
#ifndef FFC_MODEL_INVOCATION_H
#define FFC_MODEL_INVOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "text.h"

/* Programs that are run when a rollout has changed, with what it is about on their stdin. */
#define CHANGE_HOOKS(X)             \
    X(HOOK_START, "on_start")       \
    X(HOOK_ADVANCE, "on_advance")   \
    X(HOOK_PAUSE, "on_pause")       \
    X(HOOK_RESUME, "on_resume")     \
    X(HOOK_ROLLBACK, "on_rollback") \
    X(HOOK_COMPLETE, "on_complete")
/* And those that are run when somebody should know, though nothing has changed. */
#define NOTICE_HOOKS(X)                           \
    X(HOOK_ALERT, "on_alert")                     \
    X(HOOK_INVESTIGATE, "on_investigate")         \
    X(HOOK_APPROVAL_NEEDED, "on_approval_needed") \
    X(HOOK_REPORTED, "on_reported")               \
    X(HOOK_UNHEALTHY, "on_unhealthy")             \
    X(HOOK_STALE_LOG, "on_stale_log")
/* The same of an experiment, as `ffreplay analyze` finds it; a project's alone. */
#define EXPERIMENT_HOOKS(X) X(HOOK_EXPERIMENT_READY, "on_experiment_ready")
#define HOOKS(X)            CHANGE_HOOKS(X) NOTICE_HOOKS(X) EXPERIMENT_HOOKS(X)
enum hook { HOOKS(WORDS_MEMBER) };
#define HOOK_COUNT WORDS_COUNT(HOOKS)
extern const char *const hook_words[]; /* their keys */
/* "alert" of HOOK_ALERT. */
const char *hook_event(enum hook hook);

struct invocation {
    struct texts arguments; /* the program first; none: nothing is run */
    int64_t timeout;
};
struct hooks {
    struct invocation on[HOOK_COUNT];
    const char *runbook; /* where whoever gets them finds what to do; or NULL */
};
#define USUAL_TIMEOUT 60000

/* What is filled in in the arguments of a program that prints a log: times in RFC 3339. */
#define PLACEHOLDERS(X)           \
    X(PLACEHOLDER_FROM, "{from}") \
    X(PLACEHOLDER_TO, "{to}")
enum placeholder { PLACEHOLDERS(WORDS_MEMBER) };

/*
 * The next "{word}" of letters, with its braces; NULL: there is none. Other braces are those of a
 * query, a template or a program: `{job="api"}`, `{{.Name}}`, `${HOME}`, `{}`, `{ print }`.
 */
const char *placeholder_next(const char *text, size_t *length);
/* An enum placeholder; -1: that is none of them. */
int placeholder_find(const char *word, size_t length);

#endif
