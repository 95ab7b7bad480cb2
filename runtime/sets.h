/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets.h - where in a set a string is, and whether it is in it.
 */
#ifndef FFLAG_RUNTIME_SETS_H
#define FFLAG_RUNTIME_SETS_H

#include "bytes.h"
#include "hash.h"
#include "snapshot.h"

/* Of a set with buckets: the word that a hash falls into. */
static inline uint64_t set_bucket(const struct ffs_set *set, uint64_t hash)
{
    const uint64_t *buckets = (const uint64_t *)(set + 1);
    return buckets[(hash >> 32) * set->buckets >> 32];
}

/* The one slot that the bucket's pilot leaves a string. */
static inline uint32_t set_only_place(const struct ffs_set *set, uint64_t bucket, uint64_t hash)
{
    return hash_to_range(ffs_spread(hash, bucket & 0xffff), set->capacity);
}

/* Whether the filter of a bucket lets a string through. */
static inline bool set_may_hold(uint64_t bucket, uint64_t hash)
{
    /* What ffs_filter_bits() says, in half the instructions. */
    return bucket >> (16 + (hash & 15)) & bucket >> (32 + (hash >> 4 & 15)) &
           bucket >> (48 + (hash >> 8 & 15)) & 1;
}

/* Of a set without buckets: where probing begins. */
static inline uint32_t set_first_place(const struct ffs_set *set, uint64_t hash)
{
    return (uint32_t)hash & (set->capacity - 1);
}

/* The string in a slot that is not empty. */
static inline const char *set_text(const struct snapshot *snapshot, const struct ffs_set *set,
                                   const struct ffs_set_slot *slot)
{
    return LIKELY(ffs_set_holds_inline(set, slot->length)) ? (const char *)&slot->ref
                                                           : string_bytes(snapshot, slot->ref);
}

static inline bool slot_equals(const struct snapshot *snapshot, const struct ffs_set *set,
                               const struct ffs_set_slot *slot, const char *bytes, uint32_t length)
{
    return slot->length == length && same_bytes(set_text(snapshot, set, slot), bytes, length);
}

/* Whether the string, whose hash is given, is in the set, which has buckets. */
static inline bool bucketed_set_holds(const struct snapshot *snapshot, const struct ffs_set *set,
                                      const char *bytes, uint32_t length, uint64_t hash)
{
    /* The slot is the only likely cache miss: the buckets are a twentieth of a list of UUIDs. Its
     * address is ready before the filter answers, so that the load starts early. */
    uint64_t bucket = set_bucket(set, hash);
    uint32_t place = set_only_place(set, bucket, hash);
    return set_may_hold(bucket, hash) &&
           slot_equals(snapshot, set, ffs_set_slot_at(set, place), bytes, length);
}

/* The same, of a set without buckets. */
static inline bool probed_set_holds(const struct snapshot *snapshot, const struct ffs_set *set,
                                    const char *bytes, uint32_t length, uint64_t hash)
{
    uint32_t mask = set->capacity - 1;
    for (uint32_t place = set_first_place(set, hash);; place = (place + 1) & mask) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, place);
        if (slot->length == FFS_NONE)
            return false;
        if (slot_equals(snapshot, set, slot, bytes, length))
            return true;
    }
}

static inline bool set_holds(const struct snapshot *snapshot, const struct ffs_set *set,
                             const char *bytes, uint32_t length, uint64_t hash)
{
    return set->buckets ? bucketed_set_holds(snapshot, set, bytes, length, hash)
                        : probed_set_holds(snapshot, set, bytes, length, hash);
}

#endif
