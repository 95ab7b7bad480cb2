/* unit_rows.c - see unit_rows.h. */
#include "unit_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "tools/ffreplay/aggregate/row.h"

#define UNIT_KEY "unit/"

void unit_cells_add(struct unit_cells *cells, const char *key, struct cell *cell)
{
    if (!cell->totals)
        return;
    if (cells->count == cells->capacity) {
        cells->capacity = cells->capacity ? cells->capacity * 2 : 16;
        cells->items = xrealloc(cells->items, cells->capacity * sizeof *cells->items);
    }
    char *copy = strdup(key);
    if (!copy)
        out_of_memory();
    cells->items[cells->count++] = (struct unit_cell){copy, cell->totals, NULL};
}

void unit_cells_add_slots(struct unit_cells *cells, const char *key, struct series *series,
                          uint32_t column)
{
    struct buffer slot = {0};
    size_t count = cells->count;
    for (uint32_t i = 0; i < series->count; i++) {
        slot.length = 0;
        buffer_format(&slot, "%s/%" PRId64, key, series->items[i].begin);
        unit_cells_add(cells, slot.bytes, &series->items[i].cells[column]);
    }
    buffer_release(&slot);
    if (cells->count == count)
        return;
    cells->slots = xrealloc(cells->slots, (cells->slot_count + 1) * sizeof *cells->slots);
    char *copy = strdup(key);
    if (!copy)
        out_of_memory();
    cells->slots[cells->slot_count++] = (struct unit_slots){copy, series};
}

void unit_cells_release(struct unit_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->items[i].returns)
            unit_returns_end(cells->items[i].returns);
        free(cells->items[i].returns);
        free(cells->items[i].key);
    }
    for (size_t i = 0; i < cells->slot_count; i++)
        free(cells->slots[i].key);
    free(cells->slots);
    free(cells->items);
    *cells = (struct unit_cells){0};
}

/* ----------------------------------------------------------------------------------- writing -- */

static json_t *kept_row(const struct unit_totals *totals, const struct unit_kept *kept)
{
    json_t *row = json_object(), *latest;
    if (totals->keeps == UNIT_MARKS) {
        row_put_truth(row, "unit", true);
        row_put_truth(row, "marked", kept->hits > 0);
        return row;
    }
    row_put_count(row, "events", kept->events);
    row_put_count(row, "hits", kept->hits);
    row_put_wide(row, "total", kept->first);
    row_put_wide(row, "second", kept->second);
    switch (totals->keeps) {
    case UNIT_MAX:
        row_put_number(row, "greatest", kept->value);
        break;
    case UNIT_LAST:
        latest = json_object();
        row_put_time(latest, "time", kept->time);
        row_put_number(latest, "value", kept->value);
        row_put_row(row, "latest", latest);
        break;
    case UNIT_MARKS:
    case UNIT_COUNTS:
    case UNIT_SUM:
    case UNIT_SUMS:
    case UNIT_MEAN:
        break;
    }
    return row;
}

/* Units in cells. */
struct places {
    struct place_of_unit {
        const struct unit_row *row;
        size_t cell;
    } * items;
    size_t count, capacity;
};

static void add_place(struct places *places, const struct unit_row *row, size_t cell)
{
    if (places->count == places->capacity) {
        places->capacity = places->capacity ? places->capacity * 2 : 1024;
        places->items = xrealloc(places->items, places->capacity * sizeof *places->items);
    }
    places->items[places->count++] = (struct place_of_unit){row, cell};
}

static uint32_t range_of(struct unit_hash unit)
{
    return (uint32_t)(unit.high >> (64 - UNIT_SHARD_BITS));
}

/* Units of the range, which is the shard where there are several. */
static void add_places(struct places *places, const struct unit_cells *cells, size_t cell,
                       uint32_t range)
{
    const struct unit_store *store = cells->items[cell].totals->table->store;
    uint32_t shard = store->shard_count == 1 ? 0 : range;
    for (uint32_t i = 0; i < store->shards[shard].count; i++) {
        const struct unit_row *row = unit_store_row(store, shard, i);
        struct unit_kept kept;
        if (range_of(row->unit) == range && unit_totals_kept(cells->items[cell].totals, row, &kept))
            add_place(places, row, cell);
    }
}

static int by_unit(const void *left, const void *right)
{
    const struct place_of_unit *a = left, *b = right;
    if (a->row->unit.high != b->row->unit.high)
        return a->row->unit.high < b->row->unit.high ? -1 : 1;
    if (a->row->unit.low != b->row->unit.low)
        return a->row->unit.low < b->row->unit.low ? -1 : 1;
    return (a->cell > b->cell) - (a->cell < b->cell);
}

/* The row of the unit at `from`; returns where the next one begins. */
static size_t write_unit(const struct unit_cells *cells, const struct places *places, size_t from,
                         struct aggregate_writer *writer, struct buffer *error)
{
    const struct unit_hash unit = places->items[from].row->unit;
    char key[sizeof UNIT_KEY + UNIT_TEXT] = UNIT_KEY;
    json_t *row = json_object(), *parts = json_object();
    size_t at = from;
    for (; at < places->count && places->items[at].row->unit.high == unit.high &&
           places->items[at].row->unit.low == unit.low;
         at++) {
        const struct unit_cell *cell = &cells->items[places->items[at].cell];
        struct unit_kept kept;
        (void)unit_totals_kept(cell->totals, places->items[at].row, &kept);
        row_put_row(parts, cell->key, kept_row(cell->totals, &kept));
    }
    row_put_row(row, "cells", parts);
    unit_text(unit, key + strlen(UNIT_KEY));
    bool written = aggregate_put(writer, key, row, error);
    json_decref(row);
    return written ? at : SIZE_MAX;
}

