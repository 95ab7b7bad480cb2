/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - follows the snapshot file through every way in which people and tools replace it.
 *
 * Correctness comes from stat() on the path, about once a second: whatever happened, the file that
 * is there now is judged. inotify only makes it fast. So the content of an event is never used: any
 * event means "look", and those after which a watch may be gone also mean "place the watches
 * again".
 *
 * Each file is judged once: its identity is remembered, whether it was accepted or not. There are
 * two exceptions. A file that changed within the tick of the file system's clock may change again
 * without a new identity, so a fresh file is judged again until it has settled. And if the system
 * did not let us read the file, that says nothing about the file, so it is tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "store.h"
#include "watch.h"

#define EVENTS                                                                          \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | \
     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)
#define WATCH_LOST     (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_Q_OVERFLOW)
#define MAX_WATCHES    32
#define MAX_LINKS      40     /* as many as the kernel follows */
#define RETRIES        7      /* 10, 20, … 640 ms after a file was fresh, partial or missing */
#define MISSING_FOR    50     /* ms: an editor's save leaves the path empty for a moment */
#define SETTLED_AFTER  100    /* ms: coarser than any kernel's clock tick */
#define STORM_PAUSE_NS 200000 /* between two looks caused by events */
#define THREAD_STACK   (256 * 1024)

struct watch {
    fflag_store *store;
    char *path; /* absolute */
    enum fflag_load_mode load_mode;
    uint32_t poll_interval_ms;

    pthread_mutex_t lock; /* one look at a time; guards everything below but `active` */
    _Atomic int notify;   /* inotify, or -1 */
    struct stat notify_status;
    int watches[MAX_WATCHES];
    unsigned watch_count;
    _Atomic bool active;
    bool told_polling;

    struct identity seen; /* the newest file judged */
    bool has_seen;
    bool accepted; /* the verdict on it */
    bool settled;  /* the verdict is final: the file was not fresh */
    bool missing;
    int64_t missing_since; /* ms, monotonic */
    unsigned retries;
    enum fflag_error told; /* the last error reported, until a file is accepted */

    uint64_t random;
    pthread_t thread;
    bool has_thread;
    _Atomic bool stopping;
    _Atomic int wake; /* eventfd that ends the thread's wait, or -1 */
    struct stat wake_status;
};

/* ----------------------------------------------------------------------------------- inotify -- */

static void tell_polling(struct watch *watch, const char *why)
{
    atomic_store_explicit(&watch->active, false, memory_order_relaxed);
    if (watch->told_polling)
        return;
    watch->told_polling = true;
    int number = errno;
    char text[64];
    struct problem problem;
    runtime_describe(&problem, "%s: polling every %u ms: %s: %s", watch->path,
                     watch->poll_interval_ms, why, strerror_r(number, text, sizeof text));
    runtime_log(watch->store, FFLAG_EVENT_WATCH, FFLAG_ERROR_SYSTEM, problem.text);
}

static void open_notify(struct watch *watch)
{
    watch->watch_count = 0;
    watch->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->notify < 0 || fstat(watch->notify, &watch->notify_status) != 0) {
        if (watch->notify >= 0)
            close(watch->notify);
        watch->notify = -1;
        tell_polling(watch, "inotify");
    }
}

/* A host that closes all descriptors, as daemons do, may have reused our number since. */
static bool is_ours(int file, const struct stat *created)
{
    struct stat status;
    return fstat(file, &status) == 0 && status.st_dev == created->st_dev &&
           status.st_ino == created->st_ino && status.st_mode == created->st_mode;
}

struct placed {
    int watches[MAX_WATCHES];
    unsigned count;
    bool failed;
};

static void place_watch(struct watch *watch, struct placed *placed, const char *directory)
{
    int descriptor = inotify_add_watch(watch->notify, *directory ? directory : "/", EVENTS);
    if (descriptor < 0) {
        /* A directory that disappeared between two calls is left to the next look. */
        if (errno != ENOENT && errno != ENOTDIR) {
            placed->failed = true;
            tell_polling(watch, "inotify_add_watch");
        }
        return;
    }
    for (unsigned i = 0; i < placed->count; i++)
        if (placed->watches[i] == descriptor)
            return;
    if (placed->count < MAX_WATCHES)
        placed->watches[placed->count++] = descriptor;
}

