/*
 * steps.h - carries out a flag's rollback plan, and hooks.
 *
 * Call it once the flag is off and the project's lock is released: programs may take their time,
 * and may call ffc themselves. Each step has two ledger entries, one when it starts and one when it
 * ends, so a killed run shows. Nothing resumes it by itself: asking for the plan again runs all of
 * it. A flag's plans run one at a time; others wait.
 */
#ifndef FFC_STEPS_H
#define FFC_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/ledger/entry.h"
#include "compiler/ledger/ledger.h"
#include "compiler/processes/permission.h"
#include "compiler/publish/publication.h"

struct buffer;

struct steps {
    const struct project *project; /* as it was before the steps */
    const struct flag *flag;
    uint32_t environment; /* UINT32_MAX: not of one */
    const char *actor, *reason;
    bool plan;           /* the flag's rollback plan */
    int hook;            /* enum hook, run after the plan; -1: none */
    const char *runbook; /* of what it is about; NULL: that of the hooks, if they have one */
    bool is_off;         /* an override serves the default by now */
    /* What was decided, a JSON object and a newline: the programs' standard input, with an `event`
     * of what the hook is for. */
    const struct buffer *input;
    const struct publication *publication; /* gets each override, too; or NULL */
    /* What is not permitted is not run: of a plan, no step unless all of its programs are. */
    struct permission permission;
    bool *cancelled; /* set where a signal said to end, which is used up by that; or NULL */
};

/*
 * Says on stderr what is done. False: a step failed or was cancelled, and later steps were not
 * run; a sentence in `error`.
 */
bool steps_run(const struct steps *steps, struct buffer *error);

/* Whether somebody is running steps for the flag. */
bool steps_are_running(const char *directory, const char *flag);

/* Of each flag, the latest entry about a step: an object by the flags' names. */
json_t *steps_latest(const struct ledger_entries *entries);

/* An entry for each step that was started, did not end, and is not run by anybody now. Says so on
 * stderr. For recovery.c. */
bool steps_recover(struct ledger *ledger, struct buffer *error);

#endif
