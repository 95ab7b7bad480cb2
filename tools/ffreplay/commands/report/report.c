/* report.c - `ffreplay report`: what was decided, as a page for people. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "report_run.h"
#include "tools/ffreplay/aggregate/aggregate_file.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/commands/usage_checks.h"

static int run(int argc, char **argv);

const struct command report_command = {
    .name = "report",
    .summary = "write canaries and experiments as one HTML file, for people",
    .usage = "FLAG… [LOG…] -e ENV -o FILE | --all [LOG…] -e ENV -o FILE",
    .examples = "  ffreplay report canary.checkout requests.ndjson -e production -o checkout.html\n"
                "  ffreplay report cta-button exposures=exp.ndjson orders=orders.csv -e live \\\n"
                "    -o cta-button.html\n"
                "  ffreplay report --all requests=api.ndjson -e production -o week-48.html\n",
    .run = run,
};

const char *report_kept(struct report_run *run, const char *text)
{
    return text ? arena_format(&run->arena, "%s", text) : NULL;
}

/* Those of `decide` and `analyze`, from what may go on to what must not. */
void report_note_exit(struct report_run *run, int status)
{
    static const int order[] = {EXIT_FINE, 12, 10, 11, 21, 20};
    int worst = run->worst;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (order[i] == run->worst || order[i] == status)
            worst = order[i];
    run->worst = worst;
}

/* ------------------------------------------------------------------------------------- flags -- */

/* What is wanted, by name: projects come and go. */
struct wanted {
    const char **items;
    uint32_t count;
};

/* A file, or a log's: not a flag's name that was misspelt. */
static bool is_log(const char *text)
{
    struct stat status;
    return strcmp(text, "-") == 0 || strchr(text, '=') || strchr(text, '/') ||
           stat(text, &status) == 0;
}

static bool is_flag(const struct project *project, const char *name)
{
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (strcmp(project->flags[i]->name.text, name) == 0)
            return true;
    return false;
}

/* Splits the operands into flags and logs. False after reporting. */
static bool choose_flags(struct report_run *run, struct project *project, char **operands,
                         int count, struct wanted *wanted)
{
    for (int i = 0; i < count; i++) {
        bool flag = !run->options->all && is_flag(project, operands[i]);
        if (!flag && (run->options->all || (wanted->count > 0 && is_log(operands[i])))) {
            *ARENA_APPEND(&run->arena, run->logs.items, run->logs.count) = operands[i];
            continue;
        }
        if (!choose_flag(&report_command, project, operands[i]))
            return false;
        *ARENA_APPEND(&run->arena, wanted->items, wanted->count) = operands[i];
    }
    for (uint32_t i = 0; run->options->all && i < project->flag_count; i++)
        *ARENA_APPEND(&run->arena, wanted->items, wanted->count) =
            report_kept(run, project->flags[i]->name.text);
    return true;
}

/* "NAME=FILE" of each, by what all flags are measured by. False after reporting. */
static bool name_logs(struct report_run *run, struct project *project, const struct wanted *wanted,
                      uint32_t environment)
{
    struct replay replay = {0};
    replay_init(&replay, project);
    for (uint32_t i = 0; i < wanted->count; i++)
        choose_logs(&replay, choose_flag(&report_command, project, wanted->items[i]), environment);
    bool named = true;
    for (size_t i = 0; named && i < run->logs.count; i++) {
        uint32_t log;
        const char *path;
        named = replay_find_log(&replay, run->logs.items[i], &log, &path);
        if (named && project->log_count > 0)
            run->logs.items[i] =
                arena_format(&run->arena, "%s=%s", project->logs[log]->name.text, path);
    }
    replay_release(&replay);
    return named;
}

/* An experiment's exposures are in logs that none of its metrics need be of. */
static bool is_read_by(const struct project *project, const struct replay *replay,
                       const struct targeting *targeting, uint32_t log)
{
    const struct log *of = project->logs[log];
    return replay->concerned[log] || (targeting->experiment && (of->variant || of->flag));
}

bool report_logs_of(const struct report_run *run, struct project *project, const char *name,
                    struct log_arguments *logs)
{
    const struct flag *flag = choose_flag(&report_command, project, name);
    uint32_t environment = choose_environment(&report_command, project, run->options->environment);
    struct replay replay = {0};
    bool found = flag && environment != UINT32_MAX, any = false;
    *logs = (struct log_arguments){0};
    if (!found)
        return false;
    replay_init(&replay, project);
    choose_logs(&replay, flag, environment);
    const struct targeting *targeting = &flag->environments[environment];
    for (uint32_t i = 0; i < project->log_count; i++)
        any |= replay.concerned[i];
    for (size_t i = 0; found && i < run->logs.count; i++) {
        uint32_t log;
        const char *path;
        found = replay_find_log(&replay, run->logs.items[i], &log, &path);
        if (found && (!any || is_read_by(project, &replay, targeting, log)))
            *ARENA_APPEND(&project->arena, logs->items, logs->count) = run->logs.items[i];
    }
    replay_release(&replay);
    return found;
}

