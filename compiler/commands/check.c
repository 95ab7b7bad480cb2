/* check.c - `ffc check`: reads a project and reports every problem; writes nothing to disk. */
#include <math.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/check/sample_size.h"
#include "commands.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "compiler/project/project.h"

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

static int run(int argc, char **argv)
{
    struct project_choice choice = {0};
    bool strict = false;
    uint32_t most = UINT32_MAX;
    int64_t now = clock_now();
    const struct option options[] = {
        DIRECTORY_OPTION(choice.directory),
        {"strict", 0, OPTION_FLAG, &strict, NULL, "flags past 'expires' are errors"},
        NOW_OPTION(now, "the time to judge 'expires' by [the clock]"),
        DIAGNOSTICS_OPTIONS(choice),
        {"max-errors", 0, OPTION_COUNT, &most, "N",
         "diagnostics shown, 0: all [50; json, sarif: all]"},
    };
    int status;
    int operands = options_parse(&check_command, options, sizeof options / sizeof *options, argc,
                                 argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&check_command, "unexpected argument '%s'; name a project with -C",
                           argv[1]);

    struct project *project = project_load(choice.directory, now);
    if (strict)
        diagnostics_raise(&project->diagnostics, FF0331);
    if (most != UINT32_MAX)
        project->diagnostics.most = most ? most : UINT32_MAX;
    project_check_limits(project);
    note_aside(project->directory);
    status = report(project, &choice);
    project_free(project);
    return status;
}

const struct command check_command = {
    .name = "check",
    .summary = "report every problem in a project",
    .usage = "[-C DIR] [--strict] [--now TIME] [--format FORMAT] [--max-errors N]",
    .examples = "  ffc check                      the project in flags/\n"
                "  ffc check -C config --strict   another project; expired flags are errors\n"
                "  ffc check --format github      annotations for a pull request\n"
                "  ffc check --format json        one JSON object on stdout\n",
    .run = run,
};
