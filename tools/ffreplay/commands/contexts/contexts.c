/*
 * contexts.c - `ffreplay contexts`: whom logs of any format are about, as `ffc` reads it.
 *
 * Each context is printed once, in the order in which it is met first, so one thread reads.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/replay/log_paths.h"

static int run(int argc, char **argv);

const struct command contexts_command = {
    .name = "contexts",
    .summary = "print the contexts in logs, each once, as JSON lines",
    .usage = "[LOG…] [-C DIR] [--from TIME | --since D] [--to TIME]",
    .examples = "  ffreplay contexts access.log.gz | ffc diff main..HEAD --contexts -\n"
                "  ffreplay contexts web=access.log --since 7d > contexts.ndjson\n",
    .run = run,
};

#define FLUSH_AT (1u << 20)

struct options {
    const char *directory;
    int64_t from, to;
    bool show_private;
    enum color_choice color;
    struct log_options logs;
};

struct mapped {
    const struct attribute *attribute;
    uint32_t place;
};

struct mapped_log {
    struct mapped *items;
    uint32_t count;
};

struct contexts {
    struct consumer consumer; /* first */
    const struct options *options;
    struct mapped_log *logs;
    struct table seen;
    struct arena arena;
    struct buffer line, out;
    bool failed; /* stdout could not be written */
};

/* ------------------------------------------------------------------------------------- lines -- */

static void write_text(struct buffer *out, const char *key, const struct value *value)
{
    struct buffer text = {0};
    buffer_append(&text, value->text, value->length);
    field_text(out, key, text.bytes ? text.bytes : "");
    buffer_release(&text);
}

/* As a service had it; what the attribute cannot take is left out, as a service would. */
static void write_attribute(struct buffer *out, const struct mapped *mapped,
                            const struct event *event)
{
    const char *key = mapped->attribute->name.text;
    const struct value *value = &event->values[mapped->place];
    const struct number *number = &event->numbers[mapped->place];
    if (value->kind == VALUE_NULL)
        field_text(out, key, NULL);
    if (value_is_absent(value) || value->kind == VALUE_OTHER)
        return;
    if (value->kind == VALUE_LIST) {
        field_array(out, key);
        for (uint32_t i = 0; i < value->length; i++) {
            json_write_comma(out);
            json_write_string(out, value->items[i]);
        }
        buffer_append_text(out, "]");
        return;
    }
    switch (mapped->attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        if (number->state == NUMBER_GIVEN)
            field_number(out, key, true, number->number);
        break;
    case FFLAG_ATTRIBUTE_BOOLEAN:
        if (value->length == 4 && memcmp(value->text, "true", 4) == 0)
            field_truth(out, key, true);
        else if (value->length == 5 && memcmp(value->text, "false", 5) == 0)
            field_truth(out, key, false);
        break;
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_STRINGS:
    case FFLAG_ATTRIBUTE_TIME:
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_IP:
        write_text(out, key, value);
    }
}

