/*
 * choose.h - the canaries that a command is about.
 */
#ifndef FFREPLAY_CHOOSE_H
#define FFREPLAY_CHOOSE_H

#include "compiler/options.h"
#include "tools/ffreplay/replay/replay.h"

/*
 * Makes an analysis, not prepared yet, for the flag's canary; without a flag, for every canary of
 * the environment that is running or paused. False: there is no such thing, which was reported in
 * the command's name, with what may have been meant.
 */
bool choose_canaries(struct replay *replay, const struct command *command, const char *flag,
                     const char *environment);

#endif
