/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - opens and closes a store, and reports its status. */
#include <stdlib.h>
#include <sys/mman.h>

#include "clock.h"
#include "load.h"
#include "slots.h"
#include "watch.h"

int64_t runtime_now(const fflag_store *store)
{
    if (store->options.clock)
        return store->options.clock(store->options.clock_user);
    return epoch_ms();
}

void runtime_record(fflag_store *store, enum fflag_error error)
{
    pthread_mutex_lock(&store->lock);
    store->last_error = error;
    store->rejected += error != FFLAG_OK;
    pthread_mutex_unlock(&store->lock);
}

bool runtime_close_asked(const fflag_store *store)
{
    return atomic_load_explicit(&store->close_asked, memory_order_relaxed);
}

/* ----------------------------------------------------------------------- the served snapshot -- */

enum fflag_error runtime_judge(const fflag_store *store, const struct snapshot *snapshot,
                               struct problem *problem)
{
    return policy_judge(&store->policy, snapshot, problem);
}

bool runtime_serves(const fflag_store *store, const struct snapshot *snapshot)
{
    struct slot *current = atomic_load_explicit(&store->current, memory_order_acquire);
    if (!current)
        return false;
    const struct snapshot *served = current->snapshot;
    if (served->is_file && !snapshot->is_file)
        return false; /* the same bytes, but in memory that cannot change */
    size_t signature = snapshot->file_length - snapshot->length;
    return memcmp(served->bytes, snapshot->bytes, sizeof(struct ffs_header)) == 0 &&
           served->file_length == snapshot->file_length &&
           memcmp(served->bytes + served->length, snapshot->bytes + snapshot->length, signature) ==
               0;
}

const void *runtime_served_header(const fflag_store *store)
{
    return atomic_load_explicit(&store->current, memory_order_acquire)->snapshot->bytes;
}

/* ---------------------------------------------------------------------------- open and close -- */

/* An older program's options are shorter; a newer one's are longer. */
static enum fflag_error read_options(struct fflag_options *own, const struct fflag_options *given)
{
    *own = (struct fflag_options)FFLAG_OPTIONS_INIT;
    if (given) {
        if (given->size < sizeof given->size)
            return FFLAG_ERROR_GENERAL;
        memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    }
    own->size = sizeof *own;
    if (own->poll_interval_ms == 0)
        own->poll_interval_ms = 1000;
    return FFLAG_OK;
}

static enum fflag_error create(fflag_store **store, const struct fflag_options *options)
{
    struct fflag_options own;
    enum fflag_error error = read_options(&own, options);
    if (error)
        return error;
    fflag_store *created = aligned_alloc(FRONT, (sizeof *created + FRONT - 1) / FRONT * FRONT);
    if (!created)
        return FFLAG_ERROR_NO_MEMORY;
    memset(created, 0, sizeof *created);
    created->options = own;
    pthread_mutex_init(&created->lock, NULL);
    readers_prepare();
    struct problem problem = {""};
    error = policy_init(&created->policy, &own, &problem);
    if (error) {
        runtime_log(created, FFLAG_EVENT_REJECTED, error,
                    problem.text[0] ? problem.text : fflag_error_text(error));
        fflag_close(created);
        return error;
    }
    /* If the kernel does not support this, a child serves what its parent did, unwatched. */
    madvise(created, FRONT, MADV_WIPEONFORK);
    *store = created;
    return FFLAG_OK;
}

enum fflag_error fflag_open(fflag_store **store, const char *path,
                            const struct fflag_options *options)
{
    if (!store)
        return FFLAG_ERROR_GENERAL;
    *store = NULL;
    fflag_store *created;
    enum fflag_error error = path ? create(&created, options) : FFLAG_ERROR_GENERAL;
    if (error)
        return error;
    error = runtime_watch_start(&created->watch, created, path, &created->options);
    if (error) {
        fflag_close(created);
        return error;
    }
    *store = created;
    return FFLAG_OK;
}

