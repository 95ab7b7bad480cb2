/* diff_contexts.c - how many contexts, or units of a log, get another answer from a new version. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/file.h"
#include "compiler/base/json_read.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "compiler/commands/context.h"
#include "diff.h"

/* What is counted, and how far. */
struct counting {
    const struct command *command;
    struct diff *diff;
    const char *name; /* of a log; NULL: contexts */
    const struct log *log;
    struct context_reader **readers[2]; /* by version and environment; NULL: it is not compiled */
    struct buffer warnings;             /* of the first line that has any */
    uint64_t total;
    uint64_t *changed;  /* by change */
    struct table units; /* of a log: those that were seen */
    struct arena arena;
};

static void prepare(struct counting *counting)
{
    for (int i = 0; i < 2; i++) {
        const struct diff_side *side = &counting->diff->sides->items[i];
        counting->readers[i] =
            xcalloc(side->environment_count + 1u, sizeof(struct context_reader *));
        for (uint32_t at = 0; at < side->environment_count; at++) {
            if (!side->snapshots[at].view)
                continue;
            counting->readers[i][at] = xcalloc(1, sizeof(struct context_reader));
            context_reader_init(counting->readers[i][at], side->project, &side->snapshots[at]);
        }
    }
    counting->changed = xcalloc(counting->diff->change_count + 1u, sizeof *counting->changed);
}

static void release(struct counting *counting)
{
    for (int i = 0; i < 2; i++) {
        for (uint32_t at = 0; at < counting->diff->sides->items[i].environment_count; at++) {
            if (counting->readers[i][at])
                context_reader_release(counting->readers[i][at]);
            free(counting->readers[i][at]);
        }
        free(counting->readers[i]);
    }
    free(counting->changed);
    buffer_release(&counting->warnings);
    arena_release(&counting->arena);
}

/* A version's answer to a context, as an identity; false if the context is not one. */
struct asked {
    struct arena arena;
    fflag_context context;
    bool ready;
};

static bool make_context(struct counting *counting, enum version version, uint32_t environment,
                         json_t *object, struct asked *asked, struct buffer *problem)
{
    struct buffer warnings = {0};
    fflag_context_init(&asked->context);
    fflag_set_now(&asked->context, counting->diff->now);
    asked->ready = read_context(counting->readers[version][environment], object, &asked->arena,
                                &asked->context, &warnings, problem);
    buffer_release(&warnings);
    return asked->ready;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_value(const fflag_result *a, const fflag_result *b)
{
    switch (a->type) {
    case FFLAG_TYPE_BOOLEAN:
        return a->value.boolean == b->value.boolean;
    case FFLAG_TYPE_INTEGER:
        return a->value.integer == b->value.integer;
    case FFLAG_TYPE_NUMBER:
        return memcmp(&a->value.number, &b->value.number, sizeof a->value.number) == 0;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        break;
    }
    return is_same_text(a->value.string.text, b->value.string.text);
}

static bool is_same_answer(const fflag_result *a, const fflag_result *b)
{
    if (a->error || b->error)
        return a->error == b->error;
    bool none = a->variant_index == FFLAG_NO_VARIANT;
    if (none || b->variant_index == FFLAG_NO_VARIANT)
        return none && b->variant_index == FFLAG_NO_VARIANT;
    return a->type == b->type && is_same_text(a->variant, b->variant) && is_same_value(a, b);
}

static fflag_result answer(const struct counting *counting, enum version version,
                           uint32_t environment, const char *flag, const struct asked *asked)
{
    static const fflag_result absent = {.error = FFLAG_ERROR_FLAG_NOT_FOUND};
    if (environment == UINT32_MAX)
        return absent;
    const struct snapshot *snapshot = &counting->diff->sides->items[version].snapshots[environment];
    return fflag_evaluate_name(snapshot->view, flag, &asked->context);
}

/* Of one environment. False: the context is none, and `problem` says why. */
static bool count_pair(struct counting *counting, const struct diff_pair *pair, json_t *object,
                       struct buffer *problem)
{
    struct asked asked[2] = {{.ready = false}, {.ready = false}};
    const uint32_t environments[] = {pair->old, pair->new};
    bool fine = true;
    for (int i = 0; i < 2 && fine; i++)
        if (environments[i] != UINT32_MAX)
            fine = make_context(counting, (enum version)i, environments[i], object, &asked[i],
                                problem);
    for (uint32_t i = 0; fine && i < counting->diff->change_count; i++) {
        const struct change *change = &counting->diff->changes[i];
        if (strcmp(change->environment, pair->name) != 0)
            continue;
        fflag_result old = answer(counting, VERSION_OLD, pair->old,
                                  change_name(counting->diff, change, VERSION_OLD), &asked[0]);
        fflag_result new = answer(counting, VERSION_NEW, pair->new,
                                  change_name(counting->diff, change, VERSION_NEW), &asked[1]);
        counting->changed[i] += !is_same_answer(&old, &new);
    }
    for (int i = 0; i < 2; i++)
        arena_release(&asked[i].arena);
    return fine;
}

static bool count_object(struct counting *counting, json_t *object, const char *where)
{
    struct buffer problem = {0};
    bool fine = true;
    counting->total++;
    for (uint32_t i = 0; i < counting->diff->pair_count && fine; i++) {
        const struct diff_pair *pair = &counting->diff->pairs[i];
        if (pair->compared && pair->changes > 0)
            fine = count_pair(counting, pair, object, &problem);
    }
    if (!fine)
        job_error(counting->command, "%s: %s", where, problem.bytes);
    buffer_release(&problem);
    return fine;
}

/* -------------------------------------------------------------------------------------- logs -- */

/* A field of a line; dots descend. */
static json_t *field_of(json_t *line, const char *path)
{
    json_t *found = json_object_get(line, path);
    while (!found && line && path) {
        const char *dot = strchr(path, '.');
        if (!dot)
            return NULL;
        char name[256];
        size_t length = (size_t)(dot - path);
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        line = json_object_get(line, name);
        path = dot + 1;
        found = json_object_get(line, path);
    }
    return found;
}

/* The context that a service had, as the log's definition has it: its `context`, and `unit` as the
 * attribute of that name. New, for the caller. */
static json_t *context_of_line(const struct log *log, json_t *line)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < log->context_count; i++) {
        json_t *value = field_of(line, log->context[i].from);
        if (value && !json_is_null(value))
            json_object_set(object, log->context[i].name.text, value);
    }
    json_t *unit = log->unit ? field_of(line, log->unit) : NULL;
    if (unit && !json_is_null(unit) && !json_object_get(object, log->unit))
        json_object_set(object, log->unit, unit);
    return object;
}

