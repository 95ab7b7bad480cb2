/*
 * apply_options.h - the options of commands that carry out verdicts, and the exit statuses of
 * verdicts.
 */
#ifndef FFREPLAY_APPLY_OPTIONS_H
#define FFREPLAY_APPLY_OPTIONS_H

#include <stdbool.h>

#include "compiler/cli/option_rows.h"
#include "compiler/ledger/actor.h"
#include "tools/ffreplay/canary/verdict.h"

struct apply_options {
    bool given, run_steps, commit, push;
    const char *build, *key, *actor;
};

/* Rows of a command's table. */
#define APPLY_OPTIONS(options)                                                             \
    {"apply",          0,    OPTION_FLAG,                                                  \
     &(options).given, NULL, "apply the verdict: edit the definition, add to the ledger"}, \
        BUILD_OPTION((options).build, "with --apply: publish the snapshot"),               \
        SIGN_OPTION((options).key, "with --build: "),                                      \
        RUN_STEPS_OPTION((options).run_steps,                                              \
                         "with --apply: run the rollback plan and the hooks"),             \
        ACTOR_OPTIONS((options).actor)

/* False: one is given without that which it is about, which has been reported as a usage error. */
bool apply_options_check(const struct apply_options *options, const struct command *command);

/* Of --exit-code; EXIT_JOB where there is no verdict. */
enum verdict_exit { EXIT_HOLD = 10, EXIT_PAUSE = 11, EXIT_ROLLBACK = 20 };
int verdict_exit(const struct verdict *verdict);
/* Of two of several canaries. No verdict is worse than a pause, and better than a rollback. */
int worse_exit(int left, int right);

#endif
