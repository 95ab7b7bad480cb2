/* unit_totals.c - see unit_totals.h. */
#include "unit_totals.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

static struct unit_total *slot_of(const struct unit_totals *totals, struct unit_hash unit)
{
    uint64_t at = unit.low & (totals->capacity - 1);
    for (;; at = (at + 1) & (totals->capacity - 1)) {
        struct unit_total *slot = &totals->slots[at];
        bool is_free = slot->unit.low == 0 && slot->unit.high == 0;
        if (is_free || (slot->unit.low == unit.low && slot->unit.high == unit.high))
            return slot;
    }
}

static bool is_taken(const struct unit_total *slot)
{
    return slot->unit.low != 0 || slot->unit.high != 0;
}

static void grow(struct unit_totals *totals)
{
    struct unit_totals larger = *totals;
    larger.capacity = totals->capacity ? totals->capacity * 2 : 64;
    larger.slots = xcalloc_table(larger.capacity, sizeof *larger.slots);
    for (uint64_t i = 0; i < totals->capacity; i++)
        if (is_taken(&totals->slots[i]))
            *slot_of(&larger, totals->slots[i].unit) = totals->slots[i];
    free(totals->slots);
    *totals = larger;
}

static __int128 fixed(double number)
{
    return (__int128)rint(number * 0x1p48);
}

static double number_of(__int128 total)
{
    return (double)total * 0x1p-48;
}

/* Sums are exact, so that what was added can be taken away again without a trace. */
static void remove_from_spread(struct spread *spread, double first, double second)
{
    spread->count--;
    exact_sum_add(&spread->first, -first);
    exact_sum_add(&spread->second, -second);
    exact_sum_add_product(&spread->first_squared, -first, first);
    exact_sum_add_product(&spread->second_squared, -second, second);
    exact_sum_add_product(&spread->product, -first, second);
}

static void forget_spread(struct unit_totals *totals)
{
    free(totals->spread);
    totals->spread = NULL;
}

static void update_spread(struct unit_totals *totals, const struct unit_total *before,
                          const struct unit_total *after)
{
    struct spread *spread = totals->spread;
    if (is_taken(before))
        remove_from_spread(spread, number_of(before->first), number_of(before->second));
    spread_add(spread, number_of(after->first), number_of(after->second));
    /* What a product was too large for may come back below it. */
    if (spread->beyond)
        forget_spread(totals);
}

static void add_fixed(struct unit_totals *totals, struct unit_hash unit, __int128 first,
                      __int128 second)
{
    if (totals->count * 2 >= totals->capacity)
        grow(totals);
    struct unit_total *slot = slot_of(totals, unit);
    const struct unit_total before = *slot;
    totals->count += !is_taken(slot);
    slot->unit = unit;
    slot->first += first;
    slot->second += second;
    if (totals->spread)
        update_spread(totals, &before, slot);
}

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first, double second)
{
    if (!(fabs(first) < UNIT_TOTAL_LIMIT) || !(fabs(second) < UNIT_TOTAL_LIMIT)) {
        totals->beyond = true;
        return;
    }
    add_fixed(totals, unit, fixed(first), fixed(second));
}

void unit_totals_merge(struct unit_totals *totals, const struct unit_totals *other)
{
    totals->beyond |= other->beyond;
    for (uint64_t i = 0; i < other->capacity; i++)
        if (is_taken(&other->slots[i]))
            add_fixed(totals, other->slots[i].unit, other->slots[i].first, other->slots[i].second);
}

void unit_totals_release(struct unit_totals *totals)
{
    free(totals->slots);
    free(totals->spread);
    *totals = (struct unit_totals){0};
}

void spread_add(struct spread *spread, double first, double second)
{
    spread->count++;
    exact_sum_add(&spread->first, first);
    exact_sum_add(&spread->second, second);
    bool added = exact_sum_add_product(&spread->first_squared, first, first);
    added &= exact_sum_add_product(&spread->second_squared, second, second);
    added &= exact_sum_add_product(&spread->product, first, second);
    spread->beyond |= !added;
}

void spread_merge(struct spread *spread, const struct spread *other)
{
    spread->count += other->count;
    exact_sum_merge(&spread->first, &other->first);
    exact_sum_merge(&spread->second, &other->second);
    exact_sum_merge(&spread->first_squared, &other->first_squared);
    exact_sum_merge(&spread->second_squared, &other->second_squared);
    exact_sum_merge(&spread->product, &other->product);
    spread->beyond |= other->beyond;
}

static struct spread *spread_of(const struct unit_totals *totals)
{
    struct spread *spread = xcalloc(1, sizeof *spread);
    for (uint64_t i = 0; i < totals->capacity; i++)
        if (is_taken(&totals->slots[i]))
            spread_add(spread, number_of(totals->slots[i].first),
                       number_of(totals->slots[i].second));
    return spread;
}

void spread_add_units(struct spread *spread, struct unit_totals *totals)
{
    if (!totals->spread)
        totals->spread = spread_of(totals);
    spread_merge(spread, totals->spread);
    spread->beyond |= totals->beyond;
    if (totals->spread->beyond)
        forget_spread(totals);
}

struct ratio_moments spread_moments(const struct spread *spread)
{
    return (struct ratio_moments){
        moments_of_sums(spread->count, &spread->first, &spread->first_squared),
        moments_of_sums(spread->count, &spread->second, &spread->second_squared),
        covariance_of_sums(spread->count, &spread->first, &spread->second, &spread->product),
    };
}
