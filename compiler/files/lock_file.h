/*
 * lock_file.h - a lock that is a file: held by an open descriptor, and let go with its process,
 * however that ends.
 *
 * Its holder removes the file when it is done, so one that is there and not locked means that its
 * process was killed.
 */
#ifndef FFC_LOCK_FILE_H
#define FFC_LOCK_FILE_H

#include <stdbool.h>

enum lock_wait { LOCK_WAITS, LOCK_TRIES };

/* Makes the file where it is not there; the folder is. -1: see errno, which is EAGAIN where
 * another one holds it and this one does not wait. */
int lock_file(const char *path, enum lock_wait wait);
/* The same of a file that is open; false where its last holder has removed it meanwhile, too. */
bool lock_open_file(int fd, enum lock_wait wait);
/* Whether anybody else holds the lock of a file that is open. */
bool lock_is_held(int fd);

#endif
