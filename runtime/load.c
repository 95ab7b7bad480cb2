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
#include "load.h"
#include "plan.h"

#define COPY_LIMIT (16 * 1024 * 1024)
#define HUGE_PAGE  (2 * 1024 * 1024)
#define LARGE      (HUGE_PAGE / 2)

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

/*
 * Anonymous memory for `length` bytes, to be filled and then made read-only. If it is large, it is
 * aligned for huge pages, and the last one may be only half full: making small pages takes longer
 * than verifying their content, and look-ups in a list of a million users are random.
 */
static uint8_t *private_memory(size_t length, size_t *mapped)
{
    bool large = length >= LARGE;
    size_t unit = length % HUGE_PAGE >= LARGE ? HUGE_PAGE : (size_t)sysconf(_SC_PAGESIZE);
    *mapped = (length + unit - 1) / unit * unit;
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

static enum fflag_error copy_file(int file, size_t length, struct snapshot *snapshot,
                                  struct problem *problem)
{
    size_t mapped;
    uint8_t *copy = private_memory(length, &mapped);
    if (!copy)
        return FFLAG_ERROR_NO_MEMORY;
    snapshot->bytes = copy;
    snapshot->mapped = mapped;
    enum fflag_error error = FFLAG_OK;
    for (size_t done = 0; !error && done < length;) {
        ssize_t got = read(file, copy + done, length - done);
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0) {
            runtime_describe(problem, "it was truncated while it was read");
            error = FFLAG_ERROR_CHANGED;
        } else if (errno != EINTR) {
            error = system_error(problem, "read it");
        }
    }
    if (!error && mprotect(copy, mapped, PROT_READ) != 0)
        error = system_error(problem, "protect it");
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

static enum fflag_error read_file(int file, enum fflag_load_mode mode, struct snapshot *snapshot,
                                  struct identity *identity, struct problem *problem)
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
    enum fflag_error error = must_copy(mode, &before) ? copy_file(file, length, snapshot, problem)
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

enum fflag_error runtime_load(const char *path, enum fflag_load_mode mode,
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
        error = read_file(file, mode, loaded, identity, problem);
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
