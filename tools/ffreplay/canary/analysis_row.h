/*
 * analysis_row.h - what was gathered of a canary as rows of a file of aggregates, and back.
 */
#ifndef FFREPLAY_ANALYSIS_ROW_H
#define FFREPLAY_ANALYSIS_ROW_H

#include "analysis.h"
#include "origins_row.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/aggregate/rows.h"
#include "tools/ffreplay/metrics/unit_rows.h"

/* Once all is read. */
void analysis_put(struct analysis *analysis, const struct replay *replay, struct rows *rows);

/* Into an analysis that was prepared, and has taken nothing. False: `error` says why. */
bool analysis_read_rows(struct analysis *analysis, struct replay *replay, const struct rows *rows,
                        struct buffer *error);

/* The first metric whose estimate or bound is made of what is kept of each unit; NULL: there is
 * none. */
const struct metric *analysis_metric_of_units(const struct analysis *analysis);

/* Its cells that keep something of units, windows included. */
void analysis_unit_cells(struct analysis *analysis, struct unit_cells *cells);

/* A sample of units as a field, and into one that is empty. */
void unit_shares_put(json_t *row, const char *field, struct unit_shares *shares);
void unit_shares_read(struct row_reader *reader, const char *field, struct unit_shares *shares);
/* The same of variants that were seen, lines by what they were evaluated with, and variants that
 * the flag does not have. */
void variants_seen_put(json_t *row, const struct variant_set *seen, uint32_t variants);
void variants_seen_read(struct row_reader *reader, struct variant_set *seen, uint32_t variants);
void unknown_variants_put(json_t *row, const struct unknown_variants *unknown);
void unknown_variants_read(struct row_reader *reader, struct unknown_variants *unknown);

#endif
