/* test_match.c - the compiler's string tests, and that the library's agree with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../runtime/match.h"
#include "compiler/base/match.h"

#define UNUSED_STATE void **state __attribute__((unused))

static uint64_t random_state;

static uint32_t pick(uint32_t count)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % count);
}

static void seed(void)
{
    const char *given = getenv("SEED");
    random_state = given ? strtoull(given, NULL, 10) : 20261129;
    print_message("SEED=%llu\n", (unsigned long long)random_state);
}

struct piece {
    const char *bytes;
    size_t length;
};
#define PIECE(text)              \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* Random pieces, one after another; at most `most`, of at most four bytes. */
static size_t fill(char *text, const struct piece *pieces, size_t count, uint32_t most)
{
    size_t length = 0;
    for (uint32_t left = pick(most + 1); left > 0; left--) {
        const struct piece *piece = &pieces[pick((uint32_t)count)];
        memcpy(text + length, piece->bytes, piece->length);
        length += piece->length;
    }
    text[length] = '\0';
    return length;
}

/* As the compiler stores it, along with the flag for ignoring case. */
static void fold_all(char *to, const char *from, size_t length)
{
    for (size_t i = 0; i <= length; i++)
        to[i] = ascii_lower(from[i]);
}

static void finds_parts(UNUSED_STATE)
{
    static const struct {
        const char *text, *part;
        enum part_place place;
        bool minding_case, ignoring_case;
    } cases[] = {
        {"Ada", "ad", PART_AT_BEGIN, false, true},  {"Ada", "Ad", PART_AT_BEGIN, true, true},
        {"Ada", "da", PART_AT_BEGIN, false, false}, {"Ada", "da", PART_AT_END, true, true},
        {"Ada", "dA", PART_AT_END, false, true},    {"Ada", "Ad", PART_AT_END, false, false},
        {"Ada", "d", PART_ANYWHERE, true, true},    {"Ada", "D", PART_ANYWHERE, false, true},
        {"Ada", "x", PART_ANYWHERE, false, false},  {"Ada", "Adam", PART_ANYWHERE, false, false},
        {"Ada", "Ada", PART_WHOLE, true, true},     {"Ada", "aDA", PART_WHOLE, false, true},
        {"Ada", "Ad", PART_WHOLE, false, false},    {"Ada", "", PART_WHOLE, false, false},
        {"", "", PART_WHOLE, true, true},           {"Ada", "", PART_ANYWHERE, true, true},
        {"Ada", "", PART_AT_BEGIN, true, true},     {"Ada", "", PART_AT_END, true, true},
        {"ÄDA", "ä", PART_AT_BEGIN, false, false},  {"[", "{", PART_WHOLE, false, false},
        {"@", "`", PART_WHOLE, false, false},       {"aab", "ab", PART_ANYWHERE, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text, *part = cases[i].part;
        for (int fold = 0; fold < 2; fold++) {
            bool found = match_part(text, strlen(text), part, strlen(part), cases[i].place, fold);
            if (found != (fold ? cases[i].ignoring_case : cases[i].minding_case))
                fail_msg("'%s' in '%s', place %d, fold %d", part, text, (int)cases[i].place, fold);
        }
    }
}

static void folds_in_patterns(UNUSED_STATE)
{
    static const struct {
        const char *pattern, *text;
        bool minding_case, ignoring_case;
    } cases[] = {
        {"A*", "ab", false, true},    {"[A-C]?", "bx", false, true}, {"[!A]x", "ax", true, false},
        {"\\A", "a", false, true},    {"[\\A]", "a", false, true},   {"*É", "xé", false, false},
        {"[^-_]", "A", false, false}, {"[Y-b]", "A", false, false},  {"[A-z]", "_", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *pattern = cases[i].pattern, *text = cases[i].text;
        assert_null(glob_problem(pattern));
        if (match_glob(pattern, text, strlen(text), false) != cases[i].minding_case ||
            match_glob(pattern, text, strlen(text), true) != cases[i].ignoring_case)
            fail_msg("'%s' against '%s'", pattern, text);
    }
}

/* Stray bytes and NUL occur in contexts and logs, but never in definitions. */
static const struct piece text_pieces[] = {
    PIECE("a"),  PIECE("A"),        PIECE("b"),    PIECE("Z"),        PIECE("-"),
    PIECE("*"),  PIECE("]"),        PIECE("é"),    PIECE("\xC3"),     PIECE("\xA9"),
    PIECE("日"), PIECE("\xE6\x97"), PIECE("\xFF"), PIECE("\xC0\x80"), PIECE("\0"),
};
static const struct piece pattern_pieces[] = {
    PIECE("a"), PIECE("A"), PIECE("b"),  PIECE("Z"),  PIECE("-"),       PIECE("*"), PIECE("*"),
    PIECE("?"), PIECE("["), PIECE("]"),  PIECE("!"),  PIECE("\\"),      PIECE("é"), PIECE("日"),
    PIECE("["), PIECE("]"), PIECE("[a"), PIECE("b]"), PIECE("[!é-日]"),
};

static void the_library_matches_patterns_alike(UNUSED_STATE)
{
    uint32_t sound = 0, matched = 0;
    seed();
    for (uint32_t round = 0; round < 400000; round++) {
        char pattern[64], folded[64], text[64];
        size_t pattern_length =
            fill(pattern, pattern_pieces, sizeof pattern_pieces / sizeof *pattern_pieces, 6);
        size_t length = fill(text, text_pieces, sizeof text_pieces / sizeof *text_pieces, 6);
        if (glob_problem(pattern))
            continue;
        bool fold = pick(2);
        memcpy(folded, pattern, pattern_length + 1);
        if (fold)
            fold_all(folded, pattern, pattern_length);
        bool ours = match_glob(pattern, text, length, fold);
        assert_true(runtime_valid_glob(folded, pattern_length));
        if (runtime_match_glob(folded, pattern_length, text, length, fold) != ours)
            fail_msg("'%s' against '%.*s', fold %d: ours %d", pattern, (int)length, text, fold,
                     ours);
        sound++;
        matched += ours;
    }
    assert_true(sound > 50000 && matched > 5000);
}

static void the_library_finds_parts_alike(UNUSED_STATE)
{
    uint32_t found = 0;
    seed();
    for (uint32_t round = 0; round < 200000; round++) {
        char text[64], part[64], folded[64];
        size_t length = fill(text, text_pieces, 5, 8), part_length = fill(part, text_pieces, 5, 3);
        bool fold = pick(2);
        memcpy(folded, part, part_length + 1);
        if (fold)
            fold_all(folded, part, part_length);
        bool ours = match_part(text, length, part, part_length, PART_ANYWHERE, fold);
        assert_int_equal(runtime_contains(text, length, folded, part_length, fold), ours);
        bool whole = match_part(text, length, part, part_length, PART_WHOLE, true);
        fold_all(folded, part, part_length);
        assert_int_equal(length == part_length && runtime_equals_folded(text, folded, length),
                         whole);
        found += ours;
    }
    assert_true(found > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_parts),
        cmocka_unit_test(folds_in_patterns),
        cmocka_unit_test(the_library_matches_patterns_alike),
        cmocka_unit_test(the_library_finds_parts_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
