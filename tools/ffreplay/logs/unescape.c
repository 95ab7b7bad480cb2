/* unescape.c - see unescape.h. */
#include "unescape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compiler/base/buffer.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of so many digits; -1: others stand there. */
static int32_t hex_number(const char *text, const char *end, int digits)
{
    int32_t number = 0;
    if (end - text < digits)
        return -1;
    for (int i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

/* "\u00e5", or two of them for a character beyond 16 bits; behind it, or NULL. */
static const char *unescape_code(struct buffer *out, const char *text, const char *end)
{
    int32_t code = hex_number(text, end, 4);
    if (code < 0)
        return NULL;
    text += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - text >= 6 && memcmp(text, "\\u", 2) == 0) {
        int32_t low = hex_number(text + 2, end, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            text += 6;
        }
    }
    buffer_append_utf8(out, (uint32_t)code);
    return text;
}

/* Both servers' and JSON's escapes; what is none stays without its backslash. */
static void unescape(struct buffer *out, bool is_json, const char *text, const char *end)
{
    static const char from[] = "nrtbvf", to[] = "\n\r\t\b\v\f";
    out->length = 0;
    while (text < end) {
        char c = *text++;
        if (c != '\\' || text == end) {
            buffer_append(out, &c, 1);
            continue;
        }
        c = *text++;
        const char *behind = NULL, *control = memchr(from, c, sizeof from - 1);
        if (is_json && c == 'u') {
            behind = unescape_code(out, text, end);
        } else if (!is_json && c == 'x' && hex_number(text, end, 2) >= 0) {
            char byte = (char)hex_number(text, end, 2);
            buffer_append(out, &byte, 1);
            behind = text + 2;
        }
        if (behind)
            text = behind;
        else
            buffer_append(out, control ? &to[control - from] : &c, 1);
    }
}

void unescape_json(struct buffer *out, const char *text, const char *end)
{
    unescape(out, true, text, end);
}

void unescape_backslash(struct buffer *out, const char *text, const char *end)
{
    unescape(out, false, text, end);
}
