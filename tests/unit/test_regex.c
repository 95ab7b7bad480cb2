/* What regular expressions match, which ones are refused and where, and how large they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/regex/regex.h"

#define UNUSED_STATE void **state __attribute__((unused))

/* ----------------------------------------------------------------------------------- matches -- */

/* Texts, separated by '|', that match and that do not. "" is the empty text, as in "|a". */
static const struct expectation {
    const char *pattern;
    const char *match;
    const char *other;
} expectations[] = {
    {"abc", "abc|xabcx|ababc", "|ab|abbc|ABC"},
    {"^abc", "abc|abcd", "|xabc"},
    {"abc$", "abc|xabc", "|abcx|abc\n"},
    {"^abc$", "abc", "|abcx|xabc|abc\n"},
    {"\\Aabc\\z", "abc", "abc\n|xabc"},
    {"^$", "", "a|\n"},
    {"a|bc|d", "a|xbcx|d", "|b|c"},
    {"^(a|bc)d$", "ad|bcd", "abcd|d"},
    {"^(?:)$", "", "a"},
    {"^a*$", "|a|aaaa", "b|ab"},
    {"^a+$", "a|aaaa", "|ab"},
    {"^a?$", "|a", "aa"},
    {"^a*?b+?c??$", "b|abbc|bb", "|a|ac"},
    {"^a{2}$", "aa", "|a|aaa"},
    {"^a{2,}$", "aa|aaaaa", "a"},
    {"^a{2,3}$", "aa|aaa", "a|aaaa"},
    {"^a{0,1}b{0}$", "|a", "b|ab|aa"},
    {"^(ab){2,3}$", "abab|ababab", "ab|abababab"},
    {"a{x}", "a{x}", "a"},
    {"x{", "x{", "x"},
    {"^.$", "a|é|日|😀", "|aa|\n"},
    {"^(?s).$", "a|\n|é", "|aa"},
    {"^(?s:.).$", "\na|aa", "\n\n|a\n"},
    {"^[abc]$", "a|b|c", "|d|ab"},
    {"^[a-cx-z]$", "b|y", "d|w"},
    {"^[^a-c]$", "d|é|\n|😀", "a|c|"},
    {"^[]a]$", "]|a", "b"},
    {"^[^]a]$", "b", "]|a"},
    {"^[a-]$", "a|-", "b"},
    {"^[-a]$", "a|-", "b"},
    {"^[\\d-z]$", "5|-|z", "y"},
    {"^[\\]\\\\^-]$", "]|\\|^|-", "a"},
    {"^[[:alpha:]_]+$", "abZ_", "a1"},
    {"^[[:^alpha:]]$", "1|é", "a"},
    {"^[[:space:]]$", "\v| ", "a"},
    {"^\\s$", " |\t|\n|\f|\r", "\v|a"},
    {"^[[:word:]]+$", "a_1", "-"},
    {"^[[:punct:]]$", "!|~|@|[|`", "a| |\x7f"},
    {"^[[:cntrl:]]$", "\x01|\x7f", "a"},
    {"^[[:ascii:]]$", "a|\x7f", "é"},
    {"^[[:xdigit:]]+$", "09afAF", "g"},
    {"^[[:]$", "[|:", "a"},
    {"^\\d\\D\\w\\W\\S$", "1a_-x", "11111|aa_-x"},
    {"^[é-ü]$", "é|ö|ü", "e|ý|日"},
    {"^[^é]$", "e|日", "é"},
    {"^é+$", "éé", "e|\xc3"},
    {"^[\\x{80}-\\x{10FFFF}]+$", "é日😀\xc2\x80\uffff", "a"},
    {"^[\\x{7f0}-\\x{810}]$", "\u07ff|\u0800|\u0810", "\u07ef|\u0811"},
    {"^[\\x{fff0}-\\x{10010}]$", "\ufff0|\uffff|\U00010000|\U00010010", "\uffef|\U00010011"},
    {"^[\\x{d000}-\\x{f000}]$", "\ud7ff|\ue000|\uf000", "\uf001"},
    {"^\\x41\\x{42}\\x43\\t$", "ABC\t", "ABc\t"},
    {"^\\0?$", "", "0"},
    {"^a\\.b\\*\\\\$", "a.b*\\", "axb*\\"},
    {"^\\Qa.b*(\\E+$", "a.b*(|a.b*((", "aXb"},
    {"^\\Q.\\E$", ".", "a"},
    {"^(\\Q)*[\\E|b)$", ")*[|b", "a"},
    {"(?i)straße", "STRAßE", "STRASSE"},
    {"(?i)é", "é", "É"},
    {"(?i)^[^a]$", "b|B", "a|A"},
    {"^(?i:a)b$", "ab|Ab", "aB|AB"},
    {"^a(?i)b|c$", "aB|xxC", "Ab"},
    {"^(a(?i)b)c$", "abc|aBc", "aBC"},
    {"(?i)^a(?-i)b$", "Ab", "AB"},
    {"^(?P<year>\\d{4})-(?<month>\\d\\d)$", "2026-11", "2026-1"},
    {"(?U)^a+$", "aa", "b"},
    {"(?m)^b$", "b|a\nb|b\na|a\nb\nc", "ab|ba"},
    {"(?m)a$", "a|a\nb", "ab"},
    {"(?m)^$", "|\n|a\n|\na|a\n\nb", "a|ab\nc"},
    {"a$\nb", "", "a\nb"},
    {"(?m)a$\n^b", "a\nb", "a\n\nb"},
    {"\\bcat\\b", "cat|a cat!|é cat", "cats|concat|cat_"},
    {"\\Bcat", "concat", "cat|a cat"},
    {"^\\B$", "", "a"},
    {"\\b", "a| a", "|-|é"},
    {"a\\Bé", "", "aé"},
    {"-\\Bé", "-é", "-e"},
    {"^a\\b\\ba$", "", "aa"},
    {"(?:^|-)x(?:$|-)", "x|a-x|x-b|a-x-b", "ax|xb"},
    {"(a*)*b", "b|aab", "|aa"},
    {"^(a|aa)+$", "a|aaaaa", "|ab"},
    {"^(a?){3}$", "|a|aaa", "aaaa"},
    {"^(|a)+$", "|aa", "b"},
    {".*.*.*x", "x|aax", "aa"},
    {"^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$", "joe@example.com", "joe@example|@a.bc"},
};

