/*
 * guard.h - the override that holds a canary back which is out of the published file and could not
 * be edited in the definitions: without it, the next build would let it in again.
 *
 * An override needs no more than a file of its own, whatever is wrong with others. Put aside before
 * the file is published, it is added by the next run where this one dies.
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

/* `ledger`, which may have no lock, must outlive it; what fails leaves a guard that does not stand.
 */
void guard_begin(struct guard *guard, const struct ledger *ledger, const struct guarded *guarded);
/* It is not needed, and goes; or it is added, which is said on stderr. True: it was added. */
bool guard_end(struct guard *guard, bool needed);
/* Drops those of a flag that runs left which were killed, for whoever does the same again. */
void guards_drop(struct ledger *ledger, const char *flag);

#endif
