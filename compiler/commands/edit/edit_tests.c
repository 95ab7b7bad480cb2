/* edit_tests.c - see edit_tests.h. */
#include "edit_tests.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/commands/test/test.h"

/* ------------------------------------------------------------------------------------ trials -- */

/* Runs all tests of a project, each in its environments. */
static int run_all(struct test_run *run, const struct edits *edits, struct project *project)
{
    const struct project_choice choice = {.color = edits->change.color};
    *run = (struct test_run){
        .command = edits->change.command, .project = project, .now = edits->change.at};
    for (uint32_t i = 0; i < project->test_count; i++)
        for (uint32_t at = 0; at < project->environments.count; at++)
            if (project->tests[i]->environments >> at & 1)
                *ARENA_APPEND(&run->arena, run->trials, run->trial_count) =
                    (struct trial){.test = project->tests[i], .environment = at};
    int status = arrange_trials(run, &choice);
    for (uint32_t i = 0; status == EXIT_FINE && i < run->trial_count; i++)
        run_trial(run, &run->trials[i]);
    return status;
}

static void end_run(struct test_run *run)
{
    release_arrangements(run);
    buffer_release(&run->coverage.key);
    arena_release(&run->arena);
}

static const char *environment_of(const struct test_run *run, const struct trial *trial)
{
    return run->project->environments.items[trial->environment].text;
}

/* Whether the same test passed; one that was not there did. */
static bool passed(const struct test_run *before, const struct test_run *after,
                   const struct trial *trial)
{
    for (uint32_t i = 0; i < before->trial_count; i++) {
        const struct trial *other = &before->trials[i];
        if (strcmp(other->test->name.text, trial->test->name.text) == 0 &&
            strcmp(environment_of(before, other), environment_of(after, trial)) == 0)
            return other->failure_count == 0;
    }
    return true;
}

/* ------------------------------------------------------------------------------------ moving -- */

/* A test that fails, everywhere that it runs, as the definitions would be. */
struct moving {
    struct edits *edits;
    const struct test_run *before, *after;
    const struct test *test;
    const fflag_result *result; /* what all contexts get; NULL: shares */
    uint32_t environment;
};

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_answer(const fflag_result *a, const fflag_result *b)
{
    struct buffer one = {0}, other = {0};
    write_answer_value(a, &one);
    write_answer_value(b, &other);
    bool same = is_same_text(a->variant, b->variant) && is_same_text(a->rule, b->rule) &&
                a->reason == b->reason && strcmp(one.bytes, other.bytes) == 0;
    buffer_release(&one);
    buffer_release(&other);
    return same;
}

/* Whether one answer is what all of its contexts get, in all of its environments. */
static bool has_one_answer(struct moving *moving)
{
    const struct test_run *run = moving->after;
    moving->result = NULL;
    for (uint32_t i = 0; i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        if (trial->test != moving->test)
            continue;
        moving->environment = trial->environment;
        if (trial->counts)
            continue;
        if (trial->failure_count != trial->test->context_count)
            return false;
        for (uint32_t j = 0; j < trial->failure_count; j++) {
            const fflag_result *result = &trial->failures[j].result;
            if (moving->result && !is_same_answer(moving->result, result))
                return false;
            moving->result = result;
        }
    }
    return true;
}

static const struct node *item_at(const struct node *list, uint32_t begin)
{
    for (uint32_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
        if (list->items[i]->span.begin == begin)
            return list->items[i];
    return NULL;
}

/* The percentage that a rule of the flag had, where it is `from`, to what it has. */
static bool moved_percent(const struct moving *moving, uint32_t from, uint32_t *to)
{
    const struct project *project = moving->before->project;
    const struct flag *old = project_flag(project, moving->test->flag->name.text);
    if (!old)
        return false;
    const struct targeting *before = &old->environments[moving->environment];
    const struct targeting *after = &moving->test->flag->environments[moving->environment];
    for (uint32_t i = 0; i < before->rule_count && i < after->rule_count; i++) {
        uint32_t was = before->rules[i].has_percent ? before->rules[i].percent.from : PERCENT_ALL;
        uint32_t is = after->rules[i].has_percent ? after->rules[i].percent.from : PERCENT_ALL;
        if (was != is && (was == from || PERCENT_ALL - was == from)) {
            *to = was == from ? is : PERCENT_ALL - is;
            return true;
        }
    }
    return false;
}

static size_t plan_shares(const struct moving *moving, const struct node *map, struct edit *list)
{
    size_t count = 0;
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        uint32_t from, to;
        char text[PERCENT_TEXT_SIZE];
        if (map->entries[i].value->kind != NODE_SCALAR ||
            !parse_percent(map->entries[i].value->text, &from) || !moved_percent(moving, from, &to))
            continue;
        percent_format(to, text);
        list[count++] = (struct edit){map->entries[i].key->text,
                                      arena_format(&moving->edits->arena, "%s%%", text)};
    }
    return count;
}

