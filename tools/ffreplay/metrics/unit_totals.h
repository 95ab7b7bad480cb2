/*
 * unit_totals.h - two totals for each unit seen: what the variance of a clustered metric is made
 * of. A unit is a user, a session, whatever the log says requests come in clusters of.
 *
 * Totals are fixed-point integers, so that they do not depend on the order of the lines. Memory
 * grows with the units: 64 to 80 bytes for each.
 *
 * Of a million units, each line's is somewhere else in memory. So an addition waits a while: when
 * it comes, its place in the index is fetched, half-way its row, and when both are there it is
 * done.
 */
#ifndef FFREPLAY_UNIT_TOTALS_H
#define FFREPLAY_UNIT_TOTALS_H

#include "tools/ffreplay/logs/unit_set.h"
#include "tools/ffreplay/statistics/statistics.h"

/* What becomes of a unit's numbers, and hence which two numbers it then has. */
enum unit_aggregate {
    UNIT_SUM,  /* both are added up */
    UNIT_MEAN, /* the mean of the first ones, and 1 */
    UNIT_MAX,  /* the greatest first one, and 1 */
    UNIT_LAST  /* the first one that has the greatest second one, its time, and 1; of several at
                  one time the greatest */
};

struct unit_total {
    struct unit_hash unit;
    /* UNIT_SUM, UNIT_MEAN: fixed-point sums. UNIT_MAX, UNIT_LAST: the first one's bits, and the
     * second one as an integer. */
    __int128 first, second;
};

#define UNITS_WAITING 16
#define UNIT_CHUNKS   27 /* of doubling size: four billion units */

struct unit_totals {
    enum unit_aggregate aggregate; /* zero, UNIT_SUM, unless it is set before the first is added */
    struct unit_waiting {
        struct unit_hash unit;
        double first, second;
        struct unit_total *likely; /* its row, by the index alone; NULL: not looked for, or none */
    } waiting[UNITS_WAITING];
    uint32_t waiting_from, waiting_count; /* a ring */

    uint64_t *index;   /* by hash: the row's number from 1 below, bits of its hash above; 0: free */
    uint64_t capacity; /* of the index: a power of two, or 0 */
    uint64_t count;    /* of rows */
    struct unit_total *chunks[UNIT_CHUNKS]; /* rows, which never move */
    bool beyond;           /* a number was too large: the totals are not all there is */
    struct spread *spread; /* of the units, once it was asked for; then kept up to date */
};

/* Numbers are taken to 2^-48, and must stay below this, about 2.8e14. */
#define UNIT_TOTAL_LIMIT 0x1p48

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first,
                     double second);
/* `other` holds the same afterwards. */
void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other);
void unit_totals_release(struct unit_totals *totals);

/* Exact sums over things that have two numbers each: units, or events where no unit is known. */
struct spread {
    uint64_t count;
    struct exact_sum first, second, first_squared, second_squared, product;
    bool beyond; /* a product was too large */
};
void spread_add(struct spread *spread, double first, double second);
void spread_merge(struct spread *spread, const struct spread *other);
/* Cost: the first time, of the units; from then on, a small part of each unit_totals_add(). So one
 * may look as often as one likes. */
void spread_add_units(struct spread *spread, struct unit_totals *totals);
/* `first` is the numerator. */
struct ratio_moments spread_moments(const struct spread *spread);

#endif
