/* log_command.c - see log_command.h. */
#include "log_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/scalar.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/processes/process.h"
#include "tools/ffreplay/logs/source_name.h"

/* --------------------------------------------------------------------------------- arguments -- */

bool log_command_is_told(const struct project *project, const struct log *log,
                         const struct asked_times *times)
{
    for (uint32_t i = 0; i < log->command.arguments.count; i++) {
        const struct text *argument = &log->command.arguments.items[i];
        size_t length;
        const char *word = placeholder_next(argument->text, &length);
        for (; word; word = placeholder_next(word + length, &length)) {
            if (placeholder_find(word, length) != PLACEHOLDER_FROM || times->from != INT64_MIN)
                continue;
            print_error_at(&project->sources, argument->span,
                           "the command of log '%s' asks for {from}, which is not known",
                           log->name.text);
            print_help("%s, or name a file: %s=FILE", times->way, log->name.text);
            return false;
        }
    }
    return true;
}

static int64_t time_of(enum placeholder placeholder, const struct asked_times *times)
{
    switch (placeholder) {
    case PLACEHOLDER_FROM:
        return times->from;
    case PLACEHOLDER_TO:
        break;
    }
    return times->to;
}

static const char *fill_in(struct arena *arena, const char *text, const struct asked_times *times)
{
    struct buffer filled = {0};
    size_t length;
    const char *word;
    for (; (word = placeholder_next(text, &length)); text = word + length) {
        int placeholder = placeholder_find(word, length);
        char time[32];
        buffer_append(&filled, text, (size_t)(word - text));
        if (placeholder < 0) {
            buffer_append(&filled, word, length);
            continue;
        }
        format_time(time_of((enum placeholder)placeholder, times), time, sizeof time);
        buffer_append_text(&filled, time);
    }
    buffer_append_text(&filled, text);
    const char *copy = arena_format(arena, "%s", filled.bytes);
    buffer_release(&filled);
    return copy;
}

static struct invocation told(struct arena *arena, const struct log *log, struct asked_times times)
{
    struct invocation invocation = log->command;
    uint32_t count = invocation.arguments.count;
    invocation.arguments.items = ARENA_ARRAY(arena, struct text, count);
    if (times.to == INT64_MAX)
        times.to = clock_now();
    for (uint32_t i = 0; i < count; i++)
        invocation.arguments.items[i].text =
            fill_in(arena, log->command.arguments.items[i].text, &times);
    return invocation;
}

/* ----------------------------------------------------------------------------------- running -- */

/* Below $TMPDIR, without a name: it goes with this process. -1: errno says why not. */
static int nameless_file(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    const char *path = arena_format(arena, "%s/ffreplay-XXXXXX", base && *base ? base : "/tmp");
    char *name = strdup(path);
    int fd = name ? mkostemp(name, O_CLOEXEC) : -1;
    int cause = errno;
    if (fd >= 0)
        unlink(name);
    free(name);
    errno = cause;
    return fd;
}

/* Each line after the log's name. */
static void pass_on(const struct log *log, const struct process_result *result)
{
    if (result->cut)
        print_note("log '%s': only the end of what its command says is shown", log->name.text);
    char *line = result->output.bytes, *rest = NULL;
    for (line = line ? strtok_r(line, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
        print_line("%s: %s", log->name.text, line);
}

static bool fail(const struct project *project, const struct log *log, const char *why)
{
    return print_error_at(&project->sources, log->command.arguments.items[0].span,
                          "log '%s' cannot be read: '%s' %s", log->name.text,
                          log->command.arguments.items[0].text, why);
}

static bool report_ending(const struct project *project, struct arena *arena, const struct log *log,
                          const struct process_result *result)
{
    struct buffer why = {0};
    process_explain(result, &why);
    fail(project, log, why.bytes);
    buffer_release(&why);
    if (result->ending == PROCESS_TIMEOUT)
        print_help("it is %s: the log's 'timeout' says how long it may take",
                   duration_text(arena, log->command.timeout));
    return false;
}

static bool is_filled(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_size > 0;
}

static bool has_content(const struct project *project, const struct log *log, int fd)
{
    if (is_filled(fd))
        return true;
    fail(project, log, "printed nothing");
    print_help("that is no log without lines: run it by hand, or name a file, %s=FILE",
               log->name.text);
    return false;
}

static bool run(const struct project *project, struct arena *arena, const struct log *log,
                const struct asked_times *times, struct command_output *output)
{
    int fd = output->fd;
    const struct invocation invocation = told(arena, log, *times);
    const struct buffer nothing = {0};
    const struct process_files files = {&nothing, fd};
    struct processes processes;
    struct process_result result;
    if (!process_begin(&processes)) {
        job_error(NULL, "cannot watch for signals: %s", strerror(errno));
        process_end(&processes);
        return false;
    }
    process_run(&processes, project->directory, &invocation, &files, &result);
    process_end(&processes);
    if (!output->is_quiet)
        pass_on(log, &result);
    buffer_release(&result.output);
    output->was_cancelled = result.ending == PROCESS_CANCELLED;
    if (output->is_quiet)
        return result.ending == PROCESS_DONE && is_filled(fd);
    return result.ending == PROCESS_DONE ? has_content(project, log, fd)
                                         : report_ending(project, arena, log, &result);
}

const char *log_command_name(struct arena *arena, const struct log *log)
{
    return arena_format(arena, "<%s>", log->command.arguments.items[0].text);
}

bool log_command_run(struct project *project, struct arena *arena, const struct log *log,
                     const struct asked_times *times, struct command_output *output)
{
    output->path = NULL;
    output->was_cancelled = false;
    output->fd = nameless_file(arena);
    if (output->fd < 0 && !output->is_quiet) {
        job_error(NULL, "cannot keep the output of log '%s': %s", log->name.text, strerror(errno));
        print_help("it goes below $TMPDIR, or else /tmp");
    }
    if (output->fd < 0)
        return false;
    if (!run(project, arena, log, times, output)) {
        close(output->fd);
        output->fd = -1;
        return false;
    }
    output->path = arena_format(arena, "/proc/self/fd/%d", output->fd);
    source_name_set(output->path, log_command_name(arena, log));
    return true;
}

void log_command_release(struct command_output *output)
{
    if (!output->path)
        return;
    source_name_forget(output->path);
    close(output->fd);
    output->path = NULL;
}
