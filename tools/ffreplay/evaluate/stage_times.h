/*
 * stage_times.h - a flag's canary over time: its stages, from the ledger.
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
    bool known;    /* false: before all that the ledger and the definition tell of */
    uint32_t same; /* the place of the first time that is called the same */
};

struct stage_times {
    struct stage_time *items; /* at least one, ascending */
    uint32_t count;
};

/*
 * For a flag that has a canary in the environment. From the ledger's entries about it, and after
 * the last of them from the definition; without any, from the definition's `since`. False: `error`
 * says why the ledger cannot be read.
 */
bool stage_times_read(struct stage_times *times, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error);

const struct stage_time *stage_times_at(const struct stage_times *times, int64_t time);

/* "early" while it runs or is paused; else "pending", "complete", "rolled_back"; "before". */
const char *stage_time_text(const struct stage_time *time, const struct canary *canary);

#endif
