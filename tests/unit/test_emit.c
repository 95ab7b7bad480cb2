/* test_emit.c - the parts that write a snapshot: percentages, JSON, interning, tables, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/perfect_hash.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"

static void every_percentage_has_a_threshold_of_its_own(void **state)
{
    (void)state;
    uint64_t last = 0;
    for (uint32_t p = 0; p < PERCENT_ALL; p++) {
        uint64_t threshold = percent_threshold(p);
        uint32_t back;
        assert_true(p == 0 || threshold > last);
        assert_true(percent_of_threshold(threshold, &back));
        assert_int_equal(back, p);
        assert_false(percent_of_threshold(threshold + 1, &back));
        last = threshold;
    }
    assert_true(percent_threshold(50000) == UINT64_C(1) << 63);
    assert_true(percent_threshold(1) == UINT64_C(184467440737095));
    uint32_t back;
    assert_false(percent_of_threshold(UINT64_MAX, &back));
}

static void percentages_are_written_without_needless_digits(void **state)
{
    (void)state;
    static const struct {
        uint32_t thousandths;
        const char *text;
    } cases[] = {{0, "0"},        {1, "0.001"},      {125, "0.125"},  {100, "0.1"},
                 {12500, "12.5"}, {99999, "99.999"}, {100000, "100"}, {20000, "20"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[PERCENT_TEXT_SIZE];
        percent_format(cases[i].thousandths, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void json_texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {{"", "\"\""},
                 {"plain", "\"plain\""},
                 {"a\"b\\c", "\"a\\\"b\\\\c\""},
                 {"\n\r\t\b\f", "\"\\n\\r\\t\\b\\f\""},
                 {"\x01\x1F\x7F", "\"\\u0001\\u001f\\u007f\""},
                 {"ü€🎉", "\"ü€🎉\""},
                 {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
                 {"\xC3", "\"\xEF\xBF\xBD\""},
                 {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
                 {NULL, "null"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out = {0};
        json_write_string(&out, cases[i].text);
        assert_string_equal(out.bytes, cases[i].json);
        buffer_release(&out);
    }
}

static void json_numbers_read_back_the_same(void **state)
{
    (void)state;
    static const double numbers[] = {0, 0.1, 1.0 / 3, 1e300, -2.5, 5e-324, 123456789012345680.0,
                                     42};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct buffer out = {0};
        json_write_number(&out, numbers[i]);
        assert_true(strtod(out.bytes, NULL) == numbers[i]);
        buffer_release(&out);
    }
    struct buffer out = {0};
    json_write_number(&out, 0.1);
    assert_string_equal(out.bytes, "0.1");
    buffer_release(&out);
}

static void equal_runs_are_stored_once_and_stay(void **state)
{
    (void)state;
    struct pool pool = {0};
    size_t offsets[5000];
    uint32_t run[4] = {0};
    for (run[0] = 0; run[0] < 5000; run[0]++)
        offsets[run[0]] = pool_add(&pool, run, (1 + run[0] % 4) * sizeof *run);
    size_t length = pool.bytes.length;
    for (run[0] = 0; run[0] < 5000; run[0]++) {
        size_t size = (1 + run[0] % 4) * sizeof *run;
        assert_int_equal(pool_add(&pool, run, size), offsets[run[0]]);
        assert_memory_equal(pool.bytes.bytes + offsets[run[0]], run, size);
    }
    assert_int_equal(pool.bytes.length, length);
    pool_release(&pool);
}

static const struct ffs_set *set_at(const struct image *image, uint64_t index)
{
    return (const void *)((const uint64_t *)(const void *)image->sets.bytes.bytes + index);
}

static const char *text_at(const struct image *image, const struct ffs_set *set,
                           const struct ffs_set_slot *slot)
{
    return ffs_set_holds_inline(set, slot->length)
               ? (const char *)&slot->ref
               : image->strings.bytes.bytes + (size_t)slot->ref * 4 + sizeof(uint32_t);
}

/* Looks it up as the format document describes. *looked: a slot was looked at. */
static bool is_on(const struct image *image, const struct ffs_set *set, const char *text,
                  bool *looked)
{
    size_t length = strlen(text);
    uint64_t hash = XXH3_64bits(text, length);
    uint32_t place = (uint32_t)hash & (set->capacity - 1);
    *looked = true;
    if (set->buckets) {
        uint64_t bucket = ((const uint64_t *)(set + 1))[(hash >> 32) * set->buckets >> 32];
        *looked = (bucket & ffs_filter_bits(hash)) == ffs_filter_bits(hash);
        place =
            (uint32_t)((unsigned __int128)ffs_spread(hash, bucket & 0xffff) * set->capacity >> 64);
    }
    for (; *looked; place = (place + 1) & (set->capacity - 1)) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, place);
        if (slot->length == length && memcmp(text_at(image, set, slot), text, length) == 0)
            return true;
        if (set->buckets || slot->length == FFS_NONE)
            return false;
    }
    return false;
}