/* ------------------------------------------------------------------------------------- pages -- */

/* Whether a log that it is measured by has a file: given, or named by the definitions. */
static const char *log_without_file(const struct report_run *run, struct project *project,
                                    const struct flag *flag, uint32_t environment)
{
    struct replay replay = {0};
    const char *missing = NULL;
    replay_init(&replay, project);
    choose_logs(&replay, flag, environment);
    for (uint32_t i = 0; i < project->log_count && !missing; i++) {
        const struct log *log = project->logs[i];
        size_t length = strlen(log->name.text);
        bool has = !replay.concerned[i] || log->path.text || log->command.arguments.count > 0;
        for (size_t j = 0; j < run->logs.count && !has; j++)
            has = strncmp(run->logs.items[j], log->name.text, length) == 0 &&
                  run->logs.items[j][length] == '=';
        missing = has ? NULL : log->name.text;
    }
    replay_release(&replay);
    return missing;
}

/* A flag that is neither, or has not begun, has a line of the index alone. */
static bool has_page(const struct targeting *targeting)
{
    if (targeting->canary)
        return targeting->canary->state != CANARY_PENDING;
    return targeting->experiment && targeting->experiment->state != EXPERIMENT_DRAFT;
}

/* Which flags they are of: all say the same. False after reporting. */
static bool read_head(struct report_run *run)
{
    struct aggregate_file file;
    struct buffer error = {0};
    bool opened = aggregate_open(&file, run->from.items[0], &error) != AGGREGATE_FAULT;
    if (opened) {
        size_t at;
        const json_t *name;
        json_array_foreach(json_object_get(file.row, "flags"), at, name) *
            ARENA_APPEND(&run->arena, run->aggregated, run->aggregated_count) =
            report_kept(run, json_string_value(name));
        aggregate_close(&file);
    } else {
        job_error(&report_command, "%s", error.bytes);
    }
    buffer_release(&error);
    return opened;
}

static bool is_aggregated(const struct report_run *run, const char *flag)
{
    for (uint32_t i = 0; i < run->aggregated_count; i++)
        if (run->aggregated[i] && strcmp(run->aggregated[i], flag) == 0)
            return true;
    return false;
}

static int put_flag(struct report_run *run, const char *name)
{
    struct project *project = project_load(run->options->directory, (int64_t)time(NULL) * 1000);
    uint32_t environment = choose_environment(&report_command, project, run->options->environment);
    const struct flag *flag = choose_flag(&report_command, project, name);
    struct index_row *row = ARENA_APPEND(&run->arena, run->rows, run->row_count);
    int status = EXIT_FINE;
    if (!flag || environment == UINT32_MAX ||
        !report_describe(run, project, flag, environment, row)) {
        project_free(project);
        return EXIT_JOB;
    }
    const struct targeting *targeting = &flag->environments[environment];
    const char *missing =
        run->from.count > 0 ? NULL : log_without_file(run, project, flag, environment);
    bool is_canary = targeting->canary != NULL;
    bool page =
        has_page(targeting) || (!run->options->all && (targeting->canary || targeting->experiment));
    if (page && run->options->all && run->from.count > 0 && !is_aggregated(run, name)) {
        row->why = "not in the aggregates";
        page = false;
    } else if (page && run->options->all && missing) {
        row->why = report_kept(run, arena_format(&project->arena, "no file of log %s", missing));
        page = false;
    } else if (!page && !run->options->all) {
        status = job_error(&report_command,
                           "flag '%s' has neither a canary nor an experiment in environment '%s'",
                           name, run->options->environment);
    }
    project_free(project);
    if (!page)
        return status;
    row->page = arena_format(&run->arena, "page-%u", run->row_count);
    run->page_count++;
    status = is_canary ? report_canary(run, name, row) : report_experiment(run, name, row);
    const struct html html = {&run->arena, &run->pages, 0};
    if (run->has_index)
        html_format(&html, "<p class=\"note hint\"><a href=\"#index\">All flags</a></p>\n");
    return status;
}

