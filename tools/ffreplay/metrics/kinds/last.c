/* last.c - the latest value of a field. See kinds.h. */
#include "shared.h"

static bool prepare(struct measure *measure)
{
    measure->goes_by_newest = true;
    return prepare_value(measure);
}

/* Of two values with the same time, the greater counts as later, so that the order of lines does
 * not matter. */
static void keep(struct cell *cell, double number, int64_t time, bool first)
{
    if (first || time > cell->latest || (time == cell->latest && number > cell->extreme)) {
        cell->extreme = number;
        cell->latest = time;
    }
}

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    keep(cell, sample->number, sample->time, cell->count == 1);
}

static void merge(struct cell *cell, const struct cell *other)
{
    keep(cell, other->extreme, other->latest, cell->count == 0);
}

void last_put_cell(json_t *row, const struct cell *cell)
{
    json_t *latest = json_object();
    row_put_time(latest, "time", cell->latest);
    row_put_number(latest, "value", cell->extreme);
    row_put_row(row, "latest", latest);
}

void last_read_cell(struct row_reader *reader, struct cell *cell)
{
    struct row_reader latest = row_inner(reader, "latest");
    if (!row_has(&latest, "time") || !row_has(&latest, "value"))
        row_fault(reader, "'latest' is missing");
    cell->latest = row_time(&latest, "time", 0);
    cell->extreme = row_number(&latest, "value");
    row_end(&latest);
}

const struct metric_functions last_functions = {
    .prepare = prepare,
    .init = init_nothing,
    .init_spread = init_no_spread,
    .sample = sample_value,
    .add = add,
    .take = cell_take_sample,
    .unreadable_place = unreadable_value,
    .merge = merge,
    .estimate = estimate_extreme,
    .quantiles = keeps_no_values,
    .evidence = evidence_of_nothing,
};
