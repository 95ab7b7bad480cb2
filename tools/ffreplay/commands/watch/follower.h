/*
 * follower.h - follows a growing log as `tail -F` does, and all files that a pattern matches.
 *
 * Appended data is read up to the last line end. However rotation renames, copies, truncates,
 * compresses and removes files, each line is read once: a file is told by its inode while it is
 * held open, and a copy by its content, compressed or not (see followed.h). A file without a name
 * is still read, as its writer may not have noticed; it is kept open until nothing in it can be
 * needed again, however often reading starts over. A path without a file is waited for.
 */
#ifndef FFREPLAY_FOLLOWER_H
#define FFREPLAY_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "followed.h"

struct heartbeat;
struct log;

struct follower {
    char *path;
    bool is_pattern; /* of a log's `path` */
    bool is_idle;    /* the definitions do not ask for it any more */
    bool is_stdin;
    bool ended; /* of stdin */
    struct replay *replay;
    struct consumer *consumer;
    struct heartbeat *heartbeat; /* of the watch, while it reads */
    uint32_t log;
    struct followed_file **files; /* in the order in which they were found, the oldest first */
    uint32_t file_count;
    struct past_file *pasts;
    uint32_t past_count;
    uint64_t epoch;    /* moves on when what files are compared with has changed */
    int64_t last_read; /* when; INT64_MIN: not yet */
};

/*
 * "FILE" or "NAME=FILE" of this replay's project; of a log's `path`, follower_begin_log() does the
 * same. To be called again after follower_stop(). False: it cannot be followed; reported.
 */
bool follower_begin(struct follower *follower, struct replay *replay, const char *argument,
                    struct consumer *consumer);
bool follower_begin_log(struct follower *follower, struct replay *replay, uint32_t log,
                        struct consumer *consumer);
/* Stops reading, and keeps what it takes to begin anew. What came on stdin does not come again. */
void follower_stop(struct follower *follower);
void follower_close(struct follower *follower);

/*
 * Takes all there is by now, and tells the heartbeat meanwhile. Files that lost their names a while
 * before `now` and have nothing from `needed` on are let go. What may be lost is said. False: it
 * cannot be read, which has been reported.
 */
bool follower_read(struct follower *follower, struct heartbeat *heartbeat, int64_t now,
                   int64_t needed);

#endif
