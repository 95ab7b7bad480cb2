/* table_aggregate.h - a table of metrics as rows of a file of aggregates, and back. */
#ifndef FFREPLAY_TABLE_AGGREGATE_H
#define FFREPLAY_TABLE_AGGREGATE_H

#include "table.h"
#include "tools/ffreplay/aggregate/rows.h"
#include "tools/ffreplay/metrics/unit_rows.h"
#include "tools/ffreplay/replay/replay.h"

/* Once all is read: a row for the table, and one for each group. */
void table_put(const struct table *table, const struct replay *replay, struct rows *rows);

/* Into a table that was prepared, and has taken nothing. Its metrics and groupings have to be among
 * those that were aggregated. False: `error` says why. */
bool table_read_rows(struct table *table, struct replay *replay, const struct rows *rows,
                     struct buffer *error);

/* Its cells that keep something of units. */
void table_unit_cells(const struct table *table, struct unit_cells *cells);

/* Whether a metric's estimate is made of what is kept of each unit. */
bool metric_needs_units(const struct metric *metric);

#endif
