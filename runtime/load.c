/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - loads a file's bytes into memory that nobody can change under the evaluator.
 *
 * A mapped file that is truncated in place kills its readers with SIGBUS, privately mapped or not,
 * and one that is overwritten gives them unverified bytes. No file mode keeps root from doing
 * either. So files are copied, and mapped only if they are large and nobody else may write to them.
 * Checks use the open file, never the path, which may name another one by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "constants.h"
#include "counters.h"
#include "hash.h"
#include "load.h"
#include "plan.h"

#define COPY_LIMIT (16 * 1024 * 1024)
#define HUGE_PAGE  (2 * 1024 * 1024)
#define LARGE      (HUGE_PAGE / 2)
#define CHUNK      (256 * 1024) /* is hashed while it is in the cache */

struct identity runtime_identity(const struct stat *status)
{
    return (struct identity){.device = status->st_dev,
                             .inode = status->st_ino,
                             .mode = status->st_mode,
                             .size = status->st_size,
                             .modified = status->st_mtim,
                             .changed = status->st_ctim};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool runtime_same_identity(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->mode == b->mode &&
           a->size == b->size && same_time(&a->modified, &b->modified) &&
           same_time(&a->changed, &b->changed);
}

static enum fflag_error system_error(struct problem *problem, const char *what)
{
    int number = errno;
    char text[128];
    runtime_describe(problem, "cannot %s: %s", what, strerror_r(number, text, sizeof text));
    errno = number;
    return FFLAG_ERROR_IO;
}

static size_t round_up(size_t length, size_t unit)
{
    return (length + unit - 1) / unit * unit;
}

/*
 * Anonymous memory for `length` bytes, to be filled and then made read-only. If it is large, it is
 * aligned for huge pages, and the last one may be only half full: making small pages takes longer
 * than verifying their content, and look-ups in a list of a million users are random. A last one
 * that would be less than half full is of small pages, with some beyond them, not touched yet, for
 * a successor that is longer.
 */
static uint8_t *private_memory(size_t length, size_t *mapped)
{
    bool large = length >= LARGE;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *mapped = round_up(length, length % HUGE_PAGE >= LARGE ? HUGE_PAGE : page);
    if (large && *mapped % HUGE_PAGE != 0)
        *mapped = round_up(length, HUGE_PAGE) - HUGE_PAGE / 4;
    size_t room = large ? *mapped + HUGE_PAGE : *mapped;
    uint8_t *memory = mmap(NULL, room, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | (large ? 0 : MAP_POPULATE), -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (!large)
        return memory;
    size_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0)
        munmap(memory, before);
    if (before < HUGE_PAGE)
        munmap(memory + before + *mapped, HUGE_PAGE - before);
    madvise(memory + before, *mapped, MADV_HUGEPAGE);
    return memory + before;
}

void *runtime_take_spare(struct spare *spare, size_t *size)
{
    /* Acquire pairs with the release in runtime_keep_memory(). */
    void *memory = atomic_load_explicit(&spare->memory, memory_order_acquire);
    *size = spare->size;
    atomic_store_explicit(&spare->memory, NULL, memory_order_release);
    return memory;
}

void runtime_free_spare(struct spare *spare)
{
    size_t size;
    void *memory = runtime_take_spare(spare, &size);
    if (memory)
        munmap(memory, size);
}

void runtime_keep_memory(struct spare *spare, struct snapshot *snapshot)
{
    if (snapshot->is_file || snapshot->mapped > COPY_LIMIT)
        return;
    void *memory = (void *)(uintptr_t)snapshot->bytes;
    if (madvise(memory, snapshot->mapped, MADV_FREE) != 0)
        return;
    snapshot->bytes = NULL;
    runtime_free_spare(spare);
    spare->size = snapshot->mapped;
    atomic_store_explicit(&spare->memory, memory, memory_order_release);
}

/* The same as private_memory(): the spare memory, which is freed if it does not fit. */
static uint8_t *spare_memory(struct spare *spare, size_t length, size_t *mapped)
{
    uint8_t *memory = runtime_take_spare(spare, mapped);
    if (memory && *mapped >= length && *mapped / 2 <= length &&
        mprotect(memory, *mapped, PROT_READ | PROT_WRITE) == 0)
        return memory;
    if (memory)
        munmap(memory, *mapped);
    return NULL;
}

/* The hash of a snapshot's content, taken while its bytes come in. */
struct content {
    XXH3_state_t state;
    size_t end; /* 0: not known yet */
    size_t hashed;
};

/* Hashes what has come in of `length` bytes: `done`. */
static void hash_arrived(struct content *content, const uint8_t *bytes, size_t done, size_t length)
{
    const struct ffs_header *header = (const struct ffs_header *)(const void *)bytes;
    if (done < sizeof *header)
        return;
    if (content->end == 0) {
        content->end = header->file_size < length ? header->file_size : length;
        content->hashed = sizeof *header;
    }
    size_t end = done < content->end ? done : content->end;
    if (end <= content->hashed)
        return;
    hash_more(&content->state, bytes + content->hashed, end - content->hashed);
    content->hashed = end;
}

static enum fflag_error copy_file(int file, size_t length, struct spare *spare,
                                  struct snapshot *snapshot, struct problem *problem)
{
    size_t mapped;
    uint8_t *copy = spare_memory(spare, length, &mapped);
    if (!copy)
        copy = private_memory(length, &mapped);
    if (!copy)
        return FFLAG_ERROR_NO_MEMORY;
    snapshot->bytes = copy;
    snapshot->mapped = mapped;
    struct content content = {.end = 0};
    XXH3_128bits_reset(&content.state);
    enum fflag_error error = FFLAG_OK;
    for (size_t done = 0; !error && done < length;) {
        size_t left = length - done;
        ssize_t got = read(file, copy + done, left < CHUNK ? left : CHUNK);
        if (got > 0) {
            done += (size_t)got;
            hash_arrived(&content, copy, done, length);
        } else if (got == 0) {
            runtime_describe(problem, "it was truncated while it was read");
            error = FFLAG_ERROR_CHANGED;
        } else if (errno != EINTR) {
            error = system_error(problem, "read it");
        }
    }
    if (!error && mprotect(copy, mapped, PROT_READ) != 0)
        error = system_error(problem, "protect it");
    content_digest(&content.state, snapshot->content_hash);
    snapshot->is_hashed = true;
    return error;
}

static enum fflag_error map_file(int file, size_t length, struct snapshot *snapshot,
                                 struct problem *problem)
{
    void *mapping = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (mapping == MAP_FAILED)
        return system_error(problem, "map it");
    snapshot->bytes = mapping;
    snapshot->mapped = length;
    snapshot->is_file = true;
    return FFLAG_OK;
}

static bool must_copy(enum fflag_load_mode mode, const struct stat *status)
{
    if (mode != FFLAG_LOAD_AUTO)
        return mode == FFLAG_LOAD_COPY;
    return (status->st_mode & 0222) != 0 || status->st_size <= COPY_LIMIT;
}

/* Of a large file that is something else, no more is read than shows that. */
static bool is_large_other(int file, const struct stat *status)
{
    uint8_t magic[FFS_MAGIC_SIZE];
    return status->st_size > COPY_LIMIT &&
           pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
           memcmp(magic, FFS_MAGIC, sizeof magic) != 0;
}

static enum fflag_error read_file(int file, enum fflag_load_mode mode, struct spare *spare,
                                  struct snapshot *snapshot, struct identity *identity,
                                  struct problem *problem)
{
    struct stat before, after;
    if (fstat(file, &before) != 0)
        return system_error(problem, "look at it");
    *identity = runtime_identity(&before);
    if (!S_ISREG(before.st_mode)) {
        runtime_describe(problem, "it is not a regular file");
        return FFLAG_ERROR_NOT_REGULAR;
    }
    if (before.st_size == 0) {
        runtime_describe(problem, "it is empty");
        return FFLAG_ERROR_TRUNCATED;
    }
    size_t length = is_large_other(file, &before) ? FFS_MAGIC_SIZE : (size_t)before.st_size;
    enum fflag_error error = must_copy(mode, &before)
                                 ? copy_file(file, length, spare, snapshot, problem)
                                 : map_file(file, length, snapshot, problem);
    if (error)
        return error;
    snapshot->length = snapshot->file_length = length;
    if (fstat(file, &after) != 0)
        return system_error(problem, "look at it");
    struct identity now = runtime_identity(&after);
    /* A rename changes the inode's change time without changing bytes: it is not a write. Nor is a
     * chmod, which the next look will find. */
    now.changed = identity->changed;
    now.mode = identity->mode;
    if (!runtime_same_identity(identity, &now)) {
        runtime_describe(problem, "it was written to while it was read");
        return FFLAG_ERROR_CHANGED;
    }
    return FFLAG_OK;
}

enum fflag_error runtime_load(const char *path, enum fflag_load_mode mode, struct spare *spare,
                              struct snapshot **snapshot, struct identity *identity,
                              struct problem *problem)
{
    struct snapshot *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return FFLAG_ERROR_NO_MEMORY;
    /* Without O_NONBLOCK, a FIFO at the path would block the watcher forever. */
    enum fflag_error error;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        error = system_error(problem, "open it");
    } else {
        error = read_file(file, mode, spare, loaded, identity, problem);
        int number = errno;
        close(file);
        errno = number;
    }
    if (!error)
        error = runtime_verify(loaded, problem);
    if (error) {
        int number = errno;
        runtime_unload(loaded);
        errno = number;
        return error;
    }
    *snapshot = loaded;
    return FFLAG_OK;
}

