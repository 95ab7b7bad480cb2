/*
 * ledger.h - `ledger.jsonl` in the project: what was changed, when, by whom and why.
 *
 * Append-only; every line holds the hash of the line before it, so that a change to an old line
 * shows. Only what changes a definition is written, and what a rollback ran. To survive a crash
 * between an edit and its line, the line is first put aside in `ledger.jsonl.pending`; whoever
 * takes the lock next finishes it, or drops it when the edit was never made: see recovery.h.
 *
 * Every function that can fail returns false, with a sentence in `error`.
 */
#ifndef FFC_LEDGER_H
#define FFC_LEDGER_H

#include "compiler/base/memory.h"

#define LEDGER_FILE "ledger.jsonl"
#define LEDGER_HASH 65 /* hexadecimal, with its NUL */

struct ledger {
    const char *directory; /* of the project; borrowed */
    int lock;              /* the directory, held with flock() */
};

/* Waits for other runs on the same project. */
bool ledger_lock(struct ledger *ledger, const char *directory, struct buffer *error);
void ledger_unlock(struct ledger *ledger); /* also of one that is not locked: {.lock = -1} */

/*
 * Puts a line aside without making it count. `entry` is a JSON object without its closing brace;
 * the hash of the line before is added, and the brace.
 */
bool ledger_prepare(const struct ledger *ledger, const struct buffer *entry, struct buffer *error);
/* What it is about was done: appends the line. Or it was not: drops it. */
bool ledger_commit(const struct ledger *ledger, struct buffer *error);
void ledger_drop(const struct ledger *ledger);
/* Both, for a line that stands for nothing but itself. */
bool ledger_add(const struct ledger *ledger, const struct buffer *entry, struct buffer *error);

/* The whole file, and the line that is put aside; what is not there is empty. Reading needs no
 * lock. */
bool ledger_read(const char *directory, struct buffer *out, struct buffer *error);
bool ledger_read_pending(const struct ledger *ledger, struct buffer *out, struct buffer *error);

/* The next line from *at on, without its newline; false at the end. */
struct ledger_line {
    const char *text;
    size_t length;
    bool complete; /* a newline follows */
};
bool ledger_next(const struct buffer *ledger, size_t *at, struct ledger_line *line);
/* What the line after this one claims to follow. */
void ledger_hash(const struct ledger_line *line, char hex[LEDGER_HASH]);

#endif
