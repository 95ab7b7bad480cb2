/* text_edits.h - what turns one text into another, as edits of the protocol. */
#ifndef FFC_LSP_TEXT_EDITS_H
#define FFC_LSP_TEXT_EDITS_H

#include <stddef.h>

#include "position.h"

struct buffer;

/* Appends a JSON array of edits, of whole lines where they differ: what is the same on both sides
 * stays, with the editor's marks in it. Cost: linear, where the two differ in few places. */
void write_text_edits(const struct text_index *old, const char *new, size_t new_length,
                      struct buffer *out);

#endif
