/* json.c - JSON text, written into a buffer. */
#include "json.h"

#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void escape(struct buffer *out, unsigned char c)
{
    static const char short_form[] = "b\bf\fn\nr\rt\t\"\"\\\\";
    for (const char *form = short_form; *form; form += 2)
        if ((unsigned char)form[1] == c) {
            buffer_append(out, (char[]){'\\', form[0]}, 2);
            return;
        }
    buffer_format(out, "\\u%04x", c);
}

/* ASCII that JSON need not escape. Most of what is written is nothing else. */
static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

void json_write_string(struct buffer *out, const char *text)
{
    if (!text) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append(out, "\"", 1);
    const char *end = text + strlen(text);
    for (const char *run = text; text < end; run = text) {
        while (is_plain(*text))
            text++;
        uint32_t length = (unsigned char)*text < 0x80 ? 0 : utf8_length(text, (size_t)(end - text));
        text += length;
        buffer_append(out, run, (size_t)(text - run));
        if (length || text == end)
            continue;
        if ((unsigned char)*text < 0x80)
            escape(out, (unsigned char)*text);
        else
            buffer_append_text(out, "\xEF\xBF\xBD");
        text++;
    }
    buffer_append(out, "\"", 1);
}

void json_write_number(struct buffer *out, double number)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buffer_append_text(out, text);
}

void json_write_comma(struct buffer *out)
{
    if (out->length && !strchr("[{", out->bytes[out->length - 1]))
        buffer_append(out, ",", 1);
}

void json_write_key(struct buffer *out, const char *key)
{
    json_write_comma(out);
    json_write_string(out, key);
    buffer_append(out, ":", 1);
}
