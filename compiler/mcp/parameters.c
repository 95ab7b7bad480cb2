/* parameters.c - see parameters.h. */
#include "parameters.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/cli/options.h"
#include "run_tool.h"

#define MOST_ARGUMENTS 2000u /* of a call */

/* ----------------------------------------------------------------------------------- options -- */

static struct parameter *add(struct parameters *parameters, const char *option)
{
    struct parameter *parameter = &parameters->items[parameters->count++];
    *parameter = (struct parameter){.option = option};
    for (size_t i = 0; option[i] && i + 1 < sizeof parameter->name; i++)
        parameter->name[i] = option[i] == '-' ? '_' : option[i];
    return parameter;
}

struct taking {
    const struct tool *tool;
    struct parameters *parameters;
    struct arena *arena;
};

static const char *const *copy_words(struct arena *arena, const char *const *words)
{
    const char **copy = NULL;
    uint32_t count = 0;
    while (words && *words)
        *ARENA_APPEND(arena, copy, count) = *words++;
    *ARENA_APPEND(arena, copy, count) = NULL;
    return copy;
}

static void take_options(const struct command *command, const struct option *options, size_t count,
                         void *user)
{
    struct taking *taking = user;
    (void)command;
    for (const char *const *name = taking->tool->options; *name; name++)
        for (size_t i = 0; i < count; i++) {
            const struct option *option = &options[i];
            if (strcmp(option->name, *name) != 0)
                continue;
            struct parameter *parameter = add(taking->parameters, *name);
            parameter->value = option->kind == OPTION_FLAG ? NULL
                               : option->value             ? option->value
                                                           : "";
            parameter->help = arena_copy(taking->arena, option->help, strlen(option->help));
            parameter->words = copy_words(taking->arena, option_words(option));
            parameter->repeats = option->kind == OPTION_TEXTS;
            parameter->counts = option->kind == OPTION_COUNT;
        }
}

static void take_own(const struct tool *tool, struct arena *arena, struct parameters *parameters)
{
    struct taking taking = {tool, parameters, arena};
    const struct commands known = known_commands();
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.items[i].name, tool->command) == 0) {
            parameters->summary = known.items[i].summary;
            options_of(&known.items[i], take_options, &taking);
        }
}

/* Of a page of help: "  -e, --environment ENV      in this environment", and what follows on lines
 * of its own. */
static const char *find_option(const char *page, const char *name)
{
    struct buffer wanted = {0};
    buffer_format(&wanted, "--%s", name);
    const char *found = page;
    while ((found = strstr(found, wanted.bytes))) {
        const char *line = found;
        while (line > page && line[-1] != '\n')
            line--;
        char next = found[wanted.length];
        if ((next == ' ' || next == '\n') && found - line <= 6 && line[0] == ' ')
            break;
        found++;
    }
    buffer_release(&wanted);
    return found ? found + 2 + strlen(name) : NULL;
}

#define HELP_COLUMN 29

static void take_help(const char *at, struct arena *arena, struct parameter *parameter)
{
    struct buffer help = {0};
    size_t length = strcspn(at, "\n");
    if (at[0] == ' ' && at[1] != ' ' && at[1] != '\n') {
        size_t value = strcspn(at + 1, " \n");
        parameter->value = arena_copy(arena, at + 1, value);
        at += 1 + value;
        length = strcspn(at, "\n");
    }
    for (bool first = true;; first = false) {
        const char *text = at + strspn(at, " ");
        size_t size = (size_t)(at + length - text);
        if (!first && (size_t)(text - at) < HELP_COLUMN)
            break;
        if (size) {
            buffer_append_text(&help, help.length ? " " : "");
            buffer_append(&help, text, size);
        }
        at += length;
        if (*at != '\n')
            break;
        at++;
        length = strcspn(at, "\n");
    }
    parameter->help = arena_copy(arena, help.bytes ? help.bytes : "", help.length);
    parameter->repeats = strstr(parameter->help, "may be repeated") != NULL;
    buffer_release(&help);
}

static bool take_other(const struct tool *tool, struct arena *arena, struct parameters *parameters)
{
    char help[] = "--help";
    char *argv[] = {(char *)(uintptr_t)tool->command, help, NULL};
    struct run run;
    if (!replay_program())
        return false;
    run_tool(NULL, NULL, TOOL_FFREPLAY, argv, &run);
    const char *page = arena_copy(arena, run.out.bytes, run.out.length);
    bool sound = run.how == RUN_ENDED && run.status == 0;
    run_release(&run);
    for (const char *const *name = tool->options; sound && *name; name++) {
        const char *found = find_option(page, *name);
        sound = found != NULL;
        if (found)
            take_help(found, arena, add(parameters, *name));
    }
    const char *colon = strstr(page, ": ");
    const char *end = colon ? strstr(colon, "\n\n") : NULL;
    char *summary = end ? arena_copy(arena, colon + 2, (size_t)(end - colon - 2)) : NULL;
    for (char *at = summary; at && *at; at++)
        *at = *at == '\n' ? ' ' : *at;
    parameters->summary = summary;
    return sound;
}

