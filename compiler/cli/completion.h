/* completion.h - what shells complete: the commands of a program, and the options of each. */
#ifndef FFC_COMPLETION_H
#define FFC_COMPLETION_H

#include "options.h"

extern const struct command completion_command;

#endif
