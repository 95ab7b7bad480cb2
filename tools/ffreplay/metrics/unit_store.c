/* unit_store.c - see unit_store.h. */
#include "unit_store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "compiler/base/memory.h"
#include "compiler/cli/messages.h"

#define FIRST_INDEX_BITS 6
/* Rows of a chunk, as bits: of one thread's store, which may be one of thousands, and of all
 * threads'. */
#define FEW_ROWS  5
#define MANY_ROWS 9
/* A huge page, which the kernel clears six times as fast as so many small ones. */
#define SLAB (UINT64_C(1) << 21)

/* --------------------------------------------------------------------------------- the store -- */

static void make_shards(struct unit_store *store, enum unit_sharing sharing)
{
    bool shared = sharing == UNITS_OF_ALL_THREADS;
    store->sharing = sharing;
    store->shard_count = shared ? UNIT_SHARDS : 1;
    store->chunk_bits = shared ? MANY_ROWS : FEW_ROWS;
    size_t size = store->shard_count * sizeof *store->shards;
    free(store->shards);
    store->shards = aligned_alloc(_Alignof(struct unit_shard), size);
    if (!store->shards)
        out_of_memory();
    memset(store->shards, 0, size);
    for (uint32_t i = 0; i < store->shard_count; i++)
        pthread_mutex_init(&store->shards[i].lock, NULL);
}

struct unit_store *unit_store_new(enum unit_sharing sharing, size_t row_size)
{
    struct unit_store *store = xcalloc(1, sizeof *store);
    assert(row_size >= sizeof(struct unit_row) && row_size % 4 == 0);
    store->users = 1;
    store->threads = 1;
    store->rows_most = UNIT_ROWS_MOST;
    store->gap = row_size % 8 ? row_size : 0;
    store->row_size = (row_size + 7) / 8 * 8;
    pthread_mutex_init(&store->lock, NULL);
    make_shards(store, sharing);
    return store;
}

void unit_store_join(struct unit_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->users++;
    pthread_mutex_unlock(&store->lock);
}

void unit_store_share(struct unit_store *store)
{
    assert(unit_store_count(store) == 0);
    if (store->sharing != UNITS_OF_ALL_THREADS)
        make_shards(store, UNITS_OF_ALL_THREADS);
}

/* Whether a chunk is a part of a slab. A shard's first one may stay nearly empty: of small pages,
 * only those that are used are there. */
static bool is_cut(const struct unit_store *store, uint32_t chunk)
{
    return store->sharing == UNITS_OF_ALL_THREADS && chunk > 0 &&
           store->row_size << store->chunk_bits <= SLAB / 8;
}

static void release_shard(const struct unit_store *store, struct unit_shard *shard)
{
    for (uint32_t i = 0; i < shard->chunk_count; i++)
        if (!is_cut(store, i))
            free(shard->chunks[i]);
    free(shard->chunks);
    free(shard->index);
    pthread_mutex_destroy(&shard->lock);
}

static bool is_left(struct unit_store *store)
{
    pthread_mutex_lock(&store->lock);
    bool is_left = --store->users == 0;
    pthread_mutex_unlock(&store->lock);
    return is_left;
}

void unit_store_leave(struct unit_store *store)
{
    if (!store || !is_left(store))
        return;
    for (uint32_t i = 0; i < store->shard_count; i++)
        release_shard(store, &store->shards[i]);
    for (uint32_t i = 0; i < store->slabs.count; i++)
        free(store->slabs.items[i]);
    free(store->slabs.items);
    pthread_mutex_destroy(&store->lock);
    free(store->shards);
    free(store);
}

size_t unit_store_column(struct unit_store *store, size_t size)
{
    assert(unit_store_count(store) == 0 && (size == 4 || size % 8 == 0));
    size_t place = store->row_size;
    if (size > 4) {
        store->row_size += size;
    } else if (store->gap > 0) {
        place = store->gap;
        store->gap = 0;
    } else {
        store->gap = place + 4;
        store->row_size += 8;
    }
    return place;
}

