/*
 * what_if.h - a flag as it would be if its canary or experiment were in another state.
 */
#ifndef FFC_COMMANDS_WHAT_IF_H
#define FFC_COMMANDS_WHAT_IF_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "compiler/project/project.h"

struct arena;
struct flag;
struct project;
struct what_if;

/* A copy of the flag, which has a canary or an experiment in that environment. */
struct flag *what_if_flag(struct arena *arena, const struct project *project,
                          const struct flag *flag, uint32_t environment,
                          const struct what_if *what_if);

/*
 * From words of a command line; each may be NULL, but not both. False, having printed the reason on
 * stderr, if they do not fit the flag.
 */
bool parse_what_if(const struct command *command, const struct flag *flag, uint32_t environment,
                   const char *state, const char *stage, struct what_if *what_if);

#endif
