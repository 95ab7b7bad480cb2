/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - a flag's index in a snapshot, by its name.
 */
#ifndef FFLAG_RUNTIME_NAMES_H
#define FFLAG_RUNTIME_NAMES_H

#include "bytes.h"
#include "hash.h"
#include "snapshot.h"

static inline uint32_t index_by_hash(const struct snapshot *snapshot, uint64_t hash)
{
    const struct ffs_names *names = snapshot->names;
    uint32_t bucket = (uint32_t)((hash >> 32) * names->bucket_count >> 32);
    uint64_t placed = ffs_spread(hash, snapshot->pilots[bucket]);
    return snapshot->name_slots[hash_to_range(placed, names->slot_count)];
}

/* The only index that a flag of that name can have; FFS_NONE: there is none. One probe. */
static inline uint32_t only_index(const struct snapshot *snapshot, const char *name, size_t length)
{
    return index_by_hash(snapshot, hash_bytes_seeded(name, length, snapshot->names->seed));
}

/* Whether a string of the snapshot, given by its bytes, is that text. */
static inline bool is_text(const char *string, const char *text, size_t length)
{
    uint32_t string_length;
    memcpy(&string_length, string - sizeof string_length, sizeof string_length);
    return string_length == length && same_bytes(string, text, length);
}

static inline bool is_named(const struct snapshot *snapshot, const struct ffs_flag *flag,
                            const char *name, size_t length)
{
    return is_text(string_bytes(snapshot, flag->name), name, length);
}

/* A flag that serves one variant to everybody: its program is empty, or begins with that
 * decision. */
static inline bool is_constant(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    return flag->code_count == 0 || snapshot->code[flag->first_code].op == FFS_SERVE;
}

#endif
