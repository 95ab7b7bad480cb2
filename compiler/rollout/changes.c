/* changes.c - see changes.h. */
#include "changes.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/table.h"
#include "compiler/ledger/ledger.h"

/* ---------------------------------------------------------------------------------- waiting -- */

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
                                IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE |
                                    IN_DELETE);
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

/* ------------------------------------------------------------------------------------- marks -- */

struct walk {
    struct file_marks *marks;
    struct changes *changes;
    struct table seen; /* directories, by device and inode */
    struct stat own[2];
};

static bool is_of_ledger(const char *folder, const char *name)
{
    const char *last = strrchr(folder, '/');
    const char *ending = strrchr(name, '.');
    return strcmp(name, LEDGER_OLD) == 0 || (strcmp(last ? last + 1 : folder, LEDGER_FOLDER) == 0 &&
                                             ending && strcmp(ending, ".json") == 0);
}

/* Hidden files, backups of editors. */
static bool is_nobodys(const char *name)
{
    size_t length = strlen(name);
    return name[0] == '.' || name[length - 1] == '~' || (name[0] == '#' && name[length - 1] == '#');
}

static bool is_own_output(const struct walk *walk, const struct stat *status)
{
    for (size_t i = 0; i < sizeof walk->own / sizeof *walk->own; i++)
        if (S_ISREG(walk->own[i].st_mode) && walk->own[i].st_dev == status->st_dev &&
            walk->own[i].st_ino == status->st_ino)
            return true;
    return false;
}

static uint64_t content_of(const struct stat *status)
{
    const int64_t what[] = {status->st_size,         status->st_mtim.tv_sec,
                            status->st_mtim.tv_nsec, status->st_ctim.tv_sec,
                            status->st_ctim.tv_nsec, (int64_t)status->st_ino};
    return hash64(what, sizeof what);
}

static bool is_seen(struct walk *walk, const struct stat *status)
{
    struct arena *arena = &walk->marks->arena;
    const char *key = arena_format(arena, "%llx:%llx", (unsigned long long)status->st_dev,
                                   (unsigned long long)status->st_ino);
    return table_add(&walk->seen, arena, key, walk) != NULL;
}

/* Links are followed, as in reading definitions. */
static void mark_below(struct walk *walk, const char *directory)
{
    struct arena *arena = &walk->marks->arena;
    DIR *stream = opendir(directory);
    struct stat status;
    if (!stream || fstat(dirfd(stream), &status) != 0 || is_seen(walk, &status)) {
        if (stream)
            closedir(stream);
        return;
    }
    if (walk->changes)
        changes_add(walk->changes, directory);
    for (struct dirent *entry; (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (is_nobodys(name) || is_of_ledger(directory, name) ||
            fstatat(dirfd(stream), name, &status, 0) != 0)
            continue;
        const char *path = strcmp(directory, ".") == 0
                               ? arena_copy(arena, name, strlen(name))
                               : arena_format(arena, "%s/%s", directory, name);
        if (S_ISDIR(status.st_mode))
            mark_below(walk, path);
        else if (!is_own_output(walk, &status))
            *ARENA_APPEND(arena, walk->marks->items, walk->marks->count) =
                (struct file_mark){path, content_of(&status), status.st_ino};
    }
    closedir(stream);
}

static int compare_marks(const void *left, const void *right)
{
    return strcmp(((const struct file_mark *)left)->path, ((const struct file_mark *)right)->path);
}

void file_marks_read(struct file_marks *marks, const char *directory, struct changes *changes)
{
    struct walk walk = {.marks = marks, .changes = changes};
    for (int i = 0; i < 2; i++)
        if (fstat(i ? STDERR_FILENO : STDOUT_FILENO, &walk.own[i]) != 0)
            walk.own[i].st_mode = 0;
    mark_below(&walk, directory);
    if (marks->count)
        qsort(marks->items, marks->count, sizeof *marks->items, compare_marks);
}

void file_marks_release(struct file_marks *marks)
{
    arena_release(&marks->arena);
    *marks = (struct file_marks){.count = 0};
}

/* ------------------------------------------------------------------------------- differences -- */

/* At the same path before and after, or at one of the two only. */
struct difference {
    const struct file_mark *before, *after;
};

/* The next one from there on, of two sorted lists. */
static bool next_difference(const struct file_marks *before, const struct file_marks *after,
                            size_t *old, size_t *new, struct difference *found)
{
    while (*old < before->count || *new < after->count) {
        int order = *old == before->count ? 1
                    : *new == after->count
                        ? -1
                        : compare_marks(&before->items[*old], &after->items[*new]);
        *found = (struct difference){order <= 0 ? &before->items[(*old)++] : NULL,
                                     order >= 0 ? &after->items[(*new)++] : NULL};
        if (order != 0 || found->before->content != found->after->content)
            return true;
    }
    return false;
}

bool file_marks_differ(const struct file_marks *before, const struct file_marks *after)
{
    size_t old = 0, new = 0;
    struct difference found;
    return next_difference(before, after, &old, &new, &found);
}

void file_marks_each_change(const struct file_marks *before, const struct file_marks *after,
                            mark_taker *take, void *user)
{
    size_t old = 0, new = 0;
    struct difference found;
    while (next_difference(before, after, &old, &new, &found))
        take((found.after ? found.after : found.before)->path,
             !found.before  ? MARK_NEW
             : !found.after ? MARK_GONE
                            : MARK_CHANGED,
             user);
}

#define MOST_TOLD 3

/* Where a file that is gone went, or one that is new came from: NULL where that is nowhere. */
static const struct file_mark *other_end(const struct file_marks *from, const struct file_marks *to,
                                         const struct file_mark *mark)
{
    for (size_t i = 0; i < to->count; i++)
        if (to->items[i].inode == mark->inode &&
            !bsearch(&to->items[i], from->items, from->count, sizeof *from->items, compare_marks))
            return &to->items[i];
    return NULL;
}

void file_marks_tell(const struct file_marks *before, const struct file_marks *after,
                     struct buffer *out)
{
    size_t old = 0, new = 0, count = 0;
    struct difference found;
    while (next_difference(before, after, &old, &new, &found)) {
        const char *separator = count ? ", " : "";
        if (count >= MOST_TOLD) {
            count++;
            continue;
        }
        const struct file_mark *now = found.after ? NULL : other_end(before, after, found.before);
        if (!found.before && other_end(after, before, found.after))
            continue; /* told where it was */
        if (now)
            terminal_format(out, "%s%s is now %s", separator, found.before->path, now->path);
        else
            terminal_format(out, "%s%s %s", separator, (found.after ?: found.before)->path,
                            !found.before  ? "is new"
                            : !found.after ? "is gone"
                                           : "changed");
        count++;
    }
    if (count > MOST_TOLD)
        terminal_format(out, ", and %zu more", count - MOST_TOLD);
}
