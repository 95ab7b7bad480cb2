/*
 * checking.h - what is wrong with the project as it is edited.
 *
 * All of it is checked, as `ffc check` does, by a child: it has the parsed files as they are at
 * that moment, costs nobody any time, is killed when the next edit comes, and leaves no memory
 * behind. In a large project, the file that is edited has its answer earlier: its flags, and what
 * they depend on, are checked at once, and that is published if the child has not ended by then.
 */
#ifndef FFC_LSP_CHECKING_H
#define FFC_LSP_CHECKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "compiler/base/buffer.h"

struct server;

struct checking {
    bool due;     /* something has changed since the last one began */
    char *edited; /* the file that has, if it is one alone; or NULL */
    pid_t child;  /* 0: none */
    int pipe;     /* what it says */
    struct buffer said;
    char *quick_name; /* of what is to be published if the child takes long; or NULL */
    struct buffer quick;
    int64_t quick_at; /* milliseconds of the monotonic clock */
    bool failed;      /* the last one did not end by itself, and was told of */
};

/* After a change of a file, or (NULL) of several. */
void checking_want(struct checking *checking, const char *name);
/* Begins what is wanted. */
void checking_begin(struct server *server);
/* When the child has said something, and when the time is over. */
void checking_continue(struct server *server);
/* How long nothing has to be done; -1: until the child says something. */
int checking_wait(const struct checking *checking);
void checking_stop(struct checking *checking);

#endif
