/*
 * text_lines.h - the lines of a text that any editor may have saved. A byte order mark before the
 * first, "\r\n", and blanks at the end of a line are no part of it.
 */
#ifndef FFC_TEXT_LINES_H
#define FFC_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct text_lines {
    char *next;
    char *end;
};

/* Of a text that outlives this and is written to; text[length] is, too. */
struct text_lines text_lines_of(char *text, size_t length);
/*
 * The next line, NUL-terminated; false: there is none. What follows the last line break is a line
 * if it is not empty.
 */
bool next_text_line(struct text_lines *lines, char **line);

/* How much of a line, without its "\n", is left without what is no part of it at its end. */
size_t text_line_length(const char *line, size_t length);

#endif
