/* min.c - the smallest value of a field. See kinds.h. */
#include "shared.h"

static void put(struct cell *cell, double number)
{
    if (cell->count == 1 || number < cell->extreme)
        cell->extreme = number;
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    put(cell, sample->number);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    take_value(cell, measure, event, put);
}

static void merge(struct cell *cell, const struct cell *other)
{
    if (cell->count == 0 || other->extreme < cell->extreme)
        cell->extreme = other->extreme;
}

void min_put_cell(json_t *row, const struct cell *cell)
{
    row_put_number(row, "least", cell->extreme);
}

void min_read_cell(struct row_reader *reader, struct cell *cell)
{
    if (!row_has(reader, "least"))
        row_fault(reader, "'least' is missing");
    cell->extreme = row_number(reader, "least");
}

const struct metric_functions min_functions = {
    .prepare = prepare_value,
    .init = init_nothing,
    .init_spread = init_no_spread,
    .sample = sample_value,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_value,
    .merge = merge,
    .estimate = estimate_extreme,
    .quantiles = keeps_no_values,
    .evidence = evidence_of_nothing,
};
