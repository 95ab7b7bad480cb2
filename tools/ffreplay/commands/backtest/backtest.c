/* backtest.c - `ffreplay backtest`: plays policies through logs, starting at their first stage. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "result.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "compiler/base/file.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

static int run(int argc, char **argv);

const struct command backtest_command = {
    .name = "backtest",
    .summary = "simulate a canary's policy on logs, and compare policies",
    .usage = "FLAG LOG… -e ENV [--policy FILE]…",
    .examples = "  ffreplay backtest canary.checkout access.log -e production\n"
                "  ffreplay backtest canary.checkout access.log -e production \\\n"
                "      --policy stricter.yaml --harm-from 2026-11-20T12:00:00Z\n",
    .run = run,
};

#define MOST_POLICY (16u << 20)

struct options {
    const char *directory;
    const char *interval;
    struct log_options logs;
    struct option_texts policies;
    bool approves, holds_for_approval, json;
    enum color_choice color;
    struct play_options play;
};

/* ---------------------------------------------------------------------------------- policies -- */

static int report_definitions(struct project *project, const struct options *options)
{
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, use_color(options->color, stderr),
                      stderr);
    return EXIT_INPUT;
}

/* The project with the canary from a file, whose text goes to `text`. NULL: reported. */
static struct project *load_policy(const struct options *options, const char *path,
                                   struct buffer *text, int *status)
{
    struct buffer error = {0};
    struct project *project = NULL;
    *status = EXIT_JOB;
    if (!read_file(path, MOST_POLICY, text, &error)) {
        job_error(&backtest_command, "cannot read %s: %s", path, error.bytes);
        buffer_release(&error);
        return NULL;
    }
    buffer_append(text, "", 0);
    struct policy_file policy = {.path = path,
                                 .text = text->bytes ? text->bytes : "",
                                 .length = text->length,
                                 .flag = options->play.flag,
                                 .environment = options->play.environment};
    project = project_load_policy(options->directory, (int64_t)time(NULL) * 1000, &policy);
    if (project->diagnostics.errors > 0) {
        *status = report_definitions(project, options);
    } else if (!policy.found) {
        job_error(&backtest_command, "%s has no canary for flag '%s'", path, policy.flag);
        print_help("write it as in the definitions, or as 'canary:' alone");
    } else {
        return project;
    }
    project_free(project);
    return NULL;
}

static struct project *load_project(const struct options *options, int *status)
{
    struct project *project = project_load(options->directory, (int64_t)time(NULL) * 1000);
    if (project->diagnostics.errors == 0)
        return project;
    *status = report_definitions(project, options);
    project_free(project);
    return NULL;
}

static bool has_canary(const struct project *project, const struct options *options)
{
    const struct flag *flag = project_flag(project, options->play.flag);
    uint32_t environment = project_environment(project, options->play.environment);
    return flag && environment != UINT32_MAX && flag->environments[environment].canary;
}

/* --------------------------------------------------------------------------------------- run -- */

static bool write_result(const struct result *result, const struct options *options)
{
    struct buffer out = {0};
    struct arena arena = {0};
    const struct page page = page_for(stdout, options->color, &arena, &out);
    if (options->json)
        result_json(result, &out);
    else
        result_text(result, &page);
    bool written = write_stdout(&backtest_command, &out);
    buffer_release(&out);
    arena_release(&arena);
    return written;
}

/* Reads the logs once for each policy. */
static int play_one(struct result *result, struct project *project, const char *name, char **logs,
                    size_t log_count)
{
    int status;
    struct simulation *simulation = &result->simulations[result->count];
    result->names[result->count++] = name;
    if (!simulation_prepare(simulation, &backtest_command, project, result->options, &status))
        return status;
    return simulation_run(simulation, logs, log_count) ? EXIT_FINE : EXIT_JOB;
}

static int play_all(struct result *result, const struct options *options, struct buffer *texts,
                    char **logs, size_t log_count)
{
    int status = EXIT_FINE;
    struct project *project = load_project(options, &status);
    if (!project)
        return status;
    if (options->policies.count > 0 && !has_canary(project, options))
        project_free(project);
    else
        status = play_one(result, project, NULL, logs, log_count);
    for (size_t i = 0; i < options->policies.count && status == EXIT_FINE; i++) {
        const char *path = options->policies.items[i];
        project = load_policy(options, path, &texts[i], &status);
        if (project)
            status = play_one(result, project, path, logs, log_count);
    }
    return status;
}

