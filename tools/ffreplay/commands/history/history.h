/*
 * history.h - reads the ledger back: its entries, the rollouts they describe, and whether it is
 * complete.
 *
 * Texts are the JSON's, and live as long as that.
 */
#ifndef FFREPLAY_HISTORY_H
#define FFREPLAY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/ledger/ledger.h"
#include "tools/ffreplay/evaluate/record.h"
#include "tools/ffreplay/page/page.h"

struct arena;

/* An entry for people; the start of a step is not shown, its end is. False: nothing was written. */
bool history_write_record(const struct page *page, const struct recorded *records, size_t count,
                          size_t index);

/* The last `most` rollouts that fit, each with its metrics: for people or as JSON, one per line. */
struct rollouts_wish {
    const struct last_name *flag; /* NULL: any */
    const char *environment;      /* NULL: any */
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
