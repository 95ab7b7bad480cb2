/*
 * rerun.h - `--watch`: a command runs again whenever a file of its project changes.
 *
 * A run reads everything anew, whatever is broken meanwhile. What is saved in several steps, by a
 * rename or by git, is one change: it waits until nothing has changed for a moment. What is told
 * between runs goes to stderr, so that stdout has the results alone.
 */
#ifndef FFC_COMMANDS_RERUN_H
#define FFC_COMMANDS_RERUN_H

#include "compiler/cli/options.h"

#define WATCH_OPTION(target)                                                 \
    {                                                                        \
        "watch", 0, OPTION_FLAG, &(target), NULL,                            \
            "run again whenever a file of the project changes, until Ctrl-C" \
    }

struct rerun {
    const char *directory; /* as -C has it, or NULL */
    enum color_choice color;
    int (*once)(void *user); /* writes nothing to files; returns an exit status */
    void *user;
};

/* Until SIGINT or SIGTERM. Returns the exit status of the last run. */
int rerun_on_changes(const struct rerun *rerun);

#endif