static void sets_do_not_depend_on_order_or_repetition(void **state)
{
    (void)state;
    const char *forward[300], *backward[600];
    char texts[300][8];
    for (int i = 0; i < 300; i++) {
        snprintf(texts[i], sizeof texts[i], "t%d", i);
        forward[i] = texts[i];
        backward[299 - i] = backward[599 - i] = texts[i];
    }
    for (size_t count = 1; count <= 300; count++) {
        struct image image = {0};
        uint64_t a = image_set(&image, forward, count);
        const struct ffs_set *set = set_at(&image, a);
        assert_int_equal(set->count, count);
        assert_true(set->capacity > count);
        assert_int_equal(image.sets.bytes.length, sizeof *set + 8 * (size_t)set->buckets +
                                                      (size_t)set->capacity * set->width);
        bool looked;
        for (size_t i = 0; i < 300; i++)
            assert_true(is_on(&image, set, forward[i], &looked) == (i < count));
        uint64_t b = image_set(&image, &backward[300 - count], 300 + count);
        if (count == 300)
            assert_int_equal(a, b);
        image_release(&image);
    }
}

static void sets_hold_strings_that_do_not_fit_into_slots(void **state)
{
    (void)state;
    enum { COUNT = 100, LONG = 3 };
    struct image image = {0};
    char texts[COUNT][200];
    const char *pointers[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%0*d", i < LONG ? 190 - i : 6, i);
        pointers[i] = texts[i];
    }
    const struct ffs_set *set = set_at(&image, image_set(&image, pointers, COUNT));
    assert_int_equal(set->width, 16); /* the best width for most of them */
    assert_int_equal(set->longest, 190);
    bool looked;
    for (int i = 0; i < COUNT; i++)
        assert_true(is_on(&image, set, texts[i], &looked));
    texts[0][180] = '1';
    assert_false(is_on(&image, set, texts[0], &looked));
    image_release(&image);
}

/* Makes a set of `count` members; returns how many of as many non-members need a look at a slot. */
static uint32_t looked_for(uint32_t count, struct ffs_set *set)
{
    struct image image = {0};
    char(*texts)[16] = malloc(count * sizeof *texts);
    const char **pointers = malloc(count * sizeof *pointers);
    assert_non_null(texts);
    assert_non_null(pointers);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "in-%u", i);
        pointers[i] = texts[i];
    }
    const struct ffs_set *made = set_at(&image, image_set(&image, pointers, count));
    *set = *made;
    uint32_t looked_at = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool looked;
        char other[16];
        snprintf(other, sizeof other, "out-%u", i);
        assert_true(is_on(&image, made, texts[i], &looked));
        assert_false(is_on(&image, made, other, &looked));
        looked_at += looked;
    }
    free(texts);
    free(pointers);
    image_release(&image);
    return looked_at;
}

static void larger_sets_look_in_one_place_or_none(void **state)
{
    (void)state;
    struct ffs_set set;
    assert_int_equal(looked_for(16, &set), 16);
    assert_int_equal(set.buckets, 0);
    assert_true(looked_for(17, &set) <= 17);
    assert_int_equal(set.buckets, 17 / 4 + 1);
    assert_true(looked_for(70000, &set) < 70000 / 100 * 4);
    assert_int_equal(set.count, 70000);
    assert_int_equal(set.capacity, 70000 + 70000 / 32 + 1);
    assert_int_equal(set.width, 16);
}

