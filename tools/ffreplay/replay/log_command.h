/*
 * log_command.h - logs that a program prints: a log's `command`.
 */
#ifndef FFREPLAY_LOG_COMMAND_H
#define FFREPLAY_LOG_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct log;
struct project;

/* The times of the lines that are asked for, in milliseconds. */
struct asked_times {
    int64_t from;    /* INT64_MIN: not known */
    int64_t to;      /* INT64_MAX: now */
    const char *way; /* of saying `from`, for a help: "give --from" */
};

/* Whether log_command_run() can fill in what the command asks for; otherwise it is reported. */
bool log_command_is_told(const struct project *project, const struct log *log,
                         const struct asked_times *times);
/*
 * Runs the log's command in the project's directory, and waits for its end. What it prints on its
 * standard error is passed on. Returns the path of its output, a file without a name that can be
 * read any number of times until this process ends, in the project's memory. NULL, after reporting:
 * it failed, took too long, or printed nothing. INT, TERM and HUP end it, and are a failure.
 */
const char *log_command_run(struct project *project, const struct log *log,
                            const struct asked_times *times);

#endif
