/*
 * edit.h - changes to a definition file in place.
 *
 * A change replaces a value, adds or removes a key of a mapping, or an item of a list; every other
 * byte of the file, comments and line ends included, stays as it was. What cannot be placed without
 * losing a comment, or changing anything else, is refused, with the line. The file is replaced as
 * publish_file() does, but keeps its mode. On success the model still shows the old values: load
 * again.
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

/*
 * The same without writing it: appends the new text to `text`. `block` is of any reading of the
 * source. The last key of a block leaves `{}` behind.
 */
bool edit_keys(const struct source *source, const struct node *block, const struct edit *edits,
               size_t count, struct buffer *text, struct buffer *error);
/* What helps where a file cannot be edited: to mend what is wrong with it, or else that. */
const char *edit_way_out(const struct source *source, const char *by_hand);
/* A scalar, of a key or a value, with YAML text in its place. */
bool edit_scalar(const struct source *source, const struct node *scalar, const char *written,
                 struct buffer *text, struct buffer *error);
/* Without the entry at a place of a mapping of definitions, and the comment lines right above it;
 * the last one leaves `{}` behind. */
bool edit_drop(const struct source *source, const struct node *map, uint32_t place,
               struct buffer *text, struct buffer *error);

/* The entry at a place with the value that another file has, with its lines where both are blocks
 * of one depth, else in one line. The key stays. */
bool edit_replace(const struct source *source, const struct node *map, uint32_t place,
                  const struct source *from, const struct entry *entry, struct buffer *text,
                  struct buffer *error);

/* What a text is as YAML, in one line: plain where it is the same text in every place of a file,
 * else in double quotes. */
void edit_write_text(const char *text, struct buffer *out);
/* A node in one line: scalars as they are written in `text`, where that is one line. */
void edit_write_node(const struct node *node, const char *text, struct buffer *out);
/* Whether the text is one YAML value of one line, in brackets or quotes, or plain. */
bool edit_is_value(const char *text);

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
/* The same of the list that is the value of a key; and with an item at its end, as YAML text of one
 * line. A scalar that stands for a list of one becomes a list. */
bool edit_remove_item(const struct source *source, const struct entry *list, uint32_t index,
                      struct buffer *text, struct buffer *error);
bool edit_add_item(const struct source *source, const struct node *list, const char *item,
                   struct buffer *text, struct buffer *error);
/* `- {…}` in as few lines as fit, indented; of lists in block style. */
void edit_write_item(const struct edit_item *item, size_t indent, const char *line_ending,
                     struct buffer *out);

/* Whether the file is what was read, byte for byte. False: `error` says so, or why it cannot be
 * read. */
bool source_is_current(const struct source *source, struct buffer *error);
/* Refuses when it is not. */
enum replaced edit_write(const struct source *source, const struct buffer *text,
                         struct buffer *error);
/* A file that is not there yet, with the mode that new files have. */
enum replaced edit_create(const char *path, const struct buffer *text, struct buffer *error);

#endif
