/* utf8.h - well-formed UTF-8, as Unicode's table 3-7 has it: no surrogates, nothing overlong. */
#ifndef FFC_UTF8_H
#define FFC_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many bytes the first character has; 0 when it is not well-formed or `size` is 0. */
static inline uint32_t utf8_length(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (size == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xC2 || byte[0] > 0xF4)
        return 0;
    uint32_t length = byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    if (size < length)
        return 0;
    unsigned low = byte[0] == 0xE0 ? 0xA0 : byte[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = byte[0] == 0xED ? 0x9F : byte[0] == 0xF4 ? 0x8F : 0xBF;
    if (byte[1] < low || byte[1] > high)
        return 0;
    for (uint32_t i = 2; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* How many bytes the byte order mark has that a text begins with; 0: none. It is no part of it. */
static inline uint32_t text_mark(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

#endif
