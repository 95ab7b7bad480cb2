/* unit_set.c - see unit_set.h. */
#include "unit_set.h"

#include <stdlib.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"

#define MARK UINT64_C(1)

#define LARGE_CAPACITY (UINT64_C(1) << 17) /* 2 MiB */

struct unit_hash unit_hash_of(const void *text, size_t length)
{
    struct hash128 hash = hash128(text, length);
    struct unit_hash unit = {hash.low, hash.high & ~MARK};
    if (unit.low == 0 && unit.high == 0)
        unit.low = 1;
    return unit;
}

static struct unit_hash *slot_of(const struct unit_set *set, struct unit_hash unit)
{
    uint64_t at = unit.low & (set->capacity - 1);
    for (;; at = (at + 1) & (set->capacity - 1)) {
        struct unit_hash *slot = &set->slots[at];
        if (slot->low == 0 && slot->high == 0)
            return slot;
        if (slot->low == unit.low && (slot->high & ~MARK) == unit.high)
            return slot;
    }
}

static void grow(struct unit_set *set)
{
    struct unit_set larger = {.capacity = set->capacity ? set->capacity * 2 : 64};
    larger.slots = larger.capacity >= LARGE_CAPACITY
                       ? xnew_large_table(larger.capacity, sizeof *larger.slots)
                       : xrenew_table(NULL, larger.capacity, sizeof *larger.slots);
    for (uint64_t i = 0; i < set->capacity; i++) {
        struct unit_hash unit = set->slots[i];
        if (unit.low == 0 && unit.high == 0)
            continue;
        struct unit_hash plain = {unit.low, unit.high & ~MARK};
        *slot_of(&larger, plain) = unit;
    }
    free(set->slots);
    set->slots = larger.slots;
    set->capacity = larger.capacity;
}

bool unit_set_add(struct unit_set *set, struct unit_hash unit, bool mark)
{
    if (set->count * 2 >= set->capacity)
        grow(set);
    struct unit_hash *slot = slot_of(set, unit);
    bool new = slot->low == 0 && slot->high == 0;
    if (new) {
        *slot = unit;
        set->count++;
    }
    if (mark && !(slot->high & MARK)) {
        slot->high |= MARK;
        set->marked++;
    }
    return new;
}

bool unit_set_has(const struct unit_set *set, struct unit_hash unit, bool *marked)
{
    if (set->capacity == 0)
        return false;
    const struct unit_hash *slot = slot_of(set, unit);
    *marked = slot->high & MARK;
    return slot->low != 0 || slot->high != 0;
}

void unit_set_merge(struct unit_set *set, const struct unit_set *other)
{
    for (uint64_t i = 0; i < other->capacity; i++) {
        struct unit_hash unit = other->slots[i];
        if (unit.low == 0 && unit.high == 0)
            continue;
        bool mark = unit.high & MARK;
        unit.high &= ~MARK;
        unit_set_add(set, unit, mark);
    }
}

void unit_set_release(struct unit_set *set)
{
    free(set->slots);
    *set = (struct unit_set){0};
}
