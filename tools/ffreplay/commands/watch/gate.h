/*
 * gate.h - records of logs that are written while they are read: each is let through to the
 * analyses once its time has come.
 *
 * A writer's clock may be a little ahead. What is ahead by up to the lateness waits; what is ahead
 * by more is left out as after_now, as it would be by who decides now.
 */
#ifndef FFREPLAY_GATE_H
#define FFREPLAY_GATE_H

#include "tools/ffreplay/canary/analysis.h"
#include "tools/ffreplay/logs/kept.h"
#include "tools/ffreplay/replay/replay.h"

struct gate {
    struct taker taker; /* for the streams of logs */
    struct replay *replay;
    struct analyses *analyses;
    struct kept_list waiting;
    struct stray_lines ahead; /* those that were left out */
};

/* replay->times.now is the time. */
void gate_open(struct gate *gate, struct replay *replay, struct analyses *analyses);
void gate_close(struct gate *gate);

/* Lets through what waited, after replay->times.now has moved on. */
void gate_pass(struct gate *gate);

#endif
