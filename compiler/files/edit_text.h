/*
 * edit_text.h - how a change to a definition file is made: runs of bytes replaced and inserted.
 *
 * The new text is parsed again and compared with the old before anybody gets it: unless it differs
 * in exactly the one mapping or list that was to change, in the intended way, it is refused. So an
 * unforeseen layout is never damaged. Only edit*.c include this.
 */
#ifndef FFC_EDIT_TEXT_H
#define FFC_EDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "yaml.h"

struct change {
    size_t begin, end; /* of the bytes that go */
    struct buffer text;
    bool applied;
};

struct editing {
    const struct source *source;
    const struct node *target; /* what changes; of any reading of the source */
    struct change *changes;    /* changes of one place stay in their order */
    size_t count;
    /* Whether the target is what it was to become; `text` is the new one. */
    bool (*is_wanted)(const void *wanted, const struct node *before, const struct node *after,
                      const char *text);
    const void *wanted;
};

/* Appends the new text, or a sentence to `error`. */
bool editing_apply(struct editing *editing, struct buffer *text, struct buffer *error);
void editing_release(struct editing *editing);

/* Whether two nodes are equal, in content and spelling. */
bool same_nodes(const struct node *before, const struct node *after);

size_t line_begin(const char *text, size_t at);
size_t line_end(const struct source *source, size_t at);      /* of its '\n', or of the text */
uint32_t line_number(const struct source *source, size_t at); /* from 1 */
/* Whether a comment stands in [begin, end), which has nothing but the node and its key. */
bool has_comment(const struct source *source, const struct node *node, size_t begin, size_t end);
/* Takes what stands in [begin, end) out of a list or mapping in brackets, by two changes. What is
 * in one line with its neighbours goes with the comma between them. Else comments stay, but for
 * its own, which ends its line. `before`: where its predecessor ends; `next`: where its successor
 * begins; NOWHERE: there is none. */
#define NOWHERE SIZE_MAX
void cut_from_flow(const struct source *source, size_t before, size_t begin, size_t end,
                   size_t next, struct change changes[2]);
/* The line end of the file, by its first line. */
const char *line_ending(const struct source *source);
/* Where a node's text ends. A block's span extends to whatever comes next, so its end is that of
 * the last thing in it. */
size_t written_end(const struct node *node);

#endif
