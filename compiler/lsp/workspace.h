/*
 * workspace.h - a project as an editor has it: the files below its directory, and in the place of
 * some of them the texts that are edited and not saved.
 *
 * All files are parsed once. What was opened, or has changed on the disk since, is laid over that,
 * a live text each. Files are read as every command reads them: regular ones, inside the project.
 */
#ifndef FFC_LSP_WORKSPACE_H
#define FFC_LSP_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/project/live_text.h"
#include "compiler/project/parsed.h"
#include "compiler/rollout/changes.h"
#include "position.h"

struct overlay {
    char *name;      /* below the directory */
    char *path;      /* with it */
    char *uri;       /* as the editor writes it; NULL: it was not opened */
    bool is_open;    /* in the editor, whose text counts */
    int64_t version; /* of that */
    struct live_text live;
    struct text_index index; /* of its text */
};

struct workspace {
    char *directory; /* absolute, without a slash at its end */
    struct parsed *parsed;
    struct overlay **overlays;
    uint32_t count;
    struct file_marks marks;
    struct changes changes;
};

/* Reads all of it. The directory need not be there. */
void workspace_open(struct workspace *workspace, const char *directory);
void workspace_close(struct workspace *workspace);

/* The name that a file has in the project, to be freed; NULL: it is none of its definitions. */
char *workspace_name(const struct workspace *workspace, const char *path);
/* NULL: there is none. */
struct overlay *workspace_overlay(const struct workspace *workspace, const char *name);

/* Lays a text over a file, which may be new, or replaces the one that is there. */
struct overlay *workspace_put(struct workspace *workspace, const char *name, const char *text,
                              size_t length);
/* Back to what the disk has. */
void workspace_revert(struct workspace *workspace, struct overlay *overlay);
/* Whether something changed on the disk since the last time. Then it is read. */
bool workspace_refresh(struct workspace *workspace);

/* Views for parsed.h; in the arena. */
struct file_text *workspace_texts(const struct workspace *workspace, struct arena *arena,
                                  uint32_t *count);

/* All files that there are now, by number: first those that were parsed. */
struct workspace_file {
    const char *name, *path;
    const char *text;
    size_t length;
    const struct node *root; /* NULL: nothing of it can be used */
    struct overlay *overlay; /* or NULL */
};
uint32_t workspace_file_count(const struct workspace *workspace);
struct workspace_file workspace_file(const struct workspace *workspace, uint32_t number);
/* The same by its name. */
bool workspace_find(const struct workspace *workspace, const char *name,
                    struct workspace_file *file);
/* As the editor writes it, or would. */
void workspace_uri(const struct workspace *workspace, const struct workspace_file *file,
                   struct buffer *out);

#endif
