/* diff.c - `ffc diff`: what changed between two versions of flags, and whom it touches. */
#include "diff.h"
#include "compiler/commands/edit_told.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/cli/messages.h"
#include "compiler/files/git.h"
#include "compiler/rollout/recovery.h"

#define DIFF_FORMATS(X)          \
    X(DIFF_TEXT, "text")         \
    X(DIFF_MARKDOWN, "markdown") \
    X(DIFF_JSON, "json")         \
    X(DIFF_GITHUB, "github")
enum diff_format { DIFF_FORMATS(WORDS_MEMBER) };
static const char *const diff_format_words[] = WORDS(DIFF_FORMATS);

struct diff_options {
    struct project_choice project;
    const char *environment;
    struct option_word format;
    struct option_texts contexts, logs;
    bool exit_code;
    int64_t at;
};

static int write_diff(const struct diff *diff, const struct diff_options *options,
                      enum diff_format format)
{
    struct buffer out = {0};
    switch (format) {
    case DIFF_TEXT:
        write_diff_text(diff, use_color(options->project.color, stdout), &out);
        break;
    case DIFF_MARKDOWN:
    case DIFF_GITHUB:
        write_diff_markdown(diff, &out);
        break;
    case DIFF_JSON:
        write_diff_json(diff, &out);
        break;
    }
    int status = write_stdout(&diff_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}

/* What a sparse checkout leaves out of the work tree is not gone. */
static void note_sparse(const struct diff *diff)
{
    const struct diff_sides *sides = diff->sides;
    bool gone = false;
    for (uint32_t i = 0; i < diff->change_count; i++)
        gone |= diff->changes[i].kind == CHANGE_REMOVED;
    if (gone && sides->items[VERSION_NEW].source == SOURCE_WORK_TREE &&
        git_is_sparse(sides->repository))
        print_note("this checkout is sparse, and what it leaves out is told as removed: git "
                   "sparse-checkout disable");
}

static int compare(struct diff_sides *sides, const struct diff_options *options,
                   enum diff_format format)
{
    struct diff diff;
    diff_find(&diff, sides, options->at);
    int status = EXIT_FINE;
    for (size_t i = 0; i < options->contexts.count && status == EXIT_FINE; i++)
        status = count_contexts(&diff_command, &diff, options->contexts.items[i]);
    for (size_t i = 0; i < options->logs.count && status == EXIT_FINE; i++)
        status = count_log(&diff_command, &diff, options->logs.items[i]);
    if (status == EXIT_FINE)
        status = write_diff(&diff, options, format);
    note_sparse(&diff);
    if (status == EXIT_FINE && options->exit_code && diff.change_count > 0)
        status = EXIT_INPUT;
    diff_release(&diff);
    return status;
}

int tell_edit(const struct told_edit *edit, struct buffer *out)
{
    const struct project_choice choice = {0};
    struct diff_sides sides;
    diff_sides_of(edit->old, edit->new, edit->renamed, &sides);
    int status = diff_sides_compile(edit->command, &choice, NULL, &sides);
    if (status == EXIT_FINE) {
        struct diff diff;
        diff_find(&diff, &sides, edit->now);
        if (edit->form == TOLD_JSON)
            write_diff_json(&diff, out);
        else
            write_diff_text(&diff, edit->form == TOLD_COLORED, out);
        diff_release(&diff);
    }
    diff_sides_release(&sides);
    return status;
}

static int run(int argc, char **argv)
{
    struct diff_options options = {.format = {"text", diff_format_words}, .at = clock_now()};
    const struct option table[] = {
        DIRECTORY_OPTION(options.project.directory),
        ENVIRONMENT_OPTION(options.environment, "only this one [all]"),
        FORMAT_OPTION(options.format, "text, markdown, github (the same) or json [text]"),
        {"contexts", 0, OPTION_TEXTS, &options.contexts, "FILE",
         "count those of these contexts that are touched, one a line; - for stdin"},
        {"log", 0, OPTION_TEXTS, &options.logs, "NAME=FILE",
         "count the units of a log of the project, in NDJSON, that are touched"},
        EXIT_CODE_OPTION(options.exit_code, "exit with 1 if anything changed"),
        AT_OPTION(options.at, "the clock [now]"),
        COLOR_OPTION(options.project.color),
    };
    int status;
    int count =
        options_parse(&diff_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (count < 0)
        return status;
    int format = words_find(diff_format_words, options.format.text);
    if (format < 0)
        return report_lack(&diff_command, "there is no format", options.format.text,
                           diff_format_words, words_count(diff_format_words));
    if (count > 2)
        return usage_error(&diff_command, "two versions are compared, not %d", count);
    struct diff_sides sides;
    status = diff_sides_open(&diff_command, &options.project, count, argv + 1, options.at, &sides);
    if (status == EXIT_FINE)
        status = diff_sides_compile(&diff_command, &options.project, options.environment, &sides);
    if (status == EXIT_FINE)
        status = compare(&sides, &options, (enum diff_format)format);
    diff_sides_release(&sides);
    return status;
}

const struct command diff_command = {
    .name = "diff",
    .summary = "show what a change of flags means, and whom it touches",
    .usage = "[OLD [NEW] | OLD..NEW] [-C DIR] [-e ENV] [--contexts FILE] [--log NAME=FILE] "
             "[--format FORMAT] [--exit-code]",
    .examples = "  ffc diff                         HEAD and the work tree\n"
                "  ffc diff main..HEAD              what a branch changes\n"
                "  ffc diff main --format github    as a comment on a pull request\n"
                "  ffc diff old.ffs new.ffs         two snapshots\n"
                "  ffc diff ./flags ../next/flags   two directories\n"
                "  ffc diff main -e production --contexts users.ndjson\n",
    .run = run,
};
