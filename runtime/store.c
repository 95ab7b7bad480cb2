/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - a store: which snapshot is served, who still holds an older one, and the handles.
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
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "counters.h"
#include "faults.h"
#include "handles.h"
#include "internal.h"
#include "policy.h"
#include "readers.h"

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

/* --------------------------------------------------------------------------------- snapshots -- */

static uint64_t count_pins(struct slot *slot)
{
    uint64_t pins = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        pins += atomic_load_explicit(&slot->shard[i].pins, memory_order_seq_cst); /* W2 */
    return pins;
}

static void reclaim_locked(fflag_store *store)
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
        /* In this order a child that is forked between the two loses memory, but frees none twice.
         */
        struct snapshot *snapshot = slot->snapshot;
        slot->snapshot = NULL;
        counters_retire(&store->counts, snapshot);
        faults_add(store, &store->faults, snapshot, true, true);
        runtime_unload(snapshot);
    }
}

void runtime_reclaim(fflag_store *store)
{
    pthread_mutex_lock(&store->lock);
    reclaim_locked(store);
    pthread_mutex_unlock(&store->lock);
}

/* A slot without a snapshot; a new one where all are taken. NULL when out of memory. */
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

static int compare_name(const struct snapshot *snapshot, ffs_string string, const struct name *name)
{
    uint32_t length = string_length(snapshot, string);
    size_t shorter = length < name->length ? length : name->length;
    int order = memcmp(string_bytes(snapshot, string), name->bytes, shorter);
    return order ? order : (length > name->length) - (length < name->length);
}

