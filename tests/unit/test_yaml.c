/* test_yaml.c - values of YAML 1.2 that libyaml, which is of 1.1, reads otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/arena.h"
#include "compiler/files/yaml.h"

static void reads(const char *text, const char *value)
{
    struct arena arena = {0};
    const struct node *root = yaml_parse(&arena, text, strlen(text));
    assert_non_null(root);
    const struct node *found = node_get(root, "a");
    assert_non_null(found);
    assert_string_equal(found->text, value);
    assert_int_equal(found->count, strlen(value));
    arena_release(&arena);
}

static void refuses(const char *text)
{
    struct arena arena = {0};
    assert_null(yaml_parse(&arena, text, strlen(text)));
    arena_release(&arena);
}

static void reads_surrogate_pairs(void **state)
{
    (void)state;
    reads("a: \"x\\ud83d\\ude00y\"\n", "x\xF0\x9F\x98\x80y");
    reads("{\"a\": \"\\uD834\\uDD1E\\uDBFF\\uDFFF\"}", "\xF0\x9D\x84\x9E\xF4\x8F\xBF\xBF");
    reads("a: \"\\\\\\ud83d\\ude00\\/\\x41\\t\"\n", "\\\xF0\x9F\x98\x80/A\t");
}

static void leaves_backslashes_outside_double_quotes(void **state)
{
    (void)state;
    reads("a: \\ud83d\\ude00 \\x\n", "\\ud83d\\ude00 \\x");
    reads("a: '\\ud83d\\ude00 '' \\Ud83d'\n", "\\ud83d\\ude00 ' \\Ud83d");
    reads("a: | # \\ud83d\\ude00\n  \\n \\ud83d\\ude00\n", "\\n \\ud83d\\ude00\n");
    reads("a: \"\\\\ud83d\\\\ude00\"\n", "\\ud83d\\ude00");
}

static void refuses_half_a_pair(void **state)
{
    (void)state;
    refuses("a: \"\\ud83d\"\n");
    refuses("a: \"\\ude00\\ud83d\"\n");
    refuses("a: \"\\ud83d\\u0041\"\n");
    refuses("a: \"\\ud83d\\n\"\n");
}

static void keeps_separators_in_quotes(void **state)
{
    (void)state;
    reads("a: \"x \xE2\x80\xA8 y\"\n", "x \xE2\x80\xA8 y");
    reads("a: 'x\xC2\x85''\xE2\x80\xA9'\n", "x\xC2\x85'\xE2\x80\xA9");
    reads("\"a\": \"x\xC2\x85 \n  y\\\n   z\n\n  \"\n", "x\xC2\x85 yz\n");
}

static void refuses_separators_elsewhere(void **state)
{
    (void)state;
    refuses("a: x # y\xE2\x80\xA8"
            "b: z\n");
    refuses("a: x\xC2\x85y\n");
    refuses("a: |\n  x\xE2\x80\xA9y\n");
    refuses("a\xE2\x80\xA8: x\n");
    refuses("a: x\xE2\x80\xA8@\n");
    refuses("a: x\r b: y\n");
}

static void refuses_lines_that_are_not_deep_enough(void **state)
{
    (void)state;
    refuses("a: \"x\nb: y\"\n");
    refuses("a: 'x\n\ty'\n");
    refuses("a:\n  b: \"x\n  y\"\n");
    refuses("a:\n- 'x\ny'\n");
    refuses("a: [x,\ny]\n");
    refuses("a: {b: x\n}\n");
    refuses("a:\n|\n x\n");
    reads("a: \"x\n y\"\n", "x y");
    reads("a: \"x\n\n y\"\n", "x\ny");
    reads("{\n\"a\":\n\"x\ny\"\n}\n", "x y");
    reads("a: \"x\"\nb: [x,\n# c\n\n y]\n", "x");
}

static void refuses_comments_without_a_space(void **state)
{
    (void)state;
    refuses("a: \"x\"#y\n");
    refuses("a: [x,#y\n z]\n");
    refuses("a: |#y\n x\n");
    reads("a: x#y\n", "x#y");
    reads("a: \"x\"\t#y\n", "x");
}

static void refuses_lone_indicators_of_blocks_in_brackets(void **state)
{
    (void)state;
    refuses("? a\n: x\n");
    refuses("{?a: x}\n");
    reads("a: ?x\n", "?x");
    refuses("a: [x, -]\n");
    reads("a: -x\nb: [-x]\n", "-x");
}

/* What libyaml says of its own grammar helps nobody: texts of random pieces never show it. */
static void words_no_mistake_like_libyaml(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",          "b: ", "c:",  "- ",  "-", "? ",  ":", " ", "  ", "\n", "\n  ",  "\t",
        "[",          "]",   "{",   "}",   ",", "\"",  "'", "|", ">",  "|0", "#",     "%YAML 1.2\n",
        "%TAG ! x\n", "%",   "---", "...", "!", "!<x", "&", "*", "@",  "\\", "\\u12", "`"};
    static const char *const words[] = {"expected <",      "did not find",     "while scanning",
                                        "while parsing",   "found unexpected", "could not",
                                        "cannot start any"};
    uint32_t random = 1;
    for (int i = 0; i < 30000; i++) {
        char text[256] = "";
        size_t length = 0;
        for (int count = 0; count < 12; count++) {
            random = random * 1664525u + 1013904223u;
            length += (size_t)snprintf(text + length, sizeof text - length, "%s",
                                       pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        struct arena arena = {0};
        struct source source = {.path = "", .name = "", .text = text, .length = strlen(text)};
        struct sources sources = {&arena, &source, 1};
        struct diagnostics diagnostics = {.arena = &arena, .sources = &sources};
        bool complete = true;
        yaml_read(&sources, 0, &arena, &diagnostics, &complete);
        for (uint32_t j = 0; j < diagnostics.count; j++)
            for (size_t word = 0; word < sizeof words / sizeof *words; word++)
                if (strstr(diagnostics.items[j].message, words[word]))
                    fail_msg("'%s' of '%s'", diagnostics.items[j].message, text);
        arena_release(&arena);
    }
}

/* ------------------------------------------------------------------------------ edited texts -- */

static void same_nodes_and_places(const struct node *a, const struct node *b, const char *text)
{
    if (a->kind != b->kind || a->plain != b->plain || a->flow != b->flow || a->count != b->count ||
        a->span.begin != b->span.begin || a->span.end != b->span.end || strcmp(a->text, b->text))
        fail_msg("'%s' is at %u to %u, and was to be '%s' at %u to %u in:\n%s", b->text,
                 b->span.begin, b->span.end, a->text, a->span.begin, a->span.end, text);
    for (uint32_t i = 0; i < a->count && a->kind == NODE_LIST; i++)
        same_nodes_and_places(a->items[i], b->items[i], text);
    for (uint32_t i = 0; i < a->count && a->kind == NODE_MAP; i++) {
        same_nodes_and_places(a->entries[i].key, b->entries[i].key, text);
        same_nodes_and_places(a->entries[i].value, b->entries[i].value, text);
    }
}

static const char edited_text[] = "# A project\n"
                                  "project: {name: x}\n"
                                  "flags:\n"
                                  "  # the first\n"
                                  "  a: {percent: 5%}\n"
                                  "\n"
                                  "  b:\n"
                                  "    rules:\n"
                                  "      - {if: [x,\n"
                                  "              y], serve: on}\n"
                                  "    text: |\n"
                                  "      one\n"
                                  "\n"
                                  "      two # no comment\n"
                                  "    folded: two\n"
                                  "      lines\n"
                                  "  c: \"quoted \\\n"
                                  "    on\"\n"
                                  "  # of d\n"
                                  "  d:\n"
                                  "  é: 'it''s'\n"
                                  "tests:\n"
                                  "  - {flag: a}\n"
                                  "segments:\n"
                                  "  e: {if: {u: 1}}\n"
                                  "  f: ~\n";

/* Whatever is edited: it is all as if the whole text had been parsed, or that is left to do. */
static void parses_an_edited_definition_as_all_of_the_text(void **state)
{
    static const char *const pieces[] = {
        "",   "\n", "x",          " ",       "  ",      "\n  ", "\n\n", "'",    "\"",
        "{",  "}",  "[",          "]",       "#",       " # c", ":",    ": ",   "- ",
        "|",  ">",  "%",          "\n---\n", "\n...\n", "? ",   "7%",   "\r\n", "\t",
        "&a", "*a", "\n  g: 1\n", "é",       ",",       "\n- ", "!t ",  "<<: ", "a: 1"};
    (void)state;
    uint64_t seed = 1;
    unsigned known = 0;
    for (int round = 0; round < 60000; round++) {
        char text[sizeof edited_text + 64];
        size_t random[4];
        for (size_t i = 0; i < 4; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            random[i] = (size_t)(seed >> 33);
        }
        size_t length = sizeof edited_text - 1, begin = random[0] % length;
        size_t gone = random[1] % (random[2] % 8 ? 4 : 40);
        gone = gone > length - begin ? length - begin : gone;
        int written = snprintf(text, sizeof text, "%.*s%s%s", (int)begin, edited_text,
                               pieces[random[3] % (sizeof pieces / sizeof *pieces)],
                               edited_text + begin + gone);
        struct arena arena = {0};
        const struct source old = {.text = edited_text, .length = length};
        const struct node *root = yaml_parse(&arena, edited_text, length);
        const struct node *edited = yaml_parse_edited(&arena, root, &old, text, (size_t)written);
        const struct node *whole = yaml_parse(&arena, text, (size_t)written);
        if (edited && !whole)
            fail_msg("nobody parses, but as an edit:\n%s", text);
        if (edited)
            same_nodes_and_places(whole, edited, text);
        known += edited != NULL;
        arena_release(&arena);
    }
    assert_true(known > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_surrogate_pairs),
        cmocka_unit_test(leaves_backslashes_outside_double_quotes),
        cmocka_unit_test(refuses_half_a_pair),
        cmocka_unit_test(keeps_separators_in_quotes),
        cmocka_unit_test(refuses_separators_elsewhere),
        cmocka_unit_test(refuses_lines_that_are_not_deep_enough),
        cmocka_unit_test(refuses_comments_without_a_space),
        cmocka_unit_test(words_no_mistake_like_libyaml),
        cmocka_unit_test(refuses_lone_indicators_of_blocks_in_brackets),
        cmocka_unit_test(parses_an_edited_definition_as_all_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
