/*
 * changes.h - whether definitions are what they were, and waiting until something may have changed.
 */
#ifndef FFREPLAY_CHANGES_H
#define FFREPLAY_CHANGES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Of every file below the directory but the ledger's: names, sizes, times. Two that are equal may
 * differ only where a file was changed within its clock's tick and kept its size. Cost: a stat()
 * each.
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
