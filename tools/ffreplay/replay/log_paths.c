/* log_paths.c - see log_paths.h. */
#include "log_paths.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "replay.h"

/* ---------------------------------------------------------------------------------- rotation -- */

#define NOT_ROTATED (-1)

/* A name without what compression adds. */
static size_t plain_length(const char *path)
{
    static const char *const endings[] = {".gz", ".zst"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length > size && strcmp(path + length - size, endings[i]) == 0)
            return length - size;
    }
    return length;
}

/* "access.log.12.gz" is 12, and *base the length of "access.log". */
static long rotation_of(const char *path, size_t *base)
{
    size_t length = plain_length(path), digits = 0;
    while (digits < length && path[length - 1 - digits] >= '0' && path[length - 1 - digits] <= '9')
        digits++;
    *base = length;
    if (digits == 0 || digits > 5 || digits == length || path[length - 1 - digits] != '.')
        return NOT_ROTATED;
    *base = length - digits - 1;
    return strtol(path + length - digits, NULL, 10);
}

/* The oldest first: of numbers the greatest, of dates the least, and what has neither last. */
static int by_age(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    size_t base, base2;
    long number = rotation_of(one, &base), number2 = rotation_of(other, &base2);
    size_t shared = base < base2 ? base : base2;
    int order = strncmp(one, other, shared);
    if (order != 0)
        return order;
    if (base != base2)
        return base > base2 ? -1 : 1;
    if (number != number2)
        return number > number2 ? -1 : 1;
    return strcmp(one, other);
}

