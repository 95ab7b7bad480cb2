/* unit_table.c - see unit_table.h. */
#include "unit_table.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

#define FIRST_CHUNK_BITS 6
#define ROW_MASK         UINT64_C(0xffffffff)

/* -------------------------------------------------------------------------------------- rows -- */

static unsigned chunk_of(uint64_t number)
{
    return 63 - (unsigned)__builtin_clzll(number + (1 << FIRST_CHUNK_BITS)) - FIRST_CHUNK_BITS;
}

struct unit_row *unit_table_row(const struct unit_table *table, uint64_t number)
{
    unsigned chunk = chunk_of(number);
    uint64_t begin = (UINT64_C(1) << (chunk + FIRST_CHUNK_BITS)) - (1 << FIRST_CHUNK_BITS);
    void *row = table->chunks[chunk] + (number - begin) * table->row_size;
    return row;
}

static struct unit_row *add_row(struct unit_table *table, struct unit_hash unit)
{
    unsigned chunk = chunk_of(table->count);
    if (!table->chunks[chunk])
        table->chunks[chunk] = xrealloc(NULL, table->row_size << (chunk + FIRST_CHUNK_BITS));
    struct unit_row *row = unit_table_row(table, table->count++);
    memset(row, 0, table->row_size);
    row->unit = unit;
    return row;
}

static uint64_t tag_of(struct unit_hash unit)
{
    return unit.high & ~ROW_MASK;
}

static bool is_same(struct unit_hash a, struct unit_hash b)
{
    return a.low == b.low && a.high == b.high;
}

/* Reinserts rows by their hash. */
static void grow(struct unit_table *table)
{
    table->capacity = table->capacity ? table->capacity * 2 : 128;
    table->index = xrenew_table(table->index, table->capacity, sizeof *table->index);
    for (uint64_t i = 0; i < table->count; i++) {
        struct unit_hash unit = unit_table_row(table, i)->unit;
        uint64_t at = unit.low & (table->capacity - 1);
        while (table->index[at])
            at = (at + 1) & (table->capacity - 1);
        table->index[at] = tag_of(unit) | (i + 1);
    }
}

/* The probable row, since only the index is compared; NULL if there is none. */
static struct unit_row *likely_row(const struct unit_table *table, struct unit_hash unit)
{
    for (uint64_t at = unit.low;; at++) {
        uint64_t entry = table->index[at & (table->capacity - 1)];
        if (!entry)
            return NULL;
        if (((entry ^ unit.high) & ~ROW_MASK) == 0)
            return unit_table_row(table, (entry & ROW_MASK) - 1);
    }
}

/* Where the index has the unit; or, where it has not, the free place that is its own. */
static uint64_t index_of(const struct unit_table *table, struct unit_hash unit,
                         struct unit_row **row)
{
    uint64_t at = unit.low & (table->capacity - 1);
    for (; table->index[at]; at = (at + 1) & (table->capacity - 1)) {
        if (((table->index[at] ^ unit.high) & ~ROW_MASK) != 0)
            continue;
        *row = unit_table_row(table, (table->index[at] & ROW_MASK) - 1);
        if (is_same((*row)->unit, unit))
            return at;
    }
    *row = NULL;
    return at;
}

static struct unit_row *row_of(struct unit_table *table, struct unit_hash unit)
{
    struct unit_row *row;
    uint64_t at = index_of(table, unit, &row);
    if (row)
        return row;
    row = add_row(table, unit);
    table->index[at] = tag_of(unit) | table->count;
    return row;
}

struct unit_row *unit_table_find(const struct unit_table *table, struct unit_hash unit)
{
    struct unit_row *row = NULL;
    if (table->capacity > 0)
        index_of(table, unit, &row);
    return row;
}

