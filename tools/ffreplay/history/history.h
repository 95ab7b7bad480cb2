/*
 * history.h - the ledger as it is read again: its lines, and the rollouts that they tell of.
 *
 * Texts are the JSON's, and live as long as the record.
 */
#ifndef FFREPLAY_HISTORY_H
#define FFREPLAY_HISTORY_H

#include <jansson.h>

#include "compiler/rollout/ledger.h"
#include "tools/ffreplay/report/page.h"

struct recorded {
    json_t *json;
    struct ledger_line line;
    int64_t time;
    const char *time_text, *actor, *verdict, *rule, *reason;
    const char *flag, *environment; /* NULL: not of one */
    /* Of a change of a rollout; NULL: it is none. */
    const char *from, *to;             /* stages */
    const char *from_state, *to_state; /* of the canary */
    const char *since;                 /* of the stage it was made in; NULL: not known */
    const json_t *step, *override;     /* or NULL */
};

/* False: it is no line of a ledger. `record` then holds the JSON alone, or NULL. */
bool record_parse(struct recorded *record, const struct ledger_line *line);

/* Whether it is about the flag, in the environment; NULL: any. */
bool record_is_about(const struct recorded *record, const char *flag, const char *environment);

/* What ended the harm of a rollback or an override: the next start of that canary, or the lift.
 * NULL: nothing has, or the line is of another kind. */
const struct recorded *record_recovery(const struct recorded *records, size_t count, size_t index);

/* A line for people; the start of a step is not shown, its end is. False: nothing was written. */
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

#endif
