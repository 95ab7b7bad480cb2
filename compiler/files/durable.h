/*
 * durable.h - system calls whose effect must reach the disk before anybody says so.
 *
 * Each call is retried after a signal. Failures leave their cause in errno.
 */
#ifndef FFC_DURABLE_H
#define FFC_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* openat(), closed on exec. */
int open_at(int directory, const char *name, int flags, mode_t mode);
bool write_all(int fd, const void *bytes, size_t length);
bool sync_file(int fd);
/* Syncs the names in a directory; `path` is below the open directory. A file system that cannot
 * sync a directory has nothing to wait for. */
bool sync_names(int directory, const char *path);
/* The name of a file that is there. */
bool sync_name_of(const char *path);
bool rename_at(int from_directory, const char *from, int to_directory, const char *to);
/* That a name is gone; true where it was not there. */
bool unlink_at(int directory, const char *name);

#endif
