/*
 * commands.h - the commands of `ffc`, a file each, and what they share.
 */
#ifndef FFC_COMMANDS_H
#define FFC_COMMANDS_H

#include "../options.h"
#include "../project.h"

extern const struct command check_command;
extern const struct command build_command;
extern const struct command eval_command;
extern const struct command dump_command;
extern const struct command verify_command;
extern const struct command bucket_command;
extern const struct command explain_command;

#endif
