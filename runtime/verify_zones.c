/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_zones.c - the section ZONES.
 *
 * The changes of a valid zone are few and in order, so that a local time is found in a few steps.
 */
#include <stdlib.h>

#include "verify.h"

#define ZONE_WORDS (sizeof(struct ffs_zone) / sizeof(uint64_t))
_Static_assert(sizeof(struct ffs_zone_change) == sizeof(struct ffs_zone),
               "what is ZONE_WORDS each");

static bool is_offset(int32_t offset)
{
    return offset >= -FFS_MAX_ZONE_OFFSET && offset <= FFS_MAX_ZONE_OFFSET;
}

static enum fflag_error verify_changes(struct verifier *verifier, size_t at,
                                       const struct ffs_zone *zone)
{
    const struct ffs_zone_change *changes = (const struct ffs_zone_change *)(zone + 1);
    if (zone->reserved || !is_offset(zone->offset))
        return malformed(verifier, "zone %zu: impossible offset", at);
    if (zone->name != FFS_NONE && !is_string(verifier, zone->name))
        return malformed(verifier, "zone %zu: the name is not a string", at);
    for (uint32_t i = 0; i < zone->change_count; i++) {
        if (changes[i].reserved || !is_offset(changes[i].offset))
            return malformed(verifier, "zone %zu: impossible offset", at);
        if (i > 0 && changes[i].at <= changes[i - 1].at)
            return malformed(verifier, "zone %zu: its changes are not in order", at);
    }
    return FFLAG_OK;
}

enum fflag_error verify_zones(struct verifier *verifier)
{
    verifier->zone_starts = calloc(verifier->zone_words / 64 + 1, sizeof *verifier->zone_starts);
    if (!verifier->zone_starts)
        return FFLAG_ERROR_NO_MEMORY;
    for (size_t at = 0; at < verifier->zone_words;) {
        const void *bytes = verifier->snapshot->zones + at;
        const struct ffs_zone *zone = (const struct ffs_zone *)bytes;
        size_t left = verifier->zone_words - at;
        if (left < ZONE_WORDS || zone->change_count > FFS_MAX_CHANGES ||
            zone->change_count > left / ZONE_WORDS - 1)
            return malformed(verifier, "zone %zu: impossible size", at);
        enum fflag_error error = verify_changes(verifier, at, zone);
        if (error)
            return error;
        verifier->zone_starts[at / 64] |= UINT64_C(1) << at % 64;
        at += ZONE_WORDS * (zone->change_count + 1u);
    }
    return FFLAG_OK;
}
