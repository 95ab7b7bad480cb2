/*
 * analyze_from.h - an analysis of files of aggregates in place of logs: what analyze_keep.h has
 * kept is put where reading the logs would have put it.
 */
#ifndef FFREPLAY_ANALYZE_FROM_H
#define FFREPLAY_ANALYZE_FROM_H

#include "analyze_task.h"
#include "tools/ffreplay/commands/from_aggregates.h"

/* The files that the options name, and the task's operands; then what they are of is known. False
 * after reporting; close it all the same. */
bool analyze_from_open(struct task *task, struct from_aggregates *from);

/* Once all is prepared: whether what is asked for was kept; lines of the logs that are needed.
 * False after reporting. */
bool analyze_from_begin(struct task *task, struct from_aggregates *from);
/* All exposures, which are settled then. */
bool analyze_from_exposures(struct task *task, struct from_aggregates *from);
/* Where the aggregates end, exclusive; INT64_MAX: nothing was left out. */
int64_t analyze_from_end(const struct task *task, const struct from_aggregates *from);
/* Outcomes have been initialized: all lines, and these are settled. */
bool analyze_from_outcomes(struct task *task, struct from_aggregates *from);

#endif
