/*
 * changes.h - detects changed definitions, and waits until something may have changed.
 */
#ifndef FFC_CHANGES_H
#define FFC_CHANGES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A mark of all files below the directory except the ledger's: names, sizes, times. Equal marks may
 * hide only a change within the clock's tick that kept the size. Cost: one stat() per file.
 */
uint64_t definitions_mark(const char *directory);

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

#endif
