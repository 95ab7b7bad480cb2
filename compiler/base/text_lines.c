/* text_lines.c - see text_lines.h. */
#include "text_lines.h"

#include <string.h>

#include "utf8.h"

size_t text_line_length(const char *line, size_t length)
{
    while (length > 0 &&
           (line[length - 1] == ' ' || line[length - 1] == '\t' || line[length - 1] == '\r'))
        length--;
    return length;
}

struct text_lines text_lines_of(char *text, size_t length)
{
    if (length == 0)
        return (struct text_lines){text, text};
    return (struct text_lines){text + text_mark(text, length), text + length};
}

bool next_text_line(struct text_lines *lines, char **line)
{
    char *begin = lines->next;
    if (begin == lines->end)
        return false;
    char *newline = memchr(begin, '\n', (size_t)(lines->end - begin));
    char *end = newline ? newline : lines->end;
    lines->next = newline ? newline + 1 : end;
    begin[text_line_length(begin, (size_t)(end - begin))] = '\0';
    *line = begin;
    return true;
}
