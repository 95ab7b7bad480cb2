/* changes.c - see changes.h. */
#include "changes.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/hash.h"
#include "ledger.h"

#define DEEPEST 32

static uint64_t mark_of(const char *name, const struct stat *status)
{
    const int64_t what[] = {status->st_size,         status->st_mtim.tv_sec,
                            status->st_mtim.tv_nsec, status->st_ctim.tv_sec,
                            status->st_ctim.tv_nsec, (int64_t)status->st_ino};
    return hash64_seeded(what, sizeof what, hash64(name, strlen(name)));
}

/* A sum, so that the order of entries does not matter. Links are followed, as in reading
 * definitions; the limit on depth ends loops. */
static uint64_t mark_below(const char *directory, int depth, bool in_ledger)
{
    uint64_t mark = 0;
    DIR *stream = depth > 0 ? opendir(directory) : NULL;
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        char *path = NULL;
        struct stat status;
        const char *ending = strrchr(entry->d_name, '.');
        bool entry_of_ledger = in_ledger && ending && strcmp(ending, ".json") == 0;
        if (entry->d_name[0] == '.' || entry_of_ledger || strcmp(entry->d_name, LEDGER_OLD) == 0 ||
            asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
            continue;
        if (stat(path, &status) == 0)
            mark += S_ISDIR(status.st_mode)
                        ? mark_below(path, depth - 1, strcmp(entry->d_name, LEDGER_FOLDER) == 0)
                        : mark_of(path, &status);
        free(path);
    }
    if (stream)
        closedir(stream);
    return mark;
}

uint64_t definitions_mark(const char *directory)
{
    return mark_below(directory, DEEPEST, false);
}

void changes_open(struct changes *changes)
{
    changes->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

void changes_close(struct changes *changes)
{
    if (changes->inotify >= 0)
        close(changes->inotify);
}

void changes_add(struct changes *changes, const char *directory)
{
    if (changes->inotify >= 0)
        (void)inotify_add_watch(changes->inotify, directory,
                                IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE);
}

void changes_add_parent(struct changes *changes, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (directory)
        changes_add(changes, directory);
    free(directory);
}

static void forget_events(const struct changes *changes)
{
    char events[4096];
    while (changes->inotify >= 0 && read(changes->inotify, events, sizeof events) > 0)
        ;
}

void changes_wait(struct changes *changes, bool stdin_too, int64_t ms, const sigset_t *signals)
{
    struct pollfd ready[] = {{.fd = changes->inotify, .events = POLLIN},
                             {.fd = stdin_too ? STDIN_FILENO : -1, .events = POLLIN}};
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)ppoll(ready, 2, ms > 0 ? &left : &(struct timespec){0}, signals);
    forget_events(changes);
}
