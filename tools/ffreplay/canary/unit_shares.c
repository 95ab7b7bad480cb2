/* unit_shares.c - see unit_shares.h. */
#include "unit_shares.h"

#include <stdlib.h>

#include "compiler/base/memory.h"

static bool is_taken(const struct unit_share *slot)
{
    return slot->unit.low != 0 || slot->unit.high != 0;
}

/* The highest bits choose, the lowest place: neither is what the other depends on. */
static bool is_kept(const struct unit_shares *shares, struct unit_hash unit)
{
    return shares->halvings == 0 || unit.high >> (64 - shares->halvings) == 0;
}

static struct unit_share *slot_of(const struct unit_shares *shares, struct unit_hash unit)
{
    uint64_t at = unit.low & (shares->capacity - 1);
    for (;; at = (at + 1) & (shares->capacity - 1)) {
        struct unit_share *slot = &shares->slots[at];
        if (!is_taken(slot) || (slot->unit.low == unit.low && slot->unit.high == unit.high))
            return slot;
    }
}

static void count(struct unit_shares *shares, uint64_t groups, bool counts)
{
    bool several = (groups & (groups - 1)) != 0;
    uint64_t *place = several ? &shares->several : &shares->alone[__builtin_ctzll(groups)];
    *place += counts ? 1 : UINT64_MAX;
}

/* All that are kept, in a table of this size. */
static void rebuild(struct unit_shares *shares, uint64_t capacity)
{
    struct unit_shares next = {.capacity = capacity, .halvings = shares->halvings};
    next.slots = xcalloc_table(capacity, sizeof *next.slots);
    for (uint64_t i = 0; i < shares->capacity; i++) {
        const struct unit_share *slot = &shares->slots[i];
        if (!is_taken(slot) || !is_kept(&next, slot->unit))
            continue;
        *slot_of(&next, slot->unit) = *slot;
        next.count++;
        count(&next, slot->groups, true);
    }
    free(shares->slots);
    *shares = next;
}

static void halve(struct unit_shares *shares)
{
    shares->halvings++;
    rebuild(shares, shares->capacity);
}

void unit_shares_expect(const struct unit_shares *shares, struct unit_hash unit)
{
    if (shares->capacity > 0 && is_kept(shares, unit))
        __builtin_prefetch(&shares->slots[unit.low & (shares->capacity - 1)], 1);
}

void unit_shares_add(struct unit_shares *shares, struct unit_hash unit, uint64_t groups)
{
    if (!is_kept(shares, unit))
        return;
    if (shares->count * 2 >= shares->capacity)
        rebuild(shares, shares->capacity ? shares->capacity * 2 : 64);
    struct unit_share *slot = slot_of(shares, unit);
    if (is_taken(slot))
        count(shares, slot->groups, false);
    else
        shares->count++;
    slot->unit = unit;
    slot->groups |= groups;
    count(shares, slot->groups, true);
    while (shares->count > UNIT_SHARES_MOST)
        halve(shares);
}

void unit_shares_merge(struct unit_shares *shares, const struct unit_shares *other)
{
    while (shares->halvings < other->halvings)
        halve(shares);
    for (uint64_t i = 0; i < other->capacity; i++)
        if (is_taken(&other->slots[i]))
            unit_shares_add(shares, other->slots[i].unit, other->slots[i].groups);
}

void unit_shares_release(struct unit_shares *shares)
{
    free(shares->slots);
    *shares = (struct unit_shares){0};
}