static bool write_file(struct report_run *run, const struct project *project)
{
    struct buffer sections = {0}, said = {0};
    struct arena arena = {0};
    const struct html html = {&arena, &sections, 0};
    const char *title =
        arena_format(&arena, "%s in %s", run->has_index ? project->name : run->rows[0].flag,
                     run->options->environment);
    if (run->has_index)
        report_index(run, &html, project->name, run->options->environment);
    buffer_append(&sections, run->pages.bytes ? run->pages.bytes : "", run->pages.length);
    bool written = report_write(&report_command, run->options->output, &sections, title, &arena);
    terminal_format(&said, "report    %s (%u page%s, %zu kB)\n", run->options->output,
                    run->page_count, run->page_count == 1 ? "" : "s",
                    (sections.length + 999) / 1000);
    written = written && write_stdout(&report_command, &said);
    arena_release(&arena);
    buffer_release(&sections);
    buffer_release(&said);
    return written;
}

/* The last flag's page. What is wrong has been reported; the others' pages are none the worse. */
static void leave_out(struct report_run *run, size_t length)
{
    struct index_row *row = &run->rows[run->row_count - 1];
    run->page_count -= row->page != NULL;
    run->pages.length = length;
    run->no_verdict = true;
    row->page = row->verdict = NULL;
    row->why = "there is no page: the messages of the run say why";
}

/* Files besides the option's are more of them; all are read for each flag. False after reporting.
 */
static bool take_aggregates(struct report_run *run)
{
    const struct option_texts *from = &run->options->from;
    const char **items = ARENA_ARRAY(&run->arena, const char *, from->count + run->logs.count + 1);
    for (size_t i = 0; i < from->count + run->logs.count; i++) {
        items[i] = i < from->count ? from->items[i] : run->logs.items[i - from->count];
        if (!from_can_read_again(&report_command, items[i], items[i]))
            return false;
    }
    run->from = (struct option_texts){.items = items, .count = from->count + run->logs.count};
    run->logs.count = 0;
    return read_head(run);
}

static int report_all(struct report_run *run, struct project *project, char **operands, int count)
{
    struct wanted wanted = {0};
    uint32_t environment = choose_environment(&report_command, project, run->options->environment);
    if (environment == UINT32_MAX || !choose_flags(run, project, operands, count, &wanted))
        return EXIT_JOB;
    if (run->options->from.count > 0 ? !take_aggregates(run)
                                     : !name_logs(run, project, &wanted, environment))
        return EXIT_JOB;
    run->has_index = run->options->all || wanted.count > 1;
    for (uint32_t i = 0; i < wanted.count; i++) {
        size_t length = run->pages.length;
        int status = put_flag(run, wanted.items[i]);
        if (status != EXIT_FINE && !run->options->all)
            return status;
        if (status != EXIT_FINE)
            leave_out(run, length);
    }
    if (!write_file(run, project))
        return EXIT_JOB;
    if (run->no_verdict)
        return EXIT_JOB;
    return run->options->exit_code ? run->worst : EXIT_FINE;
}

/* --------------------------------------------------------------------------------------- run -- */

static bool check_usage(const struct report_options *options, int operands)
{
    if (!require_flag(&report_command, operands > 0, &options->all) ||
        !require_environment(&report_command, options->environment))
        return false;
    if (!options->output)
        usage_error(&report_command, "expected a file to write: -o FILE");
    return options->output;
}

static int run(int argc, char **argv)
{
    struct report_options options = {.now = INT64_MIN, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        OUTPUT_OPTION(options.output, "write the page there"),
        {"all", 0, OPTION_FLAG, &options.all, NULL,
         "every flag: an index, and a page for each canary and experiment"},
        {"by", 'b', OPTION_TEXTS, &options.by, "LIST",
         "also show experiments by group of units, by these fields at first exposure"},
        SHOW_PRIVATE_OPTION(options.show_private),
        FROM_AGGREGATES_OPTION(options.from),
        NOW_OPTION(options.now, "the time to decide at [the latest in the logs]"),
        EXIT_CODE_OPTION(options.exit_code,
                         "exit as 'decide' or 'analyze' of the flag, or of the worst one"),
        ALLOW_COMMANDS_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        WINDOW_OPTION(options.logs),
        LATENESS_OPTION(options.logs),
        STALE_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        THREADS_OPTION(options.logs),
    };
    struct report_run report = {.options = &options};
    report.command = report_command_line(&report.arena, argc, argv);
    int status;
    int operands =
        options_parse(&report_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands >= 0 && !check_usage(&options, operands))
        status = EXIT_JOB;
    else if (operands >= 0) {
        struct project *project = project_load(options.directory, (int64_t)time(NULL) * 1000);
        if (project->diagnostics.errors > 0) {
            diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, use_color(COLOR_AUTO, stderr),
                              stderr);
            status = EXIT_INPUT;
        } else {
            status = report_all(&report, project, argv + 1, operands);
        }
        project_free(project);
    }
    buffer_release(&report.pages);
    arena_release(&report.arena);
    return status;
}
