/*
 * inputs.h - which lines were read, so that nobody counts them twice, and until when they count.
 *
 * A consumer of the records of logs. Each file has a digest of its records in any order.
 */
#ifndef FFREPLAY_AGGREGATE_INPUTS_H
#define FFREPLAY_AGGREGATE_INPUTS_H

#include <stdint.h>

#include "tools/ffreplay/aggregate/rows.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/replay/replay.h"

struct inputs {
    struct consumer consumer;
    const struct replay *replay;
    struct input {
        struct input_digest digest;
        uint64_t records;
    } * items; /* by source */
    uint32_t count;
    int64_t last; /* the time of the latest line that counts; INT64_MIN: none does */
    int64_t cut;  /* and of the earliest that is later than now; INT64_MAX: none is */
};

void inputs_begin(struct inputs *inputs, const struct replay *replay);
void inputs_release(struct inputs *inputs);
/* Rows "input/DIGEST", one a file that has records, and "time/used". */
void inputs_put(const struct inputs *inputs, struct rows *rows);

#endif
