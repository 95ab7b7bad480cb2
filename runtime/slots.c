/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - acquires and releases views, publishes and reclaims snapshots; see slots.h. */
#include "slots.h"

#include <sched.h>
#include <stdlib.h>

#include "clock.h"
#include "load.h"

/* -------------------------------------------------------------------------------- publishing -- */

static uint64_t count_pins(struct slot *slot)
{
    uint64_t pins = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        pins += atomic_load_explicit(&slot->shard[i].pins, memory_order_seq_cst); /* W2 */
    return pins;
}

void slots_reclaim(fflag_store *store)
{
    struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    bool passed = false;
    for (struct slot *slot = store->slots; slot; slot = slot->next) {
        if (slot == current || !slot->snapshot)
            continue;
        passed = passed || readers_barrier(); /* W3 */
        if (!passed)
            return;
        if (count_pins(slot) > 0 || readers_announced(slot))
            continue;
        /* In this order, a fork between the two makes the child leak memory, but never free it
         * twice. */
        struct snapshot *snapshot = slot->snapshot;
        slot->snapshot = NULL;
        counters_retire(&store->counts, snapshot);
        faults_add(store, &store->faults, snapshot, SNAPSHOT_RETIRED);
        runtime_keep_memory(&store->spare, snapshot);
        runtime_unload(snapshot);
    }
}

void runtime_give_spare(fflag_store *store, struct spare *spare)
{
    pthread_mutex_lock(&store->lock);
    void *memory = runtime_take_spare(&store->spare, &spare->size);
    atomic_init(&spare->memory, memory);
    pthread_mutex_unlock(&store->lock);
}

void runtime_reclaim(fflag_store *store)
{
    pthread_mutex_lock(&store->lock);
    slots_reclaim(store);
    pthread_mutex_unlock(&store->lock);
}

/* A slot without a snapshot, or a new one if all are taken. NULL when out of memory. */
static struct slot *free_slot(fflag_store *store)
{
    for (struct slot *slot = store->slots; slot; slot = slot->next)
        if (!slot->snapshot)
            return slot;
    struct slot *slot = aligned_alloc(_Alignof(struct slot), sizeof *slot);
    if (!slot)
        return NULL;
    memset(slot, 0, sizeof *slot);
    for (unsigned i = 0; i < SHARDS; i++)
        atomic_init(&slot->shard[i].pins, 0);
    slot->next = store->slots;
    store->slots = slot;
    return slot;
}

static enum fflag_error publish_locked(fflag_store *store, struct snapshot *snapshot)
{
    struct slot *slot = bind_handles(store, snapshot) ? free_slot(store) : NULL;
    if (!slot)
        return FFLAG_ERROR_NO_MEMORY;
    struct slot *replaced = atomic_load_explicit(&store->current, memory_order_relaxed);
    if (replaced)
        replaced->replaced_at = monotonic_ms();
    slot->snapshot = snapshot;
    for (unsigned i = 0; i < SHARDS; i++) {
        slot->shard[i].snapshot = snapshot;
        slot->shard[i].words = snapshot->words;
        slot->shard[i].word_count = snapshot->word_count;
        slot->shard[i].shortcuts = snapshot->shortcuts;
        slot->shard[i].store = store;
        slot->shard[i].counters = snapshot->counters;
        slot->shard[i].shortcut_cells = snapshot->shortcut_cells;
    }
    atomic_store_explicit(&store->latest, slot, memory_order_release);
    atomic_store_explicit(&store->current, slot, memory_order_seq_cst); /* W1 */
    store->generation++;
    store->loaded_at = runtime_now(store);
    store->last_error = FFLAG_OK;
    policy_accepted(&store->policy, snapshot);
    bind_plans(store, snapshot);
    /* After, not before: unmapping the last mapping of a file that was replaced frees its pages,
     * which takes longer than all of the above. */
    slots_reclaim(store);
    return FFLAG_OK;
}

enum fflag_error runtime_publish(fflag_store *store, struct snapshot *snapshot)
{
    pthread_mutex_lock(&store->lock);
    enum fflag_error error = publish_locked(store, snapshot);
    pthread_mutex_unlock(&store->lock);
    if (error)
        runtime_unload(snapshot);
    return error;
}

/* ------------------------------------------------------------------------------------- views -- */

static unsigned shard_of_thread(void)
{
    /* No system call wherever the kernel shares the CPU number. -1 is as good a shard as any. */
    return (unsigned)sched_getcpu() % SHARDS;
}

static const fflag_view *acquire(fflag_store *store)
{
    unsigned shard = shard_of_thread();
    for (;;) {
        struct slot *slot = served_slot(store);
        struct fflag_view *view = &slot->shard[shard];
        atomic_fetch_add_explicit(&view->pins, 1, memory_order_seq_cst);                 /* R1 */
        if (LIKELY(slot == atomic_load_explicit(&store->current, memory_order_seq_cst))) /* R2 */
            return view;
        atomic_fetch_sub_explicit(&view->pins, 1, memory_order_release);
    }
}

const fflag_view *fflag_acquire(fflag_store *store)
{
    return store ? acquire(store) : NULL;
}

void fflag_release(const fflag_view *view)
{
    /* The counter is the only part of a view that a reader may write. */
    if (view)
        atomic_fetch_sub_explicit((_Atomic uint64_t *)(uintptr_t)&view->pins, 1,
                                  memory_order_release); /* pairs with W2 */
}

static __attribute__((noinline)) bool evaluate_on_view(fflag_store *store, fflag_id flag,
                                                       const fflag_context *context, bool fallback)
{
    readers_register();
    const fflag_view *view = acquire(store);
    bool value = fflag_bool(view, flag, context, fallback);
    fflag_release(view);
    return value;
}

ON_A_LINE bool fflag_bool_once(fflag_store *store, fflag_id flag, const fflag_context *context,
                               bool fallback)
{
    if (UNLIKELY(!store))
        return fallback;
    struct reader *reader = own_reader;
    if (UNLIKELY(atomic_load_explicit(&reader->slot, memory_order_relaxed)))
        return evaluate_on_view(store, flag, context, fallback);
    const struct slot *slot = readers_announce(reader, &store->current);
    if (UNLIKELY(!slot))
        return evaluate_on_view(store, flag, context, fallback);
    bool value = fflag_bool(&slot->shard[0], flag, context, fallback);
    readers_withdraw(reader);
    return value;
}
