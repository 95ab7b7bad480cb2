/*
 * git.h - what git knows of the repository that a project is in.
 *
 * Runs the program `git`, without a shell, a pager or a prompt. Nothing here writes to the
 * repository or to its work tree; commit.h does. Names that come from a repository are data: none
 * of them becomes an option, or leads out of the folder that they are written below.
 */
#ifndef FFC_GIT_H
#define FFC_GIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "scratch.h"

enum git_answer {
    GIT_DONE,
    GIT_REFUSED, /* it ran, and said no; its words are in `error`, where it has any */
    GIT_MISSING  /* there is no git, or it could not be run */
};

/* `git -C directory ARGUMENTS…`, NULL at their end, with `input` (or NULL) to read. Appends what it
 * prints to `out`, and what it says on stderr to `error`. */
enum git_answer git_run(const char *directory, const char *const *arguments,
                        const struct buffer *input, struct buffer *out, struct buffer *error);

/*
 * Objects of git's store, one after the other, from one process. The stderr of that is not read,
 * and it says little there.
 */
struct git_objects {
    pid_t child; /* below 0: none */
    int in, out, error;
    struct buffer got;
    size_t used; /* of it, by the object that was returned last */
};
#define GIT_AT_ONCE 512 /* objects that may be asked for before one is read */
struct git_bytes {
    const char *bytes; /* with a NUL after them; until the next is asked for */
    size_t length;
};
bool git_objects_open(struct git_objects *objects, const char *directory);
/* By its id, in hexadecimal. False: there is none, or git has ended. */
bool git_object(struct git_objects *objects, const char *id, struct git_bytes *object);
/* The same of several: asks for all, at most GIT_AT_ONCE, and then reads each, in their order. */
bool git_objects_ask(struct git_objects *objects, const char *const *ids, size_t count);
bool git_objects_next(struct git_objects *objects, struct git_bytes *object);
void git_objects_close(struct git_objects *objects);

/* The commit that a revision names, as hexadecimal in the arena; NULL in *commit if git knows no
 * such revision, or `directory` is in no repository. */
enum git_answer git_commit(const char *directory, const char *revision, struct arena *arena,
                           const char **commit);
/* The best common ancestor of two; NULL in *commit if they have none. */
enum git_answer git_merge_base(const char *directory, const char *one, const char *other,
                               struct arena *arena, const char **commit);
/* Whether the repository has only the newest commits. */
bool git_is_shallow(const char *directory);
/* Whether files of the repository are left out of its work tree. */
bool git_is_sparse(const char *directory);
/* The path of a directory below the top of its repository: "" or "services/shop". NULL: none. */
const char *git_prefix(const char *directory, struct arena *arena);

/*
 * Writes the files of a folder, as they are in a commit, into a new directory: definitions, and
 * files that these name. scratch_remove() removes it. False, with a sentence in `error`, if it
 * cannot be done; *found is false, and nothing is written, if the commit has no definitions there.
 */
bool git_write_files(const char *directory, const char *commit, const char *folder,
                     struct scratch *files, bool *found, struct buffer *error);

#endif
