/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - calls a store's log callback.
 */
#include "slots.h"

/* Relaxed, here and below: a thread only asks whether it stored its own number. */
bool is_in_callback(const fflag_store *store)
{
    return atomic_load_explicit(&store->telling, memory_order_relaxed) == pthread_self();
}

void runtime_log(fflag_store *store, enum fflag_event event, enum fflag_error error,
                 const char *text)
{
    if (!store->options.log)
        return;
    pthread_t before = atomic_load_explicit(&store->telling, memory_order_relaxed);
    atomic_store_explicit(&store->telling, pthread_self(), memory_order_relaxed);
    store->options.log(store->options.log_user, event, error, text);
    atomic_store_explicit(&store->telling, before, memory_order_relaxed);
}

struct faults *runtime_faults(const fflag_store *store)
{
    return &((fflag_store *)(uintptr_t)store)->faults; /* the fault counters are not part of the
                                                        * store's state */
}

void runtime_tell_faults(fflag_store *store)
{
    /* Faults after this are new. */
    if (!atomic_exchange_explicit(&store->faults.news, false, memory_order_relaxed))
        return;
    struct fault_line lines[FAULT_LINES];
    unsigned count = 0;
    pthread_mutex_lock(&store->lock);
    const struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    for (struct slot *slot = store->slots; slot; slot = slot->next)
        if (slot->snapshot && (slot == current || !slot->snapshot->is_file))
            count = faults_tell(store, &store->faults, slot->snapshot, lines, count);
    pthread_mutex_unlock(&store->lock);
    for (unsigned i = 0; i < count; i++)
        runtime_log(store, FFLAG_EVENT_EVALUATION, lines[i].error, lines[i].text.text);
}
