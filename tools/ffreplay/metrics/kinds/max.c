/* max.c - the largest value of a field. See kinds.h. */
#include "shared.h"

static void put(struct cell *cell, double number)
{
    if (cell->count == 1 || number > cell->extreme)
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
    if (cell->count == 0 || other->extreme > cell->extreme)
        cell->extreme = other->extreme;
}

void max_put_cell(json_t *row, const struct cell *cell)
{
    row_put_number(row, "greatest", cell->extreme);
}

void max_read_cell(struct row_reader *reader, struct cell *cell)
{
    if (!row_has(reader, "greatest"))
        row_fault(reader, "'greatest' is missing");
    cell->extreme = row_number(reader, "greatest");
}

const struct metric_functions max_functions = {
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
