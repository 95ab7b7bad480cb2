/*
 * edit.h - changes to a definition file in place.
 *
 * A change replaces the bytes of single scalars, or adds a key to a block; every other byte of the
 * file, comments and line ends included, stays as it was. The file is replaced as publish_file()
 * does, but keeps its mode.
 */
#ifndef FFC_EDIT_H
#define FFC_EDIT_H

#include "compiler/project.h"

struct edit {
    const char *key;   /* in the block */
    const char *value; /* as YAML text */
};

/*
 * Sets keys of a block mapping or flow mapping that project_load() read, and writes its file.
 * Refuses, with a sentence in `error`, when the file on disk is no longer what was read. On success
 * the model still shows the old values: load again.
 */
bool edit_block(const struct project *project, const struct node *block, const struct edit *edits,
                size_t count, struct buffer *error);

#endif