static const struct automaton *compile(struct arena *arena, const char *pattern, size_t length,
                                       bool ignore_case)
{
    struct regex_problem problem = {0};
    const struct automaton *automaton =
        regex_compile(arena, pattern, length, ignore_case, &problem);
    if (!automaton)
        fail_msg("'%s' at %zu: %s", pattern, problem.begin, problem.message);
    return automaton;
}

static void check_texts(const struct automaton *automaton, const char *pattern, const char *texts,
                        bool expected)
{
    for (const char *text = texts;; text++) {
        size_t length = strcspn(text, "|");
        if (!!ffs_automaton_matches(automaton->table, text, length) != expected)
            fail_msg("'%s' and '%.*s': expected %d", pattern, (int)length, text, expected);
        text += length;
        if (!*text)
            return;
    }
}

static void matches_what_it_says(UNUSED_STATE)
{
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const struct expectation *it = &expectations[i];
        const struct automaton *automaton =
            compile(&arena, it->pattern, strlen(it->pattern), false);
        if (*it->match || ffs_automaton_matches(automaton->table, "", 0)) {
            check_texts(automaton, it->pattern, it->match, true);
        } else {
            assert_true(automaton->never);
        }
        check_texts(automaton, it->pattern, it->other, false);
    }
    arena_release(&arena);
}

static void ignores_the_case_of_ascii(UNUSED_STATE)
{
    struct arena arena = {0};
    const char *pattern = "^[a-c]x\\x{59}é$";
    const struct automaton *automaton = compile(&arena, pattern, strlen(pattern), true);
    check_texts(automaton, pattern, "AXyé|bxYé|CXYé", true);
    check_texts(automaton, pattern, "AXYÉ|dxyé", false);
    arena_release(&arena);
}

