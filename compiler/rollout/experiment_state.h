/*
 * experiment_state.h - moves an experiment from one state to another: edits its block, and has in
 * the ledger what it was when it started.
 *
 *     draft --start--> running --stop, conclude--> concluded
 *
 * What decides an experiment is to be settled before there are data to choose it by. So the entry
 * of a start has the primary metric, and digests of it and of all that the result depends on.
 */
#ifndef FFC_EXPERIMENT_STATE_H
#define FFC_EXPERIMENT_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/files/publish.h"
#include "compiler/model/experiment.h"
#include "policy.h"

struct arena;
struct buffer;
struct flag;
struct project;

/* Where an experiment stands. */
struct trial {
    enum experiment_state state;
    const char *winner; /* the variant for everybody; NULL: none */
};
struct trial trial_of(const struct targeting *targeting);

/* Writes `state` and `winner` where they change, and no other byte. */
enum replaced trial_edit(const struct project *project, const struct targeting *targeting,
                         const struct trial *to, struct buffer *error);

/* The entry's field `experiment`, open for more: `from`, `to`, `primary` and the digests. */
void trial_entry(struct buffer *out, const struct targeting *targeting, const struct trial *from,
                 const struct trial *to);

/* Whether the definitions are as the entry of a change says that they are after it. */
bool trial_was_made(const struct project *project, const json_t *entry);

/* Whether the entry is about the experiment of the flag, which was `called` so then, in this
 * environment or one with the same block; it has one there. */
bool trial_is_of(const json_t *entry, const char *called, const struct project *project,
                 const struct flag *flag, uint32_t environment);

/* The newest start of the flag's experiment, in this environment or one with the same block. */
struct trial_start {
    bool found;
    int64_t at;
    const char *primary;  /* NULL: it had none */
    bool primary_changed; /* it is another metric now, or the same with another definition */
    bool terms_changed;   /* anything that the result depends on */
    bool ran_before;      /* it was started and stopped, or concluded, before that */
    bool has_ended;       /* it was stopped or concluded since */
    int64_t end;          /* when */
};
/* Texts are the arena's. False: the ledger cannot be read, with a sentence in `error`. */
bool trial_start_find(const struct project *project, const struct flag *flag, uint32_t environment,
                      struct arena *arena, struct trial_start *start, struct buffer *error);

#endif