static const char *yaml_of(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    edit_write_text(text, &out);
    const char *copy = arena_copy(arena, out.bytes, out.length);
    buffer_release(&out);
    return copy;
}

/* What is expected of the answer, and is another one now. */
static size_t plan_answer(const struct moving *moving, const struct node *map, struct edit *list)
{
    struct arena *arena = &moving->edits->arena;
    const fflag_result *result = moving->result;
    const char *variant = result->variant ? result->variant : NO_VARIANT_NAME;
    size_t count = 0;
    struct buffer value = {0};
    write_answer_value(result, &value);
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        const char *key = entry->key->text;
        if (strcmp(key, "variant") == 0 && strcmp(entry->value->text, variant) != 0)
            list[count++] = (struct edit){key, yaml_of(arena, variant)};
        if (strcmp(key, "value") == 0)
            list[count++] = (struct edit){key, arena_copy(arena, value.bytes, value.length)};
        const char *reason = fflag_reason_text(result->reason);
        if (strcmp(key, "reason") == 0 && strcmp(entry->value->text, reason) != 0)
            list[count++] = (struct edit){key, reason};
        if (strcmp(key, "rule") == 0)
            list[count++] =
                (struct edit){key, result->rule ? yaml_of(arena, result->rule) : "null"};
    }
    buffer_release(&value);
    return count;
}

/* The text of the file with another expectation; false: nothing that can be said in its place. */
static bool rewrite(const struct moving *moving, const struct edited *file, const struct node *test,
                    struct buffer *text)
{
    struct edit list[64];
    struct buffer error = {0};
    const struct node *expect = node_get(test, moving->result ? "expect" : "expect_share");
    bool done = false;
    if (expect && moving->result && expect->kind == NODE_SCALAR) {
        const char *variant = moving->result->variant ? moving->result->variant : NO_VARIANT_NAME;
        done =
            edit_scalar(&file->now, expect, yaml_of(&moving->edits->arena, variant), text, &error);
    } else if (expect && expect->kind == NODE_MAP && expect->count < 64) {
        size_t count =
            moving->result ? plan_answer(moving, expect, list) : plan_shares(moving, expect, list);
        done = count && edit_keys(&file->now, expect, list, count, text, &error);
    }
    buffer_release(&error);
    return done;
}

/* Whether the test at that place passes, with the texts as they are now. */
static bool passes_now(struct edits *edits, const char *const *flags, uint32_t flag_count,
                       const char *name, uint32_t begin)
{
    struct file_text *texts;
    struct test_run run;
    uint32_t count = edits_texts(edits, &texts);
    struct project *project = edits_part(edits, texts, count, flags, flag_count);
    bool fine = run_all(&run, edits, project) == EXIT_FINE, found = false;
    for (uint32_t i = 0; fine && i < run.trial_count; i++) {
        const struct span span = run.trials[i].test->span;
        if (span.begin != begin || strcmp(project->sources.items[span.file].name, name) != 0)
            continue;
        found = true;
        fine &= run.trials[i].failure_count == 0;
    }
    end_run(&run);
    project_free(project);
    return fine && found;
}

/* Moves what it expects; or leaves the file as it was. */
static bool move(struct moving *moving, const char *const *flags, uint32_t flag_count)
{
    struct edits *edits = moving->edits;
    const struct span span = moving->test->span;
    const struct project *project = moving->after->project;
    struct edited *file = edits_file(edits, project->sources.items[span.file].name);
    const struct node *section =
        file && file->root && file->root->kind == NODE_MAP ? node_get(file->root, "tests") : NULL;
    /* An earlier one in the file may have moved it by some bytes. */
    uint32_t place = 0;
    for (uint32_t i = 0; i < project->test_count; i++) {
        const struct span other = project->tests[i]->span;
        place += other.file == span.file && other.begin < span.begin;
    }
    const struct node *test = NULL;
    for (uint32_t i = 0, at = 0; section && section->kind == NODE_LIST && i < section->count; i++) {
        const struct node *flag = node_get(section->items[i], "flag");
        bool wanted = false;
        for (uint32_t j = 0; flag && j < flag_count; j++)
            wanted |= strcmp(flags[j], flag->text) == 0;
        if (wanted && at++ == place)
            test = section->items[i];
    }
    struct buffer text = {0};
    if (!test || !has_one_answer(moving) || !rewrite(moving, file, test, &text)) {
        buffer_release(&text);
        return false;
    }
    const struct edited before = *file;
    uint32_t begin = test->span.begin;
    edits_take(edits, file, &text);
    const struct node *moved = file->root ? node_get(file->root, "tests") : NULL;
    if (item_at(moved, begin) && passes_now(edits, flags, flag_count, file->now.name, begin))
        return true;
    *file = before;
    return false;
}