static void keeps_to_whole_characters(UNUSED_STATE)
{
    struct arena arena = {0};
    /* Text that is not UTF-8 is not an error; stray bytes match no character. */
    check_texts(compile(&arena, "^.$", 3, false), "^.$",
                "\x80|\xff|\xc3|\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80|\xf0\x80\x80\x80", false);
    check_texts(compile(&arena, "b", 1, false), "b",
                "\xffo\x80"
                "b|\xc3"
                "b",
                true);
    check_texts(compile(&arena, "\\B$", 3, false), "\\B$", "é|-", true);
    check_texts(compile(&arena, "a\\B", 3, false), "a\\B", "aé", false);
    const char *nul = "^a\\x00b$";
    const struct automaton *automaton = compile(&arena, nul, strlen(nul), false);
    assert_true(ffs_automaton_matches(automaton->table, "a\0b", 3));
    assert_false(ffs_automaton_matches(automaton->table, "ab", 2));
    arena_release(&arena);
}

/* ---------------------------------------------------------------------------------- problems -- */

static const struct mistake {
    const char *pattern;
    enum diagnostic_code code;
    size_t begin, end;
} mistakes[] = {
    {"a(b", FF0253, 1, 2},
    {"a(?i:b", FF0253, 1, 5},
    {"(?P<n>a", FF0253, 0, 6},
    {"a)b", FF0253, 1, 2},
    {"é[b", FF0253, 2, 3},
    {"[]", FF0253, 0, 1},
    {"[^", FF0253, 0, 1},
    {"[a-", FF0253, 0, 1},
    {"[[:alpha:]", FF0253, 0, 1},
    {"*a", FF0254, 0, 1},
    {"a|*", FF0254, 2, 3},
    {"(+)", FF0254, 1, 2},
    {"(?i)?", FF0254, 4, 5},
    {"{2}", FF0254, 0, 3},
    {"^*", FF0254, 1, 2},
    {"a\\b+", FF0254, 3, 4},
    {"a**", FF0254, 1, 3},
    {"a*?*", FF0254, 1, 4},
    {"a+{2}", FF0254, 1, 5},
    {"a++", FF0254, 1, 3},
    {"a{1001}", FF0254, 1, 7},
    {"a{1,99999999999999999999}", FF0254, 1, 25},
    {"a{3,2}", FF0254, 1, 6},
    {"a{,2}", FF0254, 1, 5},
    {"[z-a]", FF0256, 1, 4},
    {"[a-\\d]", FF0256, 1, 5},
    {"[[:alfa:]]", FF0256, 1, 9},
    {"a\\", FF0257, 1, 2},
    {"[\\", FF0257, 1, 2},
    {"a\\y", FF0257, 1, 3},
    {"\\é", FF0257, 0, 3},
    {"\\_", FF0257, 0, 2},
    {"[\\b]", FF0257, 1, 3},
    {"\\x", FF0257, 0, 2},
    {"\\x4", FF0257, 0, 3},
    {"\\x{}", FF0257, 0, 4},
    {"\\x{41", FF0257, 0, 5},
    {"\\x{110000}", FF0257, 0, 10},
    {"\\x{FFFFFFFFFFFFFFFFFF}", FF0257, 0, 22},
    {"\\x{D800}", FF0257, 0, 8},
    {"(a)\\1", FF0259, 3, 5},
    {"a(?=b)", FF0259, 1, 4},
    {"a(?!b)", FF0259, 1, 4},
    {"(?<=a)b", FF0259, 0, 4},
    {"(?<!a)b", FF0259, 0, 4},
    {"(?>a)", FF0259, 0, 3},
    {"(?#a)", FF0259, 0, 3},
    {"(?P=n)", FF0259, 0, 4},
    {"\\k<n>", FF0259, 0, 2},
    {"\\pL", FF0259, 0, 2},
    {"[\\P{Greek}]", FF0259, 1, 3},
    {"\\C", FF0259, 0, 2},
    {"(?x)a", FF0261, 0, 3},
    {"(?)", FF0261, 0, 3},
    {"(?i-)a", FF0261, 0, 5},
    {"(?", FF0261, 0, 2},
    {"(?i", FF0253, 0, 3},
    {"(?P<>a)", FF0261, 0, 5},
    {"(?P<a b>c)", FF0261, 0, 6},
};

