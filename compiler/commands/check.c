/* check.c - `ffc check`: reads a project and reports every problem; writes nothing to disk. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/check/sample_size.h"
#include "commands.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "compiler/project/project.h"
#include "rerun.h"

/* An experiment with a baseline that can still be planned, and its sample size. */
static bool is_planned(const struct targeting *targeting, struct sample_size *size)
{
    const struct experiment *experiment = targeting->experiment;
    return targeting->enabled && experiment && experiment->baseline.given &&
           experiment->state != EXPERIMENT_CONCLUDED && sample_size(targeting, size);
}

/* Whether two environments have the same plan, so that one line covers both. */
static bool is_same_plan(const struct targeting *one, const struct targeting *other)
{
    struct sample_size first, second;
    return one->experiment == other->experiment && is_planned(one, &first) &&
           is_planned(other, &second) && first.units == second.units &&
           (first.days == second.days || (isnan(first.days) && isnan(second.days)));
}

static bool is_told(const struct flag *flag, uint32_t environment)
{
    for (uint32_t at = 0; at < environment; at++) {
        if (is_same_plan(&flag->environments[at], &flag->environments[environment]))
            return true;
    }
    return false;
}

/* "checkout in staging, production" */
static void append_where(struct buffer *out, const struct project *project, const struct flag *flag,
                         uint32_t first)
{
    const char *separator = " in ";
    terminal_append(out, flag->name.text);
    for (uint32_t at = first; at < project->environments.count; at++) {
        if (!is_same_plan(&flag->environments[first], &flag->environments[at]))
            continue;
        terminal_format(out, "%s%s", separator, project->environments.items[at].text);
        separator = ", ";
    }
}

static void append_size(struct buffer *out, const struct project *project, const struct flag *flag,
                        uint32_t environment, const struct sample_size *size)
{
    const struct experiment *experiment = flag->environments[environment].experiment;
    append_where(out, project, flag, environment);
    terminal_format(out, ": %.0f units per variant show an effect of %g%% on '%s'", size->units,
                    experiment->mde * 100, experiment->primary->name.text);
    if (!isnan(size->days))
        terminal_format(out, "; they arrive in %.0f day%s", size->days, size->days == 1 ? "" : "s");
    buffer_append_text(out, "\n");
}

static void append_sizes(struct buffer *out, const struct project *project)
{
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        for (uint32_t at = 0; at < project->environments.count; at++) {
            struct sample_size size;
            if (is_planned(&flag->environments[at], &size) && !is_told(flag, at))
                append_size(out, project, flag, at, &size);
        }
    }
}

/* In text format, diagnostics go to stderr, and the rest to stdout. */
static int report(struct project *project, const struct project_choice *choice)
{
    int status = diagnostics_status(&project->diagnostics);
    FILE *out = choice->format == DIAGNOSTIC_TEXT ? stderr : stdout;
    diagnostics_write(&project->diagnostics, choice->format, use_color(choice->color, out), out);
    struct buffer sizes = {0};
    if (choice->format == DIAGNOSTIC_TEXT && !project->diagnostics.errors)
        append_sizes(&sizes, project);
    if (sizes.length && !write_stdout(&check_command, &sizes))
        status = EXIT_JOB;
    buffer_release(&sizes);
    return status;
}

/* ------------------------------------------------------------------------------------ levels -- */

struct asked_levels {
    bool strict;
    struct option_texts allow, warn, deny;
};
#define ALL_WARNINGS "warnings"

static bool is_level(const char *option, const char *name, enum diagnostic_level level)
{
    enum diagnostic_code code = diagnostic_find(name);
    if (code == DIAGNOSTIC_COUNT) {
        usage_error(&check_command, "%s: no diagnostic has the code '%s'", option, name);
        return false;
    }
    const struct diagnostic_info *info = diagnostic_info(code);
    if (info->severity == SEVERITY_ERROR && level != LEVEL_ERROR) {
        usage_error(&check_command, "%s: %s is an error, which nothing can allow", option,
                    info->code);
        return false;
    }
    return true;
}

/* False: a usage error. */
static bool are_levels(const struct asked_levels *asked)
{
    for (size_t i = 0; i < asked->allow.count; i++)
        if (!is_level("-A", asked->allow.items[i], LEVEL_OFF))
            return false;
    for (size_t i = 0; i < asked->warn.count; i++)
        if (!is_level("-W", asked->warn.items[i], LEVEL_WARNING))
            return false;
    for (size_t i = 0; i < asked->deny.count; i++)
        if (strcmp(asked->deny.items[i], ALL_WARNINGS) != 0 &&
            !is_level("-D", asked->deny.items[i], LEVEL_ERROR))
            return false;
    return true;
}

static void set_level(struct project *project, const struct option_texts *names,
                      enum diagnostic_level level)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], ALL_WARNINGS) != 0)
            diagnostics_set_level(&project->diagnostics, diagnostic_find(names->items[i]), level);
}

/* The strictest counts that is asked for. */
static void set_levels(struct project *project, const struct asked_levels *asked)
{
    bool all = false;
    set_level(project, &asked->allow, LEVEL_OFF);
    set_level(project, &asked->warn, LEVEL_WARNING);
    if (asked->strict)
        diagnostics_set_level(&project->diagnostics, FF0331, LEVEL_ERROR);
    set_level(project, &asked->deny, LEVEL_ERROR);
    for (size_t i = 0; i < asked->deny.count; i++)
        all |= strcmp(asked->deny.items[i], ALL_WARNINGS) == 0;
    if (all)
        diagnostics_deny_warnings(&project->diagnostics);
}

