/*
 * publish.h - the one way in which a file gets its content: definitions, entries of the ledger,
 * snapshots.
 *
 * Atomic: a reader sees the old bytes or the new ones, never a part, whatever is killed and
 * whenever. The new bytes are written by a temporary name and get the file's name by rename().
 *
 * Durable: REPLACED_SAFELY is returned when the disk holds the bytes (fsync before the rename) and
 * the name (fsync of the directory after it). REPLACED_IN_DOUBT: readers see the new bytes, and
 * after a crash of the machine the file has either.
 *
 * Each system call is retried after a signal; a failure names the file and the cause.
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

/* Looks at a file that was written, before it gets its name. False, with a sentence in `error`. */
typedef bool file_check(const char *path, struct buffer *error);

struct content {
    const void *bytes;
    size_t length;
    const struct stat *like; /* whose mode, and owner where that is allowed; NULL: mode 0444 */
    file_check *verify;      /* or NULL */
};

/* Names below an open directory, or AT_FDCWD. */
struct target {
    int directory;
    const char *shown;     /* the directory's name, for errors; NULL where the paths say all */
    const char *temporary; /* on the same file system as `path` */
    const char *path;
    const char *folder; /* that `path` is in */
};

/* Publishes what is written to `fd`, open at the temporary name. Closes it, and leaves no temporary
 * file. */
enum replaced publish_at(int fd, const struct target *target, const struct content *content,
                         struct buffer *error);

/*
 * Replaces a file by way of a temporary file beside it. A symbolic link stays, and its target is
 * replaced. Signals that end the program wait until it is done, so that no temporary file is left;
 * those of runs killed an hour ago or longer are removed.
 */
enum replaced replace_file(const char *path, const struct content *content, struct buffer *error);

/* The same for a snapshot, of mode 0444. False, with a sentence in `error`, unless it is safe. */
bool publish_file(const char *path, const void *bytes, size_t length, file_check *verify,
                  struct buffer *error);

/* Takes a file out of its folder, durably; true of one that was not there. */
enum replaced remove_file(const char *path, const char *folder, struct buffer *error);

#endif
