/*
 * past_stages.h - the stages that a canary was in before the one that is decided on: what a report
 * draws of them.
 *
 * Nothing of them counts for a verdict. A line is of the group that it was in then: as the log
 * says, by what was in force, or by the stage's percentage as the definitions have it now. Stages
 * are those that the ledger knows of since the canary was started; what is resumed in the stage in
 * which it was paused goes on there.
 */
#ifndef FFREPLAY_PAST_STAGES_H
#define FFREPLAY_PAST_STAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "tools/ffreplay/metrics/series.h"

struct analysis;
struct buffer;
struct project;
struct record;

/* The newest ones; of what was before, only how many there were. */
#define PAST_STAGES_MOST 16

struct past_stage {
    int64_t from, to; /* exclusive; both known */
    uint32_t stage;
    /* Once it is prepared. */
    struct subject subject;     /* the flag with its canary there */
    struct assigner *assigners; /* one per log; without a layout: the log cannot tell */
    struct series series;       /* columns as those of the analysis's own */
};

struct past_stages {
    struct past_stage *items; /* ascending */
    uint32_t count;
    uint32_t left_out; /* older ones */
};

/* Which there were, in memory of the project. False: `error` says why the ledger cannot be read. */
bool past_stages_find(struct past_stages *past, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error);

/*
 * After the analysis's own assigners and accumulators; `quiet`: what cannot be known was said
 * before. False after reporting.
 */
bool past_stages_prepare(struct analysis *analysis, struct project *project, struct layout *layouts,
                         const struct served_record *record);
/* Frees what was gathered. */
void past_stages_forget(struct past_stages *past);
void past_stages_release(struct past_stages *past);

/* A record from before the stage. */
void past_stages_take(struct analysis *analysis, const struct record *record);

/* For another thread: the same, empty, of that thread's analysis; and what it took, put back. */
void past_stages_fork(struct analysis *fork, const struct analysis *of);
void past_stages_join(struct past_stages *past, struct past_stages *fork, uint32_t log_count);
void past_stages_free_fork(struct past_stages *fork);

/* What its lines were evaluated with. */
struct origins past_stage_origins(const struct past_stage *stage, uint32_t log_count);

#endif
