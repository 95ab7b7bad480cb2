/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fflag/private.h - the digest that stands in a snapshot for a value of a private attribute.
 *
 *     BLAKE2s (RFC 7693), 15 bytes, of the value; its parameter block has as salt the XXH3-64 of
 *     the project's name and as personalisation that of the attribute's, little-endian; as text
 *     in base64url (RFC 4648), which is 20 characters.
 *
 * So nobody can read a value off a file, and a table of digests is good for one attribute of one
 * project. But whoever can guess a value can check the guess: all that is hashed beside it is in
 * the file, too.
 */
#ifndef FFLAG_PRIVATE_H
#define FFLAG_PRIVATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FFS_DIGEST_BYTES 15
#define FFS_DIGEST       20 /* characters */

static inline uint32_t ffs_rotate_right(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static const uint32_t ffs_blake2s_start[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                              0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

/* A round, its words of the message named one by one: they then stay in registers. */
#define FFS_BLAKE2S_G(a, b, c, d, x, y)           \
    do {                                          \
        v[a] += v[b] + m[x];                      \
        v[d] = ffs_rotate_right(v[d] ^ v[a], 16); \
        v[c] += v[d];                             \
        v[b] = ffs_rotate_right(v[b] ^ v[c], 12); \
        v[a] += v[b] + m[y];                      \
        v[d] = ffs_rotate_right(v[d] ^ v[a], 8);  \
        v[c] += v[d];                             \
        v[b] = ffs_rotate_right(v[b] ^ v[c], 7);  \
    } while (0)
#define FFS_BLAKE2S_ROUND(a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q) \
    do {                                                                  \
        FFS_BLAKE2S_G(0, 4, 8, 12, a, b);                                 \
        FFS_BLAKE2S_G(1, 5, 9, 13, c, d);                                 \
        FFS_BLAKE2S_G(2, 6, 10, 14, e, f);                                \
        FFS_BLAKE2S_G(3, 7, 11, 15, g, h);                                \
        FFS_BLAKE2S_G(0, 5, 10, 15, i, j);                                \
        FFS_BLAKE2S_G(1, 6, 11, 12, k, l);                                \
        FFS_BLAKE2S_G(2, 7, 8, 13, n, o);                                 \
        FFS_BLAKE2S_G(3, 4, 9, 14, p, q);                                 \
    } while (0)

/* RFC 7693, 3.2; `total` counts the bytes up to the end of this block. */
static inline void ffs_blake2s_block(uint32_t state[8], const uint8_t block[64], uint64_t total,
                                     int last)
{
    uint32_t v[16], m[16];
    memcpy(m, block, sizeof m); /* little-endian, as is all that reads snapshots */
    for (unsigned i = 0; i < 8; i++) {
        v[i] = state[i];
        v[i + 8] = ffs_blake2s_start[i];
    }
    v[12] ^= (uint32_t)total;
    v[13] ^= (uint32_t)(total >> 32);
    v[14] ^= last ? UINT32_MAX : 0;
    FFS_BLAKE2S_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    FFS_BLAKE2S_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    FFS_BLAKE2S_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    FFS_BLAKE2S_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    FFS_BLAKE2S_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    FFS_BLAKE2S_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    FFS_BLAKE2S_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    FFS_BLAKE2S_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    FFS_BLAKE2S_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    FFS_BLAKE2S_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    for (unsigned i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[i + 8];
}
#undef FFS_BLAKE2S_G
#undef FFS_BLAKE2S_ROUND

/* What of a value is hashed: all, as it is, or with A to Z as a to z. */
enum ffs_case { FFS_CASE_KEPT, FFS_CASE_FOLDED };

static inline void ffs_blake2s_take(uint8_t block[64], const uint8_t *bytes, size_t length,
                                    enum ffs_case fold)
{
    memcpy(block, bytes, length);
    for (size_t i = 0; fold == FFS_CASE_FOLDED && i < length; i++)
        if (block[i] >= 'A' && block[i] <= 'Z')
            block[i] = (uint8_t)(block[i] | 0x20);
}

/* BLAKE2s without a key, of 1 to 32 bytes. */
static inline void ffs_blake2s(uint64_t salt, uint64_t person, const void *bytes, size_t length,
                               enum ffs_case fold, uint8_t *digest, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint32_t state[8];
    uint8_t block[64];
    uint64_t total = 0;
    memcpy(state, ffs_blake2s_start, sizeof state);
    state[0] ^= 0x01010000u | (uint32_t)size;
    state[4] ^= (uint32_t)salt;
    state[5] ^= (uint32_t)(salt >> 32);
    state[6] ^= (uint32_t)person;
    state[7] ^= (uint32_t)(person >> 32);
    for (; length - (size_t)total > sizeof block; at += sizeof block) {
        ffs_blake2s_take(block, at, sizeof block, fold);
        total += sizeof block;
        ffs_blake2s_block(state, block, total, 0);
    }
    memset(block, 0, sizeof block);
    if (length > (size_t)total)
        ffs_blake2s_take(block, at, length - (size_t)total, fold);
    ffs_blake2s_block(state, block, length, 1);
    memcpy(digest, state, size);
}

/* The digest of a value; `project` and `attribute` are the XXH3-64 of their names. */
static inline void ffs_private_digest(uint64_t project, uint64_t attribute, const void *bytes,
                                      size_t length, enum ffs_case fold, char text[FFS_DIGEST])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t digest[FFS_DIGEST_BYTES];
    ffs_blake2s(project, attribute, bytes, length, fold, digest, sizeof digest);
    for (unsigned i = 0; i < FFS_DIGEST_BYTES / 3; i++) {
        uint32_t three =
            (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (unsigned j = 0; j < 4; j++)
            text[4 * i + j] = digits[three >> (18 - 6 * j) & 63];
    }
}

#endif
