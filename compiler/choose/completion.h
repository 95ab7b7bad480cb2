/* completion.h - what shells complete: commands, options, and the names of a project. */
#ifndef FFC_COMPLETION_H
#define FFC_COMPLETION_H

#include "compiler/cli/options.h"

extern const struct command completion_command;

#endif
