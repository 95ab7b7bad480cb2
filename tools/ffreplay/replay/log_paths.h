/*
 * log_paths.h - the files of logs that a command line does not name: those at their `path`.
 */
#ifndef FFREPLAY_LOG_PATHS_H
#define FFREPLAY_LOG_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct replay;

/* Each "FILE" or "NAME=FILE". */
struct log_arguments {
    char **items;
    size_t count;
};

/*
 * Adds the files of every log that is asked about, and that no argument is a file of: the oldest
 * first, as rotation numbers or dates them. Logs are asked about by replay_concerns(); without any,
 * all those are that have a `path`. False after reporting: an argument is of no log, or a log has
 * neither an argument nor a file. Calling it again adds nothing. In the project's memory.
 */
bool log_paths_add(struct replay *replay, struct log_arguments *arguments);

#endif
