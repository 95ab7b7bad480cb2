/*
 * outcomes.h - what came of the units in an experiment: each metric by arm, from a unit's exposure
 * on, and, where it is asked for, before.
 *
 * A consumer of the records of logs, once all exposures are known. Neither memory nor result
 * depends on the order of the lines. With groups of units, each metric is kept once more for each
 * field that they are grouped by: per unit or line as much memory again, and a cell for each group
 * and arm.
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

/* A line that waits for its unit's exposure to be fetched. */
struct waiting_outcome {
    struct unit_hash unit;
    int64_t time;
    uint32_t log;
    struct input_digest digest;
    struct sample *samples; /* by measure */
};
#define OUTCOMES_WAITING 64

struct outcomes {
    struct consumer consumer;
    const struct exposures *exposures; /* of all lines: read only */
    struct measure *measures;
    const uint32_t *measure_logs;
    uint32_t measure_count;
    bool takes_before; /* values before exposure */
    bool keeps_series; /* also over time, for a report */
    int64_t window;    /* of the series: in milliseconds */
    int64_t from, to;
    const struct unit_groups *groups;

    struct cell *cells;  /* by set of cells, measure and arm; the first set is of all units */
    struct cell *before; /* the same; NULL unless it takes them */
    /* By measure and arm; then, of values before exposure, the same at the time of exposure. */
    struct series_column *columns;
    struct series series;
    uint64_t lines; /* that count */
    uint64_t left_out[OUTCOME_LEFT_OUT_CAUSES];
    struct line_days *days; /* by log: of lines that count */
    struct input_digest digest;
    struct waiting_outcome waiting[OUTCOMES_WAITING];
    uint32_t waiting_count;
    struct sample *samples; /* of those that wait */
};

/* Once all is read: what waits is taken. */
void outcomes_settle(struct outcomes *outcomes);
/* The rest is set by the caller before. Measures take units from then on. */
void outcomes_init(struct outcomes *outcomes);
void outcomes_release(struct outcomes *outcomes);

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

#endif
