/* history.c - `ffreplay history`: what the ledger says was changed and why, and whether it is
 * intact. */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/cli/option_rows.h"
#include "compiler/ledger/actor.h"
#include "compiler/rollout/recovery.h"
#include "history_command.h"
#include "compiler/choose/choose.h"

static int run(int argc, char **argv);

const struct command history_command = {
    .name = "history",
    .summary = "show what was changed and why; verify the ledger",
    .usage = "[FLAG] [-e ENV] [--last N | --verify | --acknowledge HASH --reason TEXT]",
    .examples = "  ffreplay history\n"
                "  ffreplay history canary.checkout -e production\n"
                "  ffreplay history --last 10\n"
                "  ffreplay history --verify --expect 3f0c2a91be77\n"
                "  ffreplay history --acknowledge 3f0c2a91be77 --reason 'both lines of a merge'\n"
                "  ffreplay history --json | jq 'select(.verdict == \"rollback\")'\n",
    .run = run,
};

/* ----------------------------------------------------------------------------------- entries -- */

/* A rollback and an override name their flag first, before those of a list. */
static void name_flags(struct history *history, struct recorded *record, uint32_t entry)
{
    const json_t *list = json_object_get(record->json, "flags"), *item;
    size_t at, most = json_array_size(list) + 1;
    struct last_name *flags = ARENA_ARRAY(&history->arena, struct last_name, most);
    if (record->flag)
        flags[record->flag_count++] = last_name(&history->renames, record->flag, entry);
    json_array_foreach((json_t *)(uintptr_t)list, at, item)
    {
        if (json_is_string(item))
            flags[record->flag_count++] =
                last_name(&history->renames, json_string_value(item), entry);
    }
    record->flags = flags;
}

static void parse_all(struct history *history)
{
    const struct ledger_entries *entries = &history->entries;
    history->records = ARENA_ARRAY(&history->arena, struct recorded, entries->count + 1);
    history->shown = ARENA_ARRAY(&history->arena, struct recorded, entries->count + 1);
    history->renames = (struct told_renames){.entries = entries->count};
    for (uint32_t i = 0; i < entries->count; i++) {
        struct recorded *record = &history->records[i];
        json_t *json = json_loadb(entries->items[i].text, entries->items[i].length, 0, NULL);
        if (record_parse(record, json)) {
            record->entry = &entries->items[i];
            told_renames_add(&history->renames, json, i, &history->arena);
            continue;
        }
        json_decref(json);
        *record = (struct recorded){0};
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        if (!history->records[i].json)
            continue;
        name_flags(history, &history->records[i], i);
        history->shown[history->shown_count++] = history->records[i];
    }
}

bool history_read(struct history *history, struct buffer *error)
{
    if (sodium_init() < 0 || !ledger_read(history->directory, &history->entries, error))
        return false;
    note_aside(history->directory);
    parse_all(history);
    history_verify(&history->entries, history->records, &history->arena, &history->breaks);
    return true;
}

static void history_release(struct history *history)
{
    for (uint32_t i = 0; history->records && i < history->entries.count; i++)
        json_decref((json_t *)(uintptr_t)history->records[i].json);
    ledger_release(&history->entries);
    buffer_release(&history->out);
    arena_release(&history->arena);
}

/* -------------------------------------------------------------------------------------- page -- */

/* As it was written, unless somebody reformatted it over several lines. */
static void write_json(struct buffer *out, const struct recorded *record)
{
    const struct ledger_entry *entry = record->entry;
    bool one_line = !memchr(entry->text, '\n', entry->length);
    char *text = one_line ? NULL : json_dumps(record->json, JSON_COMPACT);
    json_write_document(out, text ? text : entry->text, text ? strlen(text) : entry->length);
    buffer_append_text(out, "\n");
    free(text);
}

static void write_entries(struct history *history, const struct history_options *options)
{
    uint64_t shown = 0, rollbacks = 0;
    for (size_t i = 0; i < history->shown_count; i++) {
        const struct recorded *record = &history->shown[i];
        if (!record_is_of(record, history->flag, options->environment))
            continue;
        if (options->json)
            write_json(&history->out, record);
        else if (!history_write_record(&history->page, history->shown, history->shown_count, i))
            continue;
        shown++;
        rollbacks += record_takes_back(record);
    }
    if (options->json)
        return;
    if (shown == 0)
        buffer_append_text(&history->out, "no change in the ledger fits\n");
    else
        terminal_format(&history->out, "\n%" PRIu64 " change%s, %" PRIu64 " rollback%s\n", shown,
                        shown == 1 ? "" : "s", rollbacks, rollbacks == 1 ? "" : "s");
}

