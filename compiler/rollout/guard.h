/*
 * guard.h - the override that holds back a canary that was taken out of the published file but
 * could not be edited in the definitions: without it, the next build would serve it again.
 *
 * An override needs only a file of its own, whatever is wrong with others. It is put aside before
 * the file is published, so if this run dies, the next one adds it.
 */
#ifndef FFC_GUARD_H
#define FFC_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "emergency.h"

struct guarded {
    const char *flag, *environment;
    const char *reason, *by;
    int64_t at;
};
struct guard {
    struct ledger ledger; /* the same lock, and an entry of its own */
    struct override_edit edit;
    struct buffer entry;
    bool stands; /* it is put aside */
};

/* `ledger`, which may have no lock, must outlive it; on failure the guard does not stand. */
void guard_begin(struct guard *guard, const struct ledger *ledger, const struct guarded *guarded);
/* Drops it if it is not needed, or adds it, and says so on stderr. True if it was added. */
bool guard_end(struct guard *guard, bool needed);
/* Drops a flag's guards left by killed runs, for whoever repeats what they did. */
void guards_drop(struct ledger *ledger, const char *flag);

#endif
