/*
 * unit_totals.h - what one metric keeps of each unit: what the variance of a clustered metric is
 * made of.
 *
 * Totals are fixed-point integers, so that they do not depend on the order of the lines. They are
 * columns of a store of units, which threads may share.
 */
#ifndef FFREPLAY_UNIT_TOTALS_H
#define FFREPLAY_UNIT_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/statistics/moments.h"
#include "unit_table.h"

/* What becomes of a unit's pairs of numbers, and hence which two numbers it then has. */
enum unit_keeps {
    UNIT_MARKS,  /* whether a first one was 1, and 1; in 4 bytes */
    UNIT_COUNTS, /* the first is 1 or 0, the second 1: both added up, in 8 bytes */
    UNIT_SUM,    /* the second is 1: both added up, in 20 bytes */
    UNIT_SUMS,   /* both added up, in 36 bytes */
    UNIT_MEAN,   /* the mean of the first ones, and 1; the second is 1; in 20 bytes */
    UNIT_MAX,    /* the greatest first one, and 1; in 12 bytes */
    UNIT_LAST    /* the first one that has the greatest second one, its time, and 1; of several at
                    one time the greatest; in 20 bytes */
};

/* Where a row has them. */
struct unit_columns {
    size_t total;  /* a sum, or an extreme and its time */
    size_t second; /* UNIT_SUMS: the other sum */
    size_t events; /* how many there were; 0: the metric has not seen the unit */
};
/* Reserves them; before the first row. */
struct unit_columns unit_totals_columns(struct unit_store *store, enum unit_keeps keeps);

struct unit_totals {
    enum unit_keeps keeps;
    struct unit_columns columns;
    struct unit_table *table; /* NULL: somebody else has the rows; see unit_totals_place() */
    uint32_t part;
    double cap;             /* a unit's first number counts as at most this; infinite: as it is */
    bool beyond;            /* a number was too large: the totals are not all there is */
    uint64_t units, marked; /* that were first seen here, and those with a first number of 1 */
    struct spread *spread;  /* of the units, once it was asked for; then kept up to date */
    double *values;         /* where somebody else has the rows: of each unit that the metric has
                               seen, the first number; NULL: nobody asks for them */
};

/* Numbers are taken to 2^-48, and must stay below this, about 2.8e14. */
#define UNIT_TOTAL_LIMIT 0x1p48

/* `beside`: the totals of another metric for the same lines, to share its table; or NULL. The
 * totals stay where they are until they are released. */
void unit_totals_init(struct unit_totals *totals, enum unit_keeps keeps,
                      const struct unit_totals *beside);
void unit_totals_release(struct unit_totals *totals);

/* From now on other threads' totals may be of the same units. `of`: those whose units these share
 * from now on; NULL: they are the first. All that are beside each other have been made, and nothing
 * was added to these. */
void unit_totals_share(struct unit_totals *totals, const struct unit_totals *of);

/* From now on somebody else has the rows, who puts into them what these keep, the spread into
 * `spread`, and first numbers into `values`: neither is kept up to date. */
void unit_totals_place(struct unit_totals *totals, const struct unit_columns *columns);

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first,
                     double second);
/* The same for who has found the row, and keeps other threads from it. */
void unit_totals_put(struct unit_totals *totals, struct unit_row *row, double first, double second);
/* The same where the row has it already: only notes whether a number is too large. */
void unit_totals_note(struct unit_totals *totals, double first, double second);
/* Both keep the same, of units that they share or of others. `other` is not added to afterwards. */
void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other);
/* Once nothing waits: the units that the metric has seen, and of them those with a first number
 * of 1, counted as they come. */
uint64_t unit_totals_seen(struct unit_totals *totals, uint64_t *marked);

/* The store that has the units, with nothing waiting; of totals that have their rows. */
const struct unit_store *unit_totals_store(struct unit_totals *totals);

/* What is kept of a unit, in a form that adds up elsewhere: as unit_totals_add() made it of all its
 * lines, or of some. */
struct unit_kept {
    uint64_t events;        /* UNIT_MARKS: 1 */
    uint64_t hits;          /* UNIT_COUNTS, and UNIT_MARKS: those with a first number of 1 */
    __int128 first, second; /* sums, in 2^-48 */
    double value;           /* UNIT_MAX, UNIT_LAST */
    int64_t time;           /* UNIT_LAST */
};
/* False: the metric has not seen the unit. */
bool unit_totals_kept(const struct unit_totals *totals, const struct unit_row *row,
                      struct unit_kept *kept);
/* Adds them to those of any number of units, by one thread, while nobody else adds. */
struct unit_returns {
    struct unit_totals *totals;
    struct unit_writer writer;
};
void unit_returns_begin(struct unit_returns *returns, struct unit_totals *totals);
/* `kept->events` is not 0. */
void unit_returns_add(struct unit_returns *returns, struct unit_hash unit,
                      const struct unit_kept *kept);
void unit_returns_end(struct unit_returns *returns);

/* A unit's two numbers. False: the metric has not seen it. */
bool unit_totals_read(const struct unit_totals *totals, const struct unit_row *row, double *first,
                      double *second);
/* Of each unit that the metric has seen, the first number, in no order; of `most` at most. Returns
 * how many there are. */
size_t unit_totals_values(struct unit_totals *totals, double *values, size_t most);
/* From now on a unit's first number counts as at most `cap`. Cost: what was summed up is forgotten,
 * and somebody else who has the rows sums it up again. */
void unit_totals_cap(struct unit_totals *totals, double cap);

/* Third powers, for the skewness: those of the first number, which is all it takes where the second
 * is always 1, or where the first is all that is asked about; or of both. */
enum spread_cubes { CUBES_NONE, CUBES_OF_FIRST, CUBES_OF_BOTH };

static inline double capped(double number, double cap)
{
    return number > cap ? cap : number;
}

/* Exact sums over things that have two numbers each: units, or events where no unit is known. */
struct spread {
    uint64_t count;
    uint64_t idle; /* whose second number is 0 */
    struct exact_sum first, second, first_squared, second_squared, product;
    enum spread_cubes takes_cubes; /* this and the next: set before anything is added */
    bool of_events;                /* the second number is always 1: its sums follow, and stay 0 */
    struct exact_sum cubes[4];     /* first³, first² second, first second², second³ */
    bool beyond;                   /* a product was too large */
};
void spread_add(struct spread *spread, double first, double second);
/* Both are of events, or neither is. */
void spread_merge(struct spread *spread, const struct spread *other);
/* Cost: the first time, of the units; from then on, a small part of each unit_totals_add(). So one
 * may look as often as one likes. */
void spread_add_units(struct spread *spread, struct unit_totals *totals);
/* `first` is the numerator. */
struct ratio_moments spread_moments(const struct spread *spread);

#endif
