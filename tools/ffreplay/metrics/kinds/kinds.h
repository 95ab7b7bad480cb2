/*
 * kinds.h - how each kind of metric is computed: a function table per kind, in a file of its own.
 *
 * metric.c, evidence.c and table_rows.c call them. No other code asks for a metric's kind, only for
 * the traits in compiler/model/metric_kinds.h.
 *
 * A kind gathers in those parts of a cell that it makes in `init` and `init_spread`. Parts merge
 * and are released wherever they are: metric.c sees to that, and counts the samples.
 *
 * To add a kind: its row in compiler/model/metric_kinds.def, and a file here that defines
 * NAME_functions, NAME_put_cell() and NAME_read_cell(). Without the file nothing links;
 * tests/unit/test_metric_kinds.c names a function that is missing, and every document.
 */
#ifndef FFREPLAY_METRIC_KINDS_H
#define FFREPLAY_METRIC_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/model/metric.h"
#include "tools/ffreplay/aggregate/row.h"

struct cell;
struct event;
struct evidence;
struct measure;
struct observed;
struct sample;

/* None of them is NULL: shared.h has functions that do nothing for those a kind does not need. */
struct metric_functions {
    /* Registers the fields that are read of each line. False when this version cannot compute the
     * metric, after reporting. */
    bool (*prepare)(struct measure *measure);

    /* Makes the parts of an empty cell that its estimate is made of. */
    void (*init)(struct cell *cell, const struct measure *measure);
    /* And those that the variance of the estimate is made of; see cell_gather_spread(). */
    void (*init_spread)(struct cell *cell, const struct measure *measure,
                        const struct cell *beside);

    /* What a line says: `state` and the numbers of an empty sample. Cost: it is done for every line
     * whose sample somebody needs. */
    void (*sample)(const struct measure *measure, const struct event *event, struct sample *sample);
    /* Puts a sample that is given into the parts. `count` has it already. */
    void (*add)(struct cell *cell, const struct measure *measure, const struct sample *sample);
    /* Both at once, of a metric per event without a cap, for a cell without a spread that does
     * not go by the newest. Cost: the hot path, for every line. What is not as most lines are is
     * left to cell_take_sample(). */
    void (*take)(struct cell *cell, const struct measure *measure, const struct event *event);
    /* The place of the field that made a sample unreadable, `where` being readable; or NO_PLACE. */
    uint32_t (*unreadable_place)(const struct measure *measure, const struct event *event);
    /* What is in no part: the `extreme` and its time. `count` does not have the other's yet, which
     * is not 0. */
    void (*merge)(struct cell *cell, const struct cell *other);

    /* Of a cell with samples. `duration` is in milliseconds. What is not finite is no estimate. */
    double (*estimate)(const struct cell *cell, const struct measure *measure, int64_t duration);
    /* The values of rank `levels`, 0 to 1, of a cell with samples; returns whether the kind keeps
     * its values at all, and without samples only that. */
    bool (*quantiles)(const struct cell *cell, const double *levels, double *values, size_t count);
    /* What a bound is made of: `input.measurement` and what goes with it. `control` is NULL where
     * the canary stands alone. The cells have a spread. Cost: of all units, the first time. */
    void (*evidence)(struct evidence *evidence, const struct measure *measure,
                     const struct observed *canary, const struct observed *control);
};

/*
 * How a cell with samples stands in a file of aggregates: each kind has both in its file, as
 * CELL_OF_PARTS(name) where shared.h says all of it. Without them nothing links. What is kept of
 * each unit is not among it: see cell_row.h.
 */
struct cell_format {
    void (*put)(json_t *row, const struct cell *cell);
    void (*read)(struct row_reader *reader, struct cell *cell);
};

#define METRIC_KIND(NAME, name, ...)                            \
    extern const struct metric_functions name##_functions;      \
    void name##_put_cell(json_t *row, const struct cell *cell); \
    void name##_read_cell(struct row_reader *reader, struct cell *cell);
#include "compiler/model/metric_kinds.def"

const struct metric_functions *metric_functions(enum metric_kind kind);
const struct cell_format *metric_cell_format(enum metric_kind kind);

#endif