/* The place of an attribute in the snapshot; FFS_NO_ATTRIBUTE where no rule reads it. */
static uint32_t find_attribute(const struct snapshot *snapshot, const struct name *name)
{
    uint32_t low = 0, high = snapshot->attribute_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_name(snapshot, snapshot->attributes[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FFS_NO_ATTRIBUTE;
}

static void bind_attribute(struct snapshot *snapshot, const struct name *name, fflag_attr attr)
{
    uint32_t place = find_attribute(snapshot, name);
    if (place == FFS_NO_ATTRIBUTE)
        return;
    unsigned input = (unsigned)snapshot->attributes[place].type << 8 | attr;
    /* Relaxed: whoever uses the handle got it after this, from fflag_attribute(). */
    atomic_store_explicit(&snapshot->inputs[place], (uint16_t)input, memory_order_relaxed);
}

/*
 * From one snapshot to the next most flags move together, so each is first looked for where the one
 * before it went: a probe for each name took longer than all else that a reload does with handles.
 */
static void bind_flags(const fflag_store *store, struct snapshot *snapshot)
{
    const struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    const struct snapshot *before = current ? current->snapshot : snapshot;
    uint32_t handles = atomic_load_explicit(&store->handles.flag_count, memory_order_relaxed);
    uint32_t moved = 0; /* modulo 2^32 */
    for (fflag_id flag = 0; flag < handles && flag < snapshot->word_count; flag++) {
        const struct name *name = handles_flag_name(&store->handles, flag);
        uint64_t word = flag < before->word_count
                            ? atomic_load_explicit(&before->words[flag], memory_order_relaxed)
                            : 0;
        uint32_t guess = word ? word_index(word) + moved : FFS_NONE;
        uint32_t found = runtime_bind_flag(snapshot, flag, name->bytes, name->length, guess);
        if (word && found != FFS_NONE)
            moved = found - word_index(word);
    }
}

/* Gives a snapshot its tables, with room for handles to come. */
static bool bind_handles(fflag_store *store, struct snapshot *snapshot)
{
    uint32_t handles = atomic_load_explicit(&store->handles.flag_count, memory_order_relaxed);
    uint32_t capacity = handles + snapshot->flag_count + 256;
    snapshot->words = calloc(capacity, sizeof *snapshot->words);
    snapshot->shortcuts = calloc(capacity, sizeof *snapshot->shortcuts);
    snapshot->inputs = calloc((size_t)snapshot->attribute_count + 1, sizeof *snapshot->inputs);
    if (!snapshot->words || !snapshot->shortcuts || !snapshot->inputs)
        return false;
    snapshot->word_count = capacity;
    if (!faults_create(snapshot))
        return false;
    if (store->options.count) {
        snapshot->tallies = calloc(capacity, sizeof *snapshot->tallies);
        if (!snapshot->tallies || !counters_create(&store->counts, snapshot))
            return false;
    }
    for (uint32_t i = 0; i < snapshot->attribute_count; i++) {
        unsigned input = (unsigned)snapshot->attributes[i].type << 8 | INPUT_NO_SLOT;
        atomic_init(&snapshot->inputs[i], (uint16_t)input);
    }
    for (fflag_attr attr = 0; attr < store->handles.attribute_count; attr++)
        bind_attribute(snapshot, &store->handles.attributes[attr], attr);
    bind_flags(store, snapshot);
    return true;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
        slot->shard[i].tallies = snapshot->tallies;
    }
    atomic_store_explicit(&store->latest, slot, memory_order_release);
    atomic_store_explicit(&store->current, slot, memory_order_seq_cst); /* W1 */
    store->generation++;
    store->loaded_at = runtime_now(store);
    store->last_error = FFLAG_OK;
    policy_accepted(&store->policy, snapshot);
    /* After, not before: who unmaps the last of a file that was replaced frees its pages, which
     * takes longer than all of the above. */
    reclaim_locked(store);
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
        return false; /* the same bytes, but these cannot change */
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

/* -------------------------------------------------------------------------------------- fork -- */

/*
 * In a child, whose other threads are gone, with the locks they may have held and the watcher. What
 * they were in the middle of is either done or not: see the order of stores in reclaim_locked(),
 * publish_locked() and handles.h. Views that were held when it was forked still are; those of the
 * threads that are gone keep their snapshot for ever.
 */
static __attribute__((noinline)) struct slot *revive(fflag_store *store, bool follow)
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
    if (followed && follow)
        runtime_watch_resume(store->watch);
    return slot;
}

/* Every call that takes a store comes past here, but for the one-shot call, which looks itself. */
static inline struct slot *served_slot(fflag_store *store)
{
    struct slot *slot = atomic_load_explicit(&store->current, memory_order_acquire);
    return LIKELY(slot != NULL) ? slot : revive(store, true);
}

/* ------------------------------------------------------------------------------------- views -- */

static unsigned shard_of_thread(void)
{
    /* Without a system call wherever the kernel shares the number. -1 is as good a shard as any. */
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
    /* The counter is the one part of a view that is not the reader's to only read. */
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

bool fflag_bool_once(fflag_store *store, fflag_id flag, const fflag_context *context, bool fallback)
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

/* ----------------------------------------------------------------------------------- handles -- */

fflag_id fflag_flag(fflag_store *store, const char *name)
{
    if (!store || !name)
        return FFLAG_NO_FLAG;
    size_t length = strlen(name);
    served_slot(store);
    bool added;
    pthread_mutex_lock(&store->lock);
    fflag_id flag = handles_flag(&store->handles, name, length, &added);
    for (struct slot *slot = store->slots; added && slot; slot = slot->next) {
        struct snapshot *snapshot = slot->snapshot;
        if (snapshot && flag < snapshot->word_count)
            runtime_bind_flag(snapshot, flag, name, length, FFS_NONE);
    }
    pthread_mutex_unlock(&store->lock);
    return flag;
}

fflag_attr fflag_attribute(fflag_store *store, const char *name)
{
    if (!store || !name)
        return FFLAG_NO_ATTR;
    served_slot(store);
    bool added;
    pthread_mutex_lock(&store->lock);
    fflag_attr attr = handles_attribute(&store->handles, name, strlen(name), &added);
    for (struct slot *slot = store->slots; added && slot; slot = slot->next) {
        if (!slot->snapshot)
            continue;
        bind_attribute(slot->snapshot, &store->handles.attributes[attr], attr);
        bind_flags(store, slot->snapshot); /* some may have waited for it */
    }
    pthread_mutex_unlock(&store->lock);
    return attr;
}

enum fflag_error fflag_attribute_typed(fflag_store *store, const char *name,
                                       enum fflag_attribute_type type, fflag_attr *attr)
{
    if (!attr)
        return FFLAG_ERROR_GENERAL;
    *attr = fflag_attribute(store, name);
    if (*attr == FFLAG_NO_ATTR)
        return !store || !name ? FFLAG_ERROR_GENERAL : FFLAG_ERROR_NO_MEMORY;
    pthread_mutex_lock(&store->lock);
    const struct slot *current = atomic_load_explicit(&store->current, memory_order_relaxed);
    const struct snapshot *snapshot = current->snapshot;
    uint32_t place = find_attribute(snapshot, &store->handles.attributes[*attr]);
    bool fits = place == FFS_NO_ATTRIBUTE ||
                attribute_fits((unsigned)type, snapshot->attributes[place].type);
    pthread_mutex_unlock(&store->lock);
    return fits ? FFLAG_OK : FFLAG_ERROR_TYPE_MISMATCH;
}

const char *runtime_flag_name(const fflag_store *store, fflag_id flag, size_t *length)
{
    const struct name *name = handles_flag_name(&store->handles, flag);
    if (!name)
        return NULL;
    *length = name->length;
    return name->bytes;
}

/* ---------------------------------------------------------------------------- open and close -- */

int64_t runtime_now(const fflag_store *store)
{
    if (store->options.clock)
        return store->options.clock(store->options.clock_user);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void runtime_record(fflag_store *store, enum fflag_error error)
{
    pthread_mutex_lock(&store->lock);
    store->last_error = error;
    store->rejected += error != FFLAG_OK;
    pthread_mutex_unlock(&store->lock);
}

/* Relaxed, here and below: a thread asks for nothing but whether it wrote its own number. */
static bool is_in_callback(const fflag_store *store)
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

bool runtime_close_asked(const fflag_store *store)
{
    return atomic_load_explicit(&store->close_asked, memory_order_relaxed);
}

/* Options of an older program are shorter, those of a newer one longer. */
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
    /* Where the system does not know of it, a child serves what its parent did, unwatched. */
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
        revive(store, false);
    runtime_watch_stop(store->watch);
    for (struct slot *slot = store->slots, *next; slot; slot = next) {
        next = slot->next;
        runtime_unload(slot->snapshot);
        free(slot);
    }
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

/* ------------------------------------------------------------------------ faults and metrics -- */

struct faults *runtime_faults(const fflag_store *store)
{
    return &((fflag_store *)(uintptr_t)store)->faults; /* its cells are not the store's state */
}

void runtime_tell_faults(fflag_store *store)
{
    /* What comes after is news again. */
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

const struct counts *runtime_lock_counts(const fflag_store *store, struct held_views *held)
{
    served_slot((fflag_store *)(uintptr_t)store);
    fflag_store *locked = (fflag_store *)(uintptr_t)store; /* see fflag_status() */
    pthread_mutex_lock(&locked->lock);
    reclaim_locked(locked);
    counts_forget_live(&locked->counts);
    counts_forget_live(&locked->faults.counts);
    *held = (struct held_views){0};
    int64_t now = monotonic_ms();
    struct slot *current = atomic_load_explicit(&locked->current, memory_order_relaxed);
    for (struct slot *slot = locked->slots; slot; slot = slot->next) {
        if (!slot->snapshot)
            continue;
        counts_add_live(&locked->counts, slot->snapshot);
        faults_add(locked, &locked->faults, slot->snapshot, slot != current, false);
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
