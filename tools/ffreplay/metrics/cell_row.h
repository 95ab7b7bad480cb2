/*
 * cell_row.h - a metric's cell as a row of a file of aggregates, and back.
 *
 * Without what it keeps of each unit, which has rows of its own: see cell_keeps_units().
 */
#ifndef FFREPLAY_CELL_ROW_H
#define FFREPLAY_CELL_ROW_H

#include "metric.h"
#include "tools/ffreplay/aggregate/row.h"

struct replay;

/* A row for the caller to release; empty where nothing was measured. `replay`: whose files a value
 * that cannot be read is from. */
json_t *cell_row(const struct cell *cell, const struct measure *measure,
                 const struct replay *replay);

/* Into an empty cell of the same measure. What is wrong is the reader's fault. The texts of values
 * that cannot be read are the replay's. */
void cell_read_row(struct row_reader *reader, struct cell *cell, const struct measure *measure,
                   struct replay *replay);

/* Whether its estimate, or its bound, is made of what is kept of each unit. */
bool cell_keeps_units(const struct cell *cell);

/* `count`, `newest` and `shown`, of what cannot be read; nothing where it is none of. */
void unreadable_put(json_t *row, const char *field, const struct unreadable *unreadable,
                    const struct replay *replay);
void unreadable_read(struct row_reader *reader, const char *field, struct unreadable *unreadable,
                     struct replay *replay);

#endif