bool parameters_of(const struct tool *tool, struct arena *arena, struct parameters *parameters)
{
    *parameters = (struct parameters){.count = 0};
    switch (tool->program) {
    case TOOL_FFC:
        take_own(tool, arena, parameters);
        return true;
    case TOOL_FFREPLAY:
        return take_other(tool, arena, parameters);
    }
    return false;
}

/* ------------------------------------------------------------------------------------ schema -- */

static bool is_needed(const struct tool *tool, const char *option)
{
    for (const char *const *needed = tool->needed; *needed; needed++)
        if (strcmp(*needed, option) == 0)
            return true;
    return false;
}

static bool is_context(const struct parameter *parameter)
{
    return parameter->value && strcmp(parameter->value, "JSON") == 0;
}

static void write_type(const struct parameter *parameter, struct buffer *out)
{
    if (is_context(parameter))
        field_text(out, "type", "object");
    else if (!parameter->value)
        field_text(out, "type", "boolean");
    else if (parameter->counts)
        field_text(out, "type", "integer");
    else if (parameter->repeats)
        buffer_append_text(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
    else
        field_text(out, "type", "string");
    if (!parameter->words || !parameter->words[0])
        return;
    field_array(out, "enum");
    for (const char *const *word = parameter->words; *word; word++) {
        json_write_comma(out);
        json_write_string(out, *word);
    }
    buffer_append_text(out, "]");
}

static void write_operand(const struct tool_operand *operand, struct buffer *out)
{
    bool list = operand->takes == OPERAND_SOME || operand->takes == OPERAND_ANY;
    json_write_key(out, operand->name);
    buffer_append_text(out, "{");
    field_text(out, "type", list ? "array" : "string");
    if (list)
        buffer_append_text(out, ",\"items\":{\"type\":\"string\"}");
    if (operand->takes == OPERAND_SOME)
        field_count(out, "minItems", 1);
    field_text(out, "description", operand->help);
    buffer_append_text(out, "}");
}

void write_parameters(const struct tool *tool, const struct parameters *parameters,
                      struct buffer *out)
{
    buffer_append_text(out, "{\"type\":\"object\"");
    field_object(out, "properties");
    for (const struct tool_operand *operand = tool->operands; operand->name; operand++)
        write_operand(operand, out);
    for (size_t i = 0; i < parameters->count; i++) {
        const struct parameter *parameter = &parameters->items[i];
        json_write_key(out, parameter->name);
        buffer_append_text(out, "{");
        write_type(parameter, out);
        field_text(out, "description", parameter->help);
        buffer_append_text(out, "}");
    }
    if (tool->edits) {
        field_object(out, "token");
        field_text(out, "type", "string");
        field_text(out, "description",
                   "what the call before answered with, to apply what it showed: alone, without "
                   "the other arguments");
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "}");
    /* A second call of an edit has the token alone. */
    if (!tool->edits) {
        field_array(out, "required");
        for (const struct tool_operand *operand = tool->operands; operand->name; operand++)
            if (operand->takes == OPERAND_ONE || operand->takes == OPERAND_SOME) {
                json_write_comma(out);
                json_write_string(out, operand->name);
            }
        for (size_t i = 0; i < parameters->count; i++)
            if (is_needed(tool, parameters->items[i].option)) {
                json_write_comma(out);
                json_write_string(out, parameters->items[i].name);
            }
        buffer_append_text(out, "]");
    }
    field_truth(out, "additionalProperties", false);
    buffer_append_text(out, "}");
}

/* -------------------------------------------------------------------------------- arguments -- */

struct line {
    struct arena *arena;
    char **items;
    uint32_t count;
    struct buffer *why;
};

static void append(struct line *line, const char *text)
{
    *ARENA_APPEND(line->arena, line->items, line->count) =
        arena_copy(line->arena, text, strlen(text));
}

static bool refuse(struct line *line, const char *name, const char *why)
{
    if (!line->why->length)
        terminal_format(line->why, "'%s' %s", name, why);
    return false;
}

static bool goes_up(const char *path)
{
    size_t length = strlen(path);
    return strcmp(path, "..") == 0 || strstr(path, "../") ||
           (length > 2 && strcmp(path + length - 3, "/..") == 0);
}

/* An assistant has no business elsewhere: what is there has to lie below where the server runs. */
static bool is_inside(const char *path)
{
    char real[PATH_MAX], here[PATH_MAX];
    struct stat status;
    if (lstat(path, &status) != 0 && path[0] != '/' && !goes_up(path))
        return true; /* no file of this name: a revision, or an error of the command */
    if (!realpath(path, real) || !getcwd(here, sizeof here))
        return false;
    size_t length = strcmp(here, "/") == 0 ? 0 : strlen(here);
    return strncmp(real, here, length) == 0 && (real[length] == '/' || !real[length]);
}

static bool is_path(const char *value)
{
    static const char *const values[] = {"DIR", "FILE", "PATH", "LOG", "KEY"};
    for (size_t i = 0; value && i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i], value) == 0)
            return true;
    return false;
}

