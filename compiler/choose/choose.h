/*
 * choose.h - what a command line names: flags, metrics and environments of a project.
 *
 * A name that the project does not have is reported, with what may have been meant; the command
 * then returns EXIT_JOB.
 */
#ifndef FFC_CHOOSE_H
#define FFC_CHOOSE_H

#include <stdint.h>

#include "compiler/cli/options.h"

struct flag;
struct metric;
struct project;

/* NULL, after reporting it, for an unknown name. */
const struct flag *choose_flag(const struct command *command, const struct project *project,
                               const char *name);
const struct metric *choose_metric(const struct command *command, const struct project *project,
                                   const char *name);
/* The environment's index; without a name, that of the project's only one, or its
 * `default_environment`. UINT32_MAX if there is none. */
uint32_t find_environment(const struct project *project, const char *name);
/* The same; that there is none is reported. */
uint32_t choose_environment(const struct command *command, const struct project *project,
                            const char *name);

/* Reports that no flag of the project has the name. Returns EXIT_JOB. */
int unknown_flag(const struct command *command, const struct project *project, const char *name);

#endif