/* image_set() then makes a probed set. */
static void equal_hashes_have_no_perfect_hash(void **state)
{
    (void)state;
    uint64_t hashes[20];
    for (uint64_t i = 0; i < 20; i++)
        hashes[i] = XXH3_64bits(&i, sizeof i);
    struct perfect_hash perfect;
    assert_true(perfect_hash_make(hashes, 20, &perfect));
    perfect_hash_release(&perfect);
    hashes[7] = hashes[19];
    assert_false(perfect_hash_make(hashes, 20, &perfect));
}

static struct ffs_network network(uint64_t first, uint64_t last)
{
    return (struct ffs_network){0, first, 0, last};
}

static void networks_are_sorted_and_merged(void **state)
{
    (void)state;
    struct image image = {0};
    struct ffs_network given[] = {
        network(30, 40), network(10, 19), network(20, 25),       network(35, 36),
        network(50, 50), network(38, 45), {0, UINT64_MAX, 1, 3}, {1, 4, UINT64_MAX, UINT64_MAX},
        {7, 7, 9, 9}};
    uint64_t run = image_networks(&image, given, sizeof given / sizeof *given);
    assert_int_equal(run >> 32, 4);
    const struct ffs_network *networks = (const void *)image.networks.bytes.bytes;
    struct ffs_network expected[] = {
        network(10, 25), network(30, 45), network(50, 50), {0, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    assert_memory_equal(networks, expected, sizeof expected);
    image_release(&image);
}

/* Looks it up as the format document describes. */
static uint32_t look_up(const char *names, const char *name)
{
    const struct ffs_names *head = (const void *)names;
    const uint16_t *pilots = (const void *)(head + 1);
    const uint32_t *slots = (const void *)(pilots + (head->bucket_count + 1) / 2 * 2);
    uint64_t hash = XXH3_64bits_withSeed(name, strlen(name), head->seed);
    uint32_t bucket = (uint32_t)((hash >> 32) * head->bucket_count >> 32);
    uint64_t mixed = ffs_spread(hash, pilots[bucket]);
    return slots[(uint64_t)(((unsigned __int128)mixed * head->slot_count) >> 64)];
}

static void every_number_of_names_gets_a_perfect_hash(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0,  1,  2,   3,   4,    5,    7,    8,    31,
                                      32, 33, 100, 255, 1000, 1023, 5000, 20000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        uint32_t count = counts[c];
        struct flag *flags = xcalloc(count + 1u, sizeof *flags);
        struct image image = {.flag_count = count};
        image.sources = xcalloc(count + 1u, sizeof(const struct flag *));
        for (uint32_t i = 0; i < count; i++) {
            char name[32];
            snprintf(name, sizeof name, "team.feature-%u", i);
            flags[i].name.text = strdup(name);
            image.sources[i] = &flags[i];
        }
        struct buffer out = {0};
        emit_names(&image, &out);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(look_up(out.bytes, flags[i].name.text), i);
        for (uint32_t i = 0; i < count; i++)
            free((void *)(uintptr_t)flags[i].name.text);
        uint32_t stranger = look_up(out.bytes, "stranger");
        assert_true(stranger == FFS_NONE || stranger < count);
        buffer_release(&out);
        image_release(&image);
        free(flags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_percentage_has_a_threshold_of_its_own),
        cmocka_unit_test(percentages_are_written_without_needless_digits),
        cmocka_unit_test(json_texts_are_escaped),
        cmocka_unit_test(json_numbers_read_back_the_same),
        cmocka_unit_test(equal_runs_are_stored_once_and_stay),
        cmocka_unit_test(sets_do_not_depend_on_order_or_repetition),
        cmocka_unit_test(sets_hold_strings_that_do_not_fit_into_slots),
        cmocka_unit_test(equal_hashes_have_no_perfect_hash),
        cmocka_unit_test(larger_sets_look_in_one_place_or_none),
        cmocka_unit_test(networks_are_sorted_and_merged),
        cmocka_unit_test(every_number_of_names_gets_a_perfect_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
