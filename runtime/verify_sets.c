/* SPDX-License-Identifier: Apache-2.0 */
/* verify_sets.c - sets of strings: the content of the slots, and that look-ups find it. */
#include <stdlib.h>

#include "sets.h"
#include "verify.h"

/* A set whose slots are being walked. */
struct walk {
    size_t at; /* index in SETS */
    const struct ffs_set *set;
    uint32_t last_empty; /* in a set without buckets */
    uint32_t count, longest;
    bool upper_case;
};

/* A slot's string: it must be valid, and the unused part of the slot zero. */
static enum fflag_error verify_text(struct verifier *verifier, struct walk *walk, uint32_t place,
                                    const struct ffs_set_slot *slot, uint64_t *hash)
{
    const uint8_t *text = (const uint8_t *)&slot->ref;
    size_t room = walk->set->width - sizeof slot->length, used = slot->length;
    bool upper_case;
    if (ffs_set_holds_inline(walk->set, slot->length)) {
        if (!is_utf8(text, slot->length, &upper_case))
            return malformed(verifier, "set %zu: slot %u is not UTF-8 without NUL", walk->at,
                             place);
        *hash = hash_bytes(text, slot->length);
    } else {
        if (!is_string(verifier, slot->ref) ||
            string_length(verifier->snapshot, slot->ref) != slot->length)
            return malformed(verifier, "set %zu: slot %u is not a string", walk->at, place);
        uint32_t ordinal = string_ordinal(verifier, slot->ref);
        upper_case = verifier->string_traits[ordinal] & TRAIT_UPPER_CASE;
        *hash = verifier->string_hashes[ordinal];
        used = sizeof slot->ref;
    }
    if (!is_zero(text + used, room - used))
        return malformed(verifier, "set %zu: slot %u does not end in zeros", walk->at, place);
    walk->upper_case |= upper_case;
    return FFLAG_OK;
}

/*
 * Whether a look-up finds the slot. Without buckets, it does if no empty slot lies between the
 * hash's first slot and this one: the last empty slot seen is further back than the first slot.
 */
static bool is_found(const struct walk *walk, uint32_t place, uint64_t hash)
{
    const struct ffs_set *set = walk->set;
    if (set->buckets) {
        uint64_t bucket = set_bucket(set, hash);
        return set_may_hold(bucket, hash) && set_only_place(set, bucket, hash) == place;
    }
    uint32_t mask = set->capacity - 1;
    return ((place - set_first_place(set, hash)) & mask) < ((place - walk->last_empty) & mask);
}

static enum fflag_error verify_slot(struct verifier *verifier, struct walk *walk, uint32_t place)
{
    const struct ffs_set_slot *slot = ffs_set_slot_at(walk->set, place);
    if (slot->length == FFS_NONE) {
        walk->last_empty = place;
        if (!is_zero((const uint8_t *)&slot->ref, walk->set->width - sizeof slot->length))
            return malformed(verifier, "set %zu: slot %u does not end in zeros", walk->at, place);
        return FFLAG_OK;
    }
    uint64_t hash = 0;
    enum fflag_error error = verify_text(verifier, walk, place, slot, &hash);
    if (error)
        return error;
    if (!is_found(walk, place, hash))
        return malformed(verifier, "set %zu: slot %u cannot be reached", walk->at, place);
    if (!walk->set->buckets &&
        ((place - walk->last_empty) & (walk->set->capacity - 1)) >= FFS_MAX_PROBES)
        return malformed(verifier, "set %zu: more than %d slots in a row are taken", walk->at,
                         FFS_MAX_PROBES - 1);
    if (slot->length > walk->longest)
        walk->longest = slot->length;
    walk->count++;
    return FFLAG_OK;
}

/* Walks all slots once; without buckets, starting at an empty slot, so that runs are seen whole. */
static enum fflag_error verify_slots(struct verifier *verifier, size_t at,
                                     const struct ffs_set *set)
{
    struct walk walk = {.at = at, .set = set};
    uint32_t first = 0;
    while (!set->buckets && first < set->capacity &&
           ffs_set_slot_at(set, first)->length != FFS_NONE)
        first++;
    if (first == set->capacity)
        return malformed(verifier, "set %zu has no empty slot", at);
    for (uint32_t step = 0; step < set->capacity; step++) {
        uint32_t left = set->capacity - first;
        enum fflag_error error =
            verify_slot(verifier, &walk, step < left ? first + step : step - left);
        if (error)
            return error;
    }
    if (walk.count != set->count || walk.longest != set->longest)
        return malformed(verifier, "set %zu: the header does not fit the slots", at);
    verifier->set_kinds[at] =
        walk.upper_case || walk.longest > FFS_MAX_FOLDED ? SET_EXACT : SET_FOLDED;
    return FFLAG_OK;
}

/* Whether the set's parts fit into the remaining words; sets *words to how many they take. */
static enum fflag_error measure_set(struct verifier *verifier, size_t at, const struct ffs_set *set,
                                    size_t *words)
{
    const size_t header = sizeof *set / sizeof(uint64_t);
    size_t left = verifier->set_words - at;
    if (left < header)
        return malformed(verifier, "set %zu has no whole header", at);
    left -= header;
    if (set->width == 0 || set->width % sizeof(uint64_t) || set->width > FFS_MAX_WIDTH)
        return malformed(verifier, "set %zu: impossible width %u", at, set->width);
    if (set->reserved)
        return malformed(verifier, "set %zu: a reserved field is not zero", at);
    if (set->buckets > left)
        return malformed(verifier, "set %zu: %u buckets do not fit", at, set->buckets);
    left -= set->buckets;
    size_t slot = set->width / sizeof(uint64_t);
    if (set->capacity == 0 || set->capacity > left / slot ||
        (!set->buckets && (set->capacity & (set->capacity - 1))))
        return malformed(verifier, "set %zu: impossible capacity %u", at, set->capacity);
    *words = header + set->buckets + set->capacity * slot;
    return FFLAG_OK;
}

enum fflag_error verify_sets(struct verifier *verifier)
{
    verifier->set_kinds = calloc((size_t)verifier->set_words + 1, 1);
    if (!verifier->set_kinds)
        return FFLAG_ERROR_NO_MEMORY;
    for (size_t at = 0, words = 0; at < verifier->set_words; at += words) {
        const struct ffs_set *set = (const struct ffs_set *)(verifier->snapshot->sets + at);
        enum fflag_error error = measure_set(verifier, at, set, &words);
        if (!error)
            error = verify_slots(verifier, at, set);
        if (error)
            return error;
    }
    return FFLAG_OK;
}
