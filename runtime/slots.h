/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - the inside of a store: which snapshot is served, and who still holds an older one.
 *
 * Snapshots sit in slots, which are never freed while the store lives, only used again. A slot
 * counts the pins on its snapshot, spread over shards so that threads on different processors do
 * not meet in one cache line. `current` names the slot that is served.
 *
 *   acquire   add a pin to the slot that `current` names, then look again whether it still does;
 *             if not, take the pin back and start over. Only then is the snapshot touched.
 *   publish   fill a free slot, then make `current` name it.
 *   reclaim   free the snapshot of a slot that is not current and whose pins add up to zero.
 *
 * The addition and the second look of a reader (R1, R2) against the change of `current` and the sum
 * of a reclaimer (W1, W2) are Dekker's pattern: all four are sequentially consistent, so either W2
 * sees the pin of R1, or R2 sees the change of W1. A pin that will be taken back can only delay a
 * reclaim. A pin that counts can only be added while its slot is current, so a sum of zero after W1
 * is final, although the shards are not read at one instant. A release (memory_order_release) pairs
 * with W2: the reads under a pin happen before the snapshot is freed and before the slot is filled
 * again. readers.h says how a one-shot call does without a pin.
 */
#ifndef FFLAG_RUNTIME_SLOTS_H
#define FFLAG_RUNTIME_SLOTS_H

#include <pthread.h>

#include "counters.h"
#include "faults.h"
#include "handles.h"
#include "policy.h"
#include "readers.h"
#include "store.h"

#define SHARDS 16 /* a power of two */

struct slot {
    struct fflag_view shard[SHARDS];
    struct snapshot *snapshot; /* under the lock; NULL: free */
    int64_t replaced_at;       /* ms, monotonic; of a slot that is not current */
    struct slot *next;
};

#if defined(__x86_64__) || defined(__i386__)
#define FRONT 4096
#else
#define FRONT 65536
#endif

/*
 * The front is a page, or several, that a child of this process finds wiped: whoever reads NULL
 * from `current` there brings the store back to life, see revive(). So a fork costs the evaluations
 * that never see one nothing.
 */
struct fflag_store {
    union {
        struct {
            _Alignas(64) _Atomic(struct slot *) current;
            _Atomic bool reviving;
        };
        char front[FRONT];
    };

    _Atomic(struct slot *) latest;     /* what `current` was in the parent */
    _Alignas(64) pthread_mutex_t lock; /* the slots, the handles, the status */
    struct slot *slots;
    struct spare spare;
    struct handles handles;
    uint64_t generation;
    uint64_t rejected;
    enum fflag_error last_error;
    int64_t loaded_at;

    struct fflag_options options;
    _Atomic(pthread_t) telling; /* the thread that is in the log callback; 0: none */
    _Atomic bool close_asked;   /* by the log callback */
    struct policy policy;
    struct counts counts;
    struct faults faults;
    struct watch *watch; /* NULL: a store in memory */
};

/* With the store's lock held: frees the snapshots that nobody can still be looking at. */
void slots_reclaim(fflag_store *store);

/* With the store's lock held: gives a snapshot its tables, with room for handles to come. Returns
 * false when out of memory. */
bool bind_handles(fflag_store *store, struct snapshot *snapshot);
/* The same for plans, which a snapshot that is served already can get: until then, programs are
 * interpreted. */
void bind_plans(const fflag_store *store, struct snapshot *snapshot);

/*
 * In a child: makes the store's locks anew and `current` what it was in the parent. One thread does
 * it, and others wait for it. The watcher starts again unless the store is about to be closed.
 */
enum revival { TO_FOLLOW, TO_CLOSE };
struct slot *store_revive(fflag_store *store, enum revival why) __attribute__((noinline));

/* Every call that takes a store comes past here, but for the one-shot call, which looks itself. */
static inline struct slot *served_slot(fflag_store *store)
{
    struct slot *slot = atomic_load_explicit(&store->current, memory_order_acquire);
    return LIKELY(slot != NULL) ? slot : store_revive(store, TO_FOLLOW);
}

/* Whether the calling thread is in the store's log callback. */
bool is_in_callback(const fflag_store *store);

#endif
