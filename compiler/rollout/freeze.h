/*
 * freeze.h - a time in which nobody edits flags, emergencies excepted: `ffc freeze`.
 *
 * It is an entry of the ledger, so it is who, when and why, and it travels with the project. The
 * last one counts; one without `until` lifts it.
 */
#ifndef FFC_FREEZE_H
#define FFC_FREEZE_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;

#define FREEZE_VERDICT "freeze"
#define FREEZE_HELP                                                                              \
    "'ffc rollback', 'ffc canary rollback' and 'pause', and 'ffc experiment stop' work all the " \
    "same; 'ffc freeze --lift' ends it"

struct freeze {
    int64_t until; /* INT64_MIN: there is none */
    char *reason, *actor;
};
/* The one in force then. False: a sentence in `error`. freeze_release() may follow in any case. */
bool freeze_find(const char *directory, int64_t at, struct freeze *freeze, struct buffer *error);
void freeze_release(struct freeze *freeze);
/* Whether one is in force then, with a sentence about it in `error`. A ledger that cannot be read
 * holds nothing back: whoever writes to it will be told. */
bool freeze_holds(const char *directory, int64_t at, struct buffer *error);

#endif
