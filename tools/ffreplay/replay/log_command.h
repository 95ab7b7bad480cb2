/*
 * log_command.h - logs that a program prints: a log's `command`.
 */
#ifndef FFREPLAY_LOG_COMMAND_H
#define FFREPLAY_LOG_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
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
/* A file without a name, that can be read any number of times. */
struct command_output {
    bool is_quiet;    /* to be set before: failures are not reported */
    const char *path; /* NULL: there is none */
    int fd;
    bool was_cancelled; /* by a signal that ends this process */
};

/*
 * Runs the log's command in the project's directory, and waits for its end. What it prints on its
 * standard error is passed on. What it returns is in the arena's memory; whoever runs it again
 * releases it before. False, after reporting: it failed, took too long, or printed nothing. INT,
 * TERM and HUP end it, and are a failure.
 */
bool log_command_run(struct project *project, struct arena *arena, const struct log *log,
                     const struct asked_times *times, struct command_output *output);
/* What it is called where its output is shown. */
const char *log_command_name(struct arena *arena, const struct log *log);
void log_command_release(struct command_output *output);

#endif
