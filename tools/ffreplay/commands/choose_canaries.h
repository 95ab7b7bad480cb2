/*
 * choose_canaries.h - the canaries that a command is about.
 */
#ifndef FFREPLAY_CHOOSE_CANARIES_H
#define FFREPLAY_CHOOSE_CANARIES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/choose/choose.h"
#include "tools/ffreplay/canary/analysis.h"

/*
 * Makes an unprepared analysis for the flag's canary or, without a flag, for every canary of the
 * environment that is running or paused. False, after reporting, with suggestions, if there is
 * none.
 */
bool choose_canaries(struct project *project, const struct command *command, const char *flag,
                     const char *environment, struct analyses *chosen);

#endif