static void shows_the_place_of_a_mistake(UNUSED_STATE)
{
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *it = &mistakes[i];
        struct regex_problem problem = {0};
        if (regex_compile(&arena, it->pattern, strlen(it->pattern), false, &problem))
            fail_msg("'%s' compiles", it->pattern);
        if (problem.code != it->code || problem.begin != it->begin || problem.end != it->end)
            fail_msg("'%s': %s, [%zu, %zu) '%s'", it->pattern, diagnostic_info(problem.code)->code,
                     problem.begin, problem.end, problem.message);
    }
    arena_release(&arena);
}

static void bounds_how_deep_groups_nest(UNUSED_STATE)
{
    struct arena arena = {0};
    struct regex_problem problem = {0};
    struct buffer pattern = {0};
    for (int i = 0; i < 250; i++)
        buffer_append_text(&pattern, "(");
    for (int i = 0; i < 250; i++)
        buffer_append_text(&pattern, ")");
    assert_non_null(regex_compile(&arena, pattern.bytes, pattern.length, false, &problem));
    memset(pattern.bytes, '(', pattern.length);
    assert_null(regex_compile(&arena, pattern.bytes, pattern.length, false, &problem));
    assert_int_equal(problem.code, FF0261);
    assert_int_equal(problem.begin, 250);
    buffer_release(&pattern);
    arena_release(&arena);
}

/* -------------------------------------------------------------------------------------- size -- */

static void refuses_what_is_too_large_without_trying_for_long(UNUSED_STATE)
{
    static const char *const patterns[] = {"(x{1000}){1000}",
                                           "((((x{0}){1000}){1000}){1000}){1000}",
                                           "(((a{1,100}){1,100}){1,100}){9}",
                                           "[ab].{20}$",
                                           "(.*a.{9}b.*){5}$",
                                           "^.{1000}$",
                                           ".{1000}",
                                           "(a|b|ab|ba){1000}(b|bb|a){500}\\b.{30}$"};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct regex_problem problem = {0};
        assert_null(regex_compile(&arena, patterns[i], strlen(patterns[i]), false, &problem));
        assert_int_equal(problem.code, FF0262);
        assert_int_equal(problem.begin, 0);
        assert_int_equal(problem.end, strlen(patterns[i]));
    }
    arena_release(&arena);
}

static void is_as_small_as_the_language_allows(UNUSED_STATE)
{
    static const struct {
        const char *pattern;
        unsigned states, classes;
    } sizes[] = {
        {"a", 3, 2},
        {"(a*)*a", 3, 2},
        {"a|b|[c-f]", 3, 2},
        {".*.*.*x.*.*", 3, 2},
        {"^(a|aa)+$", 4, 2},
        {"(a?){500}a{500}", 502, 2},
        {"x{1000}", 1002, 2},
        {"^a", 3, 2},
        {"", 2, 1},
        {"a\\bb", 2, 1},
        {"^[\\x{80}-\\x{10FFFF}]*$", 10, 11},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct ffs_automaton *table =
            compile(&arena, sizes[i].pattern, strlen(sizes[i].pattern), false)->table;
        if (table->state_count != sizes[i].states || table->class_count != sizes[i].classes)
            fail_msg("'%s': %u states, %u classes", sizes[i].pattern, table->state_count,
                     table->class_count);
    }
    arena_release(&arena);
}

