/*
 * commit.h - a git commit of the files that a command changed, and of nothing else.
 *
 * Whatever else is staged or changed stays as it is. Entries of the ledger that are not committed
 * yet come along, because the new one follows them, and so do new overrides, which they are
 * about. Hooks of the repository run, as for any commit.
 */
#ifndef FFC_ROLLOUT_COMMIT_H
#define FFC_ROLLOUT_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"

struct buffer;

struct commit {
    struct arena arena;
    const char *directory; /* of the project; borrowed */
    const char **names;    /* of files, below it */
    uint32_t count;
    const char *remote, *branch; /* to push to: "origin", "refs/heads/main"; NULL: not asked for */
};

/*
 * Before anything is edited: whether a commit can be made here, and, with `push`, where to it goes.
 * False: a sentence in `error`, and what to do in `help`.
 */
bool commit_prepare(struct commit *commit, const char *directory, bool push, struct buffer *error,
                    struct buffer *help);
/* Whether the file, below the project, is as it was committed: what somebody else changed in it
 * would be committed along with this. False: as above. */
bool commit_allows(struct commit *commit, const char *name, struct buffer *error,
                   struct buffer *help);
/* Takes a file along, which may be new or gone. */
void commit_add(struct commit *commit, const char *name);
/* Takes new entries and overrides along, as commit_make() does. Returns how many files there
 * are. */
uint32_t commit_add_new(struct commit *commit);
/*
 * Commits them, and pushes. `subject` is its first line; `reason` and `actor` follow. *made is
 * whether the commit was, whatever became of the push. False: a sentence in `error`.
 */
bool commit_make(struct commit *commit, const char *subject, const char *reason, const char *actor,
                 bool *made, struct buffer *error);
/* Pushes what an earlier run committed and could not push. *pushed: there was something. False: a
 * sentence in `error`. */
bool commit_push_rest(struct commit *commit, bool *pushed, struct buffer *error);
void commit_release(struct commit *commit);

#endif
