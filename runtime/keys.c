/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - see keys.h.
 *
 * A joined key is put together in a small buffer. One that does not fit is hashed piece by piece,
 * which gives the same.
 */
#include "keys.h"

#include "hash.h"
#include "inputs.h"

#define MOST_GATHERED 256

static bool read_part(const fflag_view *view, const struct ffs_flag *flag,
                      const fflag_context *context, uint16_t attribute, struct key_part *part)
{
    uint8_t declared;
    const struct fflag_slot *slot = find_fitting(view, flag, context, attribute, &declared);
    if (!slot)
        return false;
    if (declared == FFLAG_ATTRIBUTE_BOOLEAN) {
        part->bytes = slot->value.word ? "true" : "false";
        part->length = slot->value.word ? 4 : 5;
        return true;
    }
    if (slot->key_type != declared)
        return false;
    if (declared == FFLAG_ATTRIBUTE_STRING) {
        part->bytes = slot->value.pointer;
        part->length = slot->length;
        return true;
    }
    part->bytes = part->digits;
    part->length = (uint32_t)runtime_number_key(slot->value.number, part->digits);
    return true;
}

bool runtime_first_part(const fflag_view *view, const struct ffs_flag *flag,
                        const fflag_context *context, const struct ffs_key *key,
                        struct key_part *part)
{
    for (uint32_t i = 0; i < key->count; i++)
        if (read_part(view, flag, context, key->attributes[i], part))
            return true;
    return false;
}

static uint64_t hash_pieces(const struct key_part *parts, uint32_t count, const char *with,
                            uint32_t with_length)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            XXH3_64bits_update(&state, with, with_length);
        XXH3_64bits_update(&state, parts[i].bytes, parts[i].length);
    }
    return XXH3_64bits_digest(&state);
}

static uint64_t hash_joined(const struct key_part *parts, uint32_t count, const char *with,
                            uint32_t with_length)
{
    char gathered[MOST_GATHERED];
    size_t length = (size_t)with_length * (count - 1);
    for (uint32_t i = 0; i < count; i++)
        length += parts[i].length;
    if (length > sizeof gathered)
        return hash_pieces(parts, count, with, with_length);
    char *at = gathered;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(at, with, with_length);
            at += with_length;
        }
        memcpy(at, parts[i].bytes, parts[i].length);
        at += parts[i].length;
    }
    return hash_bytes(gathered, length);
}

/* Of the first part that is there: a context has the hash of a string or a number. */
static bool first_hash(const fflag_view *view, const struct ffs_flag *flag,
                       const fflag_context *context, const struct ffs_key *key, uint64_t *hash)
{
    for (uint32_t i = 0; i < key->count; i++) {
        uint8_t declared;
        const struct fflag_slot *slot =
            find_fitting(view, flag, context, key->attributes[i], &declared);
        if (!slot || (declared != FFLAG_ATTRIBUTE_BOOLEAN && slot->key_type != declared))
            continue;
        *hash = slot->bits;
        if (declared == FFLAG_ATTRIBUTE_BOOLEAN)
            *hash = slot->value.word ? hash_bytes("true", 4) : hash_bytes("false", 5);
        return true;
    }
    return false;
}

static bool joined_hash(const fflag_view *view, const struct ffs_flag *flag,
                        const fflag_context *context, const struct ffs_key *key, uint64_t *hash)
{
    struct key_part parts[FFS_MAX_KEY_PARTS];
    for (uint32_t i = 0; i < key->count; i++)
        if (!read_part(view, flag, context, key->attributes[i], &parts[i]))
            return false;
    *hash = hash_joined(parts, key->count, string_bytes(view->snapshot, key->with),
                        string_length(view->snapshot, key->with));
    return true;
}

bool runtime_key_hash(const fflag_view *view, const struct ffs_flag *flag,
                      const fflag_context *context, const struct ffs_key *key, uint64_t *hash)
{
    return key->kind == FFS_KEY_FIRST ? first_hash(view, flag, context, key, hash)
                                      : joined_hash(view, flag, context, key, hash);
}