/* Each context once, however many lines it has. */
static bool is_first(struct counting *counting, const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text || table_get(&counting->units, text)) {
        free(text);
        return false;
    }
    const char *kept = arena_copy(&counting->arena, text, strlen(text));
    free(text);
    (void)table_add(&counting->units, &counting->arena, kept, counting);
    return true;
}

static bool count_line(struct counting *counting, json_t *line, const char *where)
{
    if (!counting->log)
        return count_object(counting, line, where);
    json_t *object = context_of_line(counting->log, line);
    bool fine = !is_first(counting, object) || count_object(counting, object, where);
    json_decref(object);
    return fine;
}

/* ------------------------------------------------------------------------------------- files -- */

static int count_lines(struct counting *counting, FILE *file, const char *path)
{
    struct buffer line = {0};
    int status = EXIT_FINE;
    size_t number = 1;
    for (; status == EXIT_FINE && context_line(file, &line); number++) {
        if (line.bytes[strspn(line.bytes, " \t\r\n")] == '\0')
            continue;
        struct buffer where = {0};
        terminal_format(&where, "%s:%zu", path, number);
        json_t *object = parse_context(counting->command, line.bytes, line.length, where.bytes);
        if (!object || !count_line(counting, object, where.bytes))
            status = EXIT_INPUT;
        json_decref(object);
        buffer_release(&where);
    }
    if (status == EXIT_FINE && errno)
        status = job_error(counting->command, "cannot read '%s': %s", path,
                           errno == EFBIG ? "a line is too long" : strerror(errno));
    buffer_release(&line);
    return status;
}

static int count_file(struct counting *counting, const char *path)
{
    const char *why;
    FILE *file = open_stream_to_read(path, &why);
    if (!file)
        return job_error(counting->command, "cannot read '%s': %s", path, why);
    prepare(counting);
    int status = count_lines(counting, file, file == stdin ? "(stdin)" : path);
    for (uint32_t i = 0; status == EXIT_FINE && i < counting->diff->change_count; i++) {
        struct change *change = &counting->diff->changes[i];
        *ARENA_APPEND(&counting->diff->arena, change->counted, change->counted_count) =
            (struct counted){counting->name, counting->total, counting->changed[i]};
    }
    release(counting);
    if (file != stdin)
        fclose(file);
    return status;
}

int count_contexts(const struct command *command, struct diff *diff, const char *path)
{
    struct counting counting = {.command = command, .diff = diff};
    return count_file(&counting, path);
}

static const struct log *find_log(const struct project *project, const char *name)
{
    for (uint32_t i = 0; project && i < project->log_count; i++)
        if (strcmp(project->logs[i]->name.text, name) == 0)
            return project->logs[i];
    return NULL;
}

static int unknown_log(const struct command *command, const struct project *project,
                       const char *name)
{
    if (!project)
        return usage_error(command, "--log: a snapshot has no logs; compare projects, or give "
                                    "--contexts");
    const char **names = xcalloc(project->log_count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->log_count; i++)
        names[i] = project->logs[i]->name.text;
    int status = report_unknown(command, "log", name, names, project->log_count);
    free(names);
    return status;
}

/* By its name: a pipe has no other. */
static bool is_packed(const char *path)
{
    static const char *const endings[] = {".gz", ".zst", ".bz2", ".xz"};
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(ending, endings[i]) == 0)
            return true;
    return false;
}

int count_log(const struct command *command, struct diff *diff, const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (!equals || equals == argument)
        return usage_error(command, "--log: expected NAME=FILE, found '%s'", argument);
    const char *name = arena_copy(&diff->arena, argument, (size_t)(equals - argument));
    const struct project *project = diff->sides->items[VERSION_NEW].project;
    const struct log *log = find_log(project, name);
    if (!log)
        return unknown_log(command, project, name);
    if (log->format != LOG_NDJSON || is_packed(equals + 1)) {
        int status = usage_error(command,
                                 log->format != LOG_NDJSON
                                     ? "--log: '%s' is in format '%s', and only ndjson is read here"
                                     : "--log: '%s', in format '%s', is packed, and read here as "
                                       "it is only",
                                 name, log_format_words[log->format]);
        print_help("ffreplay contexts %s | ffc diff … --contexts -", argument);
        return status;
    }
    struct counting counting = {.command = command, .diff = diff, .name = name, .log = log};
    return count_file(&counting, equals + 1);
}
