/*
 * timeline.h - the records of several logs merged by time, look by look.
 *
 * Each file is roughly sorted: a line may come up to `lateness` after a later one. Records wait
 * until nothing earlier can come, so memory grows with the lateness, not with the log. Records that
 * come even later are counted and left out. Time series are documents in any order: those are read
 * whole.
 */
#ifndef FFREPLAY_TIMELINE_H
#define FFREPLAY_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/logs/record_copy.h"
#include "tools/ffreplay/replay/stream.h"

/* Records of (look - interval, look], by time and content where a log names an `id`, and otherwise
 * in any order. */
struct look_records {
    int64_t look; /* a whole multiple of the interval */
    struct record_copies records;
};

struct timeline {
    struct replay *replay;
    int64_t interval;
    int64_t until; /* what is later is left out */
    struct timeline_file *files;
    uint32_t file_count;
    struct look_records *waiting; /* by look, earliest first */
    size_t waiting_count, waiting_capacity;
    uint64_t taken;      /* records with a time */
    uint64_t late;       /* of them, those that came too late */
    int64_t first, last; /* times of the others; INT64_MAX and INT64_MIN: none */
    bool sorts;
};

/* Each "FILE" or "NAME=FILE". False after reporting. To be closed in any case. */
bool timeline_open(struct timeline *timeline, struct replay *replay, int64_t interval,
                   int64_t until, char **arguments, size_t count);
void timeline_close(struct timeline *timeline);

enum timeline_step { TIMELINE_LOOK, TIMELINE_END, TIMELINE_FAILED };
/*
 * The next look that has records; the caller releases them. Looks without any are left out. On
 * TIMELINE_FAILED it has been reported.
 */
enum timeline_step timeline_next(struct timeline *timeline, struct look_records *records);

/* What time it is by the lines that were read, those after `until` included. */
struct traffic_span timeline_span(const struct timeline *timeline);

/* The first whole multiple of the interval at or after a time. */
int64_t look_of(int64_t time, int64_t interval);

#endif
