/* check.c - `ffc check`: reads a project and reports every problem; writes nothing to disk. */
#include "commands.h"

static int run(int argc, char **argv)
{
    const char *directory = NULL;
    bool strict = false;
    int64_t now = clock_now();
    enum diagnostic_format format = DIAGNOSTIC_TEXT;
    enum color_choice color = COLOR_AUTO;
    const struct option options[] = {
        {"directory", 'C', OPTION_TEXT, &directory, "DIR",
         "the project [flags, or . where it holds definitions]"},
        {"strict", 0, OPTION_FLAG, &strict, NULL, "flags past 'expires' are errors"},
        {"now", 0, OPTION_TIME, &now, "TIME", "what 'expires' is judged by [the clock]"},
        {"format", 0, OPTION_FORMAT, &format, NULL, "text, json, sarif or github [text]"},
        {"color", 0, OPTION_COLOR, &color, NULL, "auto, always or never [auto]"},
    };
    int status;
    int operands = options_parse(&check_command, options, sizeof options / sizeof *options, argc,
                                 argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&check_command, "unexpected argument '%s'; name a project with -C",
                           argv[1]);

    struct project *project = project_load(directory, now);
    if (strict)
        diagnostics_raise(&project->diagnostics, FF0331);
    project_check_limits(project);
    status = diagnostics_status(&project->diagnostics);
    FILE *out = format == DIAGNOSTIC_TEXT ? stderr : stdout;
    diagnostics_write(&project->diagnostics, format, use_color(color, out), out);
    project_free(project);
    return status;
}

const struct command check_command = {
    .name = "check",
    .summary = "report every problem of a project",
    .usage = "[-C DIR] [--strict] [--now TIME] [--format FORMAT]",
    .examples = "  ffc check                      the project in flags/\n"
                "  ffc check -C config --strict   another one, and expired flags are errors\n"
                "  ffc check --format github      annotations for a pull request\n"
                "  ffc check --format json        one JSON object on stdout\n",
    .run = run,
};
