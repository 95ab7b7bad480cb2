/* fmt.c - `ffc fmt`: writes definition files in canonical form, or lists those that are not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/files/format.h"
#include "compiler/files/publish.h"
#include "commands.h"
#include "compiler/base/file.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

struct formatting {
    struct arena arena;
    struct sources sources;
    struct diagnostics diagnostics;
    bool check, diff;
    uint32_t different;
    int status;
};

static void fail(struct formatting *formatting, int status)
{
    if (formatting->status < status)
        formatting->status = status;
}

static void add_file(struct formatting *formatting, const char *path)
{
    struct buffer text = {0}, error = {0};
    if (!read_file(path, YAML_MAX_FILE + 1, &text, &error)) {
        job_error(&fmt_command, "cannot read '%s': %s", path, error.bytes);
        fail(formatting, EXIT_JOB);
    } else {
        struct source *source =
            ARENA_APPEND(&formatting->arena, formatting->sources.items, formatting->sources.count);
        source->path = source->name = path;
        source->text = arena_copy(&formatting->arena, text.bytes ? text.bytes : "", text.length);
        source->length = text.length;
    }
    buffer_release(&text);
    buffer_release(&error);
}

/* The files of a project, even if it does not pass `ffc check`. */
static void add_project(struct formatting *formatting, const struct project_choice *choice)
{
    struct project *project = project_load(choice->directory, 0);
    bool readable = diagnostics_status(&project->diagnostics) != EXIT_JOB;
    if (!readable) {
        show_diagnostics(project, choice->format, choice->color);
        fail(formatting, EXIT_JOB);
    }
    for (uint32_t i = 0; readable && i < project->sources.count; i++) {
        const char *path = project->sources.items[i].path;
        add_file(formatting, arena_copy(&formatting->arena, path, strlen(path)));
    }
    project_free(project);
}

static void print_path(const char *path)
{
    struct buffer line = {0};
    terminal_format(&line, "%s\n", path);
    fwrite(line.bytes, 1, line.length, stdout);
    buffer_release(&line);
}

/* Prints a `diff -u` of the file and its canonical form on stdout. */
static void show_diff(struct formatting *formatting, const char *path, const struct buffer *text)
{
    FILE *formatted = tmpfile();
    if (!formatted || fwrite(text->bytes, 1, text->length, formatted) != text->length ||
        fflush(formatted) != 0 || fseek(formatted, 0, SEEK_SET) != 0) {
        job_error(&fmt_command, "cannot write a temporary file: %s", strerror(errno));
        fail(formatting, EXIT_JOB);
    } else {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            dup2(fileno(formatted), STDIN_FILENO);
            struct buffer label = {0};
            terminal_append(&label, path);
            execlp("diff", "diff", "-u", "--label", label.bytes, "--label", label.bytes, "--", path,
                   "-", (char *)NULL);
            _exit(127);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
            WEXITSTATUS(status) > 1) {
            job_error(&fmt_command, "cannot run diff");
            fail(formatting, EXIT_JOB);
        }
    }
    if (formatted)
        fclose(formatted);
}

static void replace_source(struct formatting *formatting, const char *path,
                           const struct buffer *text)
{
    struct stat like;
    struct buffer error = {0};
    if (stat(path, &like) != 0)
        buffer_format(&error, "cannot read '%s': %s", path, strerror(errno));
    const struct content content = {text->bytes, text->length, &like, NULL};
    if (error.length > 0 || replace_file(path, &content, &error) != REPLACED_SAFELY) {
        job_error(&fmt_command, "%s", error.bytes);
        fail(formatting, EXIT_JOB);
    } else {
        print_path(path);
    }
    buffer_release(&error);
}

static void format_one(struct formatting *formatting, uint32_t file)
{
    const struct source *source = &formatting->sources.items[file];
    struct buffer text = {0};
    const char *problem = NULL;
    enum format_result result = format_source(&formatting->sources, file, &formatting->arena,
                                              &formatting->diagnostics, &text, &problem);
    bool same = text.length == source->length &&
                memcmp(text.bytes ? text.bytes : "", source->text, source->length) == 0;
    if (result == FORMAT_BROKEN) {
        fail(formatting, EXIT_INPUT);
    } else if (result == FORMAT_REFUSED) {
        job_error(&fmt_command, "%s: left as it is: %s", source->path, problem);
        fail(formatting, EXIT_INPUT);
    } else if (strcmp(source->path, "-") == 0) {
        if (!write_stdout(&fmt_command, &text))
            fail(formatting, EXIT_JOB);
    } else if (!same) {
        formatting->different++;
        if (formatting->diff)
            show_diff(formatting, source->path, &text);
        else if (formatting->check)
            print_path(source->path);
        else
            replace_source(formatting, source->path, &text);
    }
    buffer_release(&text);
}

static int run(int argc, char **argv)
{
    struct formatting formatting = {.status = EXIT_FINE};
    struct project_choice choice = {0};
    const struct option options[] = {
        DIRECTORY_OPTION(choice.directory),
        {"check", 0, OPTION_FLAG, &formatting.check, NULL,
         "change nothing; name the files that would change, and exit 1"},
        {"diff", 0, OPTION_FLAG, &formatting.diff, NULL,
         "change nothing; show what would change, and exit 1"},
        DIAGNOSTICS_OPTIONS(choice),
    };
    int status;
    int operands =
        options_parse(&fmt_command, options, sizeof options / sizeof *options, argc, argv, &status);
    if (operands < 0)
        return status;

    formatting.sources.arena = formatting.diagnostics.arena = &formatting.arena;
    formatting.diagnostics.sources = &formatting.sources;
    if (operands == 0)
        add_project(&formatting, &choice);
    for (int i = 1; i <= operands; i++)
        add_file(&formatting, argv[i]);
    for (uint32_t i = 0; i < formatting.sources.count; i++)
        format_one(&formatting, i);

    if (formatting.diagnostics.count > 0) {
        FILE *out = choice.format == DIAGNOSTIC_TEXT ? stderr : stdout;
        diagnostics_write(&formatting.diagnostics, choice.format, use_color(choice.color, out),
                          out);
    }
    if ((formatting.check || formatting.diff) && formatting.different > 0)
        fail(&formatting, EXIT_INPUT);
    if (fflush(stdout) != 0)
        fail(&formatting, job_error(&fmt_command, "cannot write to stdout: %s", strerror(errno)));
    arena_release(&formatting.arena);
    return formatting.status;
}

const struct command fmt_command = {
    .name = "fmt",
    .summary = "write definition files in canonical form",
    .usage = "[--check | --diff] [-C DIR | FILE…]",
    .examples = "  ffc fmt                  the project's files, in place; lists what changed\n"
                "  ffc fmt --check          for CI: exits 1 if anything would change\n"
                "  ffc fmt --diff web.yaml  what would change in one file\n"
                "  ffc fmt - <web.yaml      from stdin to stdout\n",
    .run = run,
};
