/*
 * log_paths.h - the files of logs that a command line does not name: those at their `path`, or the
 * output of their `command`.
 */
#ifndef FFREPLAY_LOG_PATHS_H
#define FFREPLAY_LOG_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "log_command.h"

struct replay;

/* Each "FILE" or "NAME=FILE". */
struct log_arguments {
    char **items;
    size_t count;
};

/*
 * Adds the files of every log that is asked about, and that no argument is a file of: the oldest
 * first, as rotation numbers or dates them; or what its command prints, run once. Logs are asked
 * about by replay_concerns(); without any, all those are that have a `path` or a `command`. False
 * after reporting: an argument is of no log, a log has neither an argument nor a file, or its
 * command failed or may not be run. Calling it again adds nothing. In the project's memory.
 */
bool log_paths_add(struct replay *replay, struct log_arguments *arguments,
                   const struct asked_times *times);

#endif