/* Moves the first component of `rest` into `name`; false if there is none left, or no room. */
static bool next_component(char *rest, char name[NAME_MAX + 1])
{
    char *start = rest + strspn(rest, "/");
    size_t length = strcspn(start, "/");
    if (length == 0 || length > NAME_MAX)
        return false;
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(rest, start + length, strlen(start + length) + 1);
    return true;
}

/* Puts a symlink's target in front of the rest of the path. */
static bool splice_target(const char *link, char *rest, bool *absolute)
{
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof target - 1);
    size_t left = strlen(rest);
    if (length <= 0 || (size_t)length + left + 2 > PATH_MAX)
        return false;
    *absolute = target[0] == '/';
    memmove(rest + length + 1, rest, left + 1);
    memcpy(rest, target, (size_t)length);
    rest[length] = '/';
    return true;
}

/*
 * Walks the path as the kernel would, and watches every directory in which a change could redirect
 * it: those that contain a symlink on the way, and the last one; or, if the path ends early, the
 * deepest one that exists. `at` is how far the walk has come, free of symlinks.
 */
static void walk(struct watch *watch, struct placed *placed)
{
    char at[PATH_MAX] = "", rest[PATH_MAX], name[NAME_MAX + 1];
    size_t length = strlen(watch->path);
    if (length >= sizeof rest)
        return;
    memcpy(rest, watch->path, length + 1);
    for (unsigned links = 0; next_component(rest, name);) {
        size_t directory = strlen(at);
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            char *slash = strrchr(at, '/');
            if (slash)
                *slash = '\0';
            continue;
        }
        if (directory + 1 + strlen(name) >= sizeof at)
            return;
        at[directory] = '/';
        memcpy(at + directory + 1, name, strlen(name) + 1);

        struct stat status;
        bool exists = lstat(at, &status) == 0;
        bool is_link = exists && S_ISLNK(status.st_mode);
        bool is_last = rest[strspn(rest, "/")] == '\0';
        if (exists && !is_link && !is_last)
            continue;
        bool absolute = false;
        bool follow = is_link && ++links <= MAX_LINKS && splice_target(at, rest, &absolute);
        at[directory] = '\0';
        place_watch(watch, placed, at);
        if (!follow)
            return;
        if (absolute)
            at[0] = '\0';
    }
}

static void place_watches(struct watch *watch)
{
    if (watch->notify < 0)
        return;
    struct placed placed = {.count = 0};
    walk(watch, &placed);
    for (unsigned i = 0; i < watch->watch_count; i++) {
        bool kept = false;
        for (unsigned k = 0; k < placed.count; k++)
            kept |= placed.watches[k] == watch->watches[i];
        if (!kept)
            inotify_rm_watch(watch->notify, watch->watches[i]);
    }
    memcpy(watch->watches, placed.watches, sizeof watch->watches);
    watch->watch_count = placed.count;
    if (!placed.failed) {
        atomic_store_explicit(&watch->active, placed.count > 0, memory_order_relaxed);
        watch->told_polling &= placed.count == 0;
    }
}

/* Drains all events; true if a watch may be gone. */
static bool drain(struct watch *watch)
{
    if (watch->notify < 0 || !is_ours(watch->notify, &watch->notify_status)) {
        open_notify(watch);
        return true;
    }
    _Alignas(struct inotify_event) char buffer[4096];
    bool lost = false;
    for (;;) {
        ssize_t length = read(watch->notify, buffer, sizeof buffer);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return lost;
        for (size_t at = 0; at < (size_t)length;) {
            struct inotify_event event;
            memcpy(&event, buffer + at, sizeof event);
            lost |= (event.mask & WATCH_LOST) != 0;
            at += sizeof event + event.len;
        }
    }
}

/* ----------------------------------------------------------------------------------- judging -- */

