/*
 * log_options.h - the options of every command that reads logs, parsed and checked.
 */
#ifndef FFREPLAY_LOG_OPTIONS_H
#define FFREPLAY_LOG_OPTIONS_H

#include <stdbool.h>

#include "compiler/cli/option_rows.h"
#include "tools/ffreplay/replay/replay.h"

struct log_options {
    const char *window, *lateness, *stale, *max_bad, *threads;
    const char *settle; /* NULL: what was served when is not looked up */
    const char *archive;
    bool allow_partial;
    struct permission commands; /* to run those of logs; its list is of plans and hooks, too */
};
#define LOG_OPTIONS_INIT                                                                    \
    {                                                                                       \
        .window = "10s", .lateness = "1m", .stale = "10m", .max_bad = "1%", .settle = "10s" \
    }

/* Rows of a command's table; those that it does not offer keep what they are at first. */
#define WINDOW_OPTION(options)                                                          \
    {                                                                                   \
        "window", 0, OPTION_TEXT, &(options).window, "D", "width of time windows [10s]" \
    }
#define LATENESS_OPTION(options)                                \
    {                                                           \
        "lateness", 0, OPTION_TEXT, &(options).lateness, "D",   \
            "a window is complete this long after its end [1m]" \
    }
#define STALE_OPTION(options)                                      \
    {                                                              \
        "stale", 0, OPTION_TEXT, &(options).stale, "D",            \
            "a canary unseen for this long does not advance [10m]" \
    }
#define MAX_BAD_OPTION(options)                                                       \
    {                                                                                 \
        "max-bad", 0, OPTION_TEXT, &(options).max_bad, "PERCENT",                     \
            "tolerate so many bad lines of a log, unreadable samples of a group [1%]" \
    }
#define SERVED_OPTIONS(options)                                                          \
    {"archive",          0,     OPTION_TEXT,                                             \
     &(options).archive, "DIR", "the record of what was served when [project.archive]"}, \
    {                                                                                    \
        "settle", 0, OPTION_TEXT, &(options).settle, "D",                                \
            "leave out lines this close to a publication [10s]"                          \
    }
#define ALLOW_PARTIAL_OPTION(options)                                    \
    {                                                                    \
        "allow-partial", 0, OPTION_FLAG, &(options).allow_partial, NULL, \
            "accept Prometheus answers that are marked partial"          \
    }
#define ALLOW_COMMANDS_OPTION(options)                                                       \
    {"allow-commands",          0,    OPTION_FLAG,                                           \
     &(options).commands.given, NULL, "run the programs that the definitions of logs name"}, \
        ALLOW_LIST_OPTION((options).commands.list)
#define THREADS_OPTION(options)                             \
    {                                                       \
        "threads", 0, OPTION_TEXT, &(options).threads, "N", \
            "threads that read logs [one per processor]"    \
    }

/* False: one is not what it should be, which has been reported as a usage error. */
bool log_options_apply(const struct log_options *options, const struct command *command,
                       struct replay *replay);

#endif