/* ------------------------------------------------------------------------------------- paths -- */

/* Files and directories of the project, resolved; a warning elsewhere is not shown. */
struct named_paths {
    struct project *project;
    char **items;
    size_t count;
    uint32_t file; /* the last that was asked for */
    bool named;
};

static bool is_within(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    bool root = length && directory[length - 1] == '/';
    return strncmp(path, directory, length) == 0 &&
           (root || path[length] == '/' || path[length] == '\0');
}

static bool is_elsewhere(const struct diagnostic *item, void *data)
{
    struct named_paths *paths = data;
    if (item->severity == SEVERITY_ERROR || item->span.file == NO_FILE)
        return false;
    if (item->span.file != paths->file) {
        char real[PATH_MAX];
        paths->file = item->span.file;
        paths->named = !realpath(paths->project->sources.items[paths->file].path, real);
        for (size_t i = 0; i < paths->count && !paths->named; i++)
            paths->named = is_within(real, paths->items[i]);
    }
    return !paths->named;
}

/* What is in these files, and errors, wherever they are: a file that was changed breaks others.
 * Returns an exit status. */
static int keep_named(struct project *project, int count, char **names)
{
    struct named_paths paths = {.project = project, .file = NO_FILE};
    paths.items = xcalloc((size_t)count, sizeof *paths.items);
    char *directory = realpath(project->directory, NULL);
    int status = EXIT_FINE;
    for (int i = 0; i < count && status == EXIT_FINE; i++) {
        char *real = realpath(names[i], NULL);
        if (real)
            paths.items[paths.count++] = real;
        if (!real)
            status = job_error(&check_command, "cannot find '%s'", names[i]);
        else if (!directory || !is_within(real, directory))
            status = usage_error(&check_command,
                                 "'%s' is not in the project '%s'; name its "
                                 "project with -C",
                                 names[i], project->directory);
    }
    if (status == EXIT_FINE)
        diagnostics_silence(&project->diagnostics, is_elsewhere, &paths);
    while (paths.count)
        free(paths.items[--paths.count]);
    free(paths.items);
    free(directory);
    return status;
}

/* ----------------------------------------------------------------------------------- command -- */

/* What a command line asks for. */
struct asked {
    struct project_choice project;
    struct asked_levels levels;
    uint32_t most; /* diagnostics shown; UINT32_MAX: as usual */
    int64_t now;   /* INT64_MIN: when it runs */
    bool watch;
    char **paths;
    int path_count;
};

static int check(void *user)
{
    const struct asked *asked = user;
    int64_t now = asked->now != INT64_MIN ? asked->now : clock_now();
    struct project *project = project_load(asked->project.directory, now);
    if (asked->most != UINT32_MAX)
        project->diagnostics.most = asked->most ? asked->most : UINT32_MAX;
    int status =
        asked->path_count ? keep_named(project, asked->path_count, asked->paths) : EXIT_FINE;
    if (status == EXIT_FINE) {
        set_levels(project, &asked->levels);
        project_check_limits(project);
        note_aside(project->directory);
        status = report(project, &asked->project);
    }
    project_free(project);
    return status;
}

static int run(int argc, char **argv)
{
    struct asked asked = {.most = UINT32_MAX, .now = INT64_MIN};
    const struct option options[] = {
        DIRECTORY_OPTION(asked.project.directory),
        {"strict", 0, OPTION_FLAG, &asked.levels.strict, NULL, "flags past 'expires' are errors"},
        NOW_OPTION(asked.now, "the time to judge 'expires' by [the clock]"),
        {"deny", 'D', OPTION_TEXTS, &asked.levels.deny, "CODE",
         "turn this warning into an error; `warnings`: all of them"},
        {"warn", 'W', OPTION_TEXTS, &asked.levels.warn, "CODE",
         "report it as a warning, whatever the project's `checks` say"},
        {"allow", 'A', OPTION_TEXTS, &asked.levels.allow, "CODE", "do not report this warning"},
        WATCH_OPTION(asked.watch),
        DIAGNOSTICS_OPTIONS(asked.project),
        {"max-errors", 0, OPTION_COUNT, &asked.most, "N",
         "show at most N diagnostics; 0: all [50; json, sarif: all]"},
    };
    int status;
    asked.path_count = options_parse(&check_command, options, sizeof options / sizeof *options,
                                     argc, argv, &status);
    asked.paths = argv + 1;
    const struct rerun rerun = {asked.project.directory, asked.project.color, check, &asked};
    if (asked.path_count >= 0 && !are_levels(&asked.levels))
        status = EXIT_JOB;
    else if (asked.path_count >= 0)
        status = asked.watch ? rerun_on_changes(&rerun) : check(&asked);
    return status;
}

const struct command check_command = {
    .name = "check",
    .summary = "report every problem in a project",
    .usage = "[PATH…] [-C DIR] [--watch] [--strict] [-D CODE] [--now TIME] [--format FORMAT]",
    .examples = "  ffc check                      the project in flags/\n"
                "  ffc check -C config --strict   another project; expired flags are errors\n"
                "  ffc check -D warnings          for CI: a warning fails it\n"
                "  ffc check flags/shop.yaml      errors anywhere, warnings in this file\n"
                "  ffc check --watch              again whenever a file changes\n"
                "  ffc check --format github      annotations for a pull request\n"
                "  ffc check --format json        one JSON object on stdout\n",
    .run = run,
};
