/*
 * suppose.h - a flag as it would be if its canary or experiment were in another state.
 */
#ifndef FFC_COMMANDS_SUPPOSE_H
#define FFC_COMMANDS_SUPPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "compiler/project/project.h"

struct arena;
struct flag;
struct project;
struct supposition;

/* A copy of the flag, which has a canary or an experiment in that environment. */
struct flag *suppose(struct arena *arena, const struct project *project, const struct flag *flag,
                     uint32_t environment, const struct supposition *supposition);

/*
 * From words of a command line; each may be NULL, but not both. False after saying on stderr what
 * is wrong with them.
 */
bool parse_supposition(const struct command *command, const struct flag *flag, uint32_t environment,
                       const char *state, const char *stage, struct supposition *supposition);

#endif
