/*
 * analyze_task.h - an analysis while it is prepared: arms, metrics and logs of one flag.
 *
 * For those who gather: from logs (analyze.c), for aggregates (analyze_keep.c), from them
 * (analyze_from.c).
 */
#ifndef FFREPLAY_ANALYZE_TASK_H
#define FFREPLAY_ANALYZE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze_run.h"
#include "compiler/rollout/experiment_state.h"
#include "tools/ffreplay/analysis/conclusion.h"
#include "tools/ffreplay/evaluate/flag_variants.h"

/* What is gathered about one flag. */
struct task {
    const struct command *command;
    const struct analyze_options *options; /* NULL: nothing is judged */
    struct replay *replay;
    const struct flag *flag;
    uint32_t environment;
    const bool *reads; /* by log */
    char **logs;       /* the arguments */
    size_t log_count;
    analyze_taker *take;
    void *user;

    struct flag_variants *variants;
    struct arms arms;
    const char **names; /* of the arms */
    struct exposures exposures;
    struct unit_groups groups;
    struct outcomes outcomes;
    uint32_t strata_field; /* of the exposures'; NO_FIELD */
    struct judged_metric *metrics;
    uint32_t *metric_logs; /* by metric: its log */
    uint32_t metric_count;
    struct line_key *keys; /* by log: the unit of a line */
};

/* Those of its experiment or split; else all variants, whatever decided. False: there are too many,
 * which has been reported. */
bool task_find_arms(struct task *task);
/* Whether there are not too many, without a word. */
bool task_has_few_arms(const struct task *task);
/* The arm to compare with, of those. False after reporting. */
bool task_find_control(struct task *task);

/* The log that a metric is of. False: the project has none. */
bool task_log_of(const struct project *project, const struct metric *metric, uint32_t *log);

/* What the logs are read with, by log; before any of them is prepared. */
void task_lay_out(struct task *task);
/* Whether the log says which unit a line is of; then how. */
bool task_knows_unit(struct task *task, uint32_t log, const struct line_context *line);
void task_report_no_unit(const struct task *task, uint32_t log);
/* From now on, what is measured per unit of the log's lines is per that one. */
void task_settle_unit(struct task *task, uint32_t log);
/* Readers, units, fields and metrics, of all logs that are read. False after reporting. */
bool task_prepare(struct task *task);

/* Whether it is concluded, and what came after its end is no part of it. */
bool task_is_concluded(const struct task *task);
bool task_has_ended(const struct task *task, const struct trial_start *start);

#endif