uint64_t unit_store_count(const struct unit_store *store)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < store->shard_count; i++)
        count += store->shards[i].count;
    return count;
}

/* -------------------------------------------------------------------------------------- rows -- */

static uint32_t shard_of(const struct unit_store *store, struct unit_hash unit)
{
    return store->shard_count == 1 ? 0 : (uint32_t)(unit.high >> (64 - UNIT_SHARD_BITS));
}

static _Noreturn void too_many_units(const struct unit_store *store)
{
    int status = job_error(NULL, "there are too many units: a table holds about %" PRIu64,
                           (uint64_t)store->rows_most * store->shard_count);
    print_help("give logs of fewer days");
    exit(status);
}

static char *new_slab(void)
{
    char *slab = aligned_alloc(SLAB, SLAB);
    if (!slab)
        out_of_memory();
    madvise(slab, SLAB, MADV_HUGEPAGE);
    return slab;
}

static char *cut_chunk(struct unit_store *store, size_t size)
{
    pthread_mutex_lock(&store->lock);
    if (store->slabs.left < size) {
        size_t count = store->slabs.count + 1;
        store->slabs.items = xrealloc(store->slabs.items, count * sizeof *store->slabs.items);
        store->slabs.items[store->slabs.count++] = new_slab();
        store->slabs.left = SLAB;
    }
    char *chunk = store->slabs.items[store->slabs.count - 1] + (SLAB - store->slabs.left);
    store->slabs.left -= size;
    pthread_mutex_unlock(&store->lock);
    return chunk;
}

static void add_chunk(struct unit_store *store, struct unit_shard *shard)
{
    size_t size = store->row_size << store->chunk_bits;
    uint32_t chunk = shard->chunk_count++;
    shard->chunks = xrealloc(shard->chunks, shard->chunk_count * sizeof *shard->chunks);
    shard->chunks[chunk] = is_cut(store, chunk) ? cut_chunk(store, size) : xrealloc(NULL, size);
}

static struct unit_row *add_row(struct unit_store *store, struct unit_shard *shard,
                                struct unit_hash unit)
{
    if (shard->count >= store->rows_most)
        too_many_units(store);
    if (shard->count >> store->chunk_bits == shard->chunk_count)
        add_chunk(store, shard);
    struct unit_row *row = unit_store_row(store, (uint32_t)(shard - store->shards), shard->count++);
    memset(row, 0, store->row_size);
    row->unit = unit;
    return row;
}

/* ------------------------------------------------------------------------------------- index -- */

static uint32_t slot_of(const struct unit_shard *shard, struct unit_hash unit)
{
    return (uint32_t)unit.low & ((UINT32_C(1) << shard->capacity_bits) - 1);
}

/* Of the half of the hash that finds the slot, the bits that do not. */
static uint32_t tag_of(const struct unit_shard *shard, struct unit_hash unit)
{
    return (uint32_t)(unit.low >> 32) >> shard->capacity_bits << shard->capacity_bits;
}

static bool is_same(struct unit_hash a, struct unit_hash b)
{
    return a.low == b.low && a.high == b.high;
}

/* Inserts all rows again, with more bits of their numbers and fewer of their hashes. */
static void grow(const struct unit_store *store, struct unit_shard *shard)
{
    shard->capacity_bits = shard->index ? shard->capacity_bits + 1 : FIRST_INDEX_BITS;
    uint32_t mask = (UINT32_C(1) << shard->capacity_bits) - 1;
    shard->index = xrenew_table(shard->index, (size_t)mask + 1, sizeof *shard->index);
    for (uint32_t i = 0; i < shard->count; i++) {
        struct unit_hash unit = unit_store_row(store, (uint32_t)(shard - store->shards), i)->unit;
        uint32_t at = slot_of(shard, unit);
        while (shard->index[at])
            at = (at + 1) & mask;
        shard->index[at] = tag_of(shard, unit) | (i + 1);
    }
}

