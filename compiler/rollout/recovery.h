/*
 * recovery.h - finishes what a killed run left; done by the next one that takes the lock.
 *
 * A change of the definitions and its entry in the ledger are atomic. The entry is put aside, with
 * what to do about it (`struct todo`), before anything is changed; the next run finds it there, and
 * carries it out or drops it:
 *
 *     ASIDE_EDIT      the definitions are as the entry says: it counts. They are not: it goes.
 *                     Where they do not compile, so that nobody knows, it stays
 *     ASIDE_RECORD    it counts
 *     ASIDE_TRANSITION  as ASIDE_EDIT, but a canary that is where the entry begins is edited, for
 *                     it may be published; it goes where the canary is anywhere else
 *     ASIDE_FILES     some of several files are as the entry says: the others are edited, too
 *     ASIDE_FILE      what the entry is about was decided, and perhaps published. The file is
 *                     written unless it is there, and the entry counts
 *
 * A new kind of change is a row of the table in recovery.c.
 */
#ifndef FFC_RECOVERY_H
#define FFC_RECOVERY_H

#include <stdbool.h>

#include "compiler/project/project.h"
#include "compiler/ledger/ledger.h"

struct buffer;

/*
 * Finishes what is put aside, as above; records steps of a plan that were started and never ended
 * as interrupted. Both are said on stderr. *finished is a list of the entries that were put aside
 * and count now, for the caller to free; `finished` may be NULL. What was written to
 * the definitions shows in them only when they are read again. False: a sentence in `error`.
 */
bool recover(struct ledger *ledger, const struct project *project, json_t **finished,
             struct buffer *error);

/* The same, under a lock of its own, for callers that read definitions to publish them. Costs
 * almost nothing if nothing is put aside. */
bool recover_before_reading(const char *directory, struct buffer *error);

/* Says so on stderr if something is put aside; for commands that change nothing. */
void note_aside(const char *directory);

#endif
