/*
 * consumer.h - the interface for taking a log's records: an analysis, a table of metrics.
 *
 * Threads read logs in pieces, each into a consumer of its own: a fork of the first, joined with it
 * at the end. The result must not depend on which fork took a record, nor on the order.
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
