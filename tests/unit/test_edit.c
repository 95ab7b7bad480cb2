/* test_edit.c - in-place edits change the requested bytes, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/files/edit.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

static char directory[] = "/tmp/test_edit.XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/flags.yaml", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void write_bytes(const char *text, size_t length)
{
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static char *read_bytes(void)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

struct fixture {
    struct project project;
    struct source source;
    struct node *block;
};

/* Reads `text` as the only file of a project, and finds the block below `keys`. */
static void load(struct fixture *fixture, const char *text, const char *keys)
{
    memset(fixture, 0, sizeof *fixture);
    struct project *project = &fixture->project;
    fixture->source =
        (struct source){.path = path, .name = "flags.yaml", .text = text, .length = strlen(text)};
    project->sources = (struct sources){&project->arena, &fixture->source, 1};
    project->diagnostics =
        (struct diagnostics){.arena = &project->arena, .sources = &project->sources};
    bool complete = true;
    struct node *node =
        yaml_read(&project->sources, 0, &project->arena, &project->diagnostics, &complete);
    char *copy = strdup(keys), *next = NULL;
    for (char *key = strtok_r(copy, "/", &next); key; key = strtok_r(NULL, "/", &next)) {
        assert_non_null(node);
        node = node->kind == NODE_LIST ? node->items[strtoul(key, NULL, 10)] : node_get(node, key);
    }
    free(copy);
    assert_non_null(node);
    fixture->block = node;
}

/* Edits the block of `text` below `keys`, and returns the file's new text. */
static const char *edited(const char *text, const char *keys, const struct edit *edits,
                          size_t count, bool expected)
{
    struct fixture fixture;
    struct buffer error = {0};
    write_bytes(text, strlen(text));
    load(&fixture, text, keys);
    bool done = edit_block(&fixture.project.sources, fixture.block, edits, count, &error);
    if (done != expected)
        print_message("%s\n", error.length ? error.bytes : "done, and should not have been");
    assert_int_equal(done, expected);
    assert_int_equal(error.length > 0, !expected);
    buffer_release(&error);
    arena_release(&fixture.project.arena);
    return read_bytes();
}

#define EDITS(...) \
    (struct edit[]){__VA_ARGS__}, sizeof((struct edit[]){__VA_ARGS__}) / sizeof(struct edit)
#define BECOMES(text, keys, expected, ...) \
    assert_string_equal(edited(text, keys, EDITS(__VA_ARGS__), true), expected)
#define REFUSED(text, keys, ...) \
    assert_string_equal(edited(text, keys, EDITS(__VA_ARGS__), false), text)

static void replaces_plain_and_quoted_values(void **state)
{
    (void)state;
    BECOMES("state: running\nstage: early\n", "", "state: paused\nstage: early\n",
            {"state", "paused"});
    BECOMES("state: \"running\"   # why\nstage: 'early'\n", "",
            "state: paused   # why\nstage: broad\n", {"state", "paused"}, {"stage", "broad"});
    BECOMES("a: 1\nb: 2\nc: 3\n", "", "a: 10\nb: 2\nc: \"x: y\"\n", {"c", "\"x: y\""}, {"a", "10"});
}

static void keeps_comments_blank_lines_and_odd_spacing(void **state)
{
    (void)state;
    BECOMES("# top\n\ncanary:   # of payments\n    state :   running     # since Monday\n\n"
            "    # the stage\n    stage:\tearly\n# end\n",
            "canary",
            "# top\n\ncanary:   # of payments\n    state :   paused     # since Monday\n\n"
            "    # the stage\n    stage:\tbroad\n# end\n",
            {"state", "paused"}, {"stage", "broad"});
}

static void keeps_crlf_line_ends(void **state)
{
    (void)state;
    BECOMES("canary:\r\n  state: running\r\n  stages: []\r\nother: 1\r\n", "canary",
            "canary:\r\n  state: paused\r\n  since: now\r\n  stages: []\r\nother: 1\r\n",
            {"state", "paused"}, {"since", "now"});
}

