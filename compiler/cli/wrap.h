/* wrap.h - text of the program's own for people, no wider than any terminal is. */
#ifndef FFC_WRAP_H
#define FFC_WRAP_H

#include <stddef.h>

struct buffer;

/* What help and explanations are wrapped at, on every terminal and without one: so a manual, a
 * paste and a test see the same. */
#define HELP_WIDTH 80

/*
 * The text broken at blanks that are not within brackets, beginning `column` columns in; further
 * lines begin at `indent`. Its own line ends stay. Does not end the last line.
 */
void append_wrapped(struct buffer *out, size_t column, size_t indent, const char *text);

#endif
