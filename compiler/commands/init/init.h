/* init.h - `ffc init`, its parts: the project, and the pipelines around it. */
#ifndef FFC_COMMANDS_INIT_H
#define FFC_COMMANDS_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/base/words.h"

struct buffer;

#define INIT_CIS(X)        \
    X(CI_GITHUB, "github") \
    X(CI_GITLAB, "gitlab") \
    X(CI_NONE, "none")
enum init_ci { INIT_CIS(WORDS_MEMBER) };
#define INIT_DEPLOYS(X)          \
    X(DEPLOY_SYSTEMD, "systemd") \
    X(DEPLOY_CRON, "cron")       \
    X(DEPLOY_KUBERNETES, "kubernetes")
enum init_deploy { INIT_DEPLOYS(WORDS_MEMBER) };

/* Of an enum above; -1: it was not asked for. */
struct init_wanted {
    int ci, deploy;
};

/* A file that is not there yet; what cannot be written whole is not left there. */
bool init_write_new(const char *path, const char *text, size_t length, struct buffer *error);

/*
 * Writes the pipelines that are wanted, and the workflow for pull requests on GitHub where no other
 * CI is, to the root of the repository that `directory` lies in; without one, beside `directory`.
 * Files that are there stay as they are. Says in `out` what was written. False: a sentence in
 * `error`.
 */
bool init_pipelines(const struct init_wanted *wanted, const char *directory, struct buffer *out,
                    struct buffer *error);

#endif
