/*
 * test_hash.c - the hash of content is XXH3-128, whichever instructions the processor has, and
 * however the bytes come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/hash.h"

#define UNUSED_STATE void **state __attribute__((unused))

#define MOST 3000 /* past several of the blocks of 1024 that XXH3 scrambles after */

static uint8_t bytes[64 * 1024 + 1];

static void fill(void)
{
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        bytes[i] = (uint8_t)(state >> 56);
    }
}

static bool same(XXH128_hash_t a, XXH128_hash_t b)
{
    return a.low64 == b.low64 && a.high64 == b.high64;
}

/* hash_128() takes one way by the length; runtime_hash_avx2() is asked for every length. */
static void the_same_of_every_length(UNUSED_STATE)
{
    for (size_t length = 0; length <= MOST; length++) {
        const uint8_t *at = bytes + length % 7; /* at any alignment */
        XXH128_hash_t plain = XXH3_128bits(at, length);
        assert_true(same(hash_128(at, length), plain));
        if (HASH_HAS_AVX2())
            assert_true(same(runtime_hash_avx2(at, length), plain));
    }
    assert_true(same(hash_128(bytes, sizeof bytes), XXH3_128bits(bytes, sizeof bytes)));
}

static void the_same_in_pieces(UNUSED_STATE)
{
    for (size_t piece = 1; piece < sizeof bytes; piece = piece * 3 + 1) {
        XXH3_state_t whole;
        XXH3_128bits_reset(&whole);
        for (size_t at = 0; at < sizeof bytes; at += piece)
            hash_more(&whole, bytes + at, sizeof bytes - at < piece ? sizeof bytes - at : piece);
        assert_true(same(XXH3_128bits_digest(&whole), XXH3_128bits(bytes, sizeof bytes)));
    }
}

int main(void)
{
    fill();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_of_every_length),
        cmocka_unit_test(the_same_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
