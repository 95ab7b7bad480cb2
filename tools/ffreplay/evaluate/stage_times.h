/*
 * stage_times.h - a flag's canary or experiment over time, from the ledger: the canary's stages,
 * the experiment's states.
 */
#ifndef FFREPLAY_STAGE_TIMES_H
#define FFREPLAY_STAGE_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/flag.h"

struct buffer;
struct project;

/* From `from` until the next one's. */
struct stage_time {
    int64_t from; /* INT64_MIN: from the beginning of time */
    enum canary_state state;
    uint32_t stage;
    bool known;                  /* false: before all that the ledger and the definition tell of */
    uint32_t same;               /* the place of the first time that is called the same */
    enum experiment_state trial; /* of a flag that has an experiment */
    uint32_t winner;             /* its place, once that is concluded; UINT32_MAX: none */
};

/* How far the ledger tells of an experiment. */
enum trial_told {
    TRIAL_TOLD,          /* its newest entry says what the definitions say */
    TRIAL_NOT_TOLD,      /* it has none */
    TRIAL_TOLD_OTHERWISE /* the state was edited since, nobody knows when */
};

struct stage_times {
    struct stage_time *items; /* at least one, ascending */
    uint32_t count;
    enum trial_told trial; /* of a flag that has an experiment */
};

/*
 * For a flag that has a canary in the environment. From the ledger's entries about it, and after
 * the last of them from the definition; without any, from the definition's `since`. False: `error`
 * says why the ledger cannot be read.
 */
bool stage_times_read(struct stage_times *times, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error);

/*
 * For a flag that has an experiment there. From the ledger's entries about it, unless the
 * definitions contradict the last of them: then, and without any, they hold at all times. False:
 * `error` says why the ledger cannot be read.
 */
bool trial_times_read(struct stage_times *times, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error);

const struct stage_time *stage_times_at(const struct stage_times *times, int64_t time);

/* "early" while it runs or is paused; else "pending", "complete", "rolled_back"; "before". */
const char *stage_time_text(const struct stage_time *time, const struct canary *canary);

#endif
