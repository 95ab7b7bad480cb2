/* show_tests.c - see show_tests.h. */
#include "show_tests.h"

#include <string.h>

#include "compiler/base/json.h"

#define MOST_LACKING 5

static const char *environment_name(const struct flag_tests *tests, const struct trial *trial)
{
    return tests->run.project->environments.items[trial->environment].text;
}

static bool is_shown(const struct flag_tests *tests, const struct test *test)
{
    return test->flag == tests->flag &&
           (tests->environment == UINT32_MAX || (test->environments >> tests->environment & 1));
}

static void select_trials(struct flag_tests *tests)
{
    struct test_run *run = &tests->run;
    for (uint32_t i = 0; i < run->project->test_count; i++) {
        const struct test *test = run->project->tests[i];
        if (!is_shown(tests, test))
            continue;
        tests->count++;
        for (uint32_t at = 0; at < run->project->environments.count; at++)
            if ((test->environments >> at & 1) &&
                (tests->environment == UINT32_MAX || tests->environment == at))
                *ARENA_APPEND(&run->arena, run->trials, run->trial_count) =
                    (struct trial){.test = test, .environment = at};
    }
}

void flag_tests_run(struct flag_tests *tests, const struct command *command,
                    struct project *project, const struct flag *flag, uint32_t environment,
                    int64_t now)
{
    const struct project_choice choice = {.format = DIAGNOSTIC_TEXT};
    struct test_run *run = &tests->run;
    tests->flag = flag;
    tests->environment = environment;
    *run = (struct test_run){.command = command, .project = project, .now = now};
    select_trials(tests);
    if (project->diagnostics.errors || !run->trial_count ||
        arrange_trials(run, &choice) != EXIT_FINE)
        return;
    coverage_init(run, false);
    for (uint32_t i = 0; i < run->trial_count; i++)
        run_trial(run, &run->trials[i]);
    coverage_finish(&run->coverage);
    tests->ran = true;
}

void flag_tests_release(struct flag_tests *tests)
{
    release_arrangements(&tests->run);
    buffer_release(&tests->run.coverage.key);
    arena_release(&tests->run.arena);
}

/* In any environment; NULL: in none. */
static const struct trial *failing(const struct flag_tests *tests, const struct test *test)
{
    for (uint32_t i = 0; i < tests->run.trial_count; i++)
        if (tests->run.trials[i].test == test && tests->run.trials[i].failure_count)
            return &tests->run.trials[i];
    return NULL;
}

/* -------------------------------------------------------------------------------------- page -- */

void flag_tests_verdict(const struct flag_tests *tests, struct buffer *text)
{
    const struct project *project = tests->run.project;
    const struct coverage *coverage = &tests->run.coverage;
    uint32_t failed = 0;
    buffer_format(text, "%u", tests->count);
    if (!tests->count) {
        buffer_append_text(text, ", so that nothing notices what an edit breaks; see 'tests:'");
        return;
    }
    if (!tests->ran) {
        buffer_append_text(text, ", not run: the definitions have errors");
        return;
    }
    for (uint32_t i = 0; i < project->test_count; i++)
        failed += is_shown(tests, project->tests[i]) && failing(tests, project->tests[i]);
    if (failed)
        buffer_format(text, ", %u fail%s", failed, failed == 1 ? "s" : "");
    else
        buffer_format(text, ", %s", tests->count == 1 ? "passes" : "all pass");
    if (tests->environment != UINT32_MAX)
        return; /* what the tests of other environments reach is not known */
    if (coverage->reached == coverage->count)
        buffer_append_text(text, "; every rule, variant and stage is reached");
    else
        buffer_format(text, "; %u of %u rules, variants and stages are reached", coverage->reached,
                      coverage->count);
}

static void tell_test(const struct flag_tests *tests, const struct test *test,
                      test_line_taker *take, void *user)
{
    const struct trial *bad = failing(tests, test);
    bool named = strcmp(test->name.text, tests->flag->name.text) != 0;
    struct buffer text = {0};
    if (bad)
        buffer_format(&text, "%s%sin %s: %s", named ? test->name.text : "", named ? ", " : "",
                      environment_name(tests, bad), bad->failures[0].message);
    else if (named)
        buffer_append_text(&text, test->name.text);
    if (text.length)
        take(bad ? TEST_FAILS : tests->ran ? TEST_PASSES : TEST_NOT_RUN, text.bytes, user);
    buffer_release(&text);
}

static void name_covered(const struct covered *item, struct buffer *text)
{
    if (!item->name)
        buffer_append_text(text, "the value");
    else if (item->kind == COVERED_STAGE)
        buffer_format(text, "stage %s", item->name + strlen("canary:"));
    else
        buffer_format(text, "%s %s", covered_kind_words[item->kind], item->name);
}

void flag_tests_lines(struct flag_tests *tests, test_line_taker *take, void *user)
{
    const struct project *project = tests->run.project;
    const struct coverage *coverage = &tests->run.coverage;
    bool known = tests->ran && tests->environment == UINT32_MAX;
    uint32_t missing = known ? coverage->count - coverage->reached : 0;
    for (uint32_t i = 0; i < project->test_count; i++)
        if (is_shown(tests, project->tests[i]))
            tell_test(tests, project->tests[i], take, user);
    struct buffer text = {0};
    for (uint32_t i = 0; i < missing && i < MOST_LACKING; i++) {
        buffer_append_text(&text, i ? ", " : "");
        name_covered(coverage->items[i], &text);
    }
    if (missing > MOST_LACKING)
        buffer_format(&text, " and %u more", missing - MOST_LACKING);
    if (missing)
        take(TEST_LACKS, text.bytes, user);
    buffer_release(&text);
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void write_test(struct flag_tests *tests, const struct test *test, struct buffer *out)
{
    struct test_run *run = &tests->run;
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", test->name.text);
    field_text(out, "place", place_text(run->project, &run->arena, test->span, NULL));
    if (tests->ran)
        field_truth(out, "passed", !failing(tests, test));
    else
        field_text(out, "passed", NULL);
    field_array(out, "failures");
    for (uint32_t i = 0; i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        for (uint32_t j = 0; trial->test == test && j < trial->failure_count; j++) {
            json_write_comma(out);
            buffer_append_text(out, "{");
            field_text(out, "environment", environment_name(tests, trial));
            field_text(out, "message", trial->failures[j].message);
            buffer_append_text(out, "}");
        }
    }
    buffer_append_text(out, "]}");
}

void flag_tests_json(struct flag_tests *tests, struct buffer *out)
{
    const struct project *project = tests->run.project;
    field_array(out, "tests");
    for (uint32_t i = 0; i < project->test_count; i++)
        if (is_shown(tests, project->tests[i]))
            write_test(tests, project->tests[i], out);
    buffer_append_text(out, "]");
    if (!tests->ran || tests->environment != UINT32_MAX) {
        field_text(out, "coverage", NULL);
        return;
    }
    field_object(out, "coverage");
    field_count(out, "reached", tests->run.coverage.reached);
    field_count(out, "of", tests->run.coverage.count);
    buffer_append_text(out, "}");
}
