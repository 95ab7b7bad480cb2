/*
 * unit_set.h - the distinct units seen. Memory grows with the units: 16 bytes for each, and as much
 * again for free slots. Units are told apart by 127 bits of hash.
 */
#ifndef FFREPLAY_UNIT_SET_H
#define FFREPLAY_UNIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_hash {
    uint64_t low;
    uint64_t high; /* even, in files of aggregates, too; a slot of zeros is free */
};

struct unit_set {
    struct unit_hash *slots;
    uint64_t capacity; /* a power of two, or 0 */
    uint64_t count;
};

struct unit_hash unit_hash_of(const void *text, size_t length);

/* Has the memory fetched that unit_set_add() will look at. */
static inline void unit_set_fetch(const struct unit_set *set, struct unit_hash unit)
{
    if (set->capacity > 0)
        __builtin_prefetch(&set->slots[unit.low & (set->capacity - 1)]);
}

/* Adds the unit. Returns whether it is new. */
bool unit_set_add(struct unit_set *set, struct unit_hash unit);
void unit_set_release(struct unit_set *set);

#endif
