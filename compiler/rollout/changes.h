/*
 * changes.h - detects changed definitions, and waits until something may have changed.
 */
#ifndef FFC_CHANGES_H
#define FFC_CHANGES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"

struct buffer;

/* The directories in which something may appear. */
struct changes {
    int inotify; /* -1: there is none, and only the time ends a wait */
};
void changes_open(struct changes *changes);
void changes_close(struct changes *changes);
/* Of definitions, or of the one that a log is in. Those that are not there are left out. */
void changes_add(struct changes *changes, const char *directory);
void changes_add_parent(struct changes *changes, const char *path);

/* Until something was created, renamed or written there, stdin has something (with `stdin_too`), a
 * signal of those that `signals` unblocks came, or so many milliseconds have passed. */
void changes_wait(struct changes *changes, bool stdin_too, int64_t ms, const sigset_t *signals);

/*
 * All files below a directory as they are, sorted by path: neither the ledger's, nor hidden ones,
 * nor what editors leave behind, nor what stdout or stderr is written to. A directory to which
 * several links lead is looked at once. Zeroed memory is none. Cost: one stat() per file.
 */
struct file_mark {
    const char *path; /* with the directory */
    uint64_t content; /* of size, times and inode: equal ones may hide only a change within the
                         clock's tick that kept the size */
    uint64_t inode;
};
struct file_marks {
    struct arena arena;
    struct file_mark *items;
    size_t count;
};
/* Adds each of its directories to `changes`, too, unless that is NULL. */
void file_marks_read(struct file_marks *marks, const char *directory, struct changes *changes);
void file_marks_release(struct file_marks *marks);
bool file_marks_differ(const struct file_marks *before, const struct file_marks *after);
/* Calls `take` with the path of each file that changed, is new, or is gone. */
enum mark_change { MARK_CHANGED, MARK_NEW, MARK_GONE };
typedef void mark_taker(const char *path, enum mark_change change, void *user);
void file_marks_each_change(const struct file_marks *before, const struct file_marks *after,
                            mark_taker *take, void *user);
/* "flags/a.yaml changed, flags/b.yaml is new, flags/c.yaml is now flags/d.yaml, and 3 more" */
void file_marks_tell(const struct file_marks *before, const struct file_marks *after,
                     struct buffer *out);

#endif
