/*
 * analyze_keep.h - what an analysis takes from logs, kept for files of aggregates.
 *
 * Of each log that can tell who is in an experiment, when each unit was first exposed by it, and
 * where; of each log that is measured, what the lines of units say (kept_lines.h). Which of those
 * logs tell, who counts, since when, and as what, is then the analysis's to find, from all parts.
 */
#ifndef FFREPLAY_ANALYZE_KEEP_H
#define FFREPLAY_ANALYZE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "kept_runs.h"
#include "tools/ffreplay/aggregate/rows.h"
#include "tools/ffreplay/replay/replay.h"

struct flag;

struct kept_wish {
    const struct command *command;
    const struct option_texts *metrics; /* besides those that it is judged by */
    const char *const *fields;          /* of which units' values are kept */
    uint32_t field_count;
    int64_t to; /* what comes later is left out; INT64_MAX */
    bool show_private;
    struct kept_runs *runs;
};

/* Of one flag. */
struct kept_trial;

/* Consumers are added to the replay. A flag without arms, or without logs that know its units, is
 * not kept, unless it is an experiment. NULL after reporting. */
struct kept_trial *kept_trial_prepare(struct replay *replay, const struct flag *flag,
                                      uint32_t environment, const bool *reads,
                                      const struct kept_wish *wish);
/* Of NULL, too. */
void kept_trial_free(struct kept_trial *trial);

/* Once all is read: rows that are not of units. */
void kept_trial_put(struct kept_trial *trial, struct rows *rows);
/* And those that are, of all of them. False: `error` says why. */
bool kept_trials_write(struct kept_trial *const *trials, uint32_t count,
                       struct aggregate_writer *writer, struct buffer *error);

#endif