static void flush(struct contexts *contexts)
{
    if (contexts->out.length && !contexts->failed)
        contexts->failed = !write_stdout(&contexts_command, &contexts->out);
    contexts->out.length = 0;
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct contexts *contexts = (struct contexts *)consumer;
    const struct mapped_log *log = &contexts->logs[record->log];
    const struct options *options = contexts->options;
    if (record->duplicate || record->event->time < options->from ||
        record->event->time >= options->to)
        return;
    struct buffer *line = &contexts->line;
    line->length = 0;
    buffer_append_text(line, "{");
    for (uint32_t i = 0; i < log->count; i++)
        write_attribute(line, &log->items[i], record->event);
    buffer_append_text(line, "}\n");
    if (table_get(&contexts->seen, line->bytes))
        return;
    table_add(&contexts->seen, &contexts->arena,
              arena_copy(&contexts->arena, line->bytes, line->length), contexts);
    buffer_append(&contexts->out, line->bytes, line->length);
    if (contexts->out.length >= FLUSH_AT)
        flush(contexts);
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

static_assert(offsetof(struct contexts, consumer) == 0, "a consumer is what it begins");

/* --------------------------------------------------------------------------------- preparing -- */

static bool add(struct contexts *contexts, struct layout *layout, struct mapped_log *log,
                const struct attribute *attribute, const char *path)
{
    if (attribute->is_private && !contexts->options->show_private)
        return print_error_at(&layout->project->sources, layout->log->span,
                              "log '%s' has values of the private attribute '%s': print them with "
                              "--show-private",
                              layout->log->name.text, attribute->name.text);
    struct mapped *mapped = ARENA_APPEND(&contexts->arena, log->items, log->count);
    *mapped = (struct mapped){attribute, layout_path(layout, path)};
    if (attribute->type == FFLAG_ATTRIBUTE_NUMBER)
        layout_use_number(layout, mapped->place);
    return true;
}

/* Its `context`, and its `unit` where an attribute is called as that field is. */
static bool map_log(struct contexts *contexts, struct layout *layout, struct mapped_log *mapped)
{
    const struct log *log = layout->log;
    const struct attribute *unit = log->unit ? project_attribute(layout->project, log->unit) : NULL;
    for (uint32_t i = 0; i < log->context_count; i++) {
        const struct attribute *attribute =
            project_attribute(layout->project, log->context[i].name.text);
        if (attribute == unit)
            unit = NULL;
        if (attribute && !add(contexts, layout, mapped, attribute, log->context[i].from))
            return false;
    }
    if (unit && !add(contexts, layout, mapped, unit, log->unit))
        return false;
    if (mapped->count)
        return true;
    return print_error_at(&layout->project->sources, log->span,
                          "log '%s' maps no attribute: say which field is which, as in "
                          "context: {user_id: FIELD}",
                          log->name.text);
}

static int read_contexts(struct contexts *contexts, struct replay *replay,
                         struct log_arguments *logs)
{
    const struct asked_times asked = {contexts->options->from, contexts->options->to,
                                      "give --from or --since"};
    const bool *reads = NULL;
    /* No metric says which logs are meant: those that are named, or else all that have files. */
    if ((logs->count == 0 && !log_paths_add(replay, logs, &asked)) ||
        !(reads = replay_logs_read(replay, logs->items, logs->count)))
        return EXIT_JOB;
    uint32_t count = replay->project->log_count;
    contexts->logs = ARENA_ARRAY(&contexts->arena, struct mapped_log, count + 1u);
    for (uint32_t i = 0; i < count; i++)
        if (reads[i] && !map_log(contexts, &replay->layouts[i], &contexts->logs[i]))
            return EXIT_INPUT;
    replay_add_consumer(replay, &contexts->consumer);
    bool fine = replay_read(replay, logs->items, logs->count) && !replay_is_too_bad(replay);
    flush(contexts);
    return fine && !contexts->failed ? EXIT_FINE : EXIT_JOB;
}

static int print_contexts(const struct options *options, struct replay *replay,
                          struct log_arguments *logs)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    replay_init(replay, project);
    struct contexts contexts = {.consumer = {take, note_incomplete, NULL, NULL},
                                .options = options};
    int status = read_contexts(&contexts, replay, logs);
    buffer_release(&contexts.line);
    buffer_release(&contexts.out);
    arena_release(&contexts.arena);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.from = INT64_MIN, .to = INT64_MAX, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        FROM_OPTION(options.from, "only lines from this time"),
        SINCE_OPTION(options.from, "the same, this long ago: 7d"),
        {"to", 0, OPTION_TIME, &options.to, "TIME", "only lines before this time"},
        SHOW_PRIVATE_OPTION(options.show_private),
        ALLOW_COMMANDS_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&contexts_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    struct replay replay = {.times.now = INT64_MIN};
    if (!log_options_apply(&options.logs, &contexts_command, &replay))
        return EXIT_JOB;
    replay.project = project_load(options.directory, (int64_t)time(NULL) * 1000);
    struct log_arguments logs = {.items = argv + 1, .count = (size_t)operands};
    status = print_contexts(&options, &replay, &logs);
    replay_release(&replay);
    project_free(replay.project);
    return status;
}
