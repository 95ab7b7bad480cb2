/*
 * unit_table.h - one thread's access to a store of units, for the metrics that keep something of
 * each.
 *
 * Metrics over the same lines share a table, so that a line's unit is looked for once: it waits
 * until there are many, see unit_store.h, and then what each metric takes from the line is added to
 * its columns. Other threads' tables have the same store, or another that is merged with it.
 */
#ifndef FFREPLAY_UNIT_TABLE_H
#define FFREPLAY_UNIT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "unit_store.h"

#define UNIT_PARTS 8

/* Adds two numbers to what a metric keeps of a unit. */
typedef void unit_part_add(void *context, struct unit_row *row, double first, double second);

struct unit_table {
    struct unit_store *store;
    uint32_t users; /* who have a part; it is freed with the last one */
    struct {
        unit_part_add *add;
        void *context;
    } parts[UNIT_PARTS];
    uint32_t part_count;
    struct unit_writer writer; /* once something was added */
};

/*
 * A part in a table: of `beside`, if that has room and no unit yet, otherwise in a new one, with a
 * store of its own for one thread. *part: its number. `context` is there until it leaves. The
 * caller reserves its columns in the table's store.
 */
struct unit_table *unit_table_join(struct unit_table *beside, unit_part_add *add, void *context,
                                   uint32_t *part);
/* One part is not looked at any more, though its columns stay. */
void unit_table_leave(struct unit_table *table);

/* From now on it has the other's store, which has the same columns. Nothing was added to it yet. */
void unit_table_share(struct unit_table *table, const struct unit_table *other);

void unit_table_add(struct unit_table *table, uint32_t part, struct unit_hash unit, double first,
                    double second);
/* Does what waits: before rows are looked at. */
void unit_table_settle(struct unit_table *table);

#endif