/* -------------------------------------------------------------------------------------- find -- */

static void add(struct edits *edits, const struct test_run *after, const struct trial *trial,
                struct pinned_tests *pinned)
{
    uint32_t line;
    struct pinned_test *item = ARENA_APPEND(&edits->arena, pinned->items, pinned->count);
    const char *place = place_text(after->project, &edits->arena, trial->test->span, &line);
    *item = (struct pinned_test){
        .name = arena_format(&edits->arena, "%s", trial->test->name.text),
        .place = arena_format(&edits->arena, "%s", place),
        .environment = arena_format(&edits->arena, "%s", environment_of(after, trial)),
        .message = arena_format(&edits->arena, "%s", trial->failures[0].message)};
}

static void find(struct edits *edits, const struct test_run *before, const struct test_run *after,
                 const char *const *flags, uint32_t flag_count, struct pinned_tests *pinned)
{
    const struct test *last = NULL;
    bool moved = false;
    for (uint32_t i = 0; i < after->trial_count; i++) {
        const struct trial *trial = &after->trials[i];
        if (trial->failure_count == 0 || !passed(before, after, trial))
            continue;
        add(edits, after, trial, pinned);
        if (trial->test != last) {
            struct moving moving = {
                .edits = edits, .before = before, .after = after, .test = trial->test};
            moved = edits->update_tests && move(&moving, flags, flag_count);
        }
        last = trial->test;
        pinned->items[pinned->count - 1].moved = moved;
    }
}

int pinned_find(struct edits *edits, struct project *old, struct project *new,
                const char *const *flags, uint32_t flag_count, struct pinned_tests *pinned)
{
    struct test_run before, after;
    if (new->test_count == 0 || old->diagnostics.errors || new->diagnostics.errors)
        return EXIT_FINE;
    int status = run_all(&after, edits, new);
    int other = run_all(&before, edits, old);
    status = status == EXIT_FINE ? other : status;
    if (status == EXIT_FINE)
        find(edits, &before, &after, flags, flag_count, pinned);
    end_run(&before);
    end_run(&after);
    return status;
}

/* -------------------------------------------------------------------------------------- told -- */

bool pinned_all_moved(const struct pinned_tests *pinned)
{
    for (uint32_t i = 0; i < pinned->count; i++)
        if (!pinned->items[i].moved)
            return false;
    return true;
}

bool pinned_some_moved(const struct pinned_tests *pinned)
{
    for (uint32_t i = 0; i < pinned->count; i++)
        if (pinned->items[i].moved)
            return true;
    return false;
}

#define MOST_TESTS 20

void pinned_write_notes(const struct pinned_tests *pinned, bool dry_run, struct buffer *out)
{
    uint32_t left = 0, shown = 0;
    for (uint32_t i = 0; i < pinned->count; i++)
        left += !pinned->items[i].moved;
    if (left < pinned->count)
        terminal_message(out, "note: %u test%s of what was served %s moved along\n",
                         pinned->count - left, pinned->count - left == 1 ? "" : "s",
                         dry_run                     ? "would be"
                         : pinned->count - left == 1 ? "is"
                                                     : "are");
    if (!left)
        return;
    terminal_message(out, "note: %u test%s what was served before, and %s now:\n", left,
                     left == 1 ? " expects" : "s expect", left == 1 ? "fails" : "fail");
    for (uint32_t i = 0; i < pinned->count && shown < MOST_TESTS; i++)
        if (!pinned->items[i].moved && ++shown)
            terminal_message(out, "  %s: '%s' in %s: %s\n", pinned->items[i].place,
                             pinned->items[i].name, pinned->items[i].environment,
                             pinned->items[i].message);
    if (shown < left)
        terminal_message(out, "  and %u more\n", left - shown);
    if (left == pinned->count)
        terminal_message(out, "help: --update-tests changes what they expect, where that is one "
                              "answer\n");
    else
        terminal_message(out, "help: these have several answers, or another form: edit them by "
                              "hand\n");
}

void pinned_write_json(const struct pinned_tests *pinned, struct buffer *out)
{
    field_array(out, "tests");
    for (uint32_t i = 0; i < pinned->count; i++) {
        const struct pinned_test *test = &pinned->items[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "name", test->name);
        field_text(out, "place", test->place);
        field_text(out, "environment", test->environment);
        field_text(out, "message", test->message);
        field_truth(out, "moved", test->moved);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}