/* Room for so many more. */
static void make_room(const struct unit_store *store, struct unit_shard *shard, uint32_t more)
{
    while (!shard->index ||
           ((uint64_t)shard->count + more) * 4 > (UINT64_C(3) << shard->capacity_bits))
        grow(store, shard);
}

/* The probable row, since only the index is compared; NULL if there is none. */
static struct unit_row *likely_row(const struct unit_store *store, uint32_t number,
                                   struct unit_hash unit)
{
    const struct unit_shard *shard = &store->shards[number];
    uint32_t mask = (UINT32_C(1) << shard->capacity_bits) - 1, tag = tag_of(shard, unit);
    for (uint32_t at = slot_of(shard, unit); shard->index[at]; at = (at + 1) & mask)
        if (((shard->index[at] ^ tag) & ~mask) == 0)
            return unit_store_row(store, number, (shard->index[at] & mask) - 1);
    return NULL;
}

/* The row, or NULL; then *at is the free slot that is its own. The shard has an index. */
static struct unit_row *find_row(const struct unit_store *store, uint32_t number,
                                 struct unit_hash unit, uint32_t *at)
{
    const struct unit_shard *shard = &store->shards[number];
    uint32_t mask = (UINT32_C(1) << shard->capacity_bits) - 1, tag = tag_of(shard, unit);
    for (*at = slot_of(shard, unit); shard->index[*at]; *at = (*at + 1) & mask) {
        if (((shard->index[*at] ^ tag) & ~mask) != 0)
            continue;
        struct unit_row *row = unit_store_row(store, number, (shard->index[*at] & mask) - 1);
        if (is_same(row->unit, unit))
            return row;
    }
    return NULL;
}

struct unit_row *unit_store_find(const struct unit_store *store, struct unit_hash unit)
{
    uint32_t at, shard = shard_of(store, unit);
    return store->shards[shard].index ? find_row(store, shard, unit, &at) : NULL;
}

/* ----------------------------------------------------------------------------------- writers -- */

struct entry {
    struct unit_hash unit;
    char body[];
};

void unit_writer_init(struct unit_writer *writer, struct unit_store *store, enum unit_access access,
                      size_t entry_size, unit_apply *apply, void *context)
{
    *writer = (struct unit_writer){.store = store,
                                   .access = access,
                                   .entry_size = sizeof(struct entry) + entry_size,
                                   .apply = apply,
                                   .context = context};
    pthread_mutex_lock(&store->lock);
    store->users++;
    if (++store->writers > store->threads)
        store->threads = store->writers;
    pthread_mutex_unlock(&store->lock);
}

void unit_writer_release(struct unit_writer *writer)
{
    if (!writer->store)
        return;
    pthread_mutex_lock(&writer->store->lock);
    writer->store->writers--;
    pthread_mutex_unlock(&writer->store->lock);
    unit_store_leave(writer->store);
    free(writer->entries);
    *writer = (struct unit_writer){0};
}

static struct entry *entry_at(const struct unit_writer *writer, uint32_t shard, uint32_t number)
{
    void *entry = writer->entries + (shard * UNITS_AT_ONCE + number) * writer->entry_size;
    return entry;
}

/* For rows that are written to: fetched to be read, a line that another processor had is asked for
 * again by the first write. x86 processors from before the instruction take it for none. */
#ifdef __x86_64__
#define FETCHES_TO_WRITE __attribute__((target("prfchw")))
#else
#define FETCHES_TO_WRITE
#endif

FETCHES_TO_WRITE static void fetch_rows(const struct unit_writer *writer, uint32_t number,
                                        struct unit_row **rows)
{
    const struct unit_store *store = writer->store;
    const struct unit_shard *shard = &store->shards[number];
    for (uint32_t i = 0; i < writer->waiting[number]; i++)
        __builtin_prefetch(&shard->index[slot_of(shard, entry_at(writer, number, i)->unit)]);
    for (uint32_t i = 0; i < writer->waiting[number]; i++) {
        rows[i] = likely_row(store, number, entry_at(writer, number, i)->unit);
        if (rows[i]) {
            __builtin_prefetch(rows[i], 1);
            __builtin_prefetch((const char *)rows[i] + store->row_size - 1, 1);
        }
    }
}

