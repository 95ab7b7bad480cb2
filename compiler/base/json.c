/* json.c - writes JSON text into a buffer. */
#include "json.h"

#include "buffer.h"
#include "calendar.h"
#include "utf8.h"

#include <inttypes.h>
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

/* ASCII that JSON need not escape, which is nearly all that is written. */
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

/* ------------------------------------------------------------------------------------ fields -- */

void field_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    json_write_string(out, text);
}

void field_count(struct buffer *out, const char *key, uint64_t count)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRIu64, count);
}

void field_integer(struct buffer *out, const char *key, int64_t number)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRId64, number);
}

void field_number(struct buffer *out, const char *key, bool given, double number)
{
    json_write_key(out, key);
    if (given)
        json_write_number(out, number);
    else
        buffer_append_text(out, "null");
}

void field_truth(struct buffer *out, const char *key, bool truth)
{
    json_write_key(out, key);
    buffer_append_text(out, truth ? "true" : "false");
}

void field_time(struct buffer *out, const char *key, int64_t ms)
{
    char text[32];
    bool known = time_can_be_written(ms);
    if (known)
        format_time(ms, text, sizeof text);
    field_text(out, key, known ? text : NULL);
}

void field_object(struct buffer *out, const char *key)
{
    json_write_key(out, key);
    buffer_append_text(out, "{");
}

void field_array(struct buffer *out, const char *key)
{
    json_write_key(out, key);
    buffer_append_text(out, "[");
}
