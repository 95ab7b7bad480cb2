/*
 * metric.h - what a metric gathers from events, and what it estimates.
 *
 * A measure is a metric prepared for the lines of its log. A line gives a sample, samples go into
 * cells, and cells merge. A cell holds counts, exact sums, extremes or a sketch, none of which
 * depends on the order of arrival.
 */
#ifndef FFREPLAY_METRIC_H
#define FFREPLAY_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/statistics/exact_sum.h"
#include "tools/ffreplay/logs/predicate.h"
#include "compiler/statistics/sketch.h"
#include "compiler/statistics/slices.h"
#include "kinds/kinds.h"
#include "unit_totals.h"
#include "unreadable.h"

struct measure {
    const struct metric *metric;
    const struct metric_functions *functions; /* of its kind */
    struct layout *layout;
    const struct predicate *where; /* NULL: every event */
    const struct predicate *of;
    struct quick_test quick_where, quick_of;
    struct field value, numerator, denominator;
    uint64_t fields; /* all that it reads, as bits by their places */
    bool takes_units;
    bool goes_by_newest; /* a newest value that cannot be read hides what the metric says now */
    bool asks_skewness;  /* what cell_gather_spread() gathers has to tell it */
    /* What cell_take() does: the kind's shortcut, or what does everything. */
    void (*take)(struct cell *cell, const struct measure *measure, const struct event *event);
};

/* False when this version cannot compute the metric, after reporting. */
bool measure_prepare(struct measure *measure, const struct metric *metric, struct layout *layout);

/* What one line says to a measure. */
struct sample {
    /* Given: it counts. Absent: the metric is not about this event, or lacks the value it needs.
     * Unreadable: that depends on a value that cannot be read. */
    enum number_state state;
    bool hit; /* of kinds that count: it is one of those */
    double number, denominator;
    int64_t time;
    struct unit_hash unit;
    struct unit_row *row; /* the unit's, for totals that somebody else has the rows of; NULL: it
                             has the sample already */
};
static inline void measure_sample(const struct measure *measure, const struct event *event,
                                  struct sample *sample);
/* The part of that for a measure that takes units. */
void measure_take_unit(const struct measure *measure, const struct event *event,
                       struct sample *sample);

struct cell {
    uint64_t count; /* of samples */
    uint64_t hits;
    double extreme; /* greatest, least or latest value */
    int64_t latest;
    int64_t newest; /* time of a sample, where the measure goes by the newest */
    struct unreadable unreadable;
    struct exact_sum *sum, *denominator;
    struct sketch *sketch;
    struct unit_totals *totals; /* of a metric per unit; or for comparisons */
    /* For comparisons, where the variance asks for it; see cell_gather_spread(). */
    struct spread *spread;
    struct sketch *groups; /* of a quantile: by the units' hashes */
    struct slices *slices; /* of a proportion of events: by time, as its share may move */
};
/* Groups of units that a quantile's values are kept by. */
#define UNIT_SKETCHES 64

void cell_init(struct cell *cell, const struct measure *measure);
/*
 * From now on the cell also gathers what the variance of its estimate needs: over units if the log
 * has them, because one user's hundred requests are not a hundred users; otherwise over events.
 * `measure` then takes each sample's unit. `beside`: a cell of another metric that takes the same
 * lines, and has taken none yet, to share a table of units with; or NULL.
 */
void cell_gather_spread(struct cell *cell, struct measure *measure, const struct cell *beside);
/* The same for a further cell of a measure that other cells gather it for: changes nothing but the
 * cell. */
void cell_gather_spread_too(struct cell *cell, const struct measure *measure);
/* It keeps nothing of units. */
void cell_keep_no_units(struct cell *cell);
/* What it keeps of units is from now on kept in one store by all threads' cells: the first one's,
 * with NULL, and then those of its forks. All that are beside each other have been made. */
void cell_share_units(struct cell *cell, const struct cell *of);
static inline void cell_add(struct cell *cell, const struct measure *measure,
                            const struct sample *sample);
/* A sample that is unreadable. `event`: what it is of, to tell which value it was; or NULL. */
void cell_add_unreadable(struct cell *cell, const struct measure *measure,
                         const struct sample *sample, const struct event *event);
/* Whether more than `max_bad` thousandths of a percent of its values are unreadable, so that nobody
 * knows what was measured; or the newest is, if the measure goes by that. */
bool cell_is_unreadable(const struct cell *cell, const struct measure *measure, uint32_t max_bad);
bool cell_newest_is_unreadable(const struct cell *cell, const struct measure *measure);
/* measure_sample() and cell_add() at once, where nobody else needs the sample. */
static inline void cell_take(struct cell *cell, const struct measure *measure,
                             const struct event *event);
/* The same where there is no shortcut, or a line is not as most are. */
void cell_take_sample(struct cell *cell, const struct measure *measure, const struct event *event);
void cell_merge(struct cell *cell, const struct measure *measure, const struct cell *other);
void cell_release(struct cell *cell);

/* How much was measured: events, or units where the metric is per unit. */
uint64_t cell_samples(const struct cell *cell, const struct measure *measure);
/* False when nothing was measured, or what was gives no number. `duration` is what a rate is over.
 */
bool cell_estimate(const struct cell *cell, const struct measure *measure, int64_t duration,
                   double *estimate);
/* The values of rank `levels`, 0 to 1. False: the kind keeps no values. True without samples, too,
 * and then they are not written. */
bool cell_quantiles(const struct cell *cell, const struct measure *measure, const double *levels,
                    double *values, size_t count);

/* ------------------------------------------------------------------------ what a line costs -- */

static inline void measure_sample(const struct measure *measure, const struct event *event,
                                  struct sample *sample)
{
    sample->time = event->time;
    measure->functions->sample(measure, event, sample);
    if (measure->takes_units && sample->state != NUMBER_ABSENT)
        measure_take_unit(measure, event, sample);
}

static inline void cell_add(struct cell *cell, const struct measure *measure,
                            const struct sample *sample)
{
    cell->count++;
    if (measure->goes_by_newest && sample->time > cell->newest)
        cell->newest = sample->time;
    measure->functions->add(cell, measure, sample);
}

static inline void cell_take(struct cell *cell, const struct measure *measure,
                             const struct event *event)
{
    measure->take(cell, measure, event);
}

#endif
