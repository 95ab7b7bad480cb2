/*
 * notices.h - tells people what they should know of a verdict that changes nothing: the hooks
 * on_alert to on_stale_log, and on_experiment_ready.
 *
 * Each is told once, when it begins, and not again at every look, until it is over and begins
 * anew; a new stage begins anew, too. The ledger remembers it: an entry when somebody was told, and
 * one when it is over. A program that fails has told nobody: it is run again at the first look that
 * is NOTICE_RETRY later. A run that is killed in between tells it twice rather than never.
 */
#ifndef FFREPLAY_NOTICES_H
#define FFREPLAY_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buffer;
struct flag;
struct project;
struct verdict;

#define NOTICE_RETRY 300000 /* ms */

/*
 * Runs the programs of what is new, with the verdict as JSON on their standard input, its `event`
 * saying what is told. The ledger must not be locked; nothing is read where no such hook is
 * defined. Of a rollout that is over, nothing is told. *cancelled as in apply_steps(). False: one
 * failed; a sentence in `error`.
 */
bool notices_tell(struct verdict *verdict, const char *actor, bool *cancelled,
                  struct buffer *error);

/* An experiment as an analysis finds it. */
struct experiment_notices {
    struct arena *arena;
    const struct project *project;
    const struct flag *flag;
    const char *environment;
    int64_t now, since;   /* since: it started then; INT64_MIN: nobody knows */
    const char *decision; /* "ship green", of which `reason` is why; NULL: it is not decided */
    const char *reason;
    const char *issue; /* why its data cannot be relied on; or NULL */
    void (*write_input)(const void *what, struct buffer *out); /* for programs: JSON, a line */
    const void *what;
};
/* The same of an experiment, by the hooks of the project; another decision is told anew. */
bool notices_tell_experiment(const struct experiment_notices *found, const char *actor,
                             bool *cancelled, struct buffer *error);

#endif
