/* history.c - `ffreplay history`: what the ledger says was changed, why, and that it is whole. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "compiler/project.h"
#include "compiler/rollout/ledger.h"

static int run(int argc, char **argv);

const struct command history_command = {
    .name = "history",
    .summary = "what the ledger says was changed and why, and whether it is whole",
    .usage = "[FLAG] [-e ENV] [--verify]",
    .examples = "  ffreplay history\n"
                "  ffreplay history canary.checkout -e production\n"
                "  ffreplay history --verify\n"
                "  ffreplay history --json | jq 'select(.verdict == \"rollback\")'\n",
    .run = run,
};

#define HASH_SIZE   32
#define MOST_LEDGER ((size_t)1 << 30)

struct options {
    const char *directory, *environment, *flag;
    bool verify, json;
    enum color_choice color;
};

/* A line of the ledger; texts are the JSON's. */
struct recorded {
    const char *time, *actor, *flag, *environment, *verdict, *rule, *reason;
    const char *from, *to;             /* stages */
    const char *from_state, *to_state; /* of the canary */
    const json_t *since;               /* of the stage it was made in; null: not known */
};

static bool parse_change(json_t *json, struct recorded *change)
{
    const char *digest;
    return json_unpack(json,
                       "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:o}, s:{s:s, s:s}, "
                       "s:{s:s}}",
                       "time", &change->time, "actor", &change->actor, "flag", &change->flag,
                       "environment", &change->environment, "verdict", &change->verdict, "rule",
                       &change->rule, "reason", &change->reason, "from", "stage", &change->from,
                       "state", &change->from_state, "since", &change->since, "to", "stage",
                       &change->to, "state", &change->to_state, "digests", "input", &digest) == 0;
}

/* ------------------------------------------------------------------------------------- chain -- */

/* Why this line does not follow the one with that hash ("": there is none); NULL: it does. */
static const char *fault_of(json_t *json, const char *previous)
{
    struct recorded change;
    if (!json || !parse_change(json, &change))
        return "this is no line of a ledger";
    const json_t *claimed = json_object_get(json, "previous");
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

static void hash_line(const char *line, size_t length, char hex[2 * HASH_SIZE + 1])
{
    unsigned char hash[HASH_SIZE];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)line, length, NULL, 0);
    sodium_bin2hex(hex, 2 * HASH_SIZE + 1, hash, sizeof hash);
}

/* -------------------------------------------------------------------------------------- page -- */

static const char *color_of(const struct recorded *change)
{
    if (strcmp(change->verdict, "rollback") == 0)
        return "\033[1;31m";
    return strcmp(change->verdict, "pause") == 0 ? "\033[1;33m" : "\033[1;32m";
}

/* "after 3h 12m in stage 'first'" */
static const char *stay_text(struct arena *arena, const struct recorded *change)
{
    int64_t began, now;
    bool known = json_is_string(change->since) &&
                 parse_time(json_string_value(change->since), &began) &&
                 parse_time(change->time, &now) && now >= began;
    if (!known)
        return arena_format(arena, "in stage '%s'", change->from);
    return arena_format(arena, "after %s in stage '%s'", duration_text(arena, now - began),
                        change->from);
}

static const char *step_text(struct arena *arena, const struct recorded *change)
{
    if (strcmp(change->verdict, "advance") == 0)
        return arena_format(arena, "to stage '%s' ", change->to);
    return "";
}

static void write_change(const struct recorded *change, bool color, struct arena *arena,
                         struct buffer *out)
{
    buffer_format(out, "%s  %s%s%s  %s in %s\n", change->time, color ? color_of(change) : "",
                  strcmp(change->rule, "policy-changed") == 0 ? "begin anew" : change->verdict,
                  color ? "\033[0m" : "", change->flag, change->environment);
    buffer_format(out, "    %s%s, by %s (%s)\n    %s\n", step_text(arena, change),
                  stay_text(arena, change), change->actor, change->rule, change->reason);
}

/* ------------------------------------------------------------------------------------- lines -- */

struct reading {
    const struct options *options;
    const char *path;
    bool color;
    struct arena arena;
    struct buffer out;
    uint64_t lines, shown, rollbacks;
    const char *fault; /* of the first line that has one */
    uint64_t fault_line;
};

static void read_change(struct reading *reading, const char *line, size_t length, json_t *json)
{
    const struct options *options = reading->options;
    struct recorded change;
    if (!json || !parse_change(json, &change) ||
        (options->flag && strcmp(options->flag, change.flag) != 0) ||
        (options->environment && strcmp(options->environment, change.environment) != 0))
        return;
    reading->shown++;
    reading->rollbacks += strcmp(change.verdict, "rollback") == 0;
    if (options->json)
        buffer_format(&reading->out, "%.*s\n", (int)length, line);
    else if (!options->verify)
        write_change(&change, reading->color, &reading->arena, &reading->out);
}

static void read_lines(struct reading *reading, const struct buffer *ledger)
{
    char previous[2 * HASH_SIZE + 1] = "";
    for (size_t at = 0; at < ledger->length;) {
        const char *line = ledger->bytes + at;
        const char *end = memchr(line, '\n', ledger->length - at);
        size_t length = end ? (size_t)(end - line) : ledger->length - at;
        json_t *json = json_loadb(line, length, 0, NULL);
        const char *fault = end ? fault_of(json, previous) : "this line is cut short";
        reading->lines++;
        if (fault && !reading->fault) {
            reading->fault = fault;
            reading->fault_line = reading->lines;
        }
        read_change(reading, line, length, json);
        json_decref(json);
        hash_line(line, length, previous);
        at += length + 1;
    }
}

static void summarise(struct reading *reading)
{
    if (reading->options->json)
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
        if (reading->fault) {
            fprintf(stderr, "%s:%" PRIu64 ": error: %s\n", reading->path, reading->fault_line,
                    reading->fault);
            fprintf(stderr, "help: compare it with its history in git: git log -p %s\n",
                    reading->path);
            status = EXIT_INPUT;
        }
        if (!reading->fault || !reading->options->verify)
            summarise(reading);
        if (fwrite(reading->out.bytes, 1, reading->out.length, stdout) != reading->out.length ||
            fflush(stdout) != 0)
            status = job_error(&history_command, "cannot write to stdout");
    }
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
        {"json", 0, OPTION_FLAG, &options.json, NULL, "the ledger's own lines"},
        {"color", 0, OPTION_COLOR, &options.color, "WHEN", "auto, always or never [auto]"},
    };
    int status;
    int operands =
        options_parse(&history_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 1)
        return usage_error(&history_command, "expected at most one flag");
    if (operands == 1)
        options.flag = argv[1];
    /* Whether the definitions are sound is not asked: what was changed stays true. */
    struct project *project = project_load(options.directory, (int64_t)time(NULL) * 1000);
    struct reading reading = {.options = &options, .color = use_color(options.color, stdout)};
    reading.path = arena_format(&reading.arena, "%s/%s", project->directory, LEDGER_FILE);
    status = show(&reading);
    buffer_release(&reading.out);
    arena_release(&reading.arena);
    project_free(project);
    return status;
}
