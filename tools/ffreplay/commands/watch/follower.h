/*
 * follower.h - follows a growing log as `tail -F` does.
 *
 * Appended data is read up to the last line end. When the path gets another file, by rename, the
 * old one is still read, as its writer may not have noticed; it is kept open until nothing in it
 * can be needed again, however often reading starts over. A file that shrinks is read from its
 * beginning. A path without a file is waited for.
 */
#ifndef FFREPLAY_FOLLOWER_H
#define FFREPLAY_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/ffreplay/replay/stream.h"

struct followed_file {
    int fd; /* held, so that it can be read again whatever its name is by now */
    dev_t device;
    ino_t inode;
    struct stream stream;
    bool open;
    int64_t replaced; /* when another took its name; INT64_MAX: it has it */
};

struct follower {
    const char *path;
    bool is_stdin;
    bool ended; /* of stdin */
    struct replay *replay;
    struct consumer *consumer;
    uint32_t log;
    struct followed_file *files; /* oldest first */
    uint32_t file_count;
};

/* "FILE" or "NAME=FILE" of this replay's project. False: it cannot be followed; reported. */
bool follower_begin(struct follower *follower, struct replay *replay, const char *argument,
                    struct consumer *consumer);
/* Stops reading, and keeps what it takes to begin anew. What came on stdin does not come again. */
void follower_stop(struct follower *follower);
void follower_close(struct follower *follower);

/*
 * Takes all there is by now. Files that were replaced a while before `now` and have nothing from
 * `needed` on are let go. False: it cannot be read, which has been reported.
 */
bool follower_read(struct follower *follower, int64_t now, int64_t needed);

#endif
