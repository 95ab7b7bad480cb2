/*
 * unit_table.h - a row for each unit seen, with a part for each metric that keeps something of it.
 * A unit is a user, a session, whatever the log says requests come in clusters of.
 *
 * With a million units, each line's unit is somewhere else in memory, and fetching it is what a
 * line costs. So metrics over the same lines share a table, and additions are batched: first all
 * their index slots are prefetched, then their rows, and then they are done, each for all metrics.
 * Memory grows with the units: 16 bytes for each and what the parts take, and 16 to 32 for the
 * index.
 */
#ifndef FFREPLAY_UNIT_TABLE_H
#define FFREPLAY_UNIT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/logs/unit_set.h"

#define UNITS_AT_ONCE 64
#define UNIT_PARTS    8
#define UNIT_CHUNKS   27 /* of doubling size: four billion units */

/* Adds two numbers to a unit's part, which is zeroed when the unit is new. */
typedef void unit_part_add(void *context, void *part, double first, double second);

struct unit_row {
    struct unit_hash unit;
    uint64_t parts[];
};

struct unit_waiting {
    struct unit_hash unit;
    uint64_t parts; /* as bits: those that have numbers */
    struct unit_numbers {
        double first, second;
    } numbers[];
};

struct unit_table {
    uint32_t users; /* who have a part; it is freed with the last one */
    struct {
        unit_part_add *add;
        void *context;
        uint32_t place; /* in words after the unit */
    } parts[UNIT_PARTS];
    uint32_t part_count;
    size_t row_size;

    char *waiting; /* additions: struct unit_waiting, with as many numbers as there are parts */
    uint32_t waiting_count;

    uint64_t *index;   /* by hash: the row's number from 1 below, bits of its hash above; 0: free */
    uint64_t capacity; /* of the index: a power of two, or 0 */
    uint64_t count;    /* of rows */
    char *chunks[UNIT_CHUNKS]; /* rows, which never move */
};

/*
 * A part of `size` bytes in a table: of `beside`, if that has room and no unit yet, otherwise in
 * a new one. *part: its number. `context` is there until it leaves.
 */
struct unit_table *unit_table_join(struct unit_table *beside, size_t size, unit_part_add *add,
                                   void *context, uint32_t *part);
/* One part is not looked at any more, though it stays in the rows. */
void unit_table_leave(struct unit_table *table);

void unit_table_add(struct unit_table *table, uint32_t part, struct unit_hash unit, double first,
                    double second);
/* Does what waits: before rows are looked at. */
void unit_table_settle(struct unit_table *table);

/* The row of a unit; NULL: it has none. */
struct unit_row *unit_table_find(const struct unit_table *table, struct unit_hash unit);
/* Row 0 … count - 1. */
struct unit_row *unit_table_row(const struct unit_table *table, uint64_t number);
/*
 * The rows of up to UNITS_AT_ONCE units, which are made if need be: all at once, so that each does
 * not wait for memory alone.
 */
void unit_table_rows_of(struct unit_table *table, const struct unit_hash *units, uint32_t count,
                        struct unit_row **rows);

static inline void *unit_part(const struct unit_table *table, uint32_t part, struct unit_row *row)
{
    return &row->parts[table->parts[part].place];
}

#endif