static void write_rollouts(struct history *history, const struct history_options *options)
{
    const struct rollouts_wish wish = {history->flag, options->environment,
                                       strtoull(options->last, NULL, 10), options->json};
    history_write_rollouts(&history->page, history->shown, history->shown_count, &wish);
}

/* ------------------------------------------------------------------------------------ breaks -- */

static void write_breaks(const struct history *history)
{
    for (size_t i = 0; i < history->breaks.count; i++) {
        const struct ledger_break *found = &history->breaks.items[i];
        if (!found->acknowledged)
            print_at((struct input_place){.folder = history->directory, .path = found->place},
                     MESSAGE_ERROR, "%s (break %.*s)", found->what, LEDGER_DIGITS, found->hash);
    }
    if (history->breaks.open)
        print_help("'git log --stat %s/" LEDGER_FOLDER "*' has what it was; what cannot be\n"
                   "  restored is closed by --acknowledge with the break's digits, and --reason",
                   history->directory);
}

static void write_acknowledged(struct history *history)
{
    for (size_t i = 0; i < history->breaks.count; i++) {
        const struct ledger_break *found = &history->breaks.items[i];
        if (found->acknowledged)
            terminal_format(&history->out, "acknowledged: %s: %s\n  by %s at %s: %s\n",
                            found->place, found->what, found->acknowledged->actor,
                            found->acknowledged->time_text, found->acknowledged->reason);
    }
}

static void write_tips(struct history *history)
{
    for (uint32_t i = 0; i < history->entries.count; i++) {
        const struct ledger_entry *entry = &history->entries.items[i];
        if (ledger_is_tip(entry))
            terminal_format(&history->out, "tip %s\n  %s\n", entry->hash, entry->place);
    }
}

static bool is_there(const struct history *history, const char *hash)
{
    for (uint32_t i = 0; i < history->entries.count; i++) {
        const struct ledger_entry *entry = &history->entries.items[i];
        bool sound = entry->is_old || memcmp(entry->named, entry->hash, LEDGER_DIGITS) == 0;
        if (sound && strncmp(entry->hash, hash, strlen(hash)) == 0)
            return true;
    }
    return false;
}

static int verify(struct history *history, const struct history_options *options)
{
    int status = history->breaks.open ? EXIT_INPUT : EXIT_FINE;
    for (size_t i = 0; i < options->expected.count; i++) {
        if (is_there(history, options->expected.items[i]))
            continue;
        print_at((struct input_place){.folder = history->directory, .path = LEDGER_FOLDER},
                 MESSAGE_ERROR, "no entry has the hash %s", options->expected.items[i]);
        print_help("it was lost, or what has it was never merged into this branch");
        status = EXIT_INPUT;
    }
    if (status != EXIT_FINE)
        return status;
    terminal_format(&history->out, "%s/" LEDGER_FOLDER ": %zu entr%s, %s\n", history->directory,
                    history->shown_count, history->shown_count == 1 ? "y" : "ies",
                    history->breaks.count ? "and every break is acknowledged"
                                          : "and all that they follow exist");
    write_acknowledged(history);
    write_tips(history);
    return status;
}

/* --------------------------------------------------------------------------------------- run -- */

/* By its former name, too, which no flag has now: what that says is said of the flag. */
static void find_flag(struct history *history, const struct project *project, const char *name)
{
    const struct told_rename *away = NULL;
    if (!name)
        return;
    if (!project_flag(project, name))
        away = renamed_away(&history->renames, name);
    history->flag = ARENA_ARRAY(&history->arena, struct last_name, 1);
    *history->flag = away ? last_name(&history->renames, away->to, away->entry)
                          : last_name(&history->renames, name, history->entries.count);
    if (away)
        print_note("'%s' was renamed; this is the history of '%s'", name, history->flag->name);
}

/* A name that neither the definitions nor the ledger has is a typo. */
static bool are_known(const struct history *history, const struct project *project,
                      const struct history_options *options)
{
    const char *flag = options->flag, *place = options->environment;
    bool flag_is_known = !flag || !project->flag_count;
    bool place_is_known = !place || !project->environments.count;
    for (size_t i = 0; i < history->shown_count; i++) {
        const struct recorded *record = &history->shown[i];
        flag_is_known |= record_is_of(record, history->flag, NULL);
        place_is_known |= place && record->environment && strcmp(record->environment, place) == 0;
    }
    return (place_is_known || choose_environment(&history_command, project, place) != UINT32_MAX) &&
           (flag_is_known || choose_flag(&history_command, project, flag));
}

