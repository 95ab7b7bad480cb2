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

/*
 * XXH3-128. Of more bytes than this, it takes less than half of the time where the processor has
 * AVX2, which is asked when it runs.
 */
#define HASH_WIDE_FROM 241
#ifdef __x86_64__
XXH128_hash_t runtime_hash_avx2(const void *bytes, size_t length);
void runtime_hash_more_avx2(XXH3_state_t *state, const void *bytes, size_t length);
#define HASH_HAS_AVX2() __builtin_cpu_supports("avx2")
#else
#define runtime_hash_avx2      XXH3_128bits
#define runtime_hash_more_avx2 XXH3_128bits_update
#define HASH_HAS_AVX2()        0
#endif

static inline XXH128_hash_t hash_128(const void *bytes, size_t length)
{
    return length >= HASH_WIDE_FROM && HASH_HAS_AVX2() ? runtime_hash_avx2(bytes, length)
                                                       : XXH3_128bits(bytes, length);
}

/* What is hashed in pieces. XXH3_128bits_reset() begins it, content_digest() ends it. */
static inline void hash_more(XXH3_state_t *state, const void *bytes, size_t length)
{
    if (HASH_HAS_AVX2())
        runtime_hash_more_avx2(state, bytes, length);
    else
        XXH3_128bits_update(state, bytes, length);
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
    content_canonical(hash_128(bytes, length), out);
}

/* The same of bytes that came in pieces, by hash_more(). */
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