static int backtest(const struct options *options, char **logs, size_t log_count)
{
    size_t count = options->policies.count;
    struct result result = {.options = &options->play};
    struct buffer *texts = xcalloc(count + 1, sizeof *texts);
    result.simulations = xcalloc(count + 1, sizeof *result.simulations);
    result.names = xcalloc(count + 1, sizeof *result.names);
    int status = play_all(&result, options, texts, logs, log_count);
    if (status == EXIT_FINE && !write_result(&result, options))
        status = EXIT_JOB;
    for (uint32_t i = 0; i < result.count; i++)
        simulation_release(&result.simulations[i]);
    for (size_t i = 0; i < count; i++)
        buffer_release(&texts[i]);
    free(result.simulations);
    free(result.names);
    free(texts);
    return status;
}

static bool take_options(struct options *options)
{
    struct play_options *play = &options->play;
    struct replay replay = {0};
    if (!log_options_apply(&options->logs, &backtest_command, &replay))
        return false;
    play->window = replay.times.window;
    play->lateness = replay.times.lateness;
    play->stale = replay.times.stale;
    play->max_bad = replay.times.max_bad;
    play->takes_partial = replay.takes_partial;
    play->approves = !options->holds_for_approval;
    play->interval = play->window;
    if (options->interval && !take_interval(&backtest_command, options->interval, &play->interval))
        return false;
    if (options->approves && options->holds_for_approval)
        usage_error(&backtest_command, "--approve and --no-approve contradict each other");
    else if (play->no_harm && play->harm_from != INT64_MIN)
        usage_error(&backtest_command, "--no-harm says that there was none: leave out --harm-from");
    else if (play->from != INT64_MIN && play->from >= play->until)
        usage_error(&backtest_command, "--until has to be after --from");
    else
        return true;
    return false;
}

/* A log on stdin can be read only once, and each policy has to read it. */
static bool reads_stdin(const struct options *options, char **logs, size_t count)
{
    for (size_t i = 0; i < count && options->policies.count > 0; i++) {
        const char *path = strrchr(logs[i], '=');
        if (strcmp(path ? path + 1 : logs[i], "-") == 0)
            return true;
    }
    return false;
}

static int check_and_play(struct options *options, char **argv, int operands)
{
    if (!require_flag(&backtest_command, operands > 0, NULL))
        return EXIT_JOB;
    if (operands < 2)
        return usage_error(&backtest_command, "expected at least one log ('-' is stdin)");
    if (!require_environment(&backtest_command, options->play.environment))
        return EXIT_JOB;
    size_t log_count = (size_t)operands - 1;
    if (!take_options(options))
        return EXIT_JOB;
    if (reads_stdin(options, argv + 2, log_count))
        return usage_error(&backtest_command,
                           "each policy reads the logs, but stdin can be read only once");
    options->play.flag = argv[1];
    return backtest(options, argv + 2, log_count);
}

static int run(int argc, char **argv)
{
    struct options options = {.logs = LOG_OPTIONS_INIT};
    options.logs.settle = NULL;
    struct play_options *play = &options.play;
    play->from = play->harm_from = INT64_MIN;
    play->until = INT64_MAX;
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(play->environment, "in this environment"),
        {"policy", 0, OPTION_TEXTS, &options.policies, "FILE",
         "compare with this file's canary; may be repeated"},
        {"interval", 0, OPTION_TEXT, &options.interval, "D", "time between looks [as --window]"},
        FROM_OPTION(play->from, "when the canary begins [with the logs]"),
        UNTIL_OPTION(play->until, "ignore later lines"),
        {"harm-from", 0, OPTION_TIME, &play->harm_from, "TIME", "when harm truly began"},
        {"no-harm", 0, OPTION_FLAG, &play->no_harm, NULL, "there was none: a rollback is false"},
        {"approve", 0, OPTION_FLAG, &options.approves, NULL,
         "enter stages that need a person's approval at once (default)"},
        {"no-approve", 0, OPTION_FLAG, &options.holds_for_approval, NULL,
         "hold at those stages instead"},
        JSON_OPTION(options.json, "the result as JSON, one object"),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        WINDOW_OPTION(options.logs),
        {"lateness", 0, OPTION_TEXT, &options.logs.lateness, "D",
         "lines may come this long after later ones [1m]"},
        STALE_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&backtest_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands >= 0)
        status = check_and_play(&options, argv, operands);
    return status;
}
