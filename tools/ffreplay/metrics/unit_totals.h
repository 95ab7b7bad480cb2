/*
 * unit_totals.h - two totals for each unit seen: what the variance of a clustered metric is made
 * of. A unit is a user, a session, whatever the log says requests come in clusters of.
 *
 * Totals are fixed-point integers, so that they do not depend on the order of the lines. Memory
 * grows with the units: 48 bytes for each, and as much again for free slots.
 */
#ifndef FFREPLAY_UNIT_TOTALS_H
#define FFREPLAY_UNIT_TOTALS_H

#include "tools/ffreplay/statistics/statistics.h"
#include "tools/ffreplay/logs/unit_set.h"

struct unit_total {
    struct unit_hash unit; /* zeros: a free slot */
    __int128 first, second;
};

struct unit_totals {
    struct unit_total *slots;
    uint64_t capacity; /* a power of two, or 0 */
    uint64_t count;
    bool beyond;           /* a number was too large: the totals are not all there is */
    struct spread *spread; /* of the units, once it was asked for; then kept up to date */
};

/* Numbers are taken to 2^-48, and must stay below this, about 2.8e14. */
#define UNIT_TOTAL_LIMIT 0x1p48

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first,
                     double second);
void unit_totals_merge(struct unit_totals *totals, const struct unit_totals *other);
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
