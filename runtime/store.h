/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - what the rest of the runtime asks of a store, and what a view of it is.
 */
#ifndef FFLAG_RUNTIME_STORE_H
#define FFLAG_RUNTIME_STORE_H

#include "load.h"
#include "snapshot.h"

/*
 * One shard of a slot, and the view held by threads that pinned it there. The fields are written
 * while nobody holds a pin and read by everyone; the counter has a cache line to itself.
 */
struct fflag_view {
    _Alignas(64) const struct snapshot *snapshot;
    const _Atomic uint64_t *words;
    uint32_t word_count;
    const struct shortcut *shortcuts;
    fflag_store *store;
    const struct counters *counters; /* and the next: the snapshot's */
    const struct shortcut_cells *shortcut_cells;
    _Alignas(64) _Atomic uint64_t pins;
};

/* The store's clock, or the system's. */
int64_t runtime_now(const fflag_store *store);

/* The name of a flag handle, lock-free; NULL if the store never gave out that handle. */
const char *runtime_flag_name(const fflag_store *store, fflag_id flag, size_t *length);

/* Makes a snapshot the one that is served. It becomes the store's. */
enum fflag_error runtime_publish(fflag_store *store, struct snapshot *snapshot);

/* Memory for the next copy, if there is any; it becomes the caller's. */
void runtime_give_spare(fflag_store *store, struct spare *spare);

/* Frees replaced snapshots that nobody holds a view of. Cheap if there are none. */
void runtime_reclaim(fflag_store *store);

/* Whether the store's options accept a sound snapshot. Only the loader asks. */
enum fflag_error runtime_judge(const fflag_store *store, const struct snapshot *snapshot,
                               struct problem *problem);

/* Snapshots that were replaced and are still viewed, and for how long the oldest of them. */
struct held_views {
    uint32_t snapshots;
    int64_t age_ms;
};
/* Adds up the store's counts, and keeps it locked until the second is called. */
const struct counts *runtime_lock_counts(const fflag_store *store, struct held_views *held);
void runtime_unlock_counts(const fflag_store *store);

/* Notes the result of an attempt to load, for the status. */
void runtime_record(fflag_store *store, enum fflag_error error);
/* Calls the log callback, which may call into the store: none of its locks is held. */
void runtime_log(fflag_store *store, enum fflag_event event, enum fflag_error error,
                 const char *text);

/* Reports new faults; see faults.h. */
void runtime_tell_faults(fflag_store *store);

/* Whether the log callback asked for the store to be closed; then its caller must do that. */
bool runtime_close_asked(const fflag_store *store);

/*
 * Whether the served snapshot is this one: by its header, which has the hash of the content, and by
 * its signature. A mapped snapshot and a copy of it differ. Only the loader, the only publisher,
 * may ask.
 */
bool runtime_serves(const fflag_store *store, const struct snapshot *snapshot);
/* The header of the served snapshot, for the same. */
const void *runtime_served_header(const fflag_store *store);

#endif
