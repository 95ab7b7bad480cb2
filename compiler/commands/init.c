/* init.c - `ffc init`: a small project to start from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "commands.h"
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
    {"_github-workflow.yaml",
#include "init/workflow.inc"
     , "what a pull request should run"},
};
#define FILE_COUNT (sizeof files / sizeof *files)

/* What could not be written whole is not left there. */
static bool write_new(const char *path, const char *text, struct buffer *error)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    bool written = fd >= 0 && write_all(fd, text, strlen(text)) && sync_file(fd);
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
        fine = write_new(path.bytes, files[i].text ? files[i].text : schema.bytes, error);
        if (fine)
            terminal_format(out, "%-32s %s\n", path.bytes, files[i].what);
        buffer_release(&path);
    }
    buffer_release(&schema);
    return fine;
}

static int run(int argc, char **argv)
{
    int status;
    int operands = options_parse(&init_command, NULL, 0, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 1)
        return usage_error(&init_command, "one directory at a time, not '%s' too", argv[2]);
    const char *directory = operands == 1 ? argv[1] : "flags";
    struct buffer out = {0}, error = {0};
    bool written = write_files(directory, &out, &error);
    if (written)
        terminal_format(&out, "\nNext: ffc check -C %s && ffc test -C %s\n", directory, directory);
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
    .usage = "[DIR]",
    .examples = "  ffc init           in flags/\n"
                "  ffc init config    elsewhere\n",
    .run = run,
};
