/*
 * scratch.h - files in a temporary directory of their own, for a project to be read from.
 *
 * Paths come from a repository, and are data: none leads out of the directory, or through a link.
 * Functions that fail return false, with a sentence in `error`.
 */
#ifndef FFC_SCRATCH_H
#define FFC_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/base/arena.h"

struct buffer;

/* `{.folder = -1}` before anything else. */
struct scratch {
    struct arena arena;
    int folder;         /* -1: not open */
    const char *place;  /* NULL: there is none */
    const char **paths; /* all that was written, those in a folder after it */
    size_t count;
};

/* Below $TMPDIR, for this user alone. It has nothing yet, but its arena may be in use. */
bool scratch_open(struct scratch *scratch, struct buffer *error);
/* A path that no file system has, such as "a/../b", is left out. */
bool scratch_write(struct scratch *scratch, const char *path, const char *bytes, size_t length,
                   struct buffer *error);
bool scratch_link(struct scratch *scratch, const char *path, const char *target, size_t length,
                  struct buffer *error);
/* All of it; also of one that could not be opened. */
void scratch_remove(struct scratch *scratch);

#endif
