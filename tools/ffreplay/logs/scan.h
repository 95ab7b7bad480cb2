/*
 * scan.h - scans sixteen bytes of text at a time for the first that ends something.
 *
 * Each function looks at text[0 … 15], which must be readable, and returns a bit per byte. Inlined:
 * reading a log spends most of its time here.
 */
#ifndef FFREPLAY_SCAN_H
#define FFREPLAY_SCAN_H

#include <stdint.h>
#include <string.h>

#define SCAN_BYTES 16

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

#endif
#endif
