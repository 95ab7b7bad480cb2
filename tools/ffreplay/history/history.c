/* history.c - `ffreplay history`: what the ledger says was changed, why, and that it is whole. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/ffreplay/commands.h"
#include "compiler/project.h"
#include "history.h"

static int run(int argc, char **argv);

const struct command history_command = {
    .name = "history",
    .summary = "what the ledger says was changed and why, and whether it is whole",
    .usage = "[FLAG] [-e ENV] [--last N | --verify]",
    .examples = "  ffreplay history\n"
                "  ffreplay history canary.checkout -e production\n"
                "  ffreplay history --last 10\n"
                "  ffreplay history --verify\n"
                "  ffreplay history --json | jq 'select(.verdict == \"rollback\")'\n",
    .run = run,
};

#define MOST_LEDGER ((size_t)1 << 30)

struct options {
    const char *directory, *environment, *flag, *last;
    bool verify, json;
    enum color_choice color;
};

/* ------------------------------------------------------------------------------------- chain -- */

/* Why this line does not follow the one with that hash ("": there is none); NULL: it does. */
static const char *fault_of(const struct recorded *record, bool parsed, const char *previous)
{
    if (!parsed)
        return "this is no line of a ledger";
    const json_t *claimed = json_object_get(record->json, "previous");
    if (!claimed)
        return "this line does not say which one it follows";
    if (!*previous)
        return json_is_null(claimed) ? NULL : "lines before this one are missing";
    if (json_is_null(claimed))
        return "this line is written as if it were the first";
    if (json_is_string(claimed) && strcmp(json_string_value(claimed), previous) == 0)
        return NULL;
    return "the line before is not the one that this one was written after";
}

/* ------------------------------------------------------------------------------------- lines -- */

struct reading {
    const struct options *options;
    const char *path;
    struct page page;
    struct arena arena;
    struct buffer out;
    struct recorded *records;
    size_t count;
    uint64_t lines, shown, rollbacks;
    const char *fault; /* of the first line that has one */
    uint64_t fault_line;
};

static void read_lines(struct reading *reading, const struct buffer *ledger)
{
    char previous[LEDGER_HASH] = "";
    struct ledger_line line;
    for (size_t at = 0; ledger_next(ledger, &at, &line);) {
        struct recorded record;
        bool parsed = record_parse(&record, &line);
        const char *fault =
            line.complete ? fault_of(&record, parsed, previous) : "this line is cut short";
        reading->lines++;
        if (fault && !reading->fault) {
            reading->fault = fault;
            reading->fault_line = reading->lines;
        }
        if (parsed)
            *ARENA_APPEND(&reading->arena, reading->records, reading->count) = record;
        else
            json_decref(record.json);
        ledger_hash(&line, previous);
    }
}

static void write_lines(struct reading *reading)
{
    const struct options *options = reading->options;
    const struct page *page = &reading->page;
    for (size_t i = 0; i < reading->count && !options->verify; i++) {
        const struct recorded *record = &reading->records[i];
        if (!record_is_about(record, options->flag, options->environment))
            continue;
        if (options->json)
            buffer_format(&reading->out, "%.*s\n", (int)record->line.length, record->line.text);
        else if (!history_write_record(page, reading->records, reading->count, i))
            continue;
        reading->shown++;
        reading->rollbacks += strcmp(record->verdict, "rollback") == 0;
    }
}

static void write_rollouts(struct reading *reading)
{
    const struct options *options = reading->options;
    const struct page *page = &reading->page;
    const struct rollouts_wish wish = {options->flag, options->environment,
                                       strtoull(options->last, NULL, 10), options->json};
    history_write_rollouts(page, reading->records, reading->count, &wish);
}

static void summarise(struct reading *reading)
{
    if (reading->options->json || reading->options->last)
        return;
    if (reading->options->verify)
        buffer_format(&reading->out, "%s: %" PRIu64 " line%s, and each follows the one before\n",
                      reading->path, reading->lines, reading->lines == 1 ? "" : "s");
    else if (reading->shown == 0)
        buffer_append_text(&reading->out, "no change in the ledger fits\n");
    else
        buffer_format(&reading->out, "\n%" PRIu64 " change%s, %" PRIu64 " rollback%s\n",
                      reading->shown, reading->shown == 1 ? "" : "s", reading->rollbacks,
                      reading->rollbacks == 1 ? "" : "s");
}

static int show(struct reading *reading)
{
    struct buffer ledger = {0}, error = {0};
    int status = EXIT_FINE;
    if (access(reading->path, F_OK) != 0 && errno == ENOENT) {
        printf("%s: there is no ledger yet\n", reading->path);
    } else if (sodium_init() < 0 || !read_file(reading->path, MOST_LEDGER, &ledger, &error)) {
        status = job_error(&history_command, "%s", error.length ? error.bytes : "no sodium");
    } else {
        read_lines(reading, &ledger);
        if (reading->options->last)
            write_rollouts(reading);
        else
            write_lines(reading);
        if (reading->fault) {
            fprintf(stderr, "%s:%" PRIu64 ": error: %s\n", reading->path, reading->fault_line,
                    reading->fault);
            fprintf(stderr, "help: compare it with its history in git: git log -p %s\n",
                    reading->path);
            status = EXIT_INPUT;
        }
        if (!reading->fault || !reading->options->verify)
            summarise(reading);
        if (!write_stdout(&history_command, &reading->out))
            status = EXIT_JOB;
    }
    for (size_t i = 0; i < reading->count; i++)
        json_decref(reading->records[i].json);
    buffer_release(&ledger);
    buffer_release(&error);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    const struct option table[] = {
        {"directory", 'C', OPTION_TEXT, &options.directory, "DIR",
         "the project [flags, or . where it holds definitions]"},
        {"environment", 'e', OPTION_TEXT, &options.environment, "ENV",
         "only changes in this environment"},
        {"verify", 0, OPTION_FLAG, &options.verify, NULL,
         "only check that no line was changed, dropped or put in between"},
        {"last", 0, OPTION_TEXT, &options.last, "N", "the last N rollouts, with their metrics"},
        {"json", 0, OPTION_FLAG, &options.json, NULL,
         "the ledger's own lines; with --last, an object a rollout"},
        {"color", 0, OPTION_COLOR, &options.color, "WHEN", "auto, always or never [auto]"},
    };
    int status;
    int operands =
        options_parse(&history_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 1)
        return usage_error(&history_command, "expected at most one flag");
    if (options.last &&
        (!*options.last || strspn(options.last, "0123456789") != strlen(options.last)))
        return usage_error(&history_command, "--last is a number of rollouts, not '%s'",
                           options.last);
    if (options.last && options.verify)
        return usage_error(&history_command, "--verify shows no rollouts");
    if (operands == 1)
        options.flag = argv[1];
    /* Whether the definitions are sound is not asked: what was changed stays true. */
    struct project *project = project_load(options.directory, (int64_t)time(NULL) * 1000);
    struct reading reading = {.options = &options};
    reading.page = page_for(stdout, options.color, &reading.arena, &reading.out);
    reading.path = arena_format(&reading.arena, "%s/%s", project->directory, LEDGER_FILE);
    status = show(&reading);
    buffer_release(&reading.out);
    arena_release(&reading.arena);
    project_free(project);
    return status;
}
