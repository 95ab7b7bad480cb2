/*
 * emit_names.c - the perfect hash from a flag's name to its index.
 *
 * Names fall into buckets of about four; each bucket, the fullest first, gets the first pilot that
 * sends all its names to free slots. Seeds are tried from 0, so the result is a function of the
 * names.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "emit.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_BUCKET 64u

struct names {
    uint32_t bucket_count;
    uint32_t slot_count;
    uint64_t *hashes;  /* by flag */
    uint32_t *members; /* flags, bucket by bucket */
    uint32_t *first;   /* of a bucket in `members`; one more than there are buckets */
    uint32_t *by_size; /* buckets, fullest first */
    uint16_t *pilots;
    uint32_t *slots;
};

static uint32_t scale(uint64_t hash, uint32_t count)
{
    return (uint32_t)(((unsigned __int128)hash * count) >> 64);
}

static uint32_t bucket_of(uint64_t hash, uint32_t bucket_count)
{
    return (uint32_t)((hash >> 32) * bucket_count >> 32);
}

static void fill_buckets(struct names *names, uint32_t count)
{
    uint32_t *fill = xcalloc(names->bucket_count + 1, sizeof *fill);
    for (uint32_t i = 0; i < count; i++)
        fill[bucket_of(names->hashes[i], names->bucket_count)]++;
    names->first[0] = 0;
    for (uint32_t b = 0; b < names->bucket_count; b++) {
        names->first[b + 1] = names->first[b] + fill[b];
        fill[b] = names->first[b];
    }
    for (uint32_t i = 0; i < count; i++)
        names->members[fill[bucket_of(names->hashes[i], names->bucket_count)]++] = i;
    free(fill);
}

static uint32_t bucket_size(const struct names *names, uint32_t bucket)
{
    return names->first[bucket + 1] - names->first[bucket];
}

/* False when a bucket is too full to be worth trying. */
static bool order_buckets(struct names *names)
{
    uint32_t start[LARGEST_BUCKET + 2] = {0};
    for (uint32_t b = 0; b < names->bucket_count; b++) {
        if (bucket_size(names, b) > LARGEST_BUCKET)
            return false;
        start[LARGEST_BUCKET - bucket_size(names, b) + 1]++;
    }
    for (uint32_t size = 1; size <= LARGEST_BUCKET + 1; size++)
        start[size] += start[size - 1];
    for (uint32_t b = 0; b < names->bucket_count; b++)
        names->by_size[start[LARGEST_BUCKET - bucket_size(names, b)]++] = b;
    return true;
}

static bool try_pilot(struct names *names, uint32_t bucket, uint32_t pilot)
{
    uint32_t size = bucket_size(names, bucket);
    const uint32_t *members = &names->members[names->first[bucket]];
    for (uint32_t i = 0; i < size; i++) {
        uint64_t mixed = ffs_mix(names->hashes[members[i]] ^ pilot * FFS_PILOT);
        uint32_t *slot = &names->slots[scale(mixed, names->slot_count)];
        if (*slot == FFS_NONE) {
            *slot = members[i];
            continue;
        }
        while (i-- > 0) {
            mixed = ffs_mix(names->hashes[members[i]] ^ pilot * FFS_PILOT);
            names->slots[scale(mixed, names->slot_count)] = FFS_NONE;
        }
        return false;
    }
    names->pilots[bucket] = (uint16_t)pilot;
    return true;
}

static bool place_all(struct names *names)
{
    for (uint32_t i = 0; i < names->slot_count; i++)
        names->slots[i] = FFS_NONE;
    memset(names->pilots, 0, sizeof *names->pilots * names->bucket_count);
    for (uint32_t i = 0; i < names->bucket_count; i++) {
        uint32_t pilot = 0;
        while (!try_pilot(names, names->by_size[i], pilot))
            if (++pilot > UINT16_MAX)
                return false;
    }
    return true;
}

void emit_names(const struct image *image, struct buffer *out)
{
    uint32_t count = image->flag_count;
    struct names names = {.bucket_count = count / 4 + 1, .slot_count = count + count / 32 + 1};
    names.hashes = xcalloc(count + 1, sizeof *names.hashes);
    names.members = xcalloc(count + 1, sizeof *names.members);
    names.first = xcalloc(names.bucket_count + 1, sizeof *names.first);
    names.by_size = xcalloc(names.bucket_count, sizeof *names.by_size);
    names.pilots = xcalloc(names.bucket_count, sizeof *names.pilots);
    names.slots = xcalloc(names.slot_count, sizeof *names.slots);

    uint64_t seed = 0;
    for (;; seed++) {
        for (uint32_t i = 0; i < count; i++) {
            const char *name = image->sources[i]->name.text;
            names.hashes[i] = XXH3_64bits_withSeed(name, strlen(name), seed);
        }
        fill_buckets(&names, count);
        if (order_buckets(&names) && place_all(&names))
            break;
    }

    struct ffs_names head = {seed, names.bucket_count, names.slot_count};
    buffer_append(out, &head, sizeof head);
    buffer_append(out, names.pilots, sizeof *names.pilots * names.bucket_count);
    if (names.bucket_count % 2)
        buffer_append(out, (char[2]){0}, 2);
    buffer_append(out, names.slots, sizeof *names.slots * names.slot_count);

    free(names.hashes);
    free(names.members);
    free(names.first);
    free(names.by_size);
    free(names.pilots);
    free(names.slots);
}
