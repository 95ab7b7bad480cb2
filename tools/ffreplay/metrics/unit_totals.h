/*
 * unit_totals.h - what one metric keeps of each unit: what the variance of a clustered metric is
 * made of.
 *
 * Totals are fixed-point integers, so that they do not depend on the order of the lines.
 */
#ifndef FFREPLAY_UNIT_TOTALS_H
#define FFREPLAY_UNIT_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/statistics/moments.h"
#include "unit_table.h"

/* What becomes of a unit's pairs of numbers, and hence which two numbers it then has. */
enum unit_keeps {
    UNIT_COUNTS, /* the first is 1 or 0, the second 1: both added up, in 8 bytes */
    UNIT_SUM,    /* the second is 1: both added up, in 24 bytes */
    UNIT_SUMS,   /* both added up, in 40 bytes */
    UNIT_MEAN,   /* the mean of the first ones, and 1; the second is 1 */
    UNIT_MAX,    /* the greatest first one, and 1 */
    UNIT_LAST    /* the first one that has the greatest second one, its time, and 1; of several at
                    one time the greatest */
};

struct unit_totals {
    enum unit_keeps keeps;
    struct unit_table *table;
    uint32_t part;
    double cap;            /* a unit's first number counts as at most this; infinite: as it is */
    bool beyond;           /* a number was too large: the totals are not all there is */
    struct spread *spread; /* of the units, once it was asked for; then kept up to date */
};

/* Numbers are taken to 2^-48, and must stay below this, about 2.8e14. */
#define UNIT_TOTAL_LIMIT 0x1p48

/* `beside`: the totals of another metric for the same lines, to share its table; or NULL. The
 * totals stay where they are until they are released. */
void unit_totals_init(struct unit_totals *totals, enum unit_keeps keeps,
                      const struct unit_totals *beside);
void unit_totals_release(struct unit_totals *totals);

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first,
                     double second);
/* Both keep the same. `other` holds the same afterwards. */
void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other);

/* A unit's two numbers. False: the metric has not seen it. Cost: a look-up. */
bool unit_totals_find(struct unit_totals *totals, struct unit_hash unit, double *first,
                      double *second);
/* From now on a unit's first number counts as at most `cap`. Cost: what was summed up is forgotten.
 */
void unit_totals_cap(struct unit_totals *totals, double cap);
/* The next unit that the metric has seen, from *row on, which is moved past it. False: none. */
bool unit_totals_next(struct unit_totals *totals, uint64_t *row, struct unit_hash *unit,
                      double *first);

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
