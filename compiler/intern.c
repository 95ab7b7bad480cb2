/* intern.c - a pool of byte runs in which equal runs are stored once. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct pool_entry *slot_for(struct pool *pool, uint64_t hash, const void *bytes,
                                   size_t length)
{
    for (size_t i = hash & (pool->capacity - 1);; i = (i + 1) & (pool->capacity - 1)) {
        struct pool_entry *entry = &pool->entries[i];
        if (!entry->length)
            return entry;
        if (entry->hash == hash && entry->length == length &&
            !memcmp(pool->bytes.bytes + entry->offset, bytes, length))
            return entry;
    }
}

static void grow(struct pool *pool)
{
    struct pool_entry *old = pool->entries;
    size_t old_capacity = pool->capacity;
    pool->capacity = old_capacity ? old_capacity * 2 : 64;
    pool->entries = xcalloc(pool->capacity, sizeof *pool->entries);
    for (size_t i = 0; i < old_capacity; i++) {
        if (!old[i].length)
            continue;
        size_t at = old[i].hash & (pool->capacity - 1);
        while (pool->entries[at].length)
            at = (at + 1) & (pool->capacity - 1);
        pool->entries[at] = old[i];
    }
    free(old);
}

size_t pool_add(struct pool *pool, const void *bytes, size_t length)
{
    assert(length > 0);
    if (pool->count * 2 >= pool->capacity)
        grow(pool);
    uint64_t hash = XXH3_64bits(bytes, length);
    struct pool_entry *entry = slot_for(pool, hash, bytes, length);
    if (!entry->length) {
        *entry = (struct pool_entry){hash, pool->bytes.length, length};
        buffer_append(&pool->bytes, bytes, length);
        pool->count++;
    }
    return entry->offset;
}

void pool_release(struct pool *pool)
{
    buffer_release(&pool->bytes);
    free(pool->entries);
    *pool = (struct pool){0};
}