static int64_t age_ms(const struct timespec *time, int64_t now)
{
    return now - ((int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000);
}

/* Whether a further write could leave the identity unchanged. Times in the future, from a server
 * with another clock, say nothing. */
static bool is_fresh(const struct identity *identity)
{
    int64_t now = epoch_ms();
    int64_t modified = age_ms(&identity->modified, now), changed = age_ms(&identity->changed, now);
    int64_t age = modified < changed ? modified : changed;
    return age > -SETTLED_AFTER && age < SETTLED_AFTER;
}

static void reject(struct watch *watch, enum fflag_error error, const char *text)
{
    if (watch->told == error && !watch->has_seen)
        return;
    watch->told = error;
    runtime_record(watch->store, error);
    struct problem line;
    runtime_describe(&line, "%s: %s", watch->path, *text ? text : fflag_error_text(error));
    runtime_log(watch->store, FFLAG_EVENT_REJECTED, error, line.text);
}

static enum fflag_error accept_snapshot(struct watch *watch, struct snapshot *snapshot)
{
    struct problem line;
    if (runtime_serves(watch->store, snapshot)) {
        runtime_unload(snapshot);
        runtime_record(watch->store, FFLAG_OK);
        return FFLAG_OK;
    }
    runtime_describe(&line, "%s: build %s, %u flags", watch->path, snapshot->build,
                     snapshot->flag_count);
    enum fflag_error error = runtime_publish(watch->store, snapshot);
    if (!error)
        runtime_log(watch->store, FFLAG_EVENT_LOADED, FFLAG_OK, line.text);
    return error;
}

/* Errors that say nothing about the file itself. */
static bool is_transient(enum fflag_error error)
{
    return error == FFLAG_ERROR_IO || error == FFLAG_ERROR_NO_MEMORY ||
           error == FFLAG_ERROR_CHANGED;
}

/* Loads the file, whose identity should be `expected`, and remembers the verdict. */
static enum fflag_error judge(struct watch *watch, const struct identity *expected)
{
    struct snapshot *snapshot;
    struct problem problem = {""};
    struct identity identity = *expected;
    bool same = watch->has_seen && runtime_same_identity(&watch->seen, expected);
    bool fresh = is_fresh(expected);
    struct spare spare;
    runtime_give_spare(watch->store, &spare);
    enum fflag_error error =
        runtime_load(watch->path, watch->load_mode, &spare, &snapshot, &identity, &problem);
    runtime_free_spare(&spare);
    if (!error && (error = runtime_judge(watch->store, snapshot, &problem)))
        runtime_unload(snapshot);
    if (!error)
        error = accept_snapshot(watch, snapshot);
    int number = errno;

    bool told_already = same && !watch->accepted && watch->told == error;
    if (error && !told_already)
        reject(watch, error, problem.text);
    if (!error)
        watch->told = FFLAG_OK;
    watch->seen = identity;
    watch->has_seen = !is_transient(error);
    watch->accepted = !error;
    watch->settled = watch->has_seen && !fresh;
    errno = number;
    return error;
}

/* Whether the file still begins with the served header: a cheap second look at a fresh file. */
static bool has_served_header(const struct watch *watch)
{
    struct ffs_header header;
    int file = open(watch->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return false;
    ssize_t length = read(file, &header, sizeof header);
    close(file);
    return length == (ssize_t)sizeof header &&
           memcmp(&header, runtime_served_header(watch->store), sizeof header) == 0;
}

static void look_at_missing(struct watch *watch, int number)
{
    if (!watch->missing) {
        watch->missing = true;
        watch->missing_since = monotonic_ms();
        watch->retries = 0;
    }
    if (monotonic_ms() - watch->missing_since >= MISSING_FOR) {
        char text[64];
        struct problem problem;
        runtime_describe(&problem, "cannot open it: %s", strerror_r(number, text, sizeof text));
        reject(watch, FFLAG_ERROR_IO, problem.text);
        watch->has_seen = false;
    }
    place_watches(watch);
}

static void look(struct watch *watch)
{
    struct stat status;
    if (stat(watch->path, &status) != 0) {
        look_at_missing(watch, errno);
        return;
    }
    struct identity identity = runtime_identity(&status);
    bool same = watch->has_seen && runtime_same_identity(&identity, &watch->seen);
    if (same && !watch->missing && watch->settled)
        return;
    if (same && watch->accepted && has_served_header(watch)) {
        watch->missing = false;
        watch->settled = !is_fresh(&identity);
        return;
    }
    if (!same) {
        /* Before the file is read, so that no later change is missed. */
        place_watches(watch);
        watch->retries = 0;
    }
    watch->missing = false;
    judge(watch, &identity);
}

/* Afterwards the log callback may have requested that the store be closed. */
static void step(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    if (drain(watch))
        place_watches(watch);
    look(watch);
    runtime_tell_faults(watch->store);
    pthread_mutex_unlock(&watch->lock);
    runtime_reclaim(watch->store);
}

/* ------------------------------------------------------------------------------------ thread -- */

static uint64_t next_random(struct watch *watch)
{
    watch->random ^= watch->random << 13;
    watch->random ^= watch->random >> 7;
    watch->random ^= watch->random << 17;
    return watch->random;
}

/* How long to wait if no event comes. */
static int next_wait_ms(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int wait;
    if ((watch->missing || !watch->settled) && watch->retries < RETRIES) {
        wait = 10 << watch->retries++;
    } else {
        /* Jitter, so that the services on a host do not wake in unison. */
        uint64_t fifth = watch->poll_interval_ms / 5;
        wait = (int)(watch->poll_interval_ms - fifth + next_random(watch) % (2 * fifth + 1));
    }
    pthread_mutex_unlock(&watch->lock);
    return wait;
}

static void *follow(void *argument)
{
    struct watch *watch = argument;
    for (;;) {
        struct pollfd files[2] = {{.fd = watch->wake, .events = POLLIN},
                                  {.fd = watch->notify, .events = POLLIN}};
        int ready = poll(files, 2, next_wait_ms(watch));
        /* Acquire pairs with the release in stop_thread(). */
        if (atomic_load_explicit(&watch->stopping, memory_order_acquire))
            return NULL;
        if (files[0].revents)
            watch->wake = -1; /* it was closed, and perhaps reused, by the host: polling must
                               * suffice */
        step(watch);
        if (runtime_close_asked(watch->store)) {
            /* Nobody else will join this thread. */
            watch->has_thread = false;
            pthread_detach(pthread_self());
            fflag_close(watch->store);
            return NULL;
        }
        if (ready > 0)
            nanosleep(&(struct timespec){.tv_nsec = STORM_PAUSE_NS}, NULL);
    }
}

static void stop_thread(struct watch *watch)
{
    atomic_store_explicit(&watch->stopping, true, memory_order_release);
    uint64_t one = 1;
    if (watch->wake >= 0 && is_ours(watch->wake, &watch->wake_status))
        while (write(watch->wake, &one, sizeof one) < 0 && errno == EINTR)
            ;
    pthread_join(watch->thread, NULL);
}

/* None of the host's signals are ever delivered to the thread. */
static enum fflag_error start_thread(struct watch *watch)
{
    watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->wake < 0 || fstat(watch->wake, &watch->wake_status) != 0)
        return FFLAG_ERROR_SYSTEM;
    pthread_attr_t attributes;
    sigset_t all, before;
    int number = pthread_attr_init(&attributes);
    if (!number) {
        pthread_attr_setstacksize(&attributes, THREAD_STACK);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        number = pthread_create(&watch->thread, &attributes, follow, watch);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
    }
    if (number) {
        errno = number;
        return FFLAG_ERROR_SYSTEM;
    }
    watch->has_thread = true;
    pthread_setname_np(watch->thread, "fflag-watch");
    return FFLAG_OK;
}

/* -------------------------------------------------------------------------------------- life -- */

static void close_files(struct watch *watch)
{
    if (watch->wake >= 0 && is_ours(watch->wake, &watch->wake_status))
        close(watch->wake);
    if (watch->notify >= 0 && is_ours(watch->notify, &watch->notify_status))
        close(watch->notify);
    watch->wake = -1;
    watch->notify = -1;
}

/* The absolute path, so that a later chdir() does not redirect it. */
static char *absolute_path(const char *path)
{
    char directory[PATH_MAX];
    if (path[0] == '/')
        return strdup(path);
    if (!getcwd(directory, sizeof directory))
        return NULL;
    size_t length = strlen(directory);
    char *absolute = malloc(length + 1 + strlen(path) + 1);
    if (!absolute)
        return NULL;
    memcpy(absolute, directory, length);
    absolute[length] = '/';
    memcpy(absolute + length + 1, path, strlen(path) + 1);
    return absolute;
}

/* A file that is itself a mount point keeps its inode when the host replaces it: changes cannot be
 * seen. */
static void warn_of_mounted_file(struct watch *watch)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx status;
    if (statx(AT_FDCWD, watch->path, 0, STATX_BASIC_STATS, &status) != 0 ||
        !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return;
    struct problem problem;
    runtime_describe(&problem,
                     "%s is a mount of a single file: its replacement cannot be seen; mount the "
                     "directory",
                     watch->path);
    runtime_log(watch->store, FFLAG_EVENT_WATCH, FFLAG_OK, problem.text);
#else
    (void)watch;
#endif
}

static enum fflag_error first_load(struct watch *watch)
{
    open_notify(watch);
    place_watches(watch);
    struct identity unknown = {0};
    enum fflag_error error = judge(watch, &unknown);
    /* A file that was not examined before it was opened counts as fresh, and is judged again. */
    watch->settled = false;
    return error;
}

enum fflag_error runtime_watch_start(struct watch **watch, fflag_store *store, const char *path,
                                     const struct fflag_options *options)
{
    struct watch *started = calloc(1, sizeof *started);
    if (!started)
        return FFLAG_ERROR_NO_MEMORY;
    started->store = store;
    started->load_mode = options->load_mode;
    started->poll_interval_ms = options->poll_interval_ms;
    started->notify = -1;
    started->wake = -1;
    started->random = (uint64_t)(uintptr_t)started ^ (uint64_t)runtime_now(store) << 20 ^ 1;
    pthread_mutex_init(&started->lock, NULL);

    started->path = absolute_path(path);
    enum fflag_error error = started->path ? first_load(started) : FFLAG_ERROR_IO;
    if (!error) {
        warn_of_mounted_file(started);
        if (!options->no_thread)
            error = start_thread(started);
    }
    if (error) {
        int number = errno;
        runtime_watch_stop(started);
        errno = number;
        return error;
    }
    *watch = started;
    return FFLAG_OK;
}

bool runtime_watch_revive(struct watch *watch)
{
    bool had_thread = watch->has_thread;
    watch->has_thread = false;
    pthread_mutex_init(&watch->lock, NULL);
    close_files(watch);
    watch->stopping = false;
    watch->has_seen = false;
    watch->settled = false;
    watch->missing = false;
    open_notify(watch);
    place_watches(watch);
    return had_thread;
}

void runtime_watch_resume(struct watch *watch)
{
    if (start_thread(watch) == FFLAG_OK)
        return;
    int number = errno;
    char text[64];
    struct problem problem;
    runtime_describe(&problem, "%s: not followed in this child: %s", watch->path,
                     strerror_r(number, text, sizeof text));
    runtime_log(watch->store, FFLAG_EVENT_WATCH, FFLAG_ERROR_SYSTEM, problem.text);
}

void runtime_watch_poll(struct watch *watch)
{
    step(watch);
}

int runtime_watch_fd(const struct watch *watch)
{
    return watch->has_thread ? -1 : watch->notify;
}

bool runtime_watch_active(const struct watch *watch)
{
    return atomic_load_explicit(&watch->active, memory_order_relaxed);
}

void runtime_watch_stop(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->has_thread)
        stop_thread(watch);
    close_files(watch);
    pthread_mutex_destroy(&watch->lock);
    free(watch->path);
    free(watch);
}
