/* init.c - `ffc init`: a small project to start from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/commands/commands.h"
#include "init.h"
#include "compiler/files/durable.h"
#include "compiler/files/place.h"
#include "compiler/model/model.h"
#include "compiler/project/schema.h"

/* The files of init/, converted to strings by the Makefile. */
static const struct {
    const char *name;
    const char *text; /* NULL: the schema */
    const char *what;
} files[] = {
    {"project.yaml",
#include "init/project.inc"
     , "environments, attributes, segments"},
    {"flags.yaml",
#include "init/flags.inc"
     , "two flags and their tests"},
    {".ffc-schema.json", NULL, "what an editor completes and checks with"},
};
#define FILE_COUNT (sizeof files / sizeof *files)

bool init_write_new(const char *path, const char *text, size_t length, struct buffer *error)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    bool written = fd >= 0 && write_all(fd, text, length) && sync_file(fd);
    if (!written)
        buffer_format(error, "cannot write '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !written)
        unlink_at(AT_FDCWD, path);
    return written;
}

/* Next to other definitions, there would be two `project` sections. */
static bool has_no_definitions(const char *directory, struct buffer *error)
{
    DIR *opened = opendir(directory);
    bool none = true;
    for (struct dirent *entry; none && opened && (entry = readdir(opened));) {
        none = !is_definition(entry->d_name);
        if (!none)
            buffer_format(error, "'%s' holds definitions already, '%s'; name another directory",
                          directory, entry->d_name);
    }
    if (opened)
        closedir(opened);
    return none;
}

/* Writes nothing if any of the files exists. */
static bool is_free(const char *directory, struct buffer *error)
{
    for (size_t i = 0; i < FILE_COUNT; i++) {
        struct buffer path = {0};
        struct stat status;
        buffer_format(&path, "%s/%s", directory, files[i].name);
        bool there = lstat(path.bytes, &status) == 0;
        if (there)
            buffer_format(error, "'%s' is there already; name another directory", path.bytes);
        buffer_release(&path);
        if (there)
            return false;
    }
    return true;
}

static bool write_files(const char *directory, struct buffer *out, struct buffer *error)
{
    if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        buffer_format(error, "cannot make directory '%s': %s", directory, strerror(errno));
        return false;
    }
    if (!is_free(directory, error) || !has_no_definitions(directory, error))
        return false;
    bool fine = true;
    struct buffer schema = {0};
    write_schema(&schema);
    for (size_t i = 0; i < FILE_COUNT && fine; i++) {
        struct buffer path = {0};
        buffer_format(&path, "%s/%s", directory, files[i].name);
        const char *text = files[i].text ? files[i].text : schema.bytes;
        fine = init_write_new(path.bytes, text, strlen(text), error);
        if (fine)
            terminal_format(out, "%-39s %s\n", path.bytes, files[i].what);
        buffer_release(&path);
    }
    buffer_release(&schema);
    return fine;
}

static const char *const ci_words[] = WORDS(INIT_CIS);
static const char *const deploy_words[] = WORDS(INIT_DEPLOYS);

/* -1: it was not given. False: reported. */
static bool take_word(const struct option_word *given, const char *kind, size_t count, int *word)
{
    *word = given->text ? words_find(given->words, given->text) : -1;
    if (given->text && *word < 0)
        report_unknown(&init_command, kind, given->text, given->words, count);
    return !given->text || *word >= 0;
}

/* A project that is there gets the pipelines alone. */
static bool write_all_files(const char *directory, const struct init_wanted *wanted,
                            struct buffer *out, struct buffer *error)
{
    struct buffer holds = {0};
    bool only_pipelines =
        (wanted->ci >= 0 || wanted->deploy >= 0) && !has_no_definitions(directory, &holds);
    buffer_release(&holds);
    if (!only_pipelines && !write_files(directory, out, error))
        return false;
    bool written = init_pipelines(wanted, directory, out, error);
    if (written && only_pipelines)
        return true;
    if (written) {
        struct buffer word = {0};
        shell_append(&word, directory);
        terminal_format(out, "\nNext: ffc check -C %s && ffc test -C %s\n", word.bytes, word.bytes);
        buffer_release(&word);
    }
    return written;
}

static int run(int argc, char **argv)
{
    struct option_word ci = {NULL, ci_words}, deploy = {NULL, deploy_words};
    const struct option table[] = {
        {"ci", 0, OPTION_WORD, &ci, "CI",
         "github: with operations and decisions; gitlab; or none [github, for pull requests]"},
        {"deploy", 0, OPTION_WORD, &deploy, "WHERE",
         "also what runs ffreplay or services there: systemd, cron or kubernetes"},
    };
    struct init_wanted wanted;
    int status;
    int operands =
        options_parse(&init_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 1)
        return usage_error(&init_command, "one directory at a time, not '%s' too", argv[2]);
    if (!take_word(&ci, "CI", WORDS_COUNT(INIT_CIS), &wanted.ci) ||
        !take_word(&deploy, "deployment", WORDS_COUNT(INIT_DEPLOYS), &wanted.deploy))
        return EXIT_JOB;
    const char *directory = operands == 1 ? argv[1] : "flags";
    struct buffer out = {0}, error = {0};
    bool written = write_all_files(directory, &wanted, &out, &error);
    status = write_stdout(&init_command, &out) ? EXIT_FINE : EXIT_JOB;
    if (!written)
        status = job_error(&init_command, "%s", error.bytes);
    buffer_release(&out);
    buffer_release(&error);
    return status;
}

const struct command init_command = {
    .name = "init",
    .summary = "write a small project to start from",
    .usage = "[DIR] [--ci CI] [--deploy WHERE]",
    .examples = "  ffc init                         in flags/, and a workflow for GitHub\n"
                "  ffc init config --ci gitlab      elsewhere, and a pipeline for GitLab\n"
                "  ffc init --deploy kubernetes     to a project that is there: manifests\n",
    .run = run,
};
