/*
 * holdback.h - records of logs that are written while they are read: each is let through to the
 * analyses once its time has come.
 *
 * A writer's clock may be a little ahead. What is ahead by up to the lateness waits; what is ahead
 * by more is left out as after_now, as it would be by who decides now.
 */
#ifndef FFREPLAY_HOLDBACK_H
#define FFREPLAY_HOLDBACK_H

#include "tools/ffreplay/canary/analysis.h"
#include "tools/ffreplay/logs/record_copy.h"
#include "tools/ffreplay/replay/replay.h"

struct holdback {
    struct consumer consumer; /* for the streams of logs */
    struct replay *replay;
    struct analyses *analyses;
    struct record_copies waiting;
    struct stray_lines ahead; /* those that were left out */
};

/* replay->times.now is the time. */
void holdback_open(struct holdback *holdback, struct replay *replay, struct analyses *analyses);
void holdback_close(struct holdback *holdback);

/* Lets through what waited, after replay->times.now has moved on. */
void holdback_release(struct holdback *holdback);

#endif