enum fflag_error runtime_load_memory(const void *bytes, size_t length, struct snapshot **snapshot,
                                     struct problem *problem)
{
    if (length == 0) {
        runtime_describe(problem, "it is empty");
        return FFLAG_ERROR_TRUNCATED;
    }
    struct snapshot *loaded = calloc(1, sizeof *loaded);
    uint8_t *copy = loaded ? private_memory(length, &loaded->mapped) : NULL;
    if (!copy) {
        free(loaded);
        return FFLAG_ERROR_NO_MEMORY;
    }
    memcpy(copy, bytes, length);
    loaded->bytes = copy;
    loaded->length = loaded->file_length = length;
    enum fflag_error error = mprotect(copy, loaded->mapped, PROT_READ) != 0
                                 ? system_error(problem, "protect it")
                                 : runtime_verify(loaded, problem);
    if (error) {
        runtime_unload(loaded);
        return error;
    }
    *snapshot = loaded;
    return FFLAG_OK;
}

void runtime_unload(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    free((void *)(uintptr_t)snapshot->words);
    free(snapshot->shortcuts);
    free(snapshot->shortcut_cells);
    free(snapshot->faults);
    constants_free(snapshot);
    runtime_free_plans(snapshot->plans);
    free((void *)(uintptr_t)snapshot->missing);
    counters_free(snapshot->counters);
    free((void *)(uintptr_t)snapshot->inputs);
    if (snapshot->bytes)
        munmap((void *)(uintptr_t)snapshot->bytes, snapshot->mapped);
    free(snapshot);
}
