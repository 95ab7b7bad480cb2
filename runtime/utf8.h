/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - well-formed UTF-8, a character at a time.
 */
#ifndef FFLAG_RUNTIME_UTF8_H
#define FFLAG_RUNTIME_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The size of the character at the bytes, of which there are `left`, at least one; 0: it is none,
 * or NUL. */
static inline size_t utf8_character(const uint8_t *bytes, size_t left)
{
    uint8_t first = bytes[0];
    if (first < 0x80)
        return first != 0;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > left)
        return 0;
    for (size_t k = 1; k < size; k++)
        if ((bytes[k] & 0xc0) != 0x80)
            return 0;
    /* Over-long forms, surrogates and what lies beyond U+10FFFF show in the second byte. */
    uint8_t second = bytes[1];
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    return size;
}

#endif
