/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - texts compared as bytes.
 */
#ifndef FFLAG_RUNTIME_BYTES_H
#define FFLAG_RUNTIME_BYTES_H

#include "base.h"

/* Two words that the processor handles as one. */
typedef uint64_t two_words __attribute__((vector_size(16)));

/* memcmp() == 0 without the call, which costs more than the comparison of most keys. */
static inline bool same_bytes(const char *a, const char *b, size_t length)
{
    if (length >= sizeof(two_words)) {
        /* To the end, because a hash has found it, and it mostly is the same. The last ones
         * overlap. */
        two_words of_a, of_b, differ = {0, 0};
        for (size_t at = 0; at < length - sizeof of_a; at += sizeof of_a) {
            memcpy(&of_a, a + at, sizeof of_a);
            memcpy(&of_b, b + at, sizeof of_b);
            differ |= of_a ^ of_b;
        }
        memcpy(&of_a, a + length - sizeof of_a, sizeof of_a);
        memcpy(&of_b, b + length - sizeof of_b, sizeof of_b);
        differ |= of_a ^ of_b;
        return (differ[0] | differ[1]) == 0;
    }
    if (length >= sizeof(uint64_t)) {
        uint64_t of_a[2], of_b[2];
        memcpy(&of_a[0], a, sizeof of_a[0]);
        memcpy(&of_b[0], b, sizeof of_b[0]);
        memcpy(&of_a[1], a + length - sizeof of_a[1], sizeof of_a[1]);
        memcpy(&of_b[1], b + length - sizeof of_b[1], sizeof of_b[1]);
        return ((of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1])) == 0;
    }
    if (length >= sizeof(uint32_t)) {
        uint32_t of_a[2], of_b[2];
        memcpy(&of_a[0], a, sizeof of_a[0]);
        memcpy(&of_b[0], b, sizeof of_b[0]);
        memcpy(&of_a[1], a + length - sizeof of_a[1], sizeof of_a[1]);
        memcpy(&of_b[1], b + length - sizeof of_b[1], sizeof of_b[1]);
        return ((of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1])) == 0;
    }
    /* Of one to three, these are all. */
    return length == 0 ||
           ((a[0] ^ b[0]) | (a[length / 2] ^ b[length / 2]) | (a[length - 1] ^ b[length - 1])) == 0;
}

static inline char fold_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
