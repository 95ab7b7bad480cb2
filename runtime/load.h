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
 * Reads or maps the file and verifies it. On FFLAG_OK, *snapshot is the caller's to free with
 * runtime_unload(). *identity is filled as soon as the file could be opened, also on failure.
 */
enum fflag_error runtime_load(const char *path, enum fflag_load_mode mode,
                              struct snapshot **snapshot, struct identity *identity,
                              struct problem *problem);
/* The same from memory, which is copied. */
enum fflag_error runtime_load_memory(const void *bytes, size_t length, struct snapshot **snapshot,
                                     struct problem *problem);
void runtime_unload(struct snapshot *snapshot);

#endif
