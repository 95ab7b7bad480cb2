/* stale.c - `ffc stale`: flags that have had their day, and names in code that are none. */
#include "stale.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/match.h"
#include "compiler/base/memory.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/rollout/recovery.h"
#include "compiler/commands/edit/edits.h"
#include "compiler/commands/edit/remove.h"

#define DAY 86400000

#define STALE_FORMATS(X)   \
    X(FORMAT_TEXT, "text") \
    X(FORMAT_JSON, "json") \
    X(FORMAT_GITHUB, "github")
enum stale_format { STALE_FORMATS(WORDS_MEMBER) };
static const char *const stale_format_words[] = WORDS(STALE_FORMATS);

/* Flags that --fix removes. */
struct removals {
    struct arena arena;
    const char **names;
    uint32_t count;
};

struct stale_options {
    struct project_choice project;
    const char *environment, *period;
    struct option_word format;
    struct option_texts code, calls, counters;
    bool json, exit_code, fix;
    struct change change; /* with --fix; what it shares with other edits */
    int64_t at;
    char **globs;
    int glob_count;
};

/* --------------------------------------------------------------------------------- selection -- */

static int choose_globs(const struct stale_options *options, const struct project *project,
                        bool *selected)
{
    for (uint32_t i = 0; i < project->flag_count; i++)
        selected[i] = options->glob_count == 0;
    for (int i = 0; i < options->glob_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < project->flag_count; j++) {
            bool is_so = match_name(options->globs[i], project->flags[j]->name.text);
            selected[j] |= is_so;
            found |= is_so;
        }
        if (!found)
            return unknown_flag(&stale_command, project, options->globs[i]);
    }
    return EXIT_FINE;
}

/* ------------------------------------------------------------------------------------- notes -- */

/* What could not be known. */
static void print_limits(const struct stale *stale)
{
    if (!stale->dated)
        print_note("git has no history of '%s', so how long a flag has been so is not known",
                   stale->project->directory);
    if (stale->computed.count)
        print_note("%u call%s a name that is put together when the program runs; the first is in "
                   "%s:%u. Which flags it may be is not known",
                   stale->computed.count, stale->computed.count == 1 ? " gives" : "s give",
                   stale->computed.items[0].path, stale->computed.items[0].line);
    if (stale->large_files)
        print_note("%llu file%s larger than 8 MiB, and not read",
                   (unsigned long long)stale->large_files,
                   stale->large_files == 1 ? " is" : "s are");
    if (stale->has_code && stale->files == 0)
        print_warning("no code was read: of %llu file%s, none is in %s",
                      (unsigned long long)stale->other_files, stale->other_files == 1 ? "" : "s",
                      language_names);
}

/* ----------------------------------------------------------------------------------- command -- */

static int read_evidence(const struct stale_options *options, struct stale *stale)
{
    const struct askers askers = {options->calls.items, options->calls.count};
    int status = EXIT_FINE;
    for (size_t i = 0; i < options->code.count && status == EXIT_FINE; i++)
        status = read_code(&stale_command, stale, &askers, options->code.items[i]);
    for (size_t i = 0; i < options->counters.count && status == EXIT_FINE; i++)
        status = read_counters(&stale_command, stale, options->counters.items[i]);
    if (status != EXIT_FINE)
        return status;
    find_ages(stale);
    find_stale(stale);
    /* Of a tree without code, nothing follows. */
    if (stale->files > 0)
        judge_code(stale);
    if (stale->has_counters)
        judge_counters(stale);
    return EXIT_FINE;
}

static int write_stale(const struct stale_options *options, const struct stale *stale,
                       const bool *selected, enum stale_format format)
{
    struct buffer out = {0};
    switch (format) {
    case FORMAT_TEXT:
        write_stale_text(stale, selected, use_color(options->project.color, stdout), &out);
        break;
    case FORMAT_JSON:
        write_stale_json(stale, selected, &out);
        break;
    case FORMAT_GITHUB:
        write_stale_github(stale, selected, &out);
        break;
    }
    bool written = out.length == 0 || write_stdout(&stale_command, &out);
    buffer_release(&out);
    if (!written)
        return EXIT_JOB;
    print_limits(stale);
    bool any = stale->unknown_count > 0;
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        any |= selected[i] && is_stale(&stale->flags[i]);
    return any && options->exit_code ? EXIT_INPUT : EXIT_FINE;
}

/* ------------------------------------------------------------------------------------- --fix -- */

/* What everybody gets one variant of, and no code names any more. */
static bool can_go(const struct stale_flag *found)
{
    bool settled = found->found[STALE_SETTLED] || found->found[STALE_CONCLUDED];
    return settled && found->same && found->found[STALE_UNNAMED];
}

/* Names in `names`, which lives as long as they do; the others are noted. */
static void choose_removals(const struct stale *stale, const bool *selected,
                            struct removals *removals)
{
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        const struct stale_flag *found = &stale->flags[i];
        const char *name = found->flag->name.text;
        if (selected[i] && can_go(found))
            *ARENA_APPEND(&removals->arena, removals->names, removals->count) =
                arena_copy(&removals->arena, name, strlen(name));
        else if (selected[i] && found->found[STALE_SETTLED] && found->uses.count > 0)
            print_note("'%s' stays: %s:%u names it", name, found->uses.items[0].path,
                       found->uses.items[0].line);
    }
}

