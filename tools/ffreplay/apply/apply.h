/*
 * apply.h - a verdict made true: the edit of the definition, and its line in the ledger.
 */
#ifndef FFREPLAY_APPLY_H
#define FFREPLAY_APPLY_H

#include <stdbool.h>

#include "compiler/base/buffer.h"
#include "compiler/rollout/ledger.h"
#include "compiler/rollout/publication.h"
#include "tools/ffreplay/canary/verdict.h"

/* One run that makes verdicts true. */
struct applying {
    struct ledger *ledger; /* locked */
    const char *actor;
    const struct publication *publication; /* its path: what --build names; NULL: nothing */
    struct buffer why;                     /* the published file was not patched; to be released */
    bool patched; /* some rollback is published, and nothing else with it */
    bool compile; /* something was done that is published by apply_publish() */
};

enum applied {
    APPLIED_NOTHING, /* there was nothing to do */
    APPLIED,
    APPLIED_CHANGED, /* the canary no longer stands where it was decided on: nothing was done */
    APPLIED_BADLY,   /* what could be was done, and more was not */
};

/*
 * Edits state, stage and since where the verdict changes something, and writes the ledger. When
 * the canary no longer stands where it was decided on, nothing is done. From APPLIED_CHANGED on
 * there is a sentence in `error`.
 *
 * A rollback is an emergency: where the published file can be patched, the canary is out of it
 * first, and then out of the definitions as they were read for the verdict. What became of other
 * files since is in nobody's way. Where its own file cannot be edited any more, an override holds
 * it back (compiler/rollout/guard.h). Everything else takes definitions without errors.
 */
enum applied apply_verdict(struct applying *applying, struct verdict *verdict,
                           struct buffer *error);
bool verdict_is_emergency(const struct verdict *verdict);
/* Compiles and publishes; says why a rollback takes that. False: a sentence in `error`. */
bool apply_publish(const struct applying *applying, const char *environment, struct buffer *error);
/* What else the definitions have that was not published, where that is so. The ledger need not be
 * locked. */
void apply_note_rest(const struct applying *applying, const char *directory);

/*
 * Runs the rollback plan and the hooks of a verdict that was applied, with the verdict as JSON on
 * their standard input; behind overrides of a plan the snapshot is published anew, if `publication`
 * has a path. The ledger must not be locked. False: a sentence in `error`; what was applied stays.
 * *cancelled is set where a signal ended it; it may be NULL.
 */
bool apply_steps(struct verdict *verdict, const char *actor, const struct publication *publication,
                 bool *cancelled, struct buffer *error);

#endif
