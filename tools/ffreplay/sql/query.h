/*
 * query.h - one query that makes the aggregates of flags where their logs are tables.
 *
 * Its rows are what `ffreplay merge` reads: see aggregate/query_rows.h. For each log it reads the
 * table as the definitions read the log ("lines"); for each flag, it says who was served what
 * ("served"), takes each metric's sample of each line ("samples"), and adds up by group.
 */
#ifndef FFREPLAY_SQL_QUERY_H
#define FFREPLAY_SQL_QUERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "decisions.h"
#include "table_columns.h"
#include "tools/ffreplay/canary/analysis.h"
#include "tools/ffreplay/evaluate/division.h"
#include "tools/ffreplay/evaluate/flag_variants.h"
#include "tools/ffreplay/metrics/grouping.h"

struct buffer;

/* A log, and the table that it is. */
struct queried_log {
    const struct log *log;
    struct layout *layout;
    const char *table; /* as it stands after FROM */
    const char *name;  /* as the command line has it */
    enum sql_time time;
    struct table_columns columns;
    uint32_t number; /* among the project's */
};

struct queried_flag {
    const struct flag *flag;
    const struct analysis *canary; /* NULL: it has none */
    struct flag_variants *variants;
    struct division division;
    const struct metric **metrics; /* that are summed up, of any log */
    uint32_t metric_count;
};

struct query {
    struct project *project;
    struct arena *arena;
    enum sql_dialect dialect;
    uint32_t environment;
    int64_t window;
    const json_t *head; /* of the file that the rows become */
    struct queried_log *logs;
    uint32_t log_count;
    struct queried_flag *flags;
    uint32_t flag_count;
    const struct grouping *groupings; /* besides all lines, and lines by variant */
    uint32_t grouping_count;
};

/* Appends the query. False: something in it cannot be said in the dialect, which was reported. */
bool query_write(struct query *query, struct buffer *sql);

#endif
