/*
 * unit_rows.h - what cells keep of each unit, as rows of a file of aggregates, and back.
 *
 * A row is a unit's, "unit/HASH", with a part for each cell that has seen it. Rows are in the order
 * of the hashes, so that files are merged without any of them in memory, and parts of a unit that
 * are in several files add up.
 */
#ifndef FFREPLAY_UNIT_ROWS_H
#define FFREPLAY_UNIT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "metric.h"
#include "series.h"
#include "tools/ffreplay/aggregate/aggregate_file.h"

/* Cells by what they are called in the rows. */
struct unit_cells {
    struct unit_cell {
        char *key;
        struct unit_totals *totals;
        struct unit_returns *returns; /* NULL: nothing was put back yet */
    } * items;
    size_t count, capacity;
    /* Those of a series, whose slots may have been narrower when rows were written. */
    struct unit_slots {
        char *key;
        const struct series *series;
    } * slots;
    size_t slot_count;
};

/* Nothing where the cell keeps nothing of units. It stays where it is. */
void unit_cells_add(struct unit_cells *cells, const char *key, struct cell *cell);
/* The cells of a column, each with when its slot begins behind the key. The series stays as it is.
 */
void unit_cells_add_slots(struct unit_cells *cells, const char *key, struct series *series,
                          uint32_t column);
/* Settles what was put back, too. */
void unit_cells_release(struct unit_cells *cells);

/* All rows. Memory: 16 bytes for each cell of each unit whose hash has the same first 6 bits.
 * False: `error` says why. */
bool unit_cells_write(struct unit_cells *cells, struct aggregate_writer *writer,
                      struct buffer *error);

/* Before rows are read. */
void unit_cells_sort(struct unit_cells *cells);
/* Puts back what a row has of these cells. False: `error` says why. */
bool unit_cells_read(struct unit_cells *cells, const char *key, const json_t *row,
                     struct buffer *error);

#endif
