/* intern.c - a pool of byte strings that stores equal strings once. */
#include "intern.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "hash.h"
#include "memory.h"

static bool stands_at(const struct pool *pool, size_t offset, const void *bytes, size_t length)
{
    return length <= pool->bytes.length - offset &&
           memcmp(pool->bytes.bytes + offset, bytes, length) == 0;
}

static size_t offset_of(const struct pool_entry *entry)
{
    return (size_t)(entry->at - 1) * POOL_UNIT;
}

static struct pool_entry *slot_for(struct pool *pool, uint32_t tag, const void *bytes,
                                   size_t length)
{
    for (size_t i = tag & (pool->capacity - 1);; i = (i + 1) & (pool->capacity - 1)) {
        struct pool_entry *entry = &pool->entries[i];
        if (!entry->at || (entry->tag == tag && stands_at(pool, offset_of(entry), bytes, length)))
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
        if (!old[i].at)
            continue;
        size_t slot = old[i].tag & (pool->capacity - 1);
        while (pool->entries[slot].at)
            slot = (slot + 1) & (pool->capacity - 1);
        pool->entries[slot] = old[i];
    }
    free(old);
}

size_t pool_add(struct pool *pool, const void *bytes, size_t length)
{
    assert(length > 0 && length % POOL_UNIT == 0);
    /* Grow at a load of two thirds. */
    if (pool->count * 3 >= pool->capacity * 2)
        grow(pool);
    uint32_t tag = (uint32_t)(hash64(bytes, length) >> 32);
    struct pool_entry *entry = slot_for(pool, tag, bytes, length);
    if (!entry->at) {
        *entry = (struct pool_entry){tag, (uint32_t)(pool->bytes.length / POOL_UNIT) + 1};
        buffer_append(&pool->bytes, bytes, length);
        pool->count++;
    }
    return offset_of(entry);
}

void pool_release(struct pool *pool)
{
    buffer_release(&pool->bytes);
    free(pool->entries);
    *pool = (struct pool){0};
}
