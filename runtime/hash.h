/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - XXH3, inlined: the one place that includes it.
 *
 * The output of XXH3 is frozen, so keys and buckets never change. It does not resist an adversary:
 * where a hash finds a string, the bytes are compared, too.
 */
#ifndef FFLAG_RUNTIME_HASH_H
#define FFLAG_RUNTIME_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

static inline uint64_t hash_bytes_seeded(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

/* The canonical, big-endian form: what a hexadecimal print shows from left to right. */
static inline void content_canonical(XXH128_hash_t hash, uint8_t out[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(out, canonical.digest, sizeof canonical.digest);
}

static inline void hash_content(const void *bytes, size_t length, uint8_t out[16])
{
    content_canonical(XXH3_128bits(bytes, length), out);
}

/* The same of bytes that came in pieces, by XXH3_128bits_update(). */
static inline void content_digest(const XXH3_state_t *state, uint8_t out[16])
{
    content_canonical(XXH3_128bits_digest(state), out);
}

/* x * n / 2^64: spreads a hash over 0 to n - 1 without a division. */
static inline uint32_t hash_to_range(uint64_t x, uint32_t n)
{
    return (uint32_t)((unsigned __int128)x * n >> 64);
}

#endif
