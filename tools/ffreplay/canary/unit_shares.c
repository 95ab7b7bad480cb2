/* unit_shares.c - see unit_shares.h. */
#include "unit_shares.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

#define SLOTS_MOST (2 * UNIT_SHARES_MOST) /* half full when the sample is halved */

/* High hash bits select, low bits place, so the two are independent. */
static bool is_kept(const struct unit_counts *counts, struct unit_hash unit)
{
    return unit.high >> 1 >> (63 - counts->halvings) == 0;
}

static struct unit_share *slot_of(const struct unit_shares *shares, struct unit_hash unit)
{
    uint64_t at = unit.low & (shares->capacity - 1);
    for (;; at = (at + 1) & (shares->capacity - 1)) {
        struct unit_share *slot = &shares->slots[at];
        if (slot->groups == 0 || (slot->unit.low == unit.low && slot->unit.high == unit.high))
            return slot;
    }
}

static void count(struct unit_counts *counts, uint64_t groups, bool comes)
{
    bool several = (groups & (groups - 1)) != 0;
    uint64_t *place = several ? &counts->several : &counts->alone[__builtin_ctzll(groups)];
    *place += comes ? 1 : UINT64_MAX;
}

/* A table of this size. One that is as large as the last one takes the memory of that before it. */
static struct unit_share *take_table(struct unit_shares *shares, uint64_t capacity)
{
    struct unit_share *table = shares->spare;
    shares->spare = NULL;
    if (capacity == shares->capacity && table) {
        memset(table, 0, capacity * sizeof *table);
        return table;
    }
    free(table);
    return capacity == SLOTS_MOST ? xnew_large_table(capacity, sizeof *table)
                                  : xrenew_table(NULL, capacity, sizeof *table);
}

/* Reinserts all sampled units into a table of this size. */
static void rebuild(struct unit_shares *shares, uint64_t capacity)
{
    struct unit_share *old = shares->slots;
    uint64_t old_capacity = shares->capacity;
    shares->slots = take_table(shares, capacity);
    shares->capacity = capacity;
    shares->counts = (struct unit_counts){.halvings = shares->counts.halvings};
    for (uint64_t i = 0; i < old_capacity; i++) {
        if (old[i].groups == 0 || !is_kept(&shares->counts, old[i].unit))
            continue;
        *slot_of(shares, old[i].unit) = old[i];
        shares->counts.units++;
        count(&shares->counts, old[i].groups, true);
    }
    if (capacity == old_capacity)
        shares->spare = old;
    else
        free(old);
}

static void grow(struct unit_shares *shares)
{
    uint64_t capacity = shares->capacity ? shares->capacity * 4 : 64;
    rebuild(shares, capacity < SLOTS_MOST ? capacity : SLOTS_MOST);
}

static void halve(struct unit_shares *shares)
{
    shares->counts.halvings++;
    rebuild(shares, shares->capacity);
}

static void put(struct unit_shares *shares, const struct unit_share *share)
{
    if (!is_kept(&shares->counts, share->unit))
        return;
    if (shares->counts.units * 2 >= shares->capacity && shares->capacity < SLOTS_MOST)
        grow(shares);
    struct unit_share *slot = slot_of(shares, share->unit);
    uint64_t groups = slot->groups | share->groups;
    if (groups == slot->groups)
        return;
    if (slot->groups != 0)
        count(&shares->counts, slot->groups, false);
    else
        shares->counts.units++;
    *slot = (struct unit_share){share->unit, groups};
    count(&shares->counts, groups, true);
    while (shares->counts.units > UNIT_SHARES_MOST)
        halve(shares);
}

/* Most units are known, in the first slot that they may have, and in the group. */
static inline bool is_counted(const struct unit_shares *shares, const struct unit_share *share)
{
    const struct unit_share *slot = &shares->slots[share->unit.low & (shares->capacity - 1)];
    return slot->unit.low == share->unit.low && slot->unit.high == share->unit.high &&
           (share->groups & ~slot->groups) == 0;
}

static void count_waiting(struct unit_shares *shares)
{
    for (uint32_t i = 0; i < shares->waiting_count; i++)
        if (shares->capacity == 0 || !is_counted(shares, &shares->waiting[i]))
            put(shares, &shares->waiting[i]);
    shares->waiting_count = 0;
}

const struct unit_counts *unit_shares_counts(struct unit_shares *shares)
{
    count_waiting(shares);
    return &shares->counts;
}

/* For a unit that is not kept, the first slot: no branch, for which ones are kept is random. */
static inline void fetch_slot(const struct unit_shares *shares, struct unit_hash unit, bool kept)
{
    uint64_t at = unit.low & (shares->capacity - 1) & -(uint64_t)kept;
    __builtin_prefetch(&shares->slots[at]);
    __builtin_prefetch(&shares->slots[at].groups); /* may be on the next line */
}

void unit_shares_add(struct unit_shares *shares, struct unit_hash unit, uint64_t groups)
{
    bool kept = is_kept(&shares->counts, unit);
    if (shares->capacity > 0)
        fetch_slot(shares, unit, kept);
    shares->waiting[shares->waiting_count] = (struct unit_share){unit, groups};
    shares->waiting_count += kept;
    if (shares->waiting_count == UNIT_SHARES_WAITING)
        count_waiting(shares);
}

void unit_shares_merge(struct unit_shares *shares, struct unit_shares *other)
{
    count_waiting(other);
    while (shares->counts.halvings < other->counts.halvings)
        halve(shares);
    for (uint64_t i = 0; i < other->capacity; i++)
        if (other->slots[i].groups != 0)
            unit_shares_add(shares, other->slots[i].unit, other->slots[i].groups);
}

void unit_shares_release(struct unit_shares *shares)
{
    free(shares->slots);
    free(shares->spare);
    *shares = (struct unit_shares){0};
}
