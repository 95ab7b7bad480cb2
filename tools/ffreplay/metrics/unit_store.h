/*
 * unit_store.h - a row for each unit: a user, a session, whatever lines come in clusters of. One
 * store is filled by all threads.
 *
 * Shapes. A row is a unit's hash and columns of 4 bytes or of multiples of 8, laid out before the
 * first row is made, and 0 in a new one. Rows are in shards by the top bits of the hash's `high`
 * half, and within a shard in chunks that never move; which comes first depends on the threads, so
 * nobody may let the order of rows be seen: see unit_store_sorted().
 *
 * Threads. Each has a writer, which buffers what is to be done to rows, by shard. Once a shard's
 * buffer is full, the writer takes the shard's lock, has the processor fetch all those index
 * entries and then all those rows, and only then does it: waiting for memory is what a line costs
 * where there are millions of units. Whatever is done to a row has to commute (sums of integers,
 * least and greatest, OR), and then the rows do not depend on the threads. Without a writer, rows
 * may be read by any number of threads once all writers are settled.
 *
 * Memory: the row, and 5.3 to 10.7 bytes for its index entry. A store of one shard, for one thread,
 * begins small. Out of memory ends the program, and so do more rows than UNIT_ROWS_MOST in a shard,
 * after saying so.
 */
#ifndef FFREPLAY_UNIT_STORE_H
#define FFREPLAY_UNIT_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/parallel.h"
#include "tools/ffreplay/logs/unit_set.h"

/* Whatever else is in a row begins with this. */
struct unit_row {
    struct unit_hash unit;
};

/* Whether one thread fills it, or all do. */
enum unit_sharing { UNITS_OF_ONE_THREAD, UNITS_OF_ALL_THREADS };

#define UNIT_SHARD_BITS 6
#define UNIT_SHARDS     (1u << UNIT_SHARD_BITS)
/* An index entry has at least a bit of the hash, besides the row's number. */
#define UNIT_ROWS_MOST (UINT32_C(1) << 30)

struct unit_shard {
    _Alignas(128) pthread_mutex_t lock; /* apart from the next one's */
    /* By hash: the row's number + 1 in the low bits, as many as the capacity has, and above them
     * bits of the hash; 0: free. */
    uint32_t *index;
    uint32_t capacity_bits; /* of the index, at most ¾ full; 0: there is none yet */
    uint32_t count;         /* of rows */
    char **chunks;
    uint32_t chunk_count;
};

struct unit_store {
    pthread_mutex_t lock; /* of the users, and of the slabs */
    uint32_t users, writers;
    uint32_t threads; /* the most writers that it had at a time; at least 1 */
    enum unit_sharing sharing;
    uint32_t shard_count, chunk_bits;
    struct unit_shard *shards;
    size_t row_size;
    size_t gap;         /* where a column of 4 bytes still fits; 0: nowhere */
    uint32_t rows_most; /* in a shard */
    struct {
        char **items;
        uint32_t count;
        size_t left; /* at the end of the last one */
    } slabs;
};

/* `row_size`: a multiple of 4, what the caller has in a row, from a struct unit_row on. There is
 * one user. */
struct unit_store *unit_store_new(enum unit_sharing sharing, size_t row_size);
/* One more user, who lets it go by unit_store_leave(); the last one frees it. */
void unit_store_join(struct unit_store *store);
void unit_store_leave(struct unit_store *store);
/* From one thread's to all threads'. Nothing is in it yet. */
void unit_store_share(struct unit_store *store);

/* Reserves a column of 4 bytes, or of a multiple of 8: its place in bytes from where a row begins.
 * Before the first row. */
size_t unit_store_column(struct unit_store *store, size_t size);
static inline void *unit_column(struct unit_row *row, size_t place)
{
    return (char *)row + place;
}
static inline const void *unit_value(const struct unit_row *row, size_t place)
{
    return (const char *)row + place;
}

/* ------------------------------------------------------------------------ once it is settled -- */

uint64_t unit_store_count(const struct unit_store *store);
/* NULL: it has none. Cost: a look-up, which waits for memory. */
struct unit_row *unit_store_find(const struct unit_store *store, struct unit_hash unit);

/* Row 0 … store->shards[shard].count - 1, of shard 0 … store->shard_count - 1. */
static inline struct unit_row *unit_store_row(const struct unit_store *store, uint32_t shard,
                                              uint32_t number)
{
    char *chunk = store->shards[shard].chunks[number >> store->chunk_bits];
    size_t place = number & ((UINT32_C(1) << store->chunk_bits) - 1);
    void *row = chunk + place * store->row_size;
    return row;
}
/* A shard's rows by hash, `high` before `low`: of one shard after another, all are. `rows` has room
 * for as many as it has. */
void unit_store_sorted(const struct unit_store *store, uint32_t shard, struct unit_row **rows);
/* Works on every shard, which is `index`, by as many threads as filled the store; `worker` is below
 * MOST_WORKERS. */
void unit_store_for_shards(const struct unit_store *store, parallel_work *work, void *context);

/* -------------------------------------------------------------------------------- to fill it -- */

#define UNITS_AT_ONCE 64

/* Whether a unit without a row gets one, or is passed as NULL. */
enum unit_access { UNITS_MADE, UNITS_SOUGHT };

/* Does to the row what the entry says, under the lock of its shard. */
typedef void unit_apply(void *context, struct unit_row *row, struct unit_hash unit, void *entry);

struct unit_writer {
    struct unit_store *store;
    enum unit_access access;
    size_t entry_size; /* with the unit before it */
    unit_apply *apply;
    void *context;
    char *entries; /* by shard, UNITS_AT_ONCE each */
    uint8_t waiting[UNIT_SHARDS];
};

/* Is a user of the store. `entry_size`: a multiple of 8. Memory: 64 entries for each shard. */
void unit_writer_init(struct unit_writer *writer, struct unit_store *store, enum unit_access access,
                      size_t entry_size, unit_apply *apply, void *context);
/* What waits is dropped. */
void unit_writer_release(struct unit_writer *writer);
/* The entry that is to be filled, before the writer is used again. */
void *unit_writer_add(struct unit_writer *writer, struct unit_hash unit);
/* The entry that was added to the unit's shard last, if it is the unit's and waits; or NULL. */
void *unit_writer_last(const struct unit_writer *writer, struct unit_hash unit);
/* Does all that waits. */
void unit_writer_settle(struct unit_writer *writer);

#endif
