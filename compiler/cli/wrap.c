/* wrap.c - see wrap.h. */
#include "wrap.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"

/* Up to the next blank or line end outside brackets, such as those of "[--reason TEXT]". A group
 * that fits on no line is broken like the rest. */
static size_t word_length(const char *text, size_t room)
{
    size_t depth = 0, length = 0;
    for (; text[length] && (depth > 0 || !strchr(" \n", text[length])); length++) {
        depth += text[length] == '[';
        depth -= text[length] == ']' && depth > 0;
    }
    bool is_group = text[0] == '[' && terminal_width_of(text, length) <= room;
    return is_group ? length : strcspn(text, " \n");
}

void append_wrapped(struct buffer *out, size_t column, size_t indent, const char *text)
{
    size_t at = column;
    bool begins = true;
    while (*text) {
        size_t length = word_length(text, HELP_WIDTH - indent);
        size_t width = terminal_width_of(text, length);
        if (!begins && at + 1 + width > HELP_WIDTH) {
            buffer_format(out, "\n%*s", (int)indent, "");
            at = indent;
            begins = true;
        }
        buffer_format(out, "%s%.*s", begins ? "" : " ", (int)length, text);
        at += width + !begins;
        begins = false;
        text += length;
        if (*text == '\n') {
            buffer_format(out, "\n%*s", text[1] ? (int)indent : 0, "");
            at = indent;
            begins = true;
        }
        text += *text != '\0';
    }
}
