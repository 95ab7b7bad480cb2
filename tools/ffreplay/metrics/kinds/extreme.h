/*
 * extreme.h - the largest or the smallest value of a field. Included by max.c and min.c, with
 *     NAME(part)       what that part of the kind is called
 *     IS_BEYOND(a, b)  whether a is the more extreme one
 *     FIELD            of a row, that has the value
 */
#include "shared.h"

static void put(struct cell *cell, double number)
{
    if (cell->count == 1 || IS_BEYOND(number, cell->extreme))
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
    if (cell->count == 0 || IS_BEYOND(other->extreme, cell->extreme))
        cell->extreme = other->extreme;
}

void NAME(put_cell)(json_t *row, const struct cell *cell)
{
    row_put_number(row, FIELD, cell->extreme);
}

void NAME(read_cell)(struct row_reader *reader, struct cell *cell)
{
    if (!row_has(reader, FIELD))
        row_fault(reader, "'" FIELD "' is missing");
    cell->extreme = row_number(reader, FIELD);
}

const struct metric_functions NAME(functions) = {
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
