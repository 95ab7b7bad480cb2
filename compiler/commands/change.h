/*
 * change.h - what commands that change a rollout share: options, the project under its lock,
 * publication.
 */
#ifndef FFC_CHANGE_H
#define FFC_CHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "commands.h"
#include "compiler/rollout/commit.h"
#include "compiler/ledger/ledger.h"
#include "compiler/processes/permission.h"
#include "compiler/publish/publication.h"

struct buffer;
struct flag;
struct node;
struct targeting;

struct change {
    const struct command *command;
    const char *directory, *environment, *reason, *actor, *build, *key;
    int64_t at; /* INT64_MIN: now */
    bool dry_run, json;
    struct permission steps; /* to run the plan and the hooks */
    bool commit, push;
    enum color_choice color;

    struct project *project;
    struct project *seen; /* as it was before the lock was waited for; or NULL */
    struct ledger ledger;
    struct publication publication;
    struct commit files; /* what --commit commits */
    json_t *finished;    /* the entries of interrupted runs that were just finished; or NULL */
};

/* Rows of a command's table: of whatever edits definitions. */
#define EDIT_OPTIONS(change)                                                            \
    ACTOR_OPTIONS((change).actor), DIRECTORY_OPTION((change).directory),                \
        REASON_OPTION((change).reason, "why, for the ledger"),                          \
        AT_OPTION((change).at, "when, for the ledger [now]"),                           \
        BUILD_OPTION((change).build, "also publish the snapshot"),                      \
        SIGN_OPTION((change).key, "with --build: "),                                    \
        COMMIT_OPTIONS((change).commit, (change).push),                                 \
        {"dry-run", 0, OPTION_FLAG, &(change).dry_run, NULL, "show what would change"}, \
        JSON_OPTION((change).json, "the result as JSON"), COLOR_OPTION((change).color)
/* The same of a rollout, which has plans and hooks. */
#define CHANGE_OPTIONS(change)                                                              \
    EDIT_OPTIONS(change),                                                                   \
        RUN_STEPS_OPTION((change).steps.given, "then run the rollback plan and the hooks"), \
        ALLOW_LIST_OPTION((change).steps.list)

/*
 * Reads the project: under its lock, and after what a crash left was finished, unless nothing is to
 * be written. Otherwise it has been said, and *status is what to exit with.
 */
bool change_begin(struct change *change, bool writes, int *status);
void change_release(struct change *change);
/* Whether the file that --build names may become that environment's; it is said where not. */
bool change_fits(const struct change *change, const char *environment);
/* Who, and when: the first thing that change_begin() does. */
void change_identify(struct change *change);

/* False, and said, where a reason is missing or options contradict. */
bool change_is_explained(const struct change *change, int *status);

/* Says which overrides take precedence over the flag's canary or experiment, as it is called. */
void change_note_overrides(const struct change *change, const struct flag *flag,
                           uint32_t environment, const char *what);

/* Publishes what --build names, if it does; then the entry counts. Of other flags than the one that
 * was changed it is said where they change with it. */
bool change_finish(struct change *change, const char *environment, const char *flag,
                   struct buffer *error);

/* What a flag may have in an environment: a canary, or an experiment. */
struct flag_part {
    const char *name, *plural;
    const struct node *(*node_of)(const struct targeting *targeting); /* NULL: it has none */
};
/* The environment whose part is meant: that of -e, or the first that has one, if it is the same in
 * all that do. UINT32_MAX: there is none, as has been said. */
uint32_t change_environment(const struct change *change, const struct flag *flag,
                            const struct flag_part *part);

/*
 * What --commit asks for, in two steps; without it, both do nothing. Before a file below the
 * project is edited: whether it can be committed by itself, and said where not. After all is done,
 * and said: the commit of those files and of the ledger's entries, and the push. `subject` is its
 * first line. Returns an exit_status: it is done nevertheless where that is not EXIT_FINE.
 */
bool change_can_commit(struct change *change, const char *name);
int change_commit(struct change *change, const char *subject);
/* Where nothing was changed: with --push, pushes what an earlier run committed and could not push,
 * and appends that to the notes. Returns an exit_status. */
int change_push_rest(struct change *change, struct buffer *notes);
/* For an emergency, of which nothing is asked before: takes a file along. */
void change_commits(struct change *change, const char *name);

#endif