/* `web=logs/web.ndjson` names a log, too. */
static bool check_path(struct line *line, const char *name, const char *text)
{
    const char *equals = strchr(text, '=');
    if (is_inside(text) && (!equals || is_inside(equals + 1)))
        return true;
    return refuse(line, name, "is a path that leads out of the directory of the server");
}

static const char *text_of(struct line *line, const json_t *value)
{
    if (json_is_string(value))
        return strlen(json_string_value(value)) == json_string_length(value)
                   ? json_string_value(value)
                   : NULL;
    if (!json_is_number(value) && !json_is_object(value) && !json_is_boolean(value))
        return NULL;
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text ? arena_copy(line->arena, text, strlen(text)) : NULL;
    free(text);
    return copy;
}

static bool put_option_value(struct line *line, const struct parameter *parameter,
                             const json_t *value)
{
    const char *text = text_of(line, value);
    if (!text || (json_is_object(value) && !is_context(parameter)))
        return refuse(line, parameter->name, "is not what its schema says");
    if (is_context(parameter) && text[0] != '{')
        return refuse(line, parameter->name, "is not an object");
    if (is_path(parameter->value) && !check_path(line, parameter->name, text))
        return false;
    append(line, arena_format(line->arena, "--%s=%s", parameter->option, text));
    return true;
}

static bool put_option(struct line *line, const struct parameter *parameter, const json_t *value)
{
    const json_t *item;
    size_t i;
    if (!parameter->value && !json_is_boolean(value))
        return refuse(line, parameter->name, "is true or false");
    if (!parameter->value) {
        if (json_is_true(value))
            append(line, arena_format(line->arena, "--%s", parameter->option));
        return true;
    }
    if (!json_is_array(value))
        return put_option_value(line, parameter, value);
    if (!parameter->repeats)
        return refuse(line, parameter->name, "takes one value");
    json_array_foreach(value, i, item) if (!put_option_value(line, parameter, item)) return false;
    return true;
}

static bool put_operand(struct line *line, const struct tool_operand *operand, const json_t *value)
{
    bool list = operand->takes == OPERAND_SOME || operand->takes == OPERAND_ANY;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    if (!value && (operand->takes == OPERAND_ONE || operand->takes == OPERAND_SOME))
        return refuse(line, operand->name, "is missing");
    if (!value)
        return true;
    if ((json_is_array(value) && !list) || (count == 0 && operand->takes == OPERAND_SOME) ||
        count > MOST_ARGUMENTS)
        return refuse(line, operand->name, "is not what its schema says");
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
        const char *text = json_is_string(item) ? text_of(line, item) : NULL;
        if (!text)
            return refuse(line, operand->name, "is not what its schema says");
        if (operand->is_path && !check_path(line, operand->name, text))
            return false;
        append(line, text);
    }
    return true;
}

static bool is_known(const struct tool *tool, const struct parameters *parameters, const char *name)
{
    for (const struct tool_operand *operand = tool->operands; operand->name; operand++)
        if (strcmp(operand->name, name) == 0)
            return true;
    for (size_t i = 0; i < parameters->count; i++)
        if (strcmp(parameters->items[i].name, name) == 0)
            return true;
    return false;
}

char **command_line(const struct tool *tool, const struct parameters *parameters,
                    const char *directory, const json_t *arguments, struct arena *arena,
                    struct buffer *why)
{
    struct line line = {.arena = arena, .why = why};
    const char *name;
    json_t *value;
    bool sound = true;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        (void)value;
        if (!is_known(tool, parameters, name))
            sound = refuse(&line, name, "is no parameter of this tool");
    }
    append(&line, tool->command);
    if (directory)
        append(&line, arena_format(arena, "--directory=%s", directory));
    for (const char *const *fixed = tool->fixed; *fixed; fixed++)
        if (strncmp(*fixed, "--", 2) == 0)
            append(&line, *fixed);
    for (size_t i = 0; sound && i < parameters->count; i++) {
        const struct parameter *parameter = &parameters->items[i];
        const json_t *given = json_object_get(arguments, parameter->name);
        if (!given && is_needed(tool, parameter->option))
            sound = refuse(&line, parameter->name, "is missing");
        else if (given && !json_is_null(given))
            sound = put_option(&line, parameter, given);
    }
    append(&line, "--");
    for (const struct tool_operand *operand = tool->operands; sound && operand->name; operand++)
        sound = put_operand(&line, operand, json_object_get(arguments, operand->name));
    for (const char *const *fixed = tool->fixed; *fixed; fixed++)
        if (strncmp(*fixed, "--", 2) != 0)
            append(&line, *fixed);
    *ARENA_APPEND(arena, line.items, line.count) = NULL;
    return sound ? line.items : NULL;
}
