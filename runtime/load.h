/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - a file, or memory, becomes a verified snapshot.
 */
#ifndef FFLAG_RUNTIME_LOAD_H
#define FFLAG_RUNTIME_LOAD_H

#include <sys/stat.h>

#include "snapshot.h"

/*
 * Distinguishes one state of a file from another. The inode alone does not: file systems reuse it.
 */
struct identity {
    dev_t device;
    ino_t inode;
    mode_t mode; /* who may write to it decides whether it is copied */
    off_t size;
    struct timespec modified;
    struct timespec changed;
};
struct identity runtime_identity(const struct stat *status);
bool runtime_same_identity(const struct identity *a, const struct identity *b);

/*
 * The memory of a copy that nobody reads any more, for the next copy: new memory the kernel would
 * first clear. Until then, the kernel may take it whenever memory is short. NULL: none. Atomic
 * because a process may fork at any time: then its child finds the size that belongs to it.
 */
struct spare {
    _Atomic(void *) memory;
    size_t size;
};
/* Keeps the memory of a snapshot that will be unloaded, if it is a copy of a usual size. */
void runtime_keep_memory(struct spare *spare, struct snapshot *snapshot);
void *runtime_take_spare(struct spare *spare, size_t *size);
void runtime_free_spare(struct spare *spare);

/*
 * Reads or maps the file and verifies it. On FFLAG_OK, *snapshot is the caller's to free with
 * runtime_unload(). *identity is filled as soon as the file could be opened, also on failure. A
 * copy is made in the spare memory if that fits, and then there is none any more.
 */
enum fflag_error runtime_load(const char *path, enum fflag_load_mode mode, struct spare *spare,
                              struct snapshot **snapshot, struct identity *identity,
                              struct problem *problem);
/* The same from memory, which is copied. */
enum fflag_error runtime_load_memory(const void *bytes, size_t length, struct snapshot **snapshot,
                                     struct problem *problem);
void runtime_unload(struct snapshot *snapshot);

#endif
