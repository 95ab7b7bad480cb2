/*
 * taker.h - what takes the records of logs: an analysis, a table of metrics.
 *
 * Threads read logs in pieces, each for a taker of its own: a fork of the first, joined with it
 * when all is read. What was taken must not depend on who took it, nor in which order.
 */
#ifndef FFREPLAY_TAKER_H
#define FFREPLAY_TAKER_H

#include <stdint.h>

#include "tools/ffreplay/logs/records.h"

struct taker {
    void (*take)(struct taker *taker, const struct record *record);
    /* A log ended within a line, which was left out. */
    void (*note_incomplete)(struct taker *taker, uint32_t log);
    /* An empty one of the same kind. NULL: there can be but one, so one thread reads. */
    struct taker *(*fork)(struct taker *taker);
    /* Adds what the fork has taken, and frees it. */
    void (*join)(struct taker *taker, struct taker *fork);
};

#endif
