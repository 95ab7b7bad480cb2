/*
 * series.h - cells by time, for what is drawn over time: at most SERIES_MOST slots, whatever span
 * they cover.
 *
 * A slot is so many windows wide that all of them fit, and begins at a multiple of its width. The
 * width depends on the earliest and the latest time alone, so neither the order of records nor who
 * took which changes anything.
 */
#ifndef FFREPLAY_SERIES_H
#define FFREPLAY_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "metric.h"
#include "tools/ffreplay/aggregate/slots.h"

#define SERIES_MOST SLOTS_MOST

/* What the cells of a column are of. */
struct series_column {
    const struct measure *measure;
    bool spread; /* with what the variance of its estimate needs: other cells gather it, too */
};

struct series_slot {
    int64_t begin;      /* it ends, exclusive, a width later */
    struct cell *cells; /* by column */
};

struct series {
    const struct series_column *columns; /* borrowed */
    uint32_t column_count;
    int64_t width;
    uint32_t count;
    struct series_slot *items; /* ascending; those without a sample are left out */
};

/* `width`: of a window, in milliseconds. */
void series_init(struct series *series, const struct series_column *columns, uint32_t column_count,
                 int64_t width);
/* The cells of a time's slot, by column, until the next call. */
struct cell *series_cells(struct series *series, int64_t time);
/* To slots that are at least so wide, of the widths that there are. */
void series_widen(struct series *series, int64_t width);
/* Of the same columns and window. */
void series_merge(struct series *series, const struct series *other);
void series_release(struct series *series);

/* A cell of a column, to merge those of slots into. */
void series_cell_init(const struct series *series, uint32_t column, struct cell *cell);

#endif
