/*
 * ledger.h - `ledger.jsonl` in the project: what was changed, when, by whom and why.
 *
 * Append-only; every line holds the hash of the line before it, so that a change to an old line
 * shows. Only what changes a definition is written. To survive a crash between the edit and its
 * line, the line is first put aside in `ledger.jsonl.pending`; whoever takes the lock next finishes
 * it, or drops it when the edit was never made.
 */
#ifndef FFREPLAY_LEDGER_H
#define FFREPLAY_LEDGER_H

#include "verdict.h"

#define LEDGER_FILE "ledger.jsonl"

struct ledger {
    const char *directory; /* of the project; borrowed */
    int lock;              /* the directory, held with flock() */
};

/* Waits for other runs on the same project. False: a sentence in `error`. */
bool ledger_lock(struct ledger *ledger, const char *directory, struct buffer *error);
void ledger_unlock(struct ledger *ledger);

/* What a crashed run left, with the definitions as they are now. Says on stderr what it did. */
bool ledger_recover(const struct ledger *ledger, const struct project *project,
                    struct buffer *error);

/* Where a rollout stands. */
struct rollout {
    enum canary_state state;
    const char *stage;
    int64_t since;
};

/* Puts the line for this change aside, without making it count. */
bool ledger_prepare(const struct ledger *ledger, struct verdict *verdict, const char *actor,
                    const struct rollout *to, struct buffer *error);
/* The edit was made: appends the line. Or it was not: drops it. */
bool ledger_commit(const struct ledger *ledger, struct buffer *error);
void ledger_drop(const struct ledger *ledger);

#endif
