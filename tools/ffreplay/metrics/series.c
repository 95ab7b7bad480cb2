/* series.c - see series.h. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "windows.h"

void series_init(struct series *series, const struct series_column *columns, uint32_t column_count,
                 int64_t width)
{
    *series = (struct series){.columns = columns, .column_count = column_count, .width = width};
}

void series_cell_init(const struct series *series, uint32_t column, struct cell *cell)
{
    const struct series_column *of = &series->columns[column];
    cell_init(cell, of->measure);
    if (of->spread)
        cell_gather_spread_too(cell, of->measure);
}

static void merge_cells(const struct series *series, struct cell *cells, const struct cell *others)
{
    for (uint32_t i = 0; i < series->column_count; i++)
        cell_merge(&cells[i], series->columns[i].measure, &others[i]);
}

static void release_cells(const struct series *series, struct cell *cells)
{
    for (uint32_t i = 0; i < series->column_count; i++)
        cell_release(&cells[i]);
    free(cells);
}

/* Puts slots together that are one at this width. */
static void widen(struct series *series, int64_t width)
{
    uint32_t kept = 0;
    series->width = width;
    for (uint32_t i = 0; i < series->count; i++) {
        struct series_slot slot = series->items[i];
        slot.begin = window_begin(slot.begin, width);
        if (kept > 0 && series->items[kept - 1].begin == slot.begin) {
            merge_cells(series, series->items[kept - 1].cells, slot.cells);
            release_cells(series, slot.cells);
        } else {
            series->items[kept++] = slot;
        }
    }
    series->count = kept;
}

static void make_room(struct series *series, int64_t time)
{
    int64_t first = time, last = time, width = series->width;
    if (series->count > 0) {
        const struct series_slot *end = &series->items[series->count - 1];
        first = series->items[0].begin < time ? series->items[0].begin : time;
        last = end->begin > time ? end->begin : time;
    }
    while (!slots_fit(first, last, width) && width < INT64_MAX / 4)
        width = slots_wider(width);
    if (width != series->width)
        widen(series, width);
}

static struct series_slot *slot_at(struct series *series, int64_t time)
{
    make_room(series, time);
    int64_t begin = window_begin(time, series->width);
    uint32_t at = series->count;
    while (at > 0 && series->items[at - 1].begin > begin)
        at--;
    if (at > 0 && series->items[at - 1].begin == begin)
        return &series->items[at - 1];
    if (!series->items)
        series->items = xcalloc(SERIES_MOST + 1, sizeof *series->items);
    memmove(series->items + at + 1, series->items + at,
            (series->count - at) * sizeof *series->items);
    series->count++;
    struct series_slot *slot = &series->items[at];
    *slot = (struct series_slot){begin, xcalloc(series->column_count + 1, sizeof *slot->cells)};
    for (uint32_t i = 0; i < series->column_count; i++)
        series_cell_init(series, i, &slot->cells[i]);
    return slot;
}

struct cell *series_cells(struct series *series, int64_t time)
{
    return slot_at(series, time)->cells;
}

void series_widen(struct series *series, int64_t width)
{
    while (series->width < width)
        widen(series, slots_wider(series->width));
}

void series_merge(struct series *series, const struct series *other)
{
    if (other->count == 0)
        return;
    series_widen(series, other->width);
    for (uint32_t i = 0; i < other->count; i++)
        merge_cells(series, slot_at(series, other->items[i].begin)->cells, other->items[i].cells);
}

void series_release(struct series *series)
{
    for (uint32_t i = 0; i < series->count; i++)
        release_cells(series, series->items[i].cells);
    free(series->items);
    *series = (struct series){0};
}
