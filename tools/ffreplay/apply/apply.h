/*
 * apply.h - carries out a verdict: edits the definition and writes the ledger entry.
 */
#ifndef FFREPLAY_APPLY_H
#define FFREPLAY_APPLY_H

#include <stdbool.h>

#include "compiler/base/buffer.h"
#include "compiler/ledger/ledger.h"
#include "compiler/publish/publication.h"
#include "compiler/rollout/transition.h"
#include "tools/ffreplay/canary/verdict.h"

/* One run that carries out verdicts. */
struct applying {
    struct ledger *ledger; /* locked */
    const char *actor;
    const struct publication *publication; /* its path: what --build names; NULL: nothing */
    struct buffer why;                     /* the published file was not patched; to be released */
    char entry[LEDGER_NAME]; /* of the last verdict that edited the definitions; else "" */
    bool patched;            /* some rollback is published, and nothing else with it */
    bool compile;            /* something was done that is published by apply_publish() */
};

enum applied {
    APPLIED_NOTHING, /* there was nothing to do */
    APPLIED,
    APPLIED_CHANGED, /* the canary no longer stands where it was decided on: nothing was done */
    APPLIED_BADLY,   /* what could be was done, and more was not */
};

/*
 * Edits state, stage and since if the verdict changes something, and writes the ledger. Does
 * nothing if the canary is no longer in the state that was decided on. From APPLIED_CHANGED on
 * there is a sentence in `error`.
 *
 * A rollback is an emergency: if the published file can be patched, the canary is taken out of it
 * first, and then out of the definitions as they were read for the verdict. Later changes to other
 * files do not matter. If its own file can no longer be edited, an override holds it back
 * (compiler/rollout/guard.h). Everything else needs definitions without errors.
 */
enum applied apply_verdict(struct applying *applying, struct verdict *verdict,
                           struct buffer *error);
bool verdict_is_emergency(const struct verdict *verdict);
/* Where its canary stands once it is applied. */
struct rollout rollout_after(const struct verdict *verdict);
/* Compiles and publishes; says why a rollback takes that. False: a sentence in `error`. */
bool apply_publish(const struct applying *applying, const char *environment, struct buffer *error);
/* Notes other edits in the definitions that were not published. The ledger need not be locked. */
void apply_note_rest(const struct applying *applying, const char *directory);

/*
 * Runs the rollback plan and the hooks of a verdict that was applied, with the verdict as JSON on
 * their standard input; after a plan's overrides the snapshot is published again, if `publication`
 * has a path. The ledger must not be locked. False: a sentence in `error`; what was applied stays.
 * *cancelled is set where a signal ended it; it may be NULL.
 */
bool apply_steps(struct verdict *verdict, const char *actor, const struct publication *publication,
                 bool *cancelled, struct buffer *error);

#endif