void unit_table_rows_of(struct unit_table *table, const struct unit_hash *units, uint32_t count,
                        struct unit_row **rows)
{
    while (count > 0 && (table->count + count) * 2 >= table->capacity)
        grow(table);
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(&table->index[units[i].low & (table->capacity - 1)]);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = likely_row(table, units[i]);
        if (rows[i]) {
            __builtin_prefetch(rows[i], 1);
            __builtin_prefetch((const char *)rows[i] + table->row_size - 1, 1);
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (!rows[i] || !is_same(rows[i]->unit, units[i]))
            rows[i] = row_of(table, units[i]);
}

/* ------------------------------------------------------------------------------------- parts -- */

struct unit_table *unit_table_join(struct unit_table *beside, size_t size, unit_part_add *add,
                                   void *context, uint32_t *part)
{
    struct unit_table *table = beside;
    if (!table || table->part_count == UNIT_PARTS || table->count + table->waiting_count > 0) {
        table = xcalloc(1, sizeof *table);
        table->row_size = sizeof(struct unit_row);
    }
    *part = table->part_count++;
    table->parts[*part].add = add;
    table->parts[*part].context = context;
    table->parts[*part].place =
        (uint32_t)((table->row_size - sizeof(struct unit_row)) / sizeof(uint64_t));
    table->row_size += (size + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
    table->users++;
    return table;
}

void unit_table_leave(struct unit_table *table)
{
    unit_table_settle(table);
    if (--table->users > 0)
        return;
    for (unsigned i = 0; i < UNIT_CHUNKS; i++)
        free(table->chunks[i]);
    free(table->index);
    free(table->waiting);
    free(table);
}

/* ----------------------------------------------------------------------------------- waiting -- */

static size_t waiting_size(const struct unit_table *table)
{
    return sizeof(struct unit_waiting) + table->part_count * sizeof(struct unit_numbers);
}

static struct unit_waiting *waiting_at(const struct unit_table *table, uint32_t number)
{
    void *at = table->waiting + number * waiting_size(table);
    return at;
}

/* Adds it to all parts that it applies to. */
static void add_to_row(struct unit_table *table, const struct unit_waiting *waiting,
                       struct unit_row *row)
{
    for (uint64_t left = waiting->parts; left; left &= left - 1) {
        uint32_t part = (uint32_t)__builtin_ctzll(left);
        table->parts[part].add(table->parts[part].context, unit_part(table, part, row),
                               waiting->numbers[part].first, waiting->numbers[part].second);
    }
}

void unit_table_settle(struct unit_table *table)
{
    struct unit_hash units[UNITS_AT_ONCE];
    struct unit_row *rows[UNITS_AT_ONCE];
    uint32_t count = table->waiting_count;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        units[i] = waiting_at(table, i)->unit;
    unit_table_rows_of(table, units, count, rows);
    for (uint32_t i = 0; i < count; i++)
        add_to_row(table, waiting_at(table, i), rows[i]);
    table->waiting_count = 0;
}

static struct unit_waiting *add_waiting(struct unit_table *table, struct unit_hash unit)
{
    if (!table->waiting)
        table->waiting = xcalloc(UNITS_AT_ONCE, waiting_size(table));
    if (table->waiting_count == UNITS_AT_ONCE)
        unit_table_settle(table);
    struct unit_waiting *added = waiting_at(table, table->waiting_count++);
    added->unit = unit;
    added->parts = 0;
    return added;
}

void unit_table_add(struct unit_table *table, uint32_t part, struct unit_hash unit, double first,
                    double second)
{
    struct unit_waiting *waiting = NULL;
    if (table->waiting_count > 0)
        waiting = waiting_at(table, table->waiting_count - 1);
    /* Metrics take a line one after another. */
    if (!waiting || !is_same(waiting->unit, unit) || waiting->parts >> part & 1)
        waiting = add_waiting(table, unit);
    waiting->parts |= UINT64_C(1) << part;
    waiting->numbers[part].first = first;
    waiting->numbers[part].second = second;
}
