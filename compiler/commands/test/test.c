/* test.c - `ffc test`: runs the tests in the definitions. */
#include "compiler/commands/rerun.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/match.h"
#include "compiler/base/percent.h"
#include "compiler/commands/commands.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

static int run(int argc, char **argv);

const struct command test_command = {
    .name = "test",
    .summary = "run a project's tests",
    .usage = "[FILTER…] [-C DIR] [-e ENV] [--watch] [--json] [--coverage] [--min-coverage PERCENT]",
    .examples = "  ffc test                          every test of flags/, as TAP\n"
                "  ffc test 'canary.*'               tests of these flags, or with such a name\n"
                "  ffc test --watch                  again whenever a file changes\n"
                "  ffc test --min-coverage 100%      fail if anything is untested\n"
                "  ffc test --format github          failures as annotations on a pull request\n"
                "  ffc test --format junit > tests.xml\n"
                "  ffc test --json | jq .coverage    what no test reaches\n",
    .run = run,
};

#define MOST_UNREACHED 10 /* listed even without an option */

struct options {
    struct project_choice project;
    const char *environment;
    const char *min_coverage;
    struct option_word format;
    bool json, junit;
    bool show_private;
    bool coverage, watch;
    int64_t at;
    char **filters;
    int filter_count;
};

/* --------------------------------------------------------------------------------- the tests -- */

static bool matches(const struct test *test, char **filters, int count)
{
    for (int i = 0; i < count; i++) {
        const char *filter = filters[i];
        if (strstr(test->name.text, filter) || strstr(test->flag->name.text, filter))
            return true;
        if (!glob_problem(filter) &&
            (match_name(filter, test->name.text) || match_name(filter, test->flag->name.text)))
            return true;
    }
    return count == 0;
}

static void select_trials(struct test_run *run, uint32_t environment, char **filters, int count)
{
    for (uint32_t i = 0; i < run->project->test_count; i++) {
        const struct test *test = run->project->tests[i];
        for (uint32_t at = 0; at < run->project->environments.count; at++) {
            if (!(test->environments >> at & 1) || !matches(test, filters, count) ||
                (environment != UINT32_MAX && environment != at))
                continue;
            struct trial *trial = ARENA_APPEND(&run->arena, run->trials, run->trial_count);
            *trial = (struct trial){.test = test, .environment = at};
        }
    }
}

static int report_no_match(const struct test_run *run, const char *filter)
{
    const struct project *project = run->project;
    uint32_t count = 0;
    const char **names = xcalloc(project->test_count + project->flag_count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->test_count; i++)
        names[count++] = project->tests[i]->name.text;
    for (uint32_t i = 0; i < project->flag_count; i++)
        names[count++] = project->flags[i]->name.text;
    int status =
        report_lack(run->command, "no test and no flag with tests matches", filter, names, count);
    free(names);
    return status;
}

/* ------------------------------------------------------------------------------------- a run -- */

static int judge_coverage(const struct test_run *run, const char *least)
{
    const struct coverage *coverage = &run->coverage;
    uint32_t thousandths = 0;
    parse_percent(least, &thousandths);
    if ((uint64_t)coverage->reached * PERCENT_ALL >= (uint64_t)coverage->count * thousandths)
        return EXIT_FINE;
    print_line("less than the %s that --min-coverage asks for", least);
    return EXIT_INPUT;
}

