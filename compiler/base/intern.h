/*
 * intern.h - a pool of byte runs in which equal runs are stored once.
 *
 * Runs are appended to `bytes` in the order of first use, so the pool's content depends only on the
 * requests. The offset of a run never changes; its address may.
 */
#ifndef FFC_INTERN_H
#define FFC_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

/*
 * List files have millions of runs, so an entry only hints at where a run may be; the bytes decide.
 */
struct pool_entry {
    uint32_t tag; /* the upper half of the hash */
    uint32_t at;  /* offset / POOL_UNIT + 1; 0: free */
};
#define POOL_UNIT 4

struct pool {
    struct buffer bytes;
    struct pool_entry *entries; /* open addressing */
    size_t capacity;            /* a power of two, or 0 */
    size_t count;
};

/* The offset in `bytes` of a run equal to this one, which is appended when there is none. `length`
 * is a positive multiple of POOL_UNIT. Cost: one hash of the run. */
size_t pool_add(struct pool *pool, const void *bytes, size_t length);
void pool_release(struct pool *pool);

#endif
