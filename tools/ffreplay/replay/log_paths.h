/*
 * log_paths.h - the files of logs that a command line does not name: those at their `path`, or the
 * output of their `command`.
 */
#ifndef FFREPLAY_LOG_PATHS_H
#define FFREPLAY_LOG_PATHS_H

#include <glob.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log_command.h"

struct replay;

/* The files that a pattern matches, the oldest first, as rotation numbers or dates them; of one
 * that is there compressed, too, only the other. */
struct log_files {
    char **paths;
    size_t count;
    glob_t found;
};
void log_files_find(struct log_files *files, const char *pattern);
void log_files_release(struct log_files *files);
/* The `path` of a log, in the project's memory: a relative one is below the project's directory. */
const char *log_pattern(struct project *project, uint32_t log);

/* Each "FILE" or "NAME=FILE". */
struct log_arguments {
    char **items;
    size_t count;
    struct command_output *outputs; /* of the commands that were run for them */
    size_t output_count;
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

/* What log_paths_add() holds; before the project is freed, where other logs are read later. */
void log_paths_release(struct log_arguments *arguments);
/*
 * By log, whether its files are to be found, or its command to be run. NULL after reporting: an
 * argument is of no log, or one that is asked about has neither an argument nor a source, or a
 * command that may not be run. In the project's memory.
 */
const bool *log_paths_choose(const struct replay *replay, const struct log_arguments *arguments,
                             const struct asked_times *times);
/* That nothing is to be read. */
void log_paths_report_none(void);

#endif