static void keeps_a_byte_order_mark(void **state)
{
    (void)state;
    BECOMES("\xEF\xBB\xBFstate: a\n", "", "\xEF\xBB\xBFstate: b\nsince: c\n", {"state", "b"},
            {"since", "c"});
}

static void edits_after_characters_of_several_bytes(void **state)
{
    (void)state;
    BECOMES("# größer 🎉\nname: Zoë\nstate: läuft\nend: ü\n", "",
            "# größer 🎉\nname: Zoë\nstate: 速い\nend: ü\n", {"state", "速い"});
}

static void edits_flow_mappings(void **state)
{
    (void)state;
    BECOMES("c: {state: running, stages: [1, 2]}  # all\n", "c",
            "c: {state: paused, since: now, stages: [1, 2]}  # all\n", {"state", "paused"},
            {"since", "now"});
    BECOMES("c: {a: 1, b: {x: 2}}\n", "c", "c: {a: 1, b: {x: 2}, new: 3}\n", {"new", "3"});
    BECOMES("c: {}\n", "c", "c: {a: 1, b: 2}\n", {"a", "1"}, {"b", "2"});
    BECOMES("c: { }\n", "c", "c: {a: 1 }\n", {"a", "1"});
    BECOMES("c: {a: 1, }\n", "c", "c: {a: 1, b: 2, }\n", {"b", "2"});
    BECOMES("c: {\n  a: 1, # one\n  b: 2  # two\n  }\n", "c",
            "c: {\n  a: 1, # one\n  b: 2, d: 4  # two\n  }\n", {"d", "4"});
}

static void adds_keys_with_the_indentation_of_the_block(void **state)
{
    (void)state;
    BECOMES("flags:\n  f:\n      canary:\n         stages:\n         - a: 1\n           b: 2\n\n"
            "# next\n  g:\n      x: 1\n",
            "flags/f/canary",
            "flags:\n  f:\n      canary:\n         stages:\n         - a: 1\n           b: 2\n"
            "         state: running\n         stage: s\n\n# next\n  g:\n      x: 1\n",
            {"state", "running"}, {"stage", "s"});
    BECOMES("list:\n  - name: x\n    a: 1\n  - name: y\n", "list/0",
            "list:\n  - name: x\n    a: 1\n    b: 2\n  - name: y\n", {"b", "2"});
    BECOMES("list:\n  - name: x\n  - name: y\n", "list/1",
            "list:\n  - name: x\n  - name: y\n    b: 2\n", {"b", "2"});
}

static void adds_keys_beside_those_they_belong_with(void **state)
{
    (void)state;
    BECOMES("c:\n  state: a # note\n  guards:\n    - x\n", "c",
            "c:\n  state: b # note\n  stage: s\n  guards:\n    - x\n", {"state", "b"},
            {"stage", "s"});
}

static void adds_after_nested_flow_and_text(void **state)
{
    (void)state;
    BECOMES("c:\n  a: [1,\n      2]   # two\n", "c", "c:\n  a: [1,\n      2]   # two\n  b: 2\n",
            {"b", "2"});
    BECOMES("c:\n  a: |\n    some text\n    more\nd: 1\n", "c",
            "c:\n  a: |\n    some text\n    more\n  b: 2\nd: 1\n", {"b", "2"});
    BECOMES("c:\n  a: one\n    two\nd: 1\n", "c", "c:\n  a: one\n    two\n  b: 2\nd: 1\n",
            {"b", "2"});
}

static void adds_at_the_end_of_a_file_without_a_line_end(void **state)
{
    (void)state;
    BECOMES("c:\n  a: 1", "c", "c:\n  a: 1\n  b: 2\n  d: 3", {"b", "2"}, {"d", "3"});
    BECOMES("c:\n  a: 1 # note", "c", "c:\n  a: 1 # note\n  b: 2", {"b", "2"});
}

