/*
 * worker.h - one thread's part in reading logs: what it counts, and takers of its own.
 */
#ifndef FFREPLAY_WORKER_H
#define FFREPLAY_WORKER_H

#include "taker.h"

/* So many of the latest lines are remembered, to find a clock that jumped ahead. */
#define NEWEST_COUNT 17
#define NEWEST_ROOM  64

/* Times of lines, whatever becomes of them. */
struct log_times {
    uint64_t timed;              /* how many lines with a time there were */
    int64_t earliest;            /* of them; INT64_MAX: there is none */
    int64_t latest[NEWEST_ROOM]; /* ascending; the last ones are the latest of all */
    uint32_t latest_count;
};
void log_times_init(struct log_times *times);
void log_times_add(struct log_times *times, int64_t time);
/* The latest time, and those before it, below NEWEST_COUNT; INT64_MIN: there are not so many. */
int64_t log_times_newest(const struct log_times *times, uint32_t place);
void log_times_join(struct log_times *times, const struct log_times *other);

struct worker {
    struct taker **takers;
    uint32_t taker_count;
    struct unit_set *ids; /* of the log that is read, where it names an `id`; or NULL */
    struct log_times times;
    struct records records; /* of the log that is read */
    char apart[128];        /* from the next worker's counts, which another processor writes */
};

/* Takes what `records` reads. */
void worker_take(void *worker, struct record *record);

#endif
