/*
 * apply.h - a verdict made true: the edit of the definition, and its line in the ledger.
 */
#ifndef FFREPLAY_APPLY_H
#define FFREPLAY_APPLY_H

#include "compiler/rollout/ledger.h"
#include "compiler/rollout/publication.h"
#include "tools/ffreplay/canary/verdict.h"

/*
 * Edits state, stage and since where the verdict changes something, and writes the ledger. The
 * definitions are read again first: when the canary no longer stands where it was decided on,
 * nothing is done. False: a sentence in `error`.
 */
bool apply_verdict(struct ledger *ledger, struct verdict *verdict, const char *actor,
                   struct buffer *error);

/*
 * Runs the rollback plan and the hooks of a verdict that was applied, with the verdict as JSON on
 * their standard input; behind overrides of a plan the snapshot is published anew, if `publication`
 * has a path. The ledger must not be locked. False: a sentence in `error`; what was applied stays.
 * *cancelled is set where a signal ended it; it may be NULL.
 */
bool apply_steps(struct verdict *verdict, const char *actor, const struct publication *publication,
                 bool *cancelled, struct buffer *error);

#endif
