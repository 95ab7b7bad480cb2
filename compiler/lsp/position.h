/*
 * position.h - places in a text as editors count them: lines from 0, and in a line UTF-16 units.
 *
 * Lines end at "\n", "\r\n" and "\r". A byte that is no UTF-8 counts as one unit. A place behind
 * the end of a line is its end, and one behind the last line the end of the text.
 */
#ifndef FFC_LSP_POSITION_H
#define FFC_LSP_POSITION_H

#include <stddef.h>
#include <stdint.h>

struct position_utf16 {
    uint32_t line;
    uint32_t character;
};

/* Where the lines of a text begin, which is borrowed. Zeroed memory is that of no text. */
struct text_index {
    const char *text;
    size_t length;
    uint32_t *lines;
    uint32_t line_count;
};
void text_index_make(struct text_index *index, const char *text, size_t length);
void text_index_release(struct text_index *index);

/* Cost: a search for the line, and a pass over it. */
size_t text_index_offset(const struct text_index *index, struct position_utf16 position);
struct position_utf16 text_index_position(const struct text_index *index, size_t offset);

#endif