static int run_trials(struct test_run *run, const struct options *options, bool all)
{
    struct buffer product = {0}, summary = {0};
    int status = arrange_trials(run, &options->project);
    if (status == EXIT_FINE) {
        coverage_init(run, all);
        for (uint32_t i = 0; i < run->trial_count; i++)
            run_trial(run, &run->trials[i]);
        coverage_finish(&run->coverage);
        if (options->junit)
            report_junit(run, &product);
        else if (options->json)
            report_tests_json(run, &product);
        else
            report_tap(run, use_color(options->project.color, stdout), &product);
        if (!write_stdout(run->command, &product))
            status = EXIT_JOB;
    }
    if (status == EXIT_FINE) {
        if (options->project.format != DIAGNOSTIC_TEXT)
            report_failures(run, options->project.format, stderr);
        /* A document on stderr must be alone there. */
        bool lines = options->project.format == DIAGNOSTIC_TEXT ||
                     options->project.format == DIAGNOSTIC_GITHUB;
        if (lines) {
            report_summary(run, options->coverage ? UINT32_MAX : MOST_UNREACHED,
                           use_color(options->project.color, stderr), &summary);
            print_lines(&summary);
        }
        status = run->failed ? EXIT_INPUT : EXIT_FINE;
        if (options->min_coverage && judge_coverage(run, options->min_coverage))
            status = EXIT_INPUT;
    }
    release_arrangements(run);
    buffer_release(&product);
    buffer_release(&summary);
    return status;
}

static int run_project(struct test_run *run, const struct options *options, char **filters,
                       int count)
{
    struct project *project = run->project;
    int status = require_sound(project, &options->project);
    if (status != EXIT_FINE)
        return status;
    uint32_t environment = UINT32_MAX;
    if (options->environment) {
        environment = choose_environment(run->command, project, options->environment);
        if (environment == UINT32_MAX)
            return EXIT_JOB;
    }
    select_trials(run, environment, filters, count);
    if (!run->trial_count && count)
        return report_no_match(run, filters[0]);
    return run_trials(run, options, !count && environment == UINT32_MAX);
}

/* Those of diagnostics, and one of results. */
#define FORMAT_JUNIT WORDS_COUNT(DIAGNOSTIC_FORMATS)
static const char *const format_words[] = {DIAGNOSTIC_FORMATS(WORDS_WORD)[FORMAT_JUNIT] = "junit",
                                           [FORMAT_JUNIT + 1] = NULL};

static bool choose_format(struct options *options)
{
    const char *const *words = options->format.words;
    int found = words_find(words, options->format.text);
    options->junit = found == FORMAT_JUNIT;
    if (options->junit && options->json) {
        usage_error(&test_command, "--json and --format junit are both in place of TAP: give one");
        return false;
    }
    if (found < 0) {
        report_lack(&test_command, "there is no format", options->format.text, words,
                    words_count(words));
        return false;
    }
    options->project.format = options->junit ? DIAGNOSTIC_TEXT : (enum diagnostic_format)found;
    return true;
}

static int test_once(void *user)
{
    const struct options *options = user;
    struct test_run run = {.command = &test_command,
                           .now = options->at != INT64_MIN ? options->at : clock_now(),
                           .show_private = options->show_private};
    run.project = project_load(options->project.directory, clock_now());
    int status = run_project(&run, options, options->filters, options->filter_count);
    project_free(run.project);
    arena_release(&run.arena);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.format = {"text", format_words}, .at = INT64_MIN};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "only tests of this environment"),
        AT_OPTION(options.at, "the clock for tests without one [now]"),
        SHOW_PRIVATE_OPTION(options.show_private),
        JSON_OPTION(options.json, "one JSON object instead of TAP"),
        {"coverage", 0, OPTION_FLAG, &options.coverage, NULL,
         "list everything that no test reaches, not just ten"},
        {"min-coverage", 0, OPTION_TEXT, &options.min_coverage, "PERCENT",
         "fail if the tests reach less"},
        FORMAT_OPTION(options.format, "of diagnostics and failures: text, json, sarif or github; "
                                      "or junit, in place of TAP [text]"),
        WATCH_OPTION(options.watch),
        COLOR_OPTION(options.project.color),
    };
    int status;
    options.filters = argv + 1;
    options.filter_count =
        options_parse(&test_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (options.filter_count < 0)
        return status;
    if (!choose_format(&options))
        return EXIT_JOB;
    uint32_t ignored;
    if (options.min_coverage && !parse_percent(options.min_coverage, &ignored))
        return usage_error(&test_command, "--min-coverage '%s' is not a percentage",
                           options.min_coverage);
    const struct rerun rerun = {options.project.directory, options.project.color, test_once,
                                &options};
    return options.watch ? rerun_on_changes(&rerun) : test_once(&options);
}