bool unit_cells_write(struct unit_cells *cells, struct aggregate_writer *writer,
                      struct buffer *error)
{
    struct places places = {0};
    bool written = true;
    for (size_t i = 0; i < cells->count; i++)
        unit_table_settle(cells->items[i].totals->table);
    for (uint32_t range = 0; range < UNIT_SHARDS && written; range++) {
        places.count = 0;
        for (size_t i = 0; i < cells->count; i++)
            add_places(&places, cells, i, range);
        if (places.count > 0)
            qsort(places.items, places.count, sizeof *places.items, by_unit);
        for (size_t at = 0; at < places.count && written;) {
            at = write_unit(cells, &places, at, writer, error);
            written = at != SIZE_MAX;
        }
    }
    free(places.items);
    return written;
}

/* ----------------------------------------------------------------------------------- reading -- */

static int by_key(const void *left, const void *right)
{
    return strcmp(((const struct unit_cell *)left)->key, ((const struct unit_cell *)right)->key);
}

void unit_cells_sort(struct unit_cells *cells)
{
    if (cells->count > 0)
        qsort(cells->items, cells->count, sizeof *cells->items, by_key);
}

static struct unit_cell *find(const struct unit_cells *cells, const char *key)
{
    const struct unit_cell wanted = {(char *)(uintptr_t)key, NULL, NULL};
    return cells->count == 0
               ? NULL
               : bsearch(&wanted, cells->items, cells->count, sizeof *cells->items, by_key);
}

/* That of the slot that a narrower one is in. */
static struct unit_cell *find_slot(const struct unit_cells *cells, const char *key)
{
    const char *end = strrchr(key, '/');
    int64_t begin;
    if (!end || !text_integer(end + 1, &begin))
        return NULL;
    for (size_t i = 0; i < cells->slot_count; i++) {
        const struct unit_slots *slots = &cells->slots[i];
        if (strlen(slots->key) != (size_t)(end - key) ||
            memcmp(slots->key, key, (size_t)(end - key)) != 0)
            continue;
        struct buffer slot = {0};
        buffer_format(&slot, "%s/%" PRId64, slots->key, window_begin(begin, slots->series->width));
        struct unit_cell *found = find(cells, slot.bytes);
        buffer_release(&slot);
        return found;
    }
    return NULL;
}

static void read_value(struct row_reader *reader, enum unit_keeps keeps, struct unit_kept *kept)
{
    struct row_reader latest;
    switch (keeps) {
    case UNIT_MARKS:
        kept->events = row_truth(reader, "unit");
        kept->hits = row_truth(reader, "marked");
        return;
    case UNIT_COUNTS:
        kept->hits = row_count(reader, "hits");
        break;
    case UNIT_SUMS:
        kept->second = row_wide(reader, "second");
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        kept->first = row_wide(reader, "total");
        break;
    case UNIT_MAX:
        kept->value = row_number(reader, "greatest");
        break;
    case UNIT_LAST:
        latest = row_inner(reader, "latest");
        kept->time = row_time(&latest, "time", 0);
        kept->value = row_number(&latest, "value");
        row_end(&latest);
    }
    kept->events = row_count(reader, "events");
}

static void read_kept(struct row_reader *reader, struct unit_cell *cell, struct unit_hash unit)
{
    struct unit_kept kept = {0};
    read_value(reader, cell->totals->keeps, &kept);
    if (kept.events == 0 || kept.hits > kept.events)
        row_fault(reader, "a unit has counts that are none");
    if (!row_end(reader))
        return;
    if (!cell->returns) {
        cell->returns = xcalloc(1, sizeof *cell->returns);
        unit_returns_begin(cell->returns, cell->totals);
    }
    unit_returns_add(cell->returns, unit, &kept);
}

bool unit_cells_read(struct unit_cells *cells, const char *key, const json_t *row,
                     struct buffer *error)
{
    char fault[ROW_FAULT] = "";
    struct row_reader reader = row_reader(row, fault);
    struct unit_hash unit;
    const char *name;
    json_t *part;
    if (strncmp(key, UNIT_KEY, strlen(UNIT_KEY)) != 0 ||
        !unit_from_text(key + strlen(UNIT_KEY), &unit) || unit.high & 1)
        row_fault(&reader, "it is not of a unit");
    json_object_foreach((json_t *)(uintptr_t)row_named(&reader, "cells"), name, part)
    {
        struct unit_cell *cell = find(cells, name);
        if (!cell && cells->slot_count > 0)
            cell = find_slot(cells, name);
        struct row_reader inner = row_reader(part, fault);
        if (cell && !*fault)
            read_kept(&inner, cell, unit);
    }
    if (!row_end(&reader))
        terminal_format(error, "the aggregates' row '%s' cannot be used: %s", key, fault);
    return !*fault;
}
