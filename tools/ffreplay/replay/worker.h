/*
 * worker.h - one thread's part in reading logs: what it counts, and consumers of its own.
 */
#ifndef FFREPLAY_WORKER_H
#define FFREPLAY_WORKER_H

#include <stdint.h>

#include "block_ids.h"
#include "consumer.h"
#include "traffic.h"

struct worker {
    struct consumer **consumers;
    uint32_t consumer_count;
    struct unit_set *ids;    /* of the log that is read, where it names an `id`; or NULL */
    struct block_ids *noted; /* of those, in the block that is read, if it is read twice; or NULL */
    struct traffic traffic;
    struct traffic bad;     /* lines that are bad, at the times of those beside them */
    struct records records; /* of the log that is read */
    char apart[128];        /* from the next worker's counts, which another processor writes */
};

/* Takes what `records` reads. */
void worker_take(void *worker, struct record *record);
void worker_take_bad(void *worker, int64_t time, uint64_t lines);
/* Takes nothing but its id. */
void worker_note_id(void *worker, struct record *record);

#endif
