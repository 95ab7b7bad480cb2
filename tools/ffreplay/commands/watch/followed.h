/*
 * followed.h - one file of a log that is followed, and what is known of files like it.
 *
 * A file is held by its descriptor, so it is read to its end whatever becomes of its name. What was
 * read of it is remembered (logs/content.h), also after it was truncated or let go: rotation copies
 * logs and compresses them, and a copy must not be read twice.
 */
#ifndef FFREPLAY_FOLLOWED_H
#define FFREPLAY_FOLLOWED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tools/ffreplay/logs/content.h"
#include "tools/ffreplay/replay/stream.h"

enum followed_state {
    FOLLOWED_UNKNOWN, /* so far, it holds nothing that was not read elsewhere, or nothing at all */
    FOLLOWED_OPEN,    /* it is read, and may grow */
    FOLLOWED_RESTING  /* it was read to its end, and is not expected to grow */
};

struct followed_file {
    char *path;           /* its name when it was last looked for */
    int fd;               /* -1: nothing in it can be needed again */
    struct stat status;   /* as of the last look */
    struct stat examined; /* as it was when it was last compared with others … */
    uint64_t epoch;       /* … of that time; 0: it was not */
    uint32_t doubts;      /* how often it changed while it was compared */
    bool is_compressed;
    bool is_named, was_named; /* a name leads to it, now and at the last look */
    bool is_newest;           /* of those that have names */
    int64_t left;             /* when its last name went */
    int64_t changed;          /* when it was last seen to have changed */
    int64_t latest;           /* time of its latest line */
    enum followed_state state;
    struct stream stream;      /* while it is open */
    struct bytes_read content; /* what was read of it, by way of itself or of what it continues */
};

enum past_end {
    PAST_GONE, /* it has no name any more, or another file goes on with what it held */
    PAST_CUT   /* it was truncated: what had been added to it last may be lost */
};

/* What was read of a file that is not there any more. */
struct past_file {
    char *path;
    struct bytes_read content;
    int64_t when; /* that was noticed … */
    int64_t read; /* … and when it was last read before */
    enum past_end end;
};

/* Whether these are one file, which did not change in between. */
bool status_is_same(const struct stat *one, const struct stat *other);
bool status_is_of_same_file(const struct stat *one, const struct stat *other);

/* NULL: it cannot be opened; errno says why. Frees with followed_free(). */
struct followed_file *followed_new(const char *path, int64_t now);
void followed_free(struct followed_file *file);
void followed_close_stream(struct followed_file *file);

/* Whether it has other bytes than those that were read of it, or fewer. */
bool followed_was_cut(const struct followed_file *file);

/* ----------------------------------------------------------------------------------- kinship -- */

enum kinship {
    KIN_EMPTY,      /* it has nothing to tell by */
    KIN_INCOMPLETE, /* it is compressed, and its end is not there yet; or it is damaged */
    KIN_NONE,
    KIN_PART,   /* a file that is there has all of it, and more */
    KIN_COPY,   /* it is what was read elsewhere, no less and no more */
    KIN_FURTHER /* it begins with that, and goes on */
};

/* The longest content that the file begins with. */
struct kin {
    enum kinship kinship;
    const struct followed_file *file; /* whose content it is; NULL: … */
    uint32_t past;                    /* … that of this one */
    bool resembles; /* it begins as others did: of KIN_NONE, it may have been looked at too early */
    char error[160]; /* of KIN_INCOMPLETE */
    const char *help;
};

struct known_contents {
    struct followed_file **files;
    uint32_t file_count;
    const struct past_file *pasts;
    uint32_t past_count;
};

/* Cost: reads the file once, where its first bytes are those of another. */
struct kin followed_kin(struct followed_file *file, const struct known_contents *known);

#endif