static struct unit_row *row_for(const struct unit_writer *writer, uint32_t number,
                                struct unit_hash unit)
{
    struct unit_store *store = writer->store;
    struct unit_shard *shard = &store->shards[number];
    uint32_t at;
    struct unit_row *row = find_row(store, number, unit, &at);
    if (row || writer->access == UNITS_SOUGHT)
        return row;
    row = add_row(store, shard, unit);
    shard->index[at] = tag_of(shard, unit) | shard->count;
    return row;
}

static void settle_shard(struct unit_writer *writer, uint32_t number)
{
    struct unit_row *rows[UNITS_AT_ONCE] = {0};
    struct unit_shard *shard = &writer->store->shards[number];
    pthread_mutex_lock(&shard->lock);
    if (writer->access == UNITS_MADE)
        make_room(writer->store, shard, writer->waiting[number]);
    if (shard->index)
        fetch_rows(writer, number, rows);
    for (uint32_t i = 0; i < writer->waiting[number]; i++) {
        struct entry *entry = entry_at(writer, number, i);
        struct unit_row *row = rows[i];
        /* No likely row is none, unless one was made since. */
        if (row ? !is_same(row->unit, entry->unit) : writer->access == UNITS_MADE)
            row = row_for(writer, number, entry->unit);
        writer->apply(writer->context, row, entry->unit, entry->body);
    }
    pthread_mutex_unlock(&shard->lock);
    writer->waiting[number] = 0;
}

void *unit_writer_add(struct unit_writer *writer, struct unit_hash unit)
{
    uint32_t shard = shard_of(writer->store, unit);
    if (!writer->entries)
        writer->entries =
            xrealloc(NULL, writer->store->shard_count * UNITS_AT_ONCE * writer->entry_size);
    if (writer->waiting[shard] == UNITS_AT_ONCE)
        settle_shard(writer, shard);
    struct entry *entry = entry_at(writer, shard, writer->waiting[shard]++);
    entry->unit = unit;
    return entry->body;
}

void *unit_writer_last(const struct unit_writer *writer, struct unit_hash unit)
{
    uint32_t shard = shard_of(writer->store, unit);
    if (writer->waiting[shard] == 0)
        return NULL;
    struct entry *entry = entry_at(writer, shard, writer->waiting[shard] - 1u);
    return is_same(entry->unit, unit) ? entry->body : NULL;
}

void unit_writer_settle(struct unit_writer *writer)
{
    for (uint32_t i = 0; writer->entries && i < writer->store->shard_count; i++)
        if (writer->waiting[i] > 0)
            settle_shard(writer, i);
}

/* ------------------------------------------------------------------------------ whole shards -- */

static int compare_rows(const void *left, const void *right)
{
    const struct unit_row *const *a = left, *const *b = right;
    const struct unit_hash *first = &(*a)->unit, *second = &(*b)->unit;
    if (first->high != second->high)
        return first->high < second->high ? -1 : 1;
    return first->low < second->low ? -1 : first->low > second->low;
}

void unit_store_sorted(const struct unit_store *store, uint32_t shard, struct unit_row **rows)
{
    uint32_t count = store->shards[shard].count;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = unit_store_row(store, shard, i);
    if (count > 0)
        qsort(rows, count, sizeof *rows, compare_rows);
}

struct shards_job {
    const struct unit_store *store;
    parallel_work *work;
    void *context;
};

/* One in `threads`, as many as there are calls, so that no more threads are begun. */
static void work_on_shards(void *context, uint32_t worker, uint32_t index)
{
    const struct shards_job *job = context;
    for (uint32_t i = index; i < job->store->shard_count; i += job->store->threads)
        job->work(job->context, worker, i);
}

void unit_store_for_shards(const struct unit_store *store, parallel_work *work, void *context)
{
    struct shards_job job = {store, work, context};
    parallel_all(store->threads, work_on_shards, &job);
}
