/*
 * record.h - an entry of the ledger, read again. Texts are the JSON's, and live as long as that.
 */
#ifndef FFREPLAY_RECORD_H
#define FFREPLAY_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/ledger/former_names.h"

struct ledger_entry;

struct recorded {
    const json_t *json;
    const struct ledger_entry *entry; /* of which it was read; for whoever sets it */
    /* The flags that it is about, whatever they are called now; for whoever sets them. */
    const struct last_name *flags;
    uint32_t flag_count;
    int64_t time;
    const char *time_text, *actor, *verdict, *rule, *reason;
    const char *flag, *environment; /* NULL: not of one */
    /* Of a change of a rollout; NULL: it is none. */
    const char *from, *to;                        /* stages */
    const char *from_state, *to_state;            /* of the canary */
    const char *since;                            /* of the stage it was made in; NULL: not known */
    const json_t *step, *override, *acknowledges; /* or NULL */
    const json_t *experiment;                     /* of a change of one; NULL */
    const json_t *publication;                    /* of a snapshot; NULL */
    const json_t *notice;                         /* that somebody was told; NULL */
    const char *edit;                             /* of definitions, in words; or NULL */
};

/* False: it is no entry of a ledger. */
bool record_parse(struct recorded *record, const json_t *json);

/* Whether it is about the flag, in the environment; NULL: any. */
bool record_is_about(const struct recorded *record, const char *flag, const char *environment);

/* The same of a flag that may have had another name then; NULL: any. It takes `flags`. */
bool record_is_of(const struct recorded *record, const struct last_name *flag,
                  const char *environment);

/* Those that an override names; NULL: it is of all. */
const json_t *record_environments(const struct recorded *record);

/* Whether it turned something off in a hurry: a rollback, or an override. */
bool record_takes_back(const struct recorded *record);

/* What ended the harm of a rollback or an override: the next start of that canary, or the lift.
 * NULL: nothing has, or the entry is of another kind. It takes `flags` of all of them. */
const struct recorded *record_recovery(const struct recorded *records, size_t count, size_t index);

#endif
