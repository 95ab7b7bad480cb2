/* json.c - writes JSON text into a buffer. */
#include "json.h"

#include "buffer.h"
#include "calendar.h"
#include "escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_character(struct buffer *out, const char *at, const struct character *character)
{
    static const char short_form[] = "b\bf\fn\nr\rt\t\"\"\\\\";
    for (const char *form = short_form; *form; form += 2)
        if ((unsigned char)form[1] == character->code) {
            buffer_append(out, (char[]){'\\', form[0]}, 2);
            return;
        }
    if (character->code == UINT32_MAX)
        buffer_append_text(out, "\xEF\xBF\xBD");
    else if (character_is_unsafe(character))
        buffer_format(out, "\\u%04x", character->code); /* none is beyond 16 bits */
    else
        buffer_append(out, at, character->bytes);
}

/* ASCII that JSON need not escape, which is nearly all that is written. */
static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* The first of [text, end); returns what is after it. */
static const char *put_first(struct buffer *out, const char *text, const char *end)
{
    struct character character = character_at(text, end);
    put_character(out, text, &character);
    return text + character.bytes;
}

void json_write_string(struct buffer *out, const char *text)
{
    if (!text) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append(out, "\"", 1);
    for (const char *end = text + strlen(text); text < end;) {
        const char *run = text;
        while (is_plain(*text))
            text++;
        buffer_append(out, run, (size_t)(text - run));
        if (text < end)
            text = put_first(out, text, end);
    }
    buffer_append(out, "\"", 1);
}

void json_write_document(struct buffer *out, const char *text, size_t length)
{
    for (const char *end = text + length; text < end;) {
        const char *run = text;
        while (text < end && (unsigned char)*text < 0x7F)
            text++;
        buffer_append(out, run, (size_t)(text - run));
        if (text < end)
            text = put_first(out, text, end);
    }
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
