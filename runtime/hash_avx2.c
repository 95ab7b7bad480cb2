/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_avx2.c - XXH3-128 with vectors of 32 bytes, for processors that have them. The result is the
 * same.
 */
#ifdef __x86_64__
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define XXH_VECTOR 2 /* XXH_AVX2, which is defined where this is read */
#include "hash.h"

XXH128_hash_t runtime_hash_avx2(const void *bytes, size_t length)
{
    return XXH3_128bits(bytes, length);
}

void runtime_hash_more_avx2(XXH3_state_t *state, const void *bytes, size_t length)
{
    XXH3_128bits_update(state, bytes, length);
}
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