static void fills_values_that_are_empty(void **state)
{
    (void)state;
    BECOMES("c:\n  stage:\n  since: # none\n", "c", "c:\n  stage: early\n  since: now # none\n",
            {"stage", "early"}, {"since", "now"});
    BECOMES("c: {stage: , since: 1}\n", "c", "c: {stage: early, since: 1}\n", {"stage", "early"});
}

static void touches_only_the_block_that_was_meant(void **state)
{
    (void)state;
    BECOMES("a:\n  state: x\nb:\n  state: x\n  c:\n    state: x\n", "b",
            "a:\n  state: x\nb:\n  state: y\n  c:\n    state: x\n", {"state", "y"});
}

static void refuses_what_it_would_have_to_rewrite(void **state)
{
    (void)state;
    REFUSED("c:\n  state: [a, # why\n    b]\n", "c", {"state", "b"});
    REFUSED("c:\n  state: # why\n    x: 1\n", "c", {"state", "b"});
    REFUSED("c:\n  state:\n    x: 1\n    # why\n    y: 1\n", "c", {"state", "b"});
    REFUSED("c:\n  state: |\n    text\n", "c", {"state", "b"});
    /* With `+` the blank lines are part of the text, and a key added above them would take them. */
    REFUSED("c:\n  a: |+\n    text\n\n\nd: 1\n", "c", {"b", "2"});
}

static void refuses_values_that_would_not_stay_one_value(void **state)
{
    (void)state;
    REFUSED("c: {a: 1}\n", "c", {"a", "1, b: 2"});
    REFUSED("c:\n  a: 1\n", "c", {"a", "1\n  b: 2"});
    REFUSED("c:\n  a: 1\n", "c", {"b", "x # y"});
    REFUSED("c:\n  a: 1\n", "c", {"a", "x: y"});
    REFUSED("c:\n  a: 1\n", "c", {"a", ""});
    REFUSED("c:\n  a: 1\n", "c", {"a", "\"open"});
    BECOMES("c:\n  a: 1\n", "c", "c:\n  a: 1\n  \"b: 3\\n  d\": 2\n", {"b: 3\n  d", "2"});
}

static void replaces_lists_and_mappings(void **state)
{
    (void)state;
    BECOMES("c:\n  state: [a, \"#b\"] # why\n", "c", "c:\n  state: b # why\n", {"state", "b"});
    BECOMES("c:\n  state:\n    x: \"a # b\"\n  # next\n  d: 1\n", "c",
            "c:\n  state: {y: 1}\n  # next\n  d: 1\n", {"state", "{y: 1}"});
    BECOMES("c:\n  state:\n  - x\n  - y # why\n  d: 1\n", "c", "c:\n  state: 5% # why\n  d: 1\n",
            {"state", "5%"});
}

static void refuses_a_file_that_changed_since_it_was_read(void **state)
{
    (void)state;
    static const char text[] = "state: running\n";
    static const char *const others[] = {"state: runninG\n", "state: running\n\n", "state:", "",
                                         "state: running"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct fixture fixture;
        struct buffer error = {0};
        load(&fixture, text, "");
        write_bytes(others[i], strlen(others[i]));
        assert_false(edit_block(&fixture.project.sources, fixture.block, EDITS({"state", "paused"}),
                                &error));
        assert_non_null(strstr(error.bytes, "has changed since it was read"));
        assert_string_equal(read_bytes(), others[i]);
        buffer_release(&error);
        arena_release(&fixture.project.arena);
    }
}

static void refuses_a_file_that_is_gone(void **state)
{
    (void)state;
    struct fixture fixture;
    struct buffer error = {0};
    load(&fixture, "state: running\n", "");
    unlink(path);
    assert_false(
        edit_block(&fixture.project.sources, fixture.block, EDITS({"state", "paused"}), &error));
    assert_non_null(strstr(error.bytes, "No such file"));
    assert_int_equal(access(path, F_OK), -1);
    buffer_release(&error);
    arena_release(&fixture.project.arena);
}

