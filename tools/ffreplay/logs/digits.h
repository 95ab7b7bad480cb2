/*
 * digits.h - parses up to eight characters of a decimal number at once.
 *
 * Without a loop there is no branch to mispredict on numbers of changing length. The bytes are
 * those of the text in memory's order, which is little-endian.
 */
#ifndef FFREPLAY_DIGITS_H
#define FFREPLAY_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "numbers are read as little-endian words"
#endif

#define DIGITS_ZEROS UINT64_C(0x3030303030303030)

/* Whether all eight are digits. */
static inline bool digits_are(uint64_t text)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    return ((text & high) | ((text + UINT64_C(0x0606060606060606)) & high) >> 4) ==
           UINT64_C(0x3333333333333333);
}

/* Their number. */
static inline uint32_t digits_value(uint64_t text)
{
    text -= DIGITS_ZEROS;
    text = text * 10 + (text >> 8);
    const uint64_t pairs = UINT64_C(0x000000ff000000ff);
    uint64_t upper = (text & pairs) * (UINT64_C(100) + (UINT64_C(1000000) << 32));
    uint64_t lower = (text >> 16 & pairs) * (UINT64_C(1) + (UINT64_C(10000) << 32));
    return (uint32_t)((upper + lower) >> 32);
}

/* 1 to 8 characters, padded with leading zeros: "42" is "00000042". Assembled in a register, since
 * loading what was stored in parts stalls. */
static inline uint64_t digits_load(const char *text, size_t length)
{
    unsigned shift = 8 * (8 - (unsigned)length);
    uint64_t zeros = DIGITS_ZEROS & ((UINT64_C(1) << shift) - 1);
    if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - 4, sizeof last);
        return (uint64_t)last << 32 | (uint64_t)first << shift | zeros;
    }
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned middle = (unsigned)length / 2;
    return (uint64_t)bytes[0] << shift | (uint64_t)bytes[middle] << (shift + 8 * middle) |
           (uint64_t)bytes[length - 1] << 56 | zeros;
}

extern const double powers_of_ten[]; /* exact ones, to 1e22 */

/* One to eight characters: digits, with or without a point between two of them, correctly rounded.
 * False: it is something else. */
static inline bool digits_number(const char *text, size_t length, double *number)
{
    if (length - 1 >= 8)
        return false;
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t word = digits_load(text, length);
    uint64_t point = word ^ each * '.';
    point = (point - each) & ~point & each * 0x80;
    unsigned fraction = 0;
    if (point) {
        unsigned at = (unsigned)__builtin_ctzll(point) / 8;
        uint64_t before = (UINT64_C(1) << 8 * at) - 1;
        fraction = 7 - at;
        if (at == 8 - length || fraction == 0)
            return false;
        /* The digits before it move up to where it was. */
        word = (word & ~(before << 8 | 0xff)) | (word & before) << 8 | '0';
    }
    if (!digits_are(word))
        return false;
    *number = (double)digits_value(word) / powers_of_ten[fraction];
    return true;
}

#endif