enum fflag_error fflag_open_memory(fflag_store **store, const void *bytes, size_t length,
                                   const struct fflag_options *options)
{
    if (!store)
        return FFLAG_ERROR_GENERAL;
    *store = NULL;
    fflag_store *created;
    enum fflag_error error = bytes ? create(&created, options) : FFLAG_ERROR_GENERAL;
    if (error)
        return error;
    struct snapshot *snapshot;
    struct problem problem = {""};
    error = runtime_load_memory(bytes, length, &snapshot, &problem);
    if (!error && (error = runtime_judge(created, snapshot, &problem)))
        runtime_unload(snapshot);
    if (!error)
        error = runtime_publish(created, snapshot);
    if (error) {
        runtime_log(created, FFLAG_EVENT_REJECTED, error,
                    problem.text[0] ? problem.text : fflag_error_text(error));
        fflag_close(created);
        return error;
    }
    *store = created;
    return FFLAG_OK;
}

void fflag_close(fflag_store *store)
{
    if (!store)
        return;
    if (is_in_callback(store)) {
        atomic_store_explicit(&store->close_asked, true, memory_order_relaxed);
        return;
    }
    if (!atomic_load_explicit(&store->current, memory_order_acquire) &&
        atomic_load_explicit(&store->latest, memory_order_relaxed))
        store_revive(store, TO_CLOSE);
    runtime_watch_stop(store->watch);
    for (struct slot *slot = store->slots, *next; slot; slot = next) {
        next = slot->next;
        runtime_unload(slot->snapshot);
        free(slot);
    }
    runtime_free_spare(&store->spare);
    handles_free(&store->handles);
    counts_free(&store->counts);
    counts_free(&store->faults.counts);
    policy_free(&store->policy);
    pthread_mutex_destroy(&store->lock);
    madvise(store, FRONT, MADV_KEEPONFORK);
    free(store);
}

int fflag_fd(const fflag_store *store)
{
    if (!store || !store->watch)
        return -1;
    served_slot((fflag_store *)(uintptr_t)store);
    return runtime_watch_fd(store->watch);
}

enum fflag_error fflag_poll(fflag_store *store)
{
    if (!store)
        return FFLAG_ERROR_GENERAL;
    if (is_in_callback(store))
        return FFLAG_ERROR_BUSY;
    served_slot(store);
    if (store->watch)
        runtime_watch_poll(store->watch);
    else
        runtime_tell_faults(store);
    if (runtime_close_asked(store)) {
        fflag_close(store);
        return FFLAG_ERROR_BUSY;
    }
    pthread_mutex_lock(&store->lock);
    enum fflag_error error = store->last_error;
    pthread_mutex_unlock(&store->lock);
    return error;
}

void fflag_status(const fflag_store *store, struct fflag_status *status)
{
    if (!store || !status)
        return;
    served_slot((fflag_store *)(uintptr_t)store);
    /* The lock guards the store against change; taking it changes nothing that const promises. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&store->lock;
    struct fflag_status own = {.size = status->size};
    pthread_mutex_lock(lock);
    own.generation = store->generation;
    own.rejected = store->rejected;
    own.last_error = store->last_error;
    own.watching = store->watch && runtime_watch_active(store->watch);
    own.loaded_at = store->loaded_at;
    struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    memcpy(own.build, current->snapshot->build, sizeof own.build);
    pthread_mutex_unlock(lock);
    memcpy(status, &own, own.size < sizeof own ? own.size : sizeof own);
}

const struct counts *runtime_lock_counts(const fflag_store *store, struct held_views *held)
{
    served_slot((fflag_store *)(uintptr_t)store);
    fflag_store *locked = (fflag_store *)(uintptr_t)store; /* see fflag_status() */
    pthread_mutex_lock(&locked->lock);
    slots_reclaim(locked);
    counts_forget_live(&locked->counts);
    counts_forget_live(&locked->faults.counts);
    *held = (struct held_views){0};
    int64_t now = monotonic_ms();
    struct slot *current = atomic_load_explicit(&locked->current, memory_order_relaxed);
    for (struct slot *slot = locked->slots; slot; slot = slot->next) {
        if (!slot->snapshot)
            continue;
        counts_add_live(&locked->counts, slot->snapshot);
        faults_add(locked, &locked->faults, slot->snapshot,
                   slot == current ? SNAPSHOT_SERVED : SNAPSHOT_HELD);
        if (slot == current)
            continue;
        held->snapshots++;
        if (now - slot->replaced_at > held->age_ms)
            held->age_ms = now - slot->replaced_at;
    }
    return &locked->counts;
}

void runtime_unlock_counts(const fflag_store *store)
{
    pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&store->lock);
}
