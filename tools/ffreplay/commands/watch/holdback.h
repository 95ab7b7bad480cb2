/*
 * holdback.h - for logs that are being written: passes each record to the analyses once its time
 * has come.
 *
 * A writer's clock may be a little ahead. Records ahead by up to the lateness wait; those ahead by
 * more are left out as after_now, as `decide` would do now.
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
