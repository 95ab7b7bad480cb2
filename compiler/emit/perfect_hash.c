/* perfect_hash.c - buckets, and the pilots that place them. */
#include "perfect_hash.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "fflag/snapshot.h"

#define LARGEST_BUCKET 64u

struct search {
    struct perfect_hash *result;
    const uint64_t *hashes;
    uint32_t *members; /* indices of hashes, bucket by bucket */
    uint32_t *first;   /* of each bucket: its first entry in `members`, and an end marker */
    uint32_t *by_size; /* buckets, fullest first */
};

static uint32_t scale(uint64_t hash, uint32_t count)
{
    return (uint32_t)(((unsigned __int128)hash * count) >> 64);
}

uint32_t perfect_hash_bucket(uint64_t hash, uint32_t bucket_count)
{
    return (uint32_t)((hash >> 32) * bucket_count >> 32);
}

static void fill_buckets(struct search *search, uint32_t count)
{
    uint32_t *fill = xcalloc(search->result->bucket_count + 1, sizeof *fill);
    for (uint32_t i = 0; i < count; i++)
        fill[perfect_hash_bucket(search->hashes[i], search->result->bucket_count)]++;
    search->first[0] = 0;
    for (uint32_t b = 0; b < search->result->bucket_count; b++) {
        search->first[b + 1] = search->first[b] + fill[b];
        fill[b] = search->first[b];
    }
    for (uint32_t i = 0; i < count; i++)
        search->members[fill[perfect_hash_bucket(search->hashes[i],
                                                 search->result->bucket_count)]++] = i;
    free(fill);
}

static uint32_t bucket_size(const struct search *search, uint32_t bucket)
{
    return search->first[bucket + 1] - search->first[bucket];
}

/* False if a bucket is too full to be worth trying. */
static bool order_buckets(struct search *search)
{
    uint32_t start[LARGEST_BUCKET + 2] = {0};
    for (uint32_t b = 0; b < search->result->bucket_count; b++) {
        if (bucket_size(search, b) > LARGEST_BUCKET)
            return false;
        start[LARGEST_BUCKET - bucket_size(search, b) + 1]++;
    }
    for (uint32_t size = 1; size <= LARGEST_BUCKET + 1; size++)
        start[size] += start[size - 1];
    for (uint32_t b = 0; b < search->result->bucket_count; b++)
        search->by_size[start[LARGEST_BUCKET - bucket_size(search, b)]++] = b;
    return true;
}

static bool try_pilot(struct search *search, uint32_t bucket, uint32_t pilot)
{
    uint32_t size = bucket_size(search, bucket);
    const uint32_t *members = &search->members[search->first[bucket]];
    for (uint32_t i = 0; i < size; i++) {
        uint64_t mixed = ffs_spread(search->hashes[members[i]], pilot);
        uint32_t *slot = &search->result->slots[scale(mixed, search->result->slot_count)];
        if (*slot == FFS_NONE) {
            *slot = members[i];
            continue;
        }
        while (i-- > 0) {
            mixed = ffs_spread(search->hashes[members[i]], pilot);
            search->result->slots[scale(mixed, search->result->slot_count)] = FFS_NONE;
        }
        return false;
    }
    search->result->pilots[bucket] = (uint16_t)pilot;
    return true;
}

static bool place_all(struct search *search)
{
    for (uint32_t i = 0; i < search->result->slot_count; i++)
        search->result->slots[i] = FFS_NONE;
    memset(search->result->pilots, 0,
           sizeof *search->result->pilots * search->result->bucket_count);
    for (uint32_t i = 0; i < search->result->bucket_count; i++) {
        uint32_t pilot = 0;
        while (!try_pilot(search, search->by_size[i], pilot))
            if (++pilot > UINT16_MAX)
                return false;
    }
    return true;
}

bool perfect_hash_make(const uint64_t *hashes, uint32_t count, struct perfect_hash *perfect)
{
    perfect->bucket_count = count / 4 + 1;
    perfect->slot_count = count + count / 32 + 1;
    perfect->pilots = xcalloc(perfect->bucket_count, sizeof *perfect->pilots);
    perfect->slots = xcalloc(perfect->slot_count, sizeof *perfect->slots);
    struct search search = {
        .result = perfect,
        .hashes = hashes,
        .members = xcalloc(count + 1, sizeof *search.members),
        .first = xcalloc(perfect->bucket_count + 1, sizeof *search.first),
        .by_size = xcalloc(perfect->bucket_count, sizeof *search.by_size),
    };
    fill_buckets(&search, count);
    bool found = order_buckets(&search) && place_all(&search);
    free(search.members);
    free(search.first);
    free(search.by_size);
    if (!found)
        perfect_hash_release(perfect);
    return found;
}

void perfect_hash_release(struct perfect_hash *perfect)
{
    free(perfect->pilots);
    free(perfect->slots);
    *perfect = (struct perfect_hash){0};
}
