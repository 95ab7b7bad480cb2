/* unit_table.c - see unit_table.h. */
#include "unit_table.h"

#include <assert.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

/* What waits to be added to a unit's row. */
struct waiting {
    uint64_t parts; /* as bits: those that have numbers */
    struct {
        double first, second;
    } numbers[];
};

static bool has_begun(const struct unit_table *table)
{
    return table->writer.store || unit_store_count(table->store) > 0;
}

struct unit_table *unit_table_join(struct unit_table *beside, unit_part_add *add, void *context,
                                   uint32_t *part)
{
    struct unit_table *table = beside;
    if (!table || table->part_count == UNIT_PARTS || has_begun(table)) {
        table = xcalloc(1, sizeof *table);
        table->store = unit_store_new(UNITS_OF_ONE_THREAD, sizeof(struct unit_row));
    }
    *part = table->part_count++;
    table->parts[*part].add = add;
    table->parts[*part].context = context;
    table->users++;
    return table;
}

void unit_table_leave(struct unit_table *table)
{
    unit_table_settle(table);
    if (--table->users > 0)
        return;
    unit_writer_release(&table->writer);
    unit_store_leave(table->store);
    free(table);
}

void unit_table_share(struct unit_table *table, const struct unit_table *other)
{
    if (table->store == other->store)
        return;
    assert(!has_begun(table) && table->store->row_size <= other->store->row_size);
    unit_store_leave(table->store);
    table->store = other->store;
    unit_store_join(table->store);
}

static void add_to_row(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    const struct unit_table *table = context;
    const struct waiting *waiting = entry;
    (void)unit;
    for (uint64_t left = waiting->parts; left; left &= left - 1) {
        uint32_t part = (uint32_t)__builtin_ctzll(left);
        table->parts[part].add(table->parts[part].context, row, waiting->numbers[part].first,
                               waiting->numbers[part].second);
    }
}

void unit_table_settle(struct unit_table *table)
{
    unit_writer_settle(&table->writer);
}

static struct waiting *add_waiting(struct unit_table *table, struct unit_hash unit)
{
    if (!table->writer.store)
        unit_writer_init(&table->writer, table->store, UNITS_MADE,
                         sizeof(struct waiting) +
                             table->part_count * sizeof(*((struct waiting *)0)->numbers),
                         add_to_row, table);
    struct waiting *waiting = unit_writer_add(&table->writer, unit);
    waiting->parts = 0;
    return waiting;
}

void unit_table_add(struct unit_table *table, uint32_t part, struct unit_hash unit, double first,
                    double second)
{
    /* Metrics take a line one after another. */
    struct waiting *waiting = NULL;
    if (table->writer.store)
        waiting = unit_writer_last(&table->writer, unit);
    if (!waiting || waiting->parts >> part & 1)
        waiting = add_waiting(table, unit);
    waiting->parts |= UINT64_C(1) << part;
    waiting->numbers[part].first = first;
    waiting->numbers[part].second = second;
}