static void keeps_the_mode_and_follows_a_link(void **state)
{
    (void)state;
    static const char text[] = "state: running\n";
    struct fixture fixture;
    struct buffer error = {0};
    char target[80];
    struct stat status;
    snprintf(target, sizeof target, "%s/real.yaml", directory);
    write_bytes(text, strlen(text));
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(chmod(target, 0640), 0);
    assert_int_equal(symlink("real.yaml", path), 0);
    load(&fixture, text, "");
    assert_true(
        edit_block(&fixture.project.sources, fixture.block, EDITS({"state", "paused"}), &error));
    assert_string_equal(read_bytes(), "state: paused\n");
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    unlink(target);
    arena_release(&fixture.project.arena);
}

/* Edits every key of a file with all layouts, one after another: only its own bytes may change. */
static void changes_exactly_the_bytes_of_each_value(void **state)
{
    (void)state;
    static const char file[] = "# head\n"
                               "one: 1\n"
                               "two:   \"2\" # two\n"
                               "three: 'it''s'\n"
                               "\"four\": a b c\n"
                               "five: {x: 1, y: 2}\n"
                               "six: 6\n";
    static const struct {
        const char *key, *old;
    } values[] = {
        {"one", "1"}, {"two", "\"2\""}, {"three", "'it''s'"}, {"four", "a b c"}, {"six", "6"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char expected[sizeof file + 16];
        char *at = strstr(file, values[i].key);
        at = strchr(at, ':');
        at = strstr(at, values[i].old);
        snprintf(expected, sizeof expected, "%.*sNEW%s", (int)(at - file), file,
                 at + strlen(values[i].old));
        BECOMES(file, "", expected, {values[i].key, "NEW"});
    }
}

static void removes_keys_and_keeps_comments(void **state)
{
    (void)state;
    BECOMES("a: 1\nb: 2\nc: 3\n", "", "a: 1\nc: 3\n", {"b", NULL});
    BECOMES("a: 1\nb: 2", "", "a: 1", {"b", NULL});
    BECOMES("a: 1\r\nb: 2\r\n", "", "a: 1\r\n", {"b", NULL});
    BECOMES("x:\n  a: 1\n  b: 2   # of b\n  # more\n  c: 3\n", "x",
            "x:\n  a: 1\n  # of b\n  # more\n  c: 3\n", {"b", NULL});
    BECOMES("a: 1\nb: 2\n", "", "a: 1\nb: 2\n", {"other", NULL});
    BECOMES("{a: 1, b: 2, c: 3}\n", "", "{a: 1, c: 3}\n", {"b", NULL});
    BECOMES("{a: 1, b: 2}\n", "", "{b: 2}\n", {"a", NULL});
    BECOMES("{a: 1, b: 2}\n", "", "{a: 1}\n", {"b", NULL});
    BECOMES("{a: 1, # one\n b: 2}\n", "", "{a: 1, # one\n }\n", {"b", NULL});
    BECOMES("stage: early\napproved: full  # by amira\nsince: x\n", "",
            "stage: full\n# by amira\nsince: y\n", {"stage", "full"}, {"since", "y"},
            {"approved", NULL});
    BECOMES("x: {a: 1}\n", "x", "x: {}\n", {"a", NULL});
    BECOMES("x:\n  a: 1\ny: 2\n", "x", "x:\n  {}\ny: 2\n", {"a", NULL});
    REFUSED("x:\n  a: 1 # why\n  b: 2\n", "x", {"a", "1 # 2"});
    REFUSED("x:\n  - a: 1\n    b: 2\n", "x/0", {"a", NULL});
}

/* The text of `text` without the item of `overrides` at `index`. */
static const char *without(const char *text, uint32_t index)
{
    static char kept[4096];
    struct source source = {.path = "x", .name = "x", .text = text, .length = strlen(text)};
    struct buffer out = {0}, error = {0};
    bool done = edit_remove(&source, "overrides", index, &out, &error);
    snprintf(kept, sizeof kept, "%s", done ? out.bytes : error.bytes);
    buffer_release(&out);
    buffer_release(&error);
    return kept;
}

static void takes_an_item_out(void **state)
{
    (void)state;
    const char *text =
        "overrides:\n  # one\n  - {x: 1}  # a\n  # two\n  - y: 2\n    z: 3\n\nflags: {}\n";
    assert_string_equal(without(text, 0),
                        "overrides:\n  # one\n  # two\n  - y: 2\n    z: 3\n\nflags: {}\n");
    assert_string_equal(without(text, 1),
                        "overrides:\n  # one\n  - {x: 1}  # a\n  # two\n\nflags: {}\n");
    assert_string_equal(without("overrides: # e\n  - {x: 1}\nflags: {}\n", 0),
                        "overrides: [] # e\nflags: {}\n");
    assert_string_equal(without("overrides: [{x: 1}, {y: 2}, {z: 3}]\n", 0),
                        "overrides: [{y: 2}, {z: 3}]\n");
    assert_string_equal(without("overrides: [{x: 1}, {y: 2}, {z: 3}]\n", 2),
                        "overrides: [{x: 1}, {y: 2}]\n");
    assert_string_equal(without("overrides: [{x: 1}]\n", 0), "overrides: []\n");
    assert_string_equal(without("flags: {}\n", 0), "'x' has no list of overrides");
    text = "overrides: [a, # one\n  # two\n  b, # of b\n  c # of c\n  ]\n";
    assert_string_equal(without(text, 0), "overrides: [\n  # two\n  b, # of b\n  c # of c\n  ]\n");
    assert_string_equal(without(text, 1), "overrides: [a, # one\n  # two\n  c # of c\n  ]\n");
    assert_string_equal(without(text, 2), "overrides: [a, # one\n  # two\n  b # of b\n  ]\n");
    assert_string_equal(without("overrides: [a, # one\n  b] # all\n", 1),
                        "overrides: [a # one\n  ] # all\n");
    assert_string_equal(without("overrides: [a, b, # both\n  c]\n", 0),
                        "overrides: [b, # both\n  c]\n");
    assert_string_equal(without("overrides: [a\n  , b # of b\n  , c]\n", 0),
                        "overrides: [b # of b\n  , c]\n");
    assert_string_equal(without("overrides: [a # of a\n  , b]\n", 1),
                        "overrides: [a # of a\n   ]\n");
    assert_string_equal(without("overrides: [\n  \"a\",\n  \"b\"\n  ]\n", 1),
                        "overrides: [\n  \"a\"\n  ]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_plain_and_quoted_values),
        cmocka_unit_test(keeps_comments_blank_lines_and_odd_spacing),
        cmocka_unit_test(keeps_crlf_line_ends),
        cmocka_unit_test(keeps_a_byte_order_mark),
        cmocka_unit_test(edits_after_characters_of_several_bytes),
        cmocka_unit_test(edits_flow_mappings),
        cmocka_unit_test(adds_keys_with_the_indentation_of_the_block),
        cmocka_unit_test(adds_keys_beside_those_they_belong_with),
        cmocka_unit_test(adds_after_nested_flow_and_text),
        cmocka_unit_test(adds_at_the_end_of_a_file_without_a_line_end),
        cmocka_unit_test(fills_values_that_are_empty),
        cmocka_unit_test(touches_only_the_block_that_was_meant),
        cmocka_unit_test(refuses_what_it_would_have_to_rewrite),
        cmocka_unit_test(refuses_values_that_would_not_stay_one_value),
        cmocka_unit_test(replaces_lists_and_mappings),
        cmocka_unit_test(refuses_a_file_that_changed_since_it_was_read),
        cmocka_unit_test(refuses_a_file_that_is_gone),
        cmocka_unit_test(keeps_the_mode_and_follows_a_link),
        cmocka_unit_test(changes_exactly_the_bytes_of_each_value),
        cmocka_unit_test(removes_keys_and_keeps_comments),
        cmocka_unit_test(takes_an_item_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