/* What is being compressed, is there twice. */
static bool is_twin(const glob_t *found, size_t index)
{
    const char *path = found->gl_pathv[index];
    size_t length = plain_length(path);
    for (size_t i = 0; path[length] && i < found->gl_pathc; i++)
        if (strlen(found->gl_pathv[i]) == length && memcmp(found->gl_pathv[i], path, length) == 0)
            return true;
    return false;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void log_files_find(struct log_files *files, const char *pattern)
{
    *files = (struct log_files){0};
    if (glob(pattern, GLOB_NOSORT, NULL, &files->found) != 0)
        return;
    glob_t *found = &files->found;
    qsort(found->gl_pathv, found->gl_pathc, sizeof *found->gl_pathv, by_age);
    files->paths = xcalloc(found->gl_pathc + 1, sizeof *files->paths);
    for (size_t i = 0; i < found->gl_pathc; i++)
        if (!is_directory(found->gl_pathv[i]) && !is_twin(found, i))
            files->paths[files->count++] = found->gl_pathv[i];
}

void log_files_release(struct log_files *files)
{
    if (files->paths)
        globfree(&files->found);
    free(files->paths);
    *files = (struct log_files){0};
}

const char *log_pattern(struct project *project, uint32_t log)
{
    const char *path = project->logs[log]->path.text;
    return *path == '/' ? path : arena_format(&project->arena, "%s/%s", project->directory, path);
}

/* ------------------------------------------------------------------------------------ adding -- */

static bool add_matches(struct replay *replay, uint32_t number, struct log_arguments *arguments)
{
    struct project *project = replay->project;
    const struct log *log = project->logs[number];
    struct arena *arena = &project->arena;
    const char *path = log_pattern(project, number);
    struct log_files files;
    log_files_find(&files, path);
    size_t count = files.count;
    for (size_t i = 0; i < count; i++)
        *ARENA_APPEND(arena, arguments->items, arguments->count) =
            arena_format(arena, "%s=%s", log->name.text, files.paths[i]);
    log_files_release(&files);
    if (count > 0)
        return true;
    print_error_at(&project->sources, log->path.span, "no file of log '%s' is there: '%s'",
                   log->name.text, path);
    print_help("name its files on the command line: %s=FILE", log->name.text);
    return false;
}

static bool lacks_files(const struct log *log)
{
    job_error(NULL, "expected at least one log ('-' is stdin): log '%s' has no 'path' or 'command'",
              log->name.text);
    print_help("name its files, %s=FILE, or say in its definition where they are", log->name.text);
    return false;
}

static bool any_concerned(const struct replay *replay)
{
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        if (replay->concerned[i])
            return true;
    return false;
}

/* An array of our own, which can grow. */
static void copy(struct replay *replay, struct log_arguments *arguments)
{
    const struct log_arguments given = *arguments;
    arguments->items = NULL;
    arguments->count = 0;
    for (size_t i = 0; i < given.count; i++)
        *ARENA_APPEND(&replay->project->arena, arguments->items, arguments->count) = given.items[i];
}

/* ---------------------------------------------------------------------------------- commands -- */

static bool may_run(const struct replay *replay, const struct log *log,
                    const struct asked_times *times)
{
    struct buffer why = {0};
    enum permitted permitted =
        permission_has(&replay->commands, replay->project->directory, &log->command, &why);
    if (why.length)
        print_warning("%s", why.bytes);
    buffer_release(&why);
    if (permitted == PERMITTED)
        return log_command_is_told(replay->project, log, times);
    print_error_at(&replay->project->sources, log->command.arguments.items[0].span,
                   "log '%s' is what a program prints, '%s', which may not be run", log->name.text,
                   log->command.arguments.items[0].text);
    print_help("add --allow-commands if you trust these definitions, or name a file: %s=FILE",
               log->name.text);
    return false;
}

static bool add_output(struct replay *replay, const struct log *log,
                       struct log_arguments *arguments, const struct asked_times *times)
{
    struct arena *arena = &replay->project->arena;
    struct command_output output = {.is_quiet = false};
    if (!log_command_run(replay->project, arena, log, times, &output))
        return false;
    *ARENA_APPEND(arena, arguments->items, arguments->count) =
        arena_format(arena, "%s=%s", log->name.text, output.path);
    *ARENA_APPEND(arena, arguments->outputs, arguments->output_count) = output;
    return true;
}

/* -------------------------------------------------------------------------------------- logs -- */

static bool add_log(struct replay *replay, uint32_t number, struct log_arguments *arguments,
                    const struct asked_times *times)
{
    const struct log *log = replay->project->logs[number];
    return log->command.arguments.count ? add_output(replay, log, arguments, times)
                                        : add_matches(replay, number, arguments);
}

static bool has_source(const struct log *log)
{
    return log->path.text || log->command.arguments.count > 0;
}

const bool *log_paths_choose(const struct replay *replay, const struct log_arguments *arguments,
                             const struct asked_times *times)
{
    const struct project *project = replay->project;
    const bool *given = replay_logs_read(replay, arguments->items, arguments->count);
    bool none_named = arguments->count == 0, any = any_concerned(replay);
    bool *wanted = ARENA_ARRAY(&replay->project->arena, bool, project->log_count);
    for (uint32_t i = 0; given && i < project->log_count; i++) {
        const struct log *log = project->logs[i];
        if (given[i] || (any && !replay->concerned[i]))
            continue;
        wanted[i] = has_source(log);
        if (wanted[i] ? log->command.arguments.count && !may_run(replay, log, times)
                      : none_named && any && !lacks_files(log))
            return NULL;
    }
    return given ? wanted : NULL;
}

void log_paths_release(struct log_arguments *arguments)
{
    for (size_t i = 0; i < arguments->output_count; i++)
        log_command_release(&arguments->outputs[i]);
    arguments->output_count = 0;
}

void log_paths_report_none(void)
{
    job_error(NULL, "expected at least one log ('-' is stdin)");
    print_help("a log whose definition has a 'path' or a 'command' needs none");
}

bool log_paths_add(struct replay *replay, struct log_arguments *arguments,
                   const struct asked_times *times)
{
    const struct project *project = replay->project;
    const bool *wanted = log_paths_choose(replay, arguments, times);
    if (!wanted)
        return false;
    copy(replay, arguments);
    for (uint32_t i = 0; i < project->log_count; i++)
        if (wanted[i] && !add_log(replay, i, arguments, times))
            return false;
    if (arguments->count > 0)
        return true;
    log_paths_report_none();
    return false;
}
