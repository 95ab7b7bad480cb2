/*
 * history.h - the ledger as it is read again: its entries, the rollouts that they tell of, and
 * whether all of it is still there.
 *
 * Texts are the JSON's, and live as long as that.
 */
#ifndef FFREPLAY_HISTORY_H
#define FFREPLAY_HISTORY_H

#include "compiler/rollout/ledger.h"
#include "tools/ffreplay/report/page.h"

struct recorded {
    const json_t *json;
    const struct ledger_entry *entry; /* of which it was read; for whoever sets it */
    int64_t time;
    const char *time_text, *actor, *verdict, *rule, *reason;
    const char *flag, *environment; /* NULL: not of one */
    /* Of a change of a rollout; NULL: it is none. */
    const char *from, *to;                        /* stages */
    const char *from_state, *to_state;            /* of the canary */
    const char *since;                            /* of the stage it was made in; NULL: not known */
    const json_t *step, *override, *acknowledges; /* or NULL */
};

/* False: it is no entry of a ledger. */
bool record_parse(struct recorded *record, const json_t *json);

/* Whether it is about the flag, in the environment; NULL: any. */
bool record_is_about(const struct recorded *record, const char *flag, const char *environment);

/* Whether it turned something off in a hurry: a rollback, or an override. */
bool record_takes_back(const struct recorded *record);

/* What ended the harm of a rollback or an override: the next start of that canary, or the lift.
 * NULL: nothing has, or the entry is of another kind. */
const struct recorded *record_recovery(const struct recorded *records, size_t count, size_t index);

/* An entry for people; the start of a step is not shown, its end is. False: nothing was written. */
bool history_write_record(const struct page *page, const struct recorded *records, size_t count,
                          size_t index);

/* The last `most` rollouts that fit, each with its metrics: for people or as JSON, one a line. */
struct rollouts_wish {
    const char *flag, *environment; /* NULL: any */
    size_t most;
    bool json;
};
void history_write_rollouts(const struct page *page, const struct recorded *records, size_t count,
                            const struct rollouts_wish *wish);

/* ------------------------------------------------------------------------------------ breaks -- */

/* Something in the ledger that is not as it was written. */
struct ledger_break {
    const char *place, *what;
    char hash[LEDGER_HASH]; /* what it is acknowledged by: of what is there, or of what is not */
    const struct recorded *acknowledged; /* by whom, when and why; or NULL */
};
struct ledger_breaks {
    struct ledger_break *items;
    size_t count, open; /* all of them, and those that nobody has acknowledged */
};
/*
 * Finds all of them. `records` has one for each entry, in the same order; without JSON where it is
 * none. That the newest entries are there, no ledger can tell.
 */
void history_verify(const struct ledger_entries *entries, const struct recorded *records,
                    struct arena *arena, struct ledger_breaks *breaks);

#endif
