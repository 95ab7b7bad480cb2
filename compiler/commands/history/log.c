/* log.c - `ffc log`: what changed the meaning of flags, when, by whom and why. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/words.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/answer.h"
#include "history.h"
#include "history_write.h"

#define LOG_FORMATS_SHOWN(X)      \
    X(SHOWN_TEXT, "text")         \
    X(SHOWN_MARKDOWN, "markdown") \
    X(SHOWN_GITHUB, "github")     \
    X(SHOWN_JSON, "json")
enum shown_format { LOG_FORMATS_SHOWN(WORDS_MEMBER) };
static const char *const shown_format_words[] = WORDS(LOG_FORMATS_SHOWN);

struct log_options {
    struct project_choice project;
    struct history_choice choice;
    struct option_word format;
    bool json;
};

static int write_log(const struct history *history, const struct log_options *options,
                     enum shown_format format)
{
    struct buffer out = {0};
    switch (format) {
    case SHOWN_TEXT:
        if (history->count == 0)
            buffer_append_text(&out, "No change is known.\n");
        write_changes_text(history, use_color(options->project.color, stdout), &out);
        break;
    case SHOWN_MARKDOWN:
    case SHOWN_GITHUB:
        write_changes_markdown(history, &out);
        break;
    case SHOWN_JSON:
        buffer_append_text(&out, "{\"format_version\":1");
        write_changes_json(history, &out);
        field_truth(&out, "git", history->git);
        buffer_append_text(&out, "}\n");
        break;
    }
    int status = write_stdout(&log_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    note_unknown_history(history);
    return status;
}

/* A flag that is gone has a history, too; a name that nothing ever had is a mistake. */
static int check_names(const struct project *project, const struct log_options *options,
                       const struct history *history)
{
    const struct history_choice *choice = &options->choice;
    if (choice->environment &&
        choose_environment(&log_command, project, choice->environment) == UINT32_MAX)
        return EXIT_JOB;
    for (uint32_t i = 0; i < choice->flag_count && history->count == 0; i++)
        if (!project_flag(project, choice->flags[i]) && project->diagnostics.errors == 0) {
            unknown_flag(&log_command, project, choice->flags[i]);
            return EXIT_INPUT;
        }
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct log_options options = {
        .choice = {.since = INT64_MIN, .until = INT64_MAX, .most = UINT32_MAX, .now = clock_now()},
        .format = {"text", shown_format_words}};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.choice.environment, "only this one [all]"),
        SINCE_OPTION(options.choice.since, "only the last 7d, or what came after a TIME"),
        UNTIL_OPTION(options.choice.until, "only what came before"),
        {"number", 'n', OPTION_COUNT, &options.choice.most, "N", "only the last ones [all]"},
        FORMAT_OPTION(options.format, "text, markdown, github (the same) or json [text]"),
        JSON_OPTION(options.json, "the same as --format json"),
        COLOR_OPTION(options.project.color),
    };
    int status;
    int count =
        options_parse(&log_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (count < 0)
        return status;
    int format = options.json ? SHOWN_JSON : words_find(shown_format_words, options.format.text);
    if (format < 0)
        return report_lack(&log_command, "there is no format", options.format.text,
                           shown_format_words, words_count(shown_format_words));
    struct arena arena = {0};
    options.choice.flags = (const char *const *)(argv + 1);
    options.choice.flag_count = (uint32_t)count;
    struct project *project = project_load(options.project.directory, options.choice.now);
    note_aside(project->directory);
    const struct history history = flag_history(project, &options.choice, &arena);
    status = check_names(project, &options, &history);
    if (status == EXIT_FINE)
        status = write_log(&history, &options, (enum shown_format)format);
    int unread = show_unread(project, options.project.format, options.project.color);
    project_free(project);
    arena_release(&arena);
    return status == EXIT_FINE ? unread : status;
}

const struct command log_command = {
    .name = "log",
    .summary = "show who changed what flags mean, when and why",
    .usage = "[FLAG…] [-C DIR] [-e ENV] [--since 7d] [--until TIME] [-n N] [--format FORMAT]",
    .examples = "  ffc log                          every change, newest first\n"
                "  ffc log new-checkout -n 5        the last five of a flag\n"
                "  ffc log -e production --since 7d what the last week changed\n"
                "  ffc log --since 2026-11-01 --until 2026-12-01T00:00:00Z\n"
                "  ffc log --json | jq '.changes[] | select(.who == \"maria\")'\n",
    .run = run,
};
