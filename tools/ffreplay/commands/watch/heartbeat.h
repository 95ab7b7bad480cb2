/*
 * heartbeat.h - that a watch is alive, and what it thinks: told to whoever looks, in a file
 * (--status-file), and to systemd, by sd_notify's protocol, where $NOTIFY_SOCKET names a socket.
 *
 * None of it stops a watch: a file that cannot be written is said once, a datagram that nobody
 * takes is lost.
 */
#ifndef FFREPLAY_HEARTBEAT_H
#define FFREPLAY_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"

struct verdict;
struct watch;

struct heartbeat {
    const char *file;       /* or NULL */
    int socket;             /* connected; -1: there is none */
    struct buffer canaries; /* what was thought of each at this look, as JSON … */
    struct buffer words;    /* … and in a line */
    uint64_t looks;
    int64_t beaten; /* when; milliseconds */
    bool is_lost;   /* the file could not be written last time */
};

/* Takes $NOTIFY_SOCKET out of the environment, so that no program that is run speaks for it. */
void heartbeat_open(struct heartbeat *heartbeat, const char *file, int64_t interval);
/* It is about to look for the first time. */
void heartbeat_ready(struct heartbeat *heartbeat);
/* While it reads for long: tells systemd, once a second at most. */
void heartbeat_read_on(struct heartbeat *heartbeat);
/* A look begins; then each of its verdicts; then it is done. */
void heartbeat_look(struct heartbeat *heartbeat);
void heartbeat_add(struct heartbeat *heartbeat, const struct verdict *verdict);
void heartbeat_beat(struct heartbeat *heartbeat, const struct watch *watch);
/* The watch is over: the file says so. */
void heartbeat_close(struct heartbeat *heartbeat, const struct watch *watch);

#endif
