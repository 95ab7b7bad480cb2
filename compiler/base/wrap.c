/* wrap.c - see wrap.h. */
#include "wrap.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"

#define NARROWEST 40

size_t message_width(size_t columns)
{
    return columns && columns < NARROWEST ? NARROWEST : columns;
}

/* The end of "[--reason TEXT]", and of what follows without a blank; NULL: it is not closed. */
static const char *bracket_end(const char *text)
{
    size_t depth = 0;
    for (; *text && *text != '\n' && (depth > 0 || *text != ' '); text++) {
        depth += *text == '[';
        depth -= *text == ']' && depth > 0;
    }
    return depth == 0 ? text : NULL;
}

/* The same of "'ffc test'": an apostrophe within a word ends nothing. */
static const char *quote_end(const char *text)
{
    const char *end = text + 1;
    while (*end && *end != '\n' && (*end != '\'' || isalnum((unsigned char)end[1])))
        end++;
    return *end == '\'' ? end + strcspn(end, " \n") : NULL;
}

/* Up to the next blank or line end outside of a group. A group that fits no line is broken like the
 * rest. */
static size_t word_length(const char *text, size_t room)
{
    const char *end = *text == '[' ? bracket_end(text) : *text == '\'' ? quote_end(text) : NULL;
    bool fits = end && terminal_width_of(text, (size_t)(end - text)) <= room;
    return fits ? (size_t)(end - text) : strcspn(text, " \n");
}

void append_wrapped(struct buffer *out, size_t width, size_t column, size_t indent,
                    const char *text)
{
    size_t most = width ? width : SIZE_MAX, room = most > indent ? most - indent : 0;
    size_t at = column, gap = 0;
    while (*text) {
        size_t length = word_length(text, room);
        size_t columns = terminal_width_of(text, length);
        if (at > indent && at + gap + columns > most) {
            buffer_format(out, "\n%*s", (int)indent, "");
            at = indent;
            gap = 0;
        }
        buffer_format(out, "%*s%.*s", (int)gap, "", (int)length, text);
        at += gap + columns;
        gap = 1;
        text += length;
        if (*text == '\n') {
            buffer_format(out, "\n%*s", text[1] ? (int)indent : 0, "");
            at = indent;
            gap = 0;
        }
        text += *text != '\0';
    }
}