static int remove_chosen(const struct stale_options *options, const struct removals *removals)
{
    struct edits edits = EDITS_INIT(&stale_command);
    edits.change.directory = options->project.directory;
    edits.change.color = options->project.color;
    edits.change.reason = options->change.reason;
    edits.change.actor = options->change.actor;
    edits.change.dry_run = options->change.dry_run;
    edits.change.commit = options->change.commit;
    edits.change.push = options->change.push;
    int status = edits_begin(&edits);
    if (status == EXIT_FINE)
        status = plan_removal(&edits, removals->count, removals->names) ? edits_carry_out(&edits)
                                                                        : edits.refused;
    edits_release(&edits);
    return status;
}

static int find(const struct stale_options *options, struct project *project, int64_t period,
                enum stale_format format, struct removals *removals)
{
    struct stale stale = {
        .project = project, .environment = UINT32_MAX, .now = options->at, .period = period};
    if (options->environment) {
        stale.environment = choose_environment(&stale_command, project, options->environment);
        if (stale.environment == UINT32_MAX)
            return EXIT_JOB;
    }
    bool *selected = xcalloc(project->flag_count + 1u, sizeof *selected);
    stale.flags = ARENA_ARRAY(&stale.arena, struct stale_flag, project->flag_count + 1u);
    for (uint32_t i = 0; i < project->flag_count; i++)
        stale.flags[i].flag = project->flags[i];
    standings_init(&stale.standings, project, options->at);
    standings_init(&stale.earlier, project, options->at - period);
    int status = choose_globs(options, project, selected);
    if (status == EXIT_FINE)
        status = read_evidence(options, &stale);
    if (status == EXIT_FINE && options->fix)
        choose_removals(&stale, selected, removals);
    else if (status == EXIT_FINE)
        status = write_stale(options, &stale, selected, format);
    standings_release(&stale.standings);
    standings_release(&stale.earlier);
    arena_release(&stale.arena);
    free(selected);
    return status;
}

static int read_words(const struct stale_options *options, int64_t *period, int *format)
{
    if (!parse_duration(options->period, period) || *period < DAY)
        return usage_error(&stale_command, "'%s' is no period of at least a day, such as 30d",
                           options->period);
    *format = words_find(stale_format_words, options->format.text);
    if (*format < 0)
        return report_lack(&stale_command, "there is no format", options->format.text,
                           stale_format_words, words_count(stale_format_words));
    if (options->json)
        *format = FORMAT_JSON;
    const struct change *change = &options->change;
    bool edits =
        change->reason || change->actor || change->commit || change->push || change->dry_run;
    if (edits && !options->fix)
        return usage_error(&stale_command, "nothing is edited without --fix");
    if (options->fix && options->code.count == 0)
        return usage_error(&stale_command, "--fix removes what no code names: give it all with "
                                           "--source");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct stale_options options = {
        .period = "30d", .format = {"text", stale_format_words}, .at = clock_now()};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "only as this one has them [all]"),
        {"source", 0, OPTION_TEXTS, &options.code, "DIR",
         "look for names of flags in this code; may be repeated"},
        {"call", 0, OPTION_TEXTS, &options.calls, "NAME",
         "a function of yours whose first text names a flag; may be repeated"},
        {"counters", 0, OPTION_TEXTS, &options.counters, "FILE",
         "what the library counted, in Prometheus' format; may be repeated"},
        {"for", 0, OPTION_TEXT, &options.period, "D",
         "how long a flag stands until it is stale "
         "[30d]"},
        JSON_OPTION(options.json, "one JSON object"),
        FORMAT_OPTION(options.format, "text, json, or github: annotations [text]"),
        EXIT_CODE_OPTION(options.exit_code, "exit with 1 if anything is found"),
        {"fix", 0, OPTION_FLAG, &options.fix, NULL,
         "remove flags that serve everybody one variant and that no code names"},
        REASON_OPTION(options.change.reason, "with --fix: why, for the ledger"),
        ACTOR_OPTIONS(options.change.actor),
        COMMIT_OPTIONS(options.change.commit, options.change.push),
        {"dry-run", 0, OPTION_FLAG, &options.change.dry_run, NULL,
         "with --fix: show what would change"},
        AT_OPTION(options.at, "the clock [now]"),
        COLOR_OPTION(options.project.color),
    };
    int status, format = FORMAT_TEXT;
    int64_t period;
    options.glob_count =
        options_parse(&stale_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (options.glob_count < 0)
        return status;
    options.globs = argv + 1;
    status = read_words(&options, &period, &format);
    if (status != EXIT_FINE)
        return status;
    struct project *project = project_load(options.project.directory, options.at);
    note_aside(project->directory);
    status = require_sound(project, &options.project);
    struct removals removals = {.count = 0};
    if (status == EXIT_FINE)
        status = find(&options, project, period, (enum stale_format)format, &removals);
    project_free(project);
    if (status == EXIT_FINE && removals.count > 0)
        status = remove_chosen(&options, &removals);
    else if (status == EXIT_FINE && options.fix)
        print_note("no flag can go: each is named by code, or not settled");
    arena_release(&removals.arena);
    return status;
}

const struct command stale_command = {
    .name = "stale",
    .summary = "find flags that can go, and names in code that no flag has",
    .usage = "[GLOB…] [-C DIR] [-e ENV] [--source DIR]… [--call NAME]… [--counters FILE]… "
             "[--for 30d] [--json | --format github] [--exit-code] [--fix --reason TEXT]",
    .examples = "  ffc stale                        by definitions, git and the ledger\n"
                "  ffc stale --source .             and by the code of this repository\n"
                "  ffc stale --source src --call feature\n"
                "  curl -s localhost:9100/metrics | ffc stale --counters -\n"
                "  ffc stale --source . --fix --reason 'rolled out' --commit\n"
                "  ffc stale --json | jq -r '.flags[].flag'\n",
    .run = run,
};
