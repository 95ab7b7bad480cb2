/*
 * scan.h - scans sixteen bytes of text at a time for the first that ends something.
 *
 * Each function looks at text[0 … 15], which must be readable, and returns a bit per byte. Inlined:
 * reading a log spends most of its time here.
 */
#ifndef FFREPLAY_SCAN_H
#define FFREPLAY_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SCAN_BYTES 16
#define SCAN_WIDE  64 /* of scan_fields() */

#ifdef __SSE2__
#include <emmintrin.h>

/* A quote, a backslash, a control character, or what is not ASCII. */
static inline uint32_t scan_string(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    /* Signed: what is not ASCII is less than a space, too. */
    found = _mm_or_si128(found, _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
    return (uint32_t)_mm_movemask_epi8(found);
}

/* A comma, or what is not within '+' to '9'. */
static inline uint32_t scan_number(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')),
                                 _mm_cmplt_epi8(bytes, _mm_set1_epi8('+')));
    found = _mm_or_si128(found, _mm_cmpgt_epi8(bytes, _mm_set1_epi8('9')));
    return (uint32_t)_mm_movemask_epi8(found);
}

/* Either of two bytes. */
static inline uint32_t scan_either(const char *text, char one, char other)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(one)),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8(other)));
    return (uint32_t)_mm_movemask_epi8(found);
}

/* The bytes that differ. */
static inline uint32_t scan_difference(const char *text, const char *other)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i others = _mm_loadu_si128((const __m128i *)(const void *)other);
    return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, others)) & 0xffff;
}

/* Bytes as unsigned numbers from `low` on, `count` of them. */
static inline __m128i scan_range(__m128i bytes, char low, char count)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(count - 1))), above);
}

/* A quote, a backslash, a control character, or the one given. */
static inline uint32_t scan_text(const char *text, char stop)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(stop)));
    found = _mm_or_si128(found, scan_range(bytes, 0, ' '));
    return (uint32_t)_mm_movemask_epi8(found);
}

/* The same, or a blank. */
static inline uint32_t scan_word(const char *text, char stop)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(stop)));
    found = _mm_or_si128(found, scan_range(bytes, 0, ' ' + 1));
    return (uint32_t)_mm_movemask_epi8(found);
}

/* Where the one byte stands before the other; one byte more is read. */
static inline uint32_t scan_pair(const char *text, char one, char other)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(text + 1));
    return (uint32_t)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(one)),
                                                     _mm_cmpeq_epi8(next, _mm_set1_epi8(other))));
}

/* What cannot be in the name or the address of a host; and where the colons are. */
static inline uint32_t scan_host(const char *text, uint32_t *colons)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(' '));
    __m128i part = _mm_or_si128(scan_range(lower, 'a', 26), scan_range(bytes, '0', 11));
    part = _mm_or_si128(part, scan_range(bytes, '-', 2));
    part = _mm_or_si128(part, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    part = _mm_or_si128(part, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')));
    *colons = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')));
    return ~(uint32_t)_mm_movemask_epi8(part) & 0xffff;
}

/* What is no digit; and where the points are. */
static inline uint32_t scan_digits(const char *text, uint32_t *points)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    *points = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
    return ~(uint32_t)_mm_movemask_epi8(scan_range(bytes, '0', 10)) & 0xffff;
}

/* Letters. */
static inline uint32_t scan_letters(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(' '));
    return (uint32_t)_mm_movemask_epi8(scan_range(lower, 'a', 26));
}

/* Of 64 bytes: those that delimit fields; and the first stops: line ends, zeros, and the quote. */
static inline uint64_t scan_fields(const char *text, char delimiter, char quote, uint64_t *stops)
{
    uint64_t found = 0;
    *stops = 0;
    for (unsigned i = 0; i < SCAN_WIDE; i += SCAN_BYTES) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8(quote)));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
        __m128i field = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(delimiter));
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(field) << i;
        *stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(stop) << i;
    }
    return found;
}

#else

static inline uint32_t scan_string(const char *text)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        unsigned char byte = (unsigned char)text[i];
        found |= (uint32_t)(byte == '"' || byte == '\\' || byte < ' ' || byte > 0x7f) << i;
    }
    return found;
}

static inline uint32_t scan_number(const char *text)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        unsigned char byte = (unsigned char)text[i];
        found |= (uint32_t)(byte == ',' || byte < '+' || byte > '9') << i;
    }
    return found;
}

static inline uint32_t scan_either(const char *text, char one, char other)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++)
        found |= (uint32_t)(text[i] == one || text[i] == other) << i;
    return found;
}

static inline uint32_t scan_difference(const char *text, const char *other)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++)
        found |= (uint32_t)(text[i] != other[i]) << i;
    return found;
}

static inline bool scan_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool scan_is_letter(char c)
{
    return (c | ' ') >= 'a' && (c | ' ') <= 'z';
}

static inline uint32_t scan_text(const char *text, char stop)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        char c = text[i];
        found |= (uint32_t)(c == '"' || c == '\\' || c == stop || (unsigned char)c < ' ') << i;
    }
    return found;
}

static inline uint32_t scan_word(const char *text, char stop)
{
    uint32_t found = scan_text(text, stop);
    for (unsigned i = 0; i < SCAN_BYTES; i++)
        found |= (uint32_t)(text[i] == ' ') << i;
    return found;
}

static inline uint32_t scan_pair(const char *text, char one, char other)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++)
        found |= (uint32_t)(text[i] == one && text[i + 1] == other) << i;
    return found;
}

static inline uint32_t scan_host(const char *text, uint32_t *colons)
{
    uint32_t found = 0;
    *colons = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        char c = text[i];
        bool is_part = scan_is_digit(c) || scan_is_letter(c) || c == ':' || c == '.' || c == '-' ||
                       c == '_' || c == '%';
        found |= (uint32_t)!is_part << i;
        *colons |= (uint32_t)(c == ':') << i;
    }
    return found;
}

static inline uint32_t scan_digits(const char *text, uint32_t *points)
{
    uint32_t found = 0;
    *points = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        found |= (uint32_t)!scan_is_digit(text[i]) << i;
        *points |= (uint32_t)(text[i] == '.') << i;
    }
    return found;
}

static inline uint32_t scan_letters(const char *text)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++)
        found |= (uint32_t)scan_is_letter(text[i]) << i;
    return found;
}

static inline uint64_t scan_fields(const char *text, char delimiter, char quote, uint64_t *stops)
{
    uint64_t found = 0;
    *stops = 0;
    for (unsigned i = 0; i < SCAN_WIDE; i++) {
        found |= (uint64_t)(text[i] == delimiter) << i;
        *stops |= (uint64_t)(text[i] == '\n' || text[i] == '\0' || text[i] == quote) << i;
    }
    return found;
}

#endif
#endif
