/*
 * edit.h - changes to a definition file in place.
 *
 * A change replaces the bytes of single scalars, adds or removes a key of a block, or an item of a
 * list; every other byte of the file, comments and line ends included, stays as it was. The file is
 * replaced as publish_file() does, but keeps its mode. On success the model still shows the old
 * values: load again.
 */
#ifndef FFC_EDIT_H
#define FFC_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaml.h"
#include "publish.h"

struct buffer;

struct edit {
    const char *key;   /* in the block */
    const char *value; /* as YAML text; NULL removes the key, if it is there */
};

/*
 * Sets keys of a block mapping or flow mapping that project_load() read, and writes its file.
 * Refuses, with a sentence in `error`, when the file on disk is no longer what was read, or no key
 * would be left. A comment after a removed key stays, on a line of its own.
 */
enum replaced edit_block(const struct sources *sources, const struct node *block,
                         const struct edit *edits, size_t count, struct buffer *error);

/* Keys and values of a mapping, as YAML text of one line each. */
struct edit_item {
    const struct edit *entries;
    size_t count;
};

/*
 * The file's text without the item at `index` of the list at this top-level key, which must be
 * there. Writes nothing: edit_write() does.
 */
bool edit_remove(const struct source *source, const char *key, uint32_t index, struct buffer *text,
                 struct buffer *error);
/* `- {…}` in as few lines as fit, indented; of lists in block style. */
void edit_write_item(const struct edit_item *item, size_t indent, const char *line_ending,
                     struct buffer *out);

/* Whether the file is what was read, byte for byte. */
bool source_is_current(const struct source *source);
/* Refuses when it is not. */
enum replaced edit_write(const struct source *source, const struct buffer *text,
                         struct buffer *error);
/* A file that is not there yet, with the mode that new files have. */
enum replaced edit_create(const char *path, const struct buffer *text, struct buffer *error);

#endif
