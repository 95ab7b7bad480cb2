/* unit_set.c - see unit_set.h. */
#include "unit_set.h"

#include <stdlib.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"

#define LARGE_CAPACITY (UINT64_C(1) << 17) /* 2 MiB */

struct unit_hash unit_hash_of(const void *text, size_t length)
{
    struct hash128 hash = hash128(text, length);
    struct unit_hash unit = {hash.low, hash.high & ~UINT64_C(1)};
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
        if (slot->low == unit.low && slot->high == unit.high)
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
        *slot_of(&larger, unit) = unit;
    }
    free(set->slots);
    set->slots = larger.slots;
    set->capacity = larger.capacity;
}

bool unit_set_add(struct unit_set *set, struct unit_hash unit)
{
    if (set->count * 2 >= set->capacity)
        grow(set);
    struct unit_hash *slot = slot_of(set, unit);
    bool new = slot->low == 0 && slot->high == 0;
    if (new) {
        *slot = unit;
        set->count++;
    }
    return new;
}

void unit_set_release(struct unit_set *set)
{
    free(set->slots);
    *set = (struct unit_set){0};
}
