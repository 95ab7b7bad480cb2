/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork.c - a store in a child of the process that opened it.
 */
#include <sched.h>

#include "slots.h"
#include "watch.h"

/*
 * In a child, the other threads are gone, along with the watcher and any locks they held. Whatever
 * they were doing is either done or not: see the order of stores in slots_reclaim(),
 * publish_locked() and handles.h. Views held at the fork are still held; those of the threads that
 * are gone keep their snapshot forever.
 */
struct slot *store_revive(fflag_store *store, enum revival why)
{
    bool reviving = false;
    struct slot *slot;
    if (!atomic_compare_exchange_strong(&store->reviving, &reviving, true)) {
        while (!(slot = atomic_load_explicit(&store->current, memory_order_acquire)))
            sched_yield();
        return slot;
    }
    pthread_mutex_init(&store->lock, NULL);
    bool followed = store->watch && runtime_watch_revive(store->watch);
    slot = atomic_load_explicit(&store->latest, memory_order_relaxed);
    atomic_store_explicit(&store->current, slot, memory_order_seq_cst);
    if (followed && why == TO_FOLLOW)
        runtime_watch_resume(store->watch);
    return slot;
}
