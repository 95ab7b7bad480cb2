/*
 * outcomes.h - what came of the units in an experiment: each metric by arm, from a unit's exposure
 * on, and, where it is asked for, before.
 *
 * A consumer of the records of logs, once all exposures are known. Neither memory nor result
 * depends on the order of the lines. What a metric keeps of a unit is in columns of the exposure's
 * row: of a share per unit 4 bytes, a sum or mean 20, a ratio or a mean over events 20 to 36, and
 * with values before exposure as much again. Groups of units cost a cell for each group and arm:
 * what came of their units is added up once all is read.
 */
#ifndef FFREPLAY_OUTCOMES_H
#define FFREPLAY_OUTCOMES_H

#include <stdbool.h>
#include <stdint.h>

#include "unit_groups.h"
#include "tools/ffreplay/metrics/metric.h"
#include "tools/ffreplay/metrics/series.h"

/* Why lines of a metric are left out. */
#define OUTCOME_LEFT_OUT_WORDS(X)         \
    X(OUTCOME_EARLIER, "before_from")     \
    X(OUTCOME_LATER, "after_to")          \
    X(OUTCOME_DOUBLE, "duplicate")        \
    X(OUTCOME_NO_UNIT, "no_unit")         \
    X(OUTCOME_NOT_EXPOSED, "not_exposed") \
    X(OUTCOME_BEFORE, "before_exposure")  \
    X(OUTCOME_CROSSOVER, "crossover")     \
    X(OUTCOME_FORCED, "forced")
enum outcome_left_out { OUTCOME_LEFT_OUT_WORDS(WORDS_MEMBER) };
#define OUTCOME_LEFT_OUT_CAUSES WORDS_COUNT(OUTCOME_LEFT_OUT_WORDS)
extern const char *const outcome_left_out_words[];

/* What a line says to a measure. */
struct said {
    double number, denominator;
    enum number_state state;
    bool hit;
};
void said_of(const struct measure *measure, const struct event *event, struct said *said);

/* A line of a unit. */
struct said_line {
    struct input_digest digest;
    int64_t time;
    uint32_t log;
    struct said said[]; /* by measure of the log, as `columns` says */
};

/* What a measure keeps of units. */
struct outcome_columns {
    bool is_kept, is_kept_before;
    struct unit_columns kept, before;
    uint32_t place; /* among the measures of its log */
};

/* Of the units of an arm, a set and a metric: the exact sums of their values before exposure, of
 * those squared, and of their products with the values after. */
struct before_sums {
    struct exact_sum value, squared, product;
    bool beyond; /* a product was too large, or a value */
};

struct outcomes {
    struct consumer consumer;
    const struct exposures *exposures; /* of all lines: all but its columns is read only */
    struct measure *measures;
    const uint32_t *measure_logs;
    uint32_t measure_count;
    bool takes_before; /* values before exposure */
    bool keeps_series; /* also over time, for a report */
    int64_t window;    /* of the series: in milliseconds */
    bool keeps_ages;   /* also by day since exposure, for units that have had all of the day */
    int64_t known_to;  /* then: until when */
    int64_t from, to;
    const struct unit_groups *groups;

    struct outcome_columns *columns; /* by measure */
    struct cell *cells;  /* by set of cells, measure and arm; the first set is of all units */
    struct cell *before; /* the same; NULL unless it takes them */
    struct before_sums *before_sums; /* the same, once it is settled; NULL */
    /* By measure and arm; then, of values before exposure, the same at the time of exposure. */
    struct series_column *series_columns;
    struct series series;
    struct series ages; /* by time since exposure: the first columns, in slots of a day */
    uint64_t lines;     /* that count */
    uint64_t left_out[OUTCOME_LEFT_OUT_CAUSES];
    uint64_t fractions;     /* lines whose unit is written like 4.0 */
    struct line_days *days; /* by log: of lines that count */
    struct input_digest digest;
    struct unit_writer writer; /* until it is settled */
};

/* Days since exposure that are kept. */
#define AGES_MOST 28
#define AGE_DAY   INT64_C(86400000)
/* Whether all of that day since exposure, from 0 on, is over by then. */
static inline bool age_is_known(int64_t exposed, int64_t age, int64_t known_to)
{
    return exposed <= known_to - (age + 1) * AGE_DAY;
}

/* Adds a unit's. */
void before_sums_add(struct before_sums *sums, double before, double after);

/*
 * Whether a unit without a line counts as one that did nothing. One that bought nothing has spent
 * 0; but it has no mean price, and no last one. What is not per unit is a ratio of sums over units.
 */
bool metric_counts_idle_units(const struct metric *metric);
/* The third powers that a metric's spread over units has. */
enum spread_cubes outcome_cubes(const struct metric *metric);

/* Reserves columns of the exposures, of which none is taken yet, for measures, whose logs, and
 * whether values before exposure are taken, are set by the caller. Measures take units from then
 * on. */
void outcomes_reserve(struct outcomes *outcomes, const struct exposures *exposures);
/* Once exposures are settled; the rest is set by the caller. */
void outcomes_init(struct outcomes *outcomes);
void outcomes_release(struct outcomes *outcomes);
/* The same as a record that says so, for who has none. Of a unit; the line is copied. */
void outcomes_add(struct outcomes *outcomes, struct unit_hash unit, const struct said_line *line);
/* A line's size in bytes, with what it says to all measures of a log. */
size_t outcomes_line_size(const struct outcomes *outcomes);
/* Once all is read: what waits is taken, and added up. */
void outcomes_settle(struct outcomes *outcomes);
/* Finds the spread over units of each cell, and what was before; again, after totals were capped.
 * Cost: of all units for each metric, by as many threads as have read. Memory: 8 bytes for each
 * unit, and each field of groups, of a metric that takes each unit's value. */
void outcomes_add_up(struct outcomes *outcomes);

/* The cells of a set: of all units, 0, or of a group's units. */
static inline struct cell *outcome_set(const struct outcomes *outcomes, struct cell *cells,
                                       uint32_t set)
{
    return cells ? cells + (size_t)set * outcomes->measure_count * ARMS_MOST : NULL;
}
static inline struct cell *outcome_cell(struct cell *cells, uint32_t measure, uint32_t arm)
{
    return &cells[measure * ARMS_MOST + arm];
}
/* NULL: values before exposure are not taken, or the metric has none. */
static inline const struct before_sums *outcome_before(const struct outcomes *outcomes,
                                                       uint32_t set, uint32_t measure, uint32_t arm)
{
    if (!outcomes->before_sums || !outcomes->columns[measure].is_kept_before)
        return NULL;
    size_t place = (size_t)set * outcomes->measure_count + measure;
    return &outcomes->before_sums[place * ARMS_MOST + arm];
}

#endif