static int show(struct history *history, const struct project *project,
                const struct history_options *options)
{
    struct buffer error = {0};
    bool verifies = options->verify || options->expected.count;
    if (!history_read(history, &error)) {
        int failed = job_error(&history_command, "%s", error.length ? error.bytes : "no sodium");
        buffer_release(&error);
        return failed;
    }
    bool empty = history->entries.count == 0;
    if (empty && project->sources.count == 0)
        return job_error(&history_command, "'%s' has neither definitions nor a ledger",
                         history->directory);
    find_flag(history, project, options->flag);
    if (!are_known(history, project, options))
        return EXIT_INPUT;
    if (empty && !options->expected.count) {
        terminal_format(&history->out, "%s/" LEDGER_FOLDER ": there is no ledger yet\n",
                        history->directory);
        return write_stdout(&history_command, &history->out) ? EXIT_FINE : EXIT_JOB;
    }
    int status = history->breaks.open ? EXIT_INPUT : EXIT_FINE;
    write_breaks(history);
    if (verifies)
        status = verify(history, options);
    else if (options->last)
        write_rollouts(history, options);
    else
        write_entries(history, options);
    return write_stdout(&history_command, &history->out) ? status : EXIT_JOB;
}

static bool is_digits(const char *text, const char *digits, size_t least)
{
    size_t length = strlen(text);
    return length >= least && length < LEDGER_HASH && strspn(text, digits) == length;
}

static bool are_hashes(const struct option_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (is_digits(texts->items[i], "0123456789abcdef", LEDGER_DIGITS))
            continue;
        usage_error(&history_command, "'%s' is no hash: at least %d of its hexadecimal digits",
                    texts->items[i], LEDGER_DIGITS);
        return false;
    }
    return true;
}

static bool check_usage(const struct history_options *options, int operands)
{
    bool verifies = options->verify || options->expected.count;
    bool acknowledges = options->acknowledged.count > 0;
    if (operands > 1)
        usage_error(&history_command, "expected at most one flag");
    else if (options->last && !is_digits(options->last, "0123456789", 1))
        usage_error(&history_command, "--last is a number of rollouts, not '%s'", options->last);
    else if (options->last && verifies)
        usage_error(&history_command, "--verify shows no rollouts");
    else if (acknowledges && (options->last || verifies || operands > 0))
        usage_error(&history_command, "--acknowledge stands alone");
    else if (acknowledges && (!options->reason || !options->reason[strspn(options->reason, " \t")]))
        usage_error(&history_command, "why? Give a --reason: it is kept in the ledger");
    else if (!acknowledges && options->reason)
        usage_error(&history_command, "--reason is for --acknowledge");
    else
        return are_hashes(&options->expected) && are_hashes(&options->acknowledged);
    return false;
}

static int run(int argc, char **argv)
{
    struct history_options options = {0};
    const char *directory = NULL;
    const struct option table[] = {
        DIRECTORY_OPTION(directory),
        ENVIRONMENT_OPTION(options.environment, "only changes in this environment"),
        {"verify", 0, OPTION_FLAG, &options.verify, NULL,
         "only check that no entry was changed or is missing; print the tips"},
        {"expect", 0, OPTION_TEXTS, &options.expected, "HASH",
         "also check that this entry is there; may be repeated"},
        {"acknowledge", 0, OPTION_TEXTS, &options.acknowledged, "HASH",
         "close a break that cannot be mended; may be repeated"},
        REASON_OPTION(options.reason, "with --acknowledge: why"),
        ACTOR_OPTIONS(options.actor),
        {"last", 0, OPTION_TEXT, &options.last, "N", "the last N rollouts, with their metrics"},
        JSON_OPTION(options.json,
                    "the ledger's own entries, one per line; with --last, one object per rollout"),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&history_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands == 1)
        options.flag = argv[1];
    status = EXIT_JOB;
    if (check_usage(&options, operands)) {
        /* The definitions need not be valid: history does not depend on them. */
        struct project *project = project_load(directory, (int64_t)time(NULL) * 1000);
        struct history history = {.directory = project->directory};
        history.page = page_for(stdout, options.color, &history.arena, &history.out);
        status = options.acknowledged.count ? history_acknowledge(&history, project, &options)
                                            : show(&history, project, &options);
        history_release(&history);
        project_free(project);
    }
    return status;
}
