/* test_private.c - digests of private values: BLAKE2s by its standard's vectors, and their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fflag/private.h"

#define UNUSED_STATE void **state __attribute__((unused))

static void hash(const void *bytes, size_t length, uint8_t *digest, size_t size)
{
    ffs_blake2s(0, 0, bytes, length, FFS_CASE_KEPT, digest, size);
}

/* RFC 7693, appendix B. */
static void hashes_abc(UNUSED_STATE)
{
    static const uint8_t expected[32] = {0x50, 0x8C, 0x5E, 0x8C, 0x32, 0x7C, 0x14, 0xE2,
                                         0xE1, 0xA7, 0x2B, 0xA3, 0x4E, 0xEB, 0x45, 0x2F,
                                         0x37, 0x45, 0x8B, 0x20, 0x9E, 0xD6, 0x3A, 0x29,
                                         0x4D, 0x99, 0x9B, 0x4C, 0x86, 0x67, 0x59, 0x82};
    uint8_t digest[32];
    hash("abc", 3, digest, sizeof digest);
    assert_memory_equal(digest, expected, sizeof expected);
}

/* RFC 7693, appendix E: the hash of the hashes of made-up texts, without those that have a key. Its
 * own sum includes them; this one is of Python's hashlib. */
static void make_up(uint8_t *out, size_t length, uint32_t seed)
{
    uint32_t a = 0xDEAD4BADu * seed, b = 1;
    for (size_t i = 0; i < length; i++) {
        uint32_t t = a + b;
        a = b;
        b = t;
        out[i] = (uint8_t)(t >> 24);
    }
}

static void hashes_every_length_around_blocks(UNUSED_STATE)
{
    static const size_t sizes[] = {16, 20, 28, 32}, lengths[] = {0, 3, 64, 65, 255, 1024};
    static const uint8_t expected[32] = {0xF3, 0xBE, 0xED, 0x67, 0xAA, 0x78, 0x07, 0xE2,
                                         0x78, 0x81, 0xFD, 0x59, 0xDD, 0x31, 0x84, 0xA8,
                                         0x22, 0x64, 0xD1, 0x0C, 0xA8, 0x52, 0x8B, 0x92,
                                         0xFC, 0x51, 0x98, 0xDD, 0x88, 0x11, 0xE6, 0x60};
    static uint8_t in[1024], all[4 * 6 * 32];
    uint8_t digest[32];
    size_t length = 0;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 6; j++) {
            make_up(in, lengths[j], (uint32_t)lengths[j]);
            hash(in, lengths[j], all + length, sizes[i]);
            length += sizes[i];
        }
    hash(all, length, digest, sizeof digest);
    assert_memory_equal(digest, expected, sizeof expected);
}

static const char *digest_of(const char *project, const char *attribute, const char *value,
                             enum ffs_case fold)
{
    static char text[FFS_DIGEST + 1];
    ffs_private_digest(XXH3_64bits(project, strlen(project)),
                       XXH3_64bits(attribute, strlen(attribute)), value, strlen(value), fold, text);
    return text;
}

static void keep(char kept[FFS_DIGEST + 1], const char *digest)
{
    memcpy(kept, digest, FFS_DIGEST + 1);
}

/* docs/snapshot-format.md has these, and tests/cli/test_private.py makes them with hashlib. */
static void digests_are_those_of_the_documentation(UNUSED_STATE)
{
    assert_string_equal(digest_of("shop", "user_id", "u1", FFS_CASE_KEPT), "K-XlxMP68pLPWYAJh5Th");
    assert_string_equal(digest_of("shop", "email", "Ada@Example.com", FFS_CASE_FOLDED),
                        "eZYZDQHDXyt804yCTwj1");
}

static void a_digest_is_good_for_one_attribute_of_one_project(UNUSED_STATE)
{
    char kept[FFS_DIGEST + 1];
    keep(kept, digest_of("shop", "user_id", "u1", FFS_CASE_KEPT));
    assert_string_not_equal(kept, digest_of("shop2", "user_id", "u1", FFS_CASE_KEPT));
    assert_string_not_equal(kept, digest_of("shop", "user", "u1", FFS_CASE_KEPT));
    assert_string_not_equal(kept, digest_of("user_id", "shop", "u1", FFS_CASE_KEPT));
    assert_string_not_equal(kept, digest_of("shop", "user_id", "U1", FFS_CASE_KEPT));
    assert_string_equal(kept, digest_of("shop", "user_id", "U1", FFS_CASE_FOLDED));
}

/* Across a block, and but for A to Z nothing. */
static void folding_is_of_ascii_at_any_place(UNUSED_STATE)
{
    char upper[200], lower[200], kept[FFS_DIGEST + 1];
    for (size_t length = 1; length < sizeof upper; length++) {
        memset(upper, 0, sizeof upper);
        memset(lower, 0, sizeof lower);
        for (size_t i = 0; i < length; i++) {
            upper[i] = "AZ@[`{\xc3\x85"[i % 8];
            lower[i] = "az@[`{\xc3\x85"[i % 8];
        }
        keep(kept, digest_of("p", "a", lower, FFS_CASE_KEPT));
        assert_string_equal(kept, digest_of("p", "a", upper, FFS_CASE_FOLDED));
        assert_string_not_equal(kept, digest_of("p", "a", upper, FFS_CASE_KEPT));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_abc),
        cmocka_unit_test(hashes_every_length_around_blocks),
        cmocka_unit_test(digests_are_those_of_the_documentation),
        cmocka_unit_test(a_digest_is_good_for_one_attribute_of_one_project),
        cmocka_unit_test(folding_is_of_ascii_at_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
