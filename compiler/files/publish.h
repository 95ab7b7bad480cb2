/*
 * publish.h - replaces a whole file atomically.
 */
#ifndef FFC_PUBLISH_H
#define FFC_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct buffer;

/* With a sentence in `error` unless it is the last. */
enum replaced {
    REPLACED_NOT = 0,  /* the old file stands as it was */
    REPLACED_IN_DOUBT, /* the new one is there, and the disk may not hold its name yet */
    REPLACED_SAFELY
};

/*
 * What publish_file() does, for any kind of file. With `like`, the new file has its mode and, if
 * allowed, its owner; else mode 0444. A symbolic link stays, and its target is replaced. Signals
 * that end the program wait until it is done, so that no temporary file is left; those of runs
 * killed an hour ago or longer are removed.
 */
enum replaced replace_file(const char *path, const void *bytes, size_t length,
                           const struct stat *like,
                           bool (*verify)(const char *path, struct buffer *error),
                           struct buffer *error);

/*
 * Publishes a file so that readers see the old bytes or the new ones, never a part: temporary file
 * in the same directory, write, mode 0444, fsync, `verify` (may be NULL) on what was read back,
 * rename, fsync of the directory. On failure returns false with a sentence in `error`, and the old
 * file stands as it was.
 */
bool publish_file(const char *path, const void *bytes, size_t length,
                  bool (*verify)(const char *path, struct buffer *error), struct buffer *error);

#endif
