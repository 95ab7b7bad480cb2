/*
 * consumer.h - what takes the records of logs: an analysis, a table of metrics.
 *
 * Threads read logs in pieces, each for a consumer of its own: a fork of the first, joined with it
 * when all is read. What was taken must not depend on who took it, nor in which order.
 */
#ifndef FFREPLAY_CONSUMER_H
#define FFREPLAY_CONSUMER_H

#include <stdint.h>

#include "tools/ffreplay/logs/records.h"

struct consumer {
    void (*take)(struct consumer *consumer, const struct record *record);
    /* A log ended within a line, which was left out. */
    void (*note_incomplete)(struct consumer *consumer, uint32_t log);
    /* An empty one of the same kind. NULL: there can be but one, so one thread reads. */
    struct consumer *(*fork)(struct consumer *consumer);
    /* Adds what the fork has taken, and frees it. */
    void (*join)(struct consumer *consumer, struct consumer *fork);
};

#endif
