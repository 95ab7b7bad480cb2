/*
 * choose.h - the flags, metrics and canaries that a command is about.
 */
#ifndef FFREPLAY_CHOOSE_H
#define FFREPLAY_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "tools/ffreplay/canary/analysis.h"

/* Looks up by name; reports unknown names. */
const struct flag *choose_flag(const struct project *project, const struct command *command,
                               const char *name);
const struct metric *choose_metric(const struct project *project, const struct command *command,
                                   const char *name);
bool choose_environment(const struct project *project, const struct command *command,
                        const char *name, uint32_t *environment);

/*
 * Makes an unprepared analysis for the flag's canary or, without a flag, for every canary of the
 * environment that is running or paused. False, after reporting, with suggestions, if there is
 * none.
 */
bool choose_canaries(struct project *project, const struct command *command, const char *flag,
                     const char *environment, struct analyses *chosen);

#endif
