/* wrap.h - text for people, broken between words. */
#ifndef FFC_WRAP_H
#define FFC_WRAP_H

#include <stddef.h>

struct buffer;

/* What help and explanations are wrapped at, on every terminal and without one: so a manual, a
 * paste and a test see the same. */
#define HELP_WIDTH 80
/* Where the further lines of a message begin: below the text of "help: …". */
#define MESSAGE_INDENT 6
/* What messages are folded at on a terminal of so many columns; 0, that is nothing, without one. */
size_t message_width(size_t columns);

/*
 * The text, no wider than `width`, 0 being any; it begins `column` columns in, its further lines
 * `indent`. Its own line ends stay. What stands in quotes or brackets is kept together where it
 * fits a line, and a longer word is not broken. Does not end the last line.
 */
void append_wrapped(struct buffer *out, size_t width, size_t column, size_t indent,
                    const char *text);

#endif