static void equal_languages_are_equal_bytes(UNUSED_STATE)
{
    static const char *const equal[][2] = {
        {"foo", ".*foo.*"},
        {"^(a|b)*$", "^[ab]*$"},
        {"^a{2,}$", "^aa+$"},
        {"^(?:ab|ac)$", "^a[bc]$"},
        {"(?i)k", "[kK]"},
        {"^\\w+$", "^[0-9A-Za-z_]+$"},
        {"^(?:(?:a?b?)*c)?$", "^(?:[ab]*c|)$"},
        {"^[^\\x{80}-\\x{10FFFF}]$", "^[[:ascii:]]$"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++) {
        const struct automaton *a = compile(&arena, equal[i][0], strlen(equal[i][0]), false);
        const struct automaton *b = compile(&arena, equal[i][1], strlen(equal[i][1]), false);
        assert_int_equal(a->size, b->size);
        assert_memory_equal(a->table, b->table, a->size);
    }
    arena_release(&arena);
}

static void knows_how_languages_stand_to_each_other(UNUSED_STATE)
{
    enum { NEITHER, INCLUDED, DISJOINT };
    static const struct {
        const char *first, *second;
        unsigned relation;
    } pairs[] = {
        {"abc", "b", INCLUDED},
        {"b", "abc", NEITHER},
        {"^a", "^b", DISJOINT},
        {"^a", "a", INCLUDED},
        {"^a+$", "^a*$", INCLUDED},
        {"^a*$", "^a+$", NEITHER},
        {"^(ab)*$", "^(ba)*$", NEITHER},
        {"^(ab)+$", "^(ba)+$", DISJOINT},
        {"^[é-ü]$", "^.$", INCLUDED},
        {"^.$", "^..$", DISJOINT},
        {"^\\w+@example\\.com$", "@", INCLUDED},
        {"(?i)k", "k", NEITHER},
        {"k", "(?i)K", INCLUDED},
        {"", "a*", INCLUDED},
        {"a", "^$", DISJOINT},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct automaton *first =
            compile(&arena, pairs[i].first, strlen(pairs[i].first), false);
        const struct automaton *second =
            compile(&arena, pairs[i].second, strlen(pairs[i].second), false);
        struct regex_relation relation;
        assert_true(regex_relate(first, second, &relation));
        if (relation.included != (pairs[i].relation == INCLUDED) ||
            relation.disjoint != (pairs[i].relation == DISJOINT))
            fail_msg("'%s' and '%s': %d, %d", pairs[i].first, pairs[i].second, relation.included,
                     relation.disjoint);
    }
    arena_release(&arena);
}

static void knows_plain_texts(UNUSED_STATE)
{
    static const struct {
        const char *pattern, *literal;
        bool at_begin, at_end;
    } texts[] = {
        {"foo", "foo", false, false},     {"^foo\\.é", "foo.é", true, false},
        {"\\x41[b]$", "Ab", false, true}, {"\\A\\Qa*\\E\\z", "a*", true, true},
        {"^$", "", true, true},           {"foo*", NULL, false, false},
        {"f.o", NULL, false, false},      {"(?i)foo", NULL, false, false},
        {"a|b", NULL, false, false},      {"(foo)", NULL, false, false},
        {"(?m)^foo", NULL, false, false}, {"a^", NULL, false, false},
        {"a\\x00", NULL, false, false},   {"(?i)^1-2$", "1-2", true, true},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct automaton *it =
            compile(&arena, texts[i].pattern, strlen(texts[i].pattern), false);
        if (!texts[i].literal != !it->literal ||
            (it->literal && (strcmp(it->literal, texts[i].literal) != 0 ||
                             it->at_begin != texts[i].at_begin || it->at_end != texts[i].at_end)))
            fail_msg("'%s': '%s', %d, %d", texts[i].pattern, it->literal ? it->literal : "-",
                     it->at_begin, it->at_end);
    }
    arena_release(&arena);
}

static void makes_automata_of_texts(UNUSED_STATE)
{
    struct arena arena = {0};
    const char *text = "a\\^$.[]|()?*+{2}-é";
    const struct automaton *whole = regex_literal(&arena, text, PART_WHOLE, false);
    const struct automaton *part = regex_literal(&arena, text, PART_ANYWHERE, true);
    char longer[64];
    snprintf(longer, sizeof longer, "x%sx", text);
    assert_true(ffs_automaton_matches(whole->table, text, strlen(text)));
    assert_false(ffs_automaton_matches(whole->table, longer, strlen(longer)));
    assert_true(ffs_automaton_matches(part->table, longer, strlen(longer)));
    longer[1] = 'A';
    assert_true(ffs_automaton_matches(part->table, longer, strlen(longer)));
    assert_true(regex_literal(&arena, "", PART_ANYWHERE, false)->always);
    arena_release(&arena);
}

static void knows_what_always_and_never_matches(UNUSED_STATE)
{
    static const char *const always[] = {"", "a*", "^", "$", ".*", "a|", "(?s).*", "^|a"};
    static const char *const never[] = {"$a", "a^", "a\\bb", "[^\\x00-\\x{10FFFF}]", "\\b\\B"};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        assert_true(compile(&arena, always[i], strlen(always[i]), false)->always);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        assert_true(compile(&arena, never[i], strlen(never[i]), false)->never);
    const struct automaton *neither = compile(&arena, "a", 1, false);
    assert_false(neither->always || neither->never);
    arena_release(&arena);
}

/* ----------------------------------------------------------------------------------- rubbish -- */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* Whatever the pattern, the result is a valid table, or an error located within the pattern. */
static void survives_rubbish(UNUSED_STATE)
{
    static const char *const pieces[] = {
        "a",   "b",   "é",   "😀",   "(",     ")",  "(?:",    "(?i)", "(?s-i:", "[",
        "]",   "^",   "-",   "|",   "*",     "+",  "?",      "{",    "}",      ",",
        "2",   "{3}", "{0,", "[:",  "alpha", ":]", ".",      "$",    "\\",     "\\d",
        "\\W", "\\b", "\\B", "\\A", "\\x",   "{",  "\\x{e}", "\\Q",  "\\E",    "0",
        "(?",  "P<",  ">",   "=",   "!",     "\n", "\\p",    "\\1",  "(?m)"};
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : UINT64_C(0x5eed0fa7);
    print_message("# SEED=%llu\n", (unsigned long long)seed);
    unsigned compiled = 0, refused = 0;
    for (unsigned i = 0; i < 60000; i++) {
        struct arena arena = {0};
        struct buffer pattern = {0};
        struct regex_problem problem = {0};
        for (uint64_t left = next_random(&seed) % 16 + 1; left; left--)
            buffer_append_text(&pattern,
                               pieces[next_random(&seed) % (sizeof pieces / sizeof *pieces)]);
        const struct automaton *automaton =
            regex_compile(&arena, pattern.bytes, pattern.length, next_random(&seed) & 1, &problem);
        if (automaton) {
            size_t last = (size_t)automaton->table->state_count * automaton->table->class_count;
            assert_true(automaton->table->start < last);
            ffs_automaton_matches(automaton->table, pattern.bytes, pattern.length);
            compiled++;
        } else {
            assert_true(problem.begin < problem.end && problem.end <= pattern.length);
            assert_non_null(problem.message);
            refused++;
        }
        buffer_release(&pattern);
        arena_release(&arena);
    }
    print_message("# %u compiled, %u refused\n", compiled, refused);
    assert_true(compiled > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_what_it_says),
        cmocka_unit_test(ignores_the_case_of_ascii),
        cmocka_unit_test(keeps_to_whole_characters),
        cmocka_unit_test(shows_the_place_of_a_mistake),
        cmocka_unit_test(bounds_how_deep_groups_nest),
        cmocka_unit_test(refuses_what_is_too_large_without_trying_for_long),
        cmocka_unit_test(is_as_small_as_the_language_allows),
        cmocka_unit_test(equal_languages_are_equal_bytes),
        cmocka_unit_test(knows_how_languages_stand_to_each_other),
        cmocka_unit_test(makes_automata_of_texts),
        cmocka_unit_test(knows_plain_texts),
        cmocka_unit_test(knows_what_always_and_never_matches),
        cmocka_unit_test(survives_rubbish),
    };
    return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
