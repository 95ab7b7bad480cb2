/* context.c - builds an evaluation context from JSON. */
#include "context.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/file.h"
#include "compiler/base/scalar.h"
#include "compiler/base/text_lines.h"
#include "compiler/base/utf8.h"
#include "compiler/model/model.h"

static int compare_attributes(const void *left, const void *right)
{
    const struct context_attribute *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static struct context_attribute *find(const struct context_reader *reader, const char *name)
{
    struct context_attribute key = {.name = name};
    return bsearch(&key, reader->attributes, reader->count, sizeof key, compare_attributes);
}

/* A snapshot tells of an attribute's scheme by what its programs ask. */
static bool is_loose(const struct snapshot *snapshot, uint32_t attribute)
{
    size_t size;
    const struct ffs_instruction *code = snapshot_section(snapshot, FFS_CODE, &size);
    bool loose = false;
    for (size_t i = 0; i < size / sizeof *code && !loose; i++) {
        bool pair = ffs_operand_of(code[i].op) == FFS_OPERAND_ATTRIBUTE;
        if (pair && code[i].operand & FFS_PAIR_LOOSE)
            loose = code[i].attribute == attribute || (uint32_t)code[i].operand == attribute;
        else
            loose = code[i].attribute == attribute &&
                    ffs_features_of(code[i].op) == FFS_FEATURE_LOOSE_VERSIONS;
    }
    return loose;
}

static bool next_member(void *object, void **at, struct descent_member *member)
{
    json_t *json = object;
    *at = *at ? json_object_iter_next(json, *at) : json_object_iter(json);
    if (!*at)
        return false;
    json_t *value = json_object_iter_value(*at);
    *member = (struct descent_member){.key = json_object_iter_key(*at),
                                      .kind = json_is_object(value) ? MEMBER_OBJECT : MEMBER_VALUE,
                                      .value = value,
                                      .object = value};
    return true;
}

void context_reader_init(struct context_reader *reader, const struct project *project,
                         const struct snapshot *snapshot)
{
    size_t size;
    const struct ffs_attribute *read = snapshot_section(snapshot, FFS_ATTRIBUTES, &size);
    uint32_t read_count = (uint32_t)(size / sizeof *read);
    reader->declared = project != NULL;
    reader->count = project ? project->attribute_count : read_count;
    reader->attributes = xcalloc(reader->count + 1, sizeof *reader->attributes);
    for (uint32_t i = 0; i < reader->count; i++)
        reader->attributes[i] =
            project ? (struct context_attribute){project->attributes[i]->name.text,
                                                 project->attributes[i]->type,
                                                 project->attributes[i]->scheme == SCHEME_LOOSE,
                                                 FFLAG_NO_ATTR}
                    : (struct context_attribute){snapshot_string(snapshot, read[i].name),
                                                 (enum fflag_attribute_type)read[i].type,
                                                 is_loose(snapshot, i), FFLAG_NO_ATTR};
    qsort(reader->attributes, reader->count, sizeof *reader->attributes, compare_attributes);
    reader->names = xcalloc(reader->count + 1, sizeof *reader->names);
    for (size_t i = 0; i < reader->count; i++)
        reader->names[i] = reader->attributes[i].name;
    descent_init(&reader->descent, reader->names, reader->count);
    reader->descent.next = next_member;
    for (uint32_t i = 0; i < read_count; i++) {
        const char *name = snapshot_string(snapshot, read[i].name);
        find(reader, name)->handle = fflag_attribute(snapshot->store, name);
    }
}

void context_reader_release(struct context_reader *reader)
{
    descent_release(&reader->descent);
    free(reader->names);
    free(reader->attributes);
    *reader = (struct context_reader){0};
}

/* ------------------------------------------------------------------------------------ values -- */

static const char *json_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* What each type is called, and which JSON it accepts. */
static const struct {
    const char *name;
    const char *takes;
} types[] = {
    [FFLAG_ATTRIBUTE_STRING] = {"string", "a string"},
    [FFLAG_ATTRIBUTE_NUMBER] = {"number", "a number"},
    [FFLAG_ATTRIBUTE_BOOLEAN] = {"boolean", "true or false"},
    [FFLAG_ATTRIBUTE_VERSION] = {"version", "a string"},
    [FFLAG_ATTRIBUTE_TIME] = {"time", "a string or a number of milliseconds"},
    [FFLAG_ATTRIBUTE_STRINGS] = {"strings", "a list of strings"},
    [FFLAG_ATTRIBUTE_IP] = {"ip", "a string"},
};

static bool fits(enum fflag_attribute_type type, const json_t *value)
{
    switch (type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return json_is_number(value);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return json_is_boolean(value);
    case FFLAG_ATTRIBUTE_TIME:
        return json_is_string(value) || json_is_number(value);
    case FFLAG_ATTRIBUTE_STRINGS:
        if (!json_is_array(value))
            return false;
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!json_is_string(json_array_get(value, i)))
                return false;
        return true;
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_IP:
        break;
    }
    return json_is_string(value);
}

static enum fflag_error set_strings(fflag_context *context, fflag_attr attribute,
                                    const json_t *list, struct arena *arena)
{
    size_t count = json_array_size(list);
    const char **texts = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(list, i));
    return fflag_set_strings(context, attribute, texts, count);
}

static enum fflag_error set_time(fflag_context *context, fflag_attr attribute, const json_t *value)
{
    int64_t ms;
    if (json_is_number(value)) {
        double number = json_number_value(value);
        if (!(number > -9e15 && number < 9e15))
            return FFLAG_ERROR_INVALID_CONTEXT;
        ms = (int64_t)number;
    } else if (!parse_time(json_string_value(value), &ms)) {
        return FFLAG_ERROR_INVALID_CONTEXT;
    }
    return fflag_set_time(context, attribute, ms);
}

/* As text: the setter of versions takes only SemVer. */
static enum fflag_error set_loose_version(fflag_context *context, fflag_attr attribute,
                                          const char *text, size_t length)
{
    struct buffer canonical = {0};
    bool valid = parse_loose_version(text, &canonical);
    buffer_release(&canonical);
    return valid ? fflag_set_string(context, attribute, text, length) : FFLAG_ERROR_INVALID_CONTEXT;
}

static enum fflag_error set(fflag_context *context, const struct context_attribute *attribute,
                            const json_t *value, struct arena *arena)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return fflag_set_number(context, attribute->handle, json_number_value(value));
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return fflag_set_boolean(context, attribute->handle, json_is_true(value));
    case FFLAG_ATTRIBUTE_TIME:
        return set_time(context, attribute->handle, value);
    case FFLAG_ATTRIBUTE_STRINGS:
        return set_strings(context, attribute->handle, value, arena);
    case FFLAG_ATTRIBUTE_VERSION:
        return attribute->loose ? set_loose_version(context, attribute->handle, text, length)
                                : fflag_set_version(context, attribute->handle, text, length);
    case FFLAG_ATTRIBUTE_IP:
        return fflag_set_ip(context, attribute->handle, text, length);
    case FFLAG_ATTRIBUTE_STRING:
        break;
    }
    return fflag_set_string(context, attribute->handle, text, length);
}

/* ---------------------------------------------------------------------------------- contexts -- */

/* What is said of the context that is read now. */
struct remarks {
    const struct context_reader *reader;
    struct buffer *warnings;
};

static void warn_unknown(void *context, const char *path, const struct descent_member *member)
{
    const struct remarks *remarks = context;
    const struct context_reader *reader = remarks->reader;
    const char *near = nearest_name(path, reader->names, reader->count);
    (void)member;
    terminal_format(remarks->warnings, "no attribute '%s' is declared", path);
    if (near)
        terminal_format(remarks->warnings, "; did you mean '%s'?", near);
    buffer_append_text(remarks->warnings, "\n");
}

static void warn_no_object(void *context, const char *path, const char *below,
                           const struct descent_member *member)
{
    const struct remarks *remarks = context;
    const json_t *value = member->value;
    if (!json_is_null(value))
        terminal_format(remarks->warnings,
                        "no attribute '%s' is declared; '%s' is read from an object, and this is "
                        "%s\n",
                        path, below, json_type_name(value));
}

static void warn_twice(void *context, const char *name, const struct descent_member *member)
{
    const struct remarks *remarks = context;
    (void)member;
    terminal_format(remarks->warnings,
                    "attribute '%s' is given twice: the value of the longer key counts\n", name);
}

static bool set_attribute(const struct context_attribute *attribute, const json_t *value,
                          struct arena *arena, fflag_context *context, struct remarks *remarks,
                          struct buffer *problem)
{
    if (json_is_null(value)) {
        if (attribute->handle != FFLAG_NO_ATTR)
            (void)fflag_set_null(context, attribute->handle);
        return true;
    }
    if (!fits(attribute->type, value)) {
        buffer_format(problem, "attribute '%s' is of type %s and takes %s, not %s", attribute->name,
                      types[attribute->type].name, types[attribute->type].takes,
                      json_is_array(value) && attribute->type == FFLAG_ATTRIBUTE_STRINGS
                          ? "a list of anything else"
                          : json_type_name(value));
        return false;
    }
    if (attribute->handle != FFLAG_NO_ATTR && set(context, attribute, value, arena))
        terminal_format(
            remarks->warnings, "attribute '%s': '%s' is not a valid %s; it counts as absent\n",
            attribute->name, json_is_string(value) ? json_string_value(value) : "the number",
            types[attribute->type].name);
    return true;
}

bool read_context(struct context_reader *reader, json_t *object, struct arena *arena,
                  fflag_context *context, struct buffer *warnings, struct buffer *problem)
{
    struct remarks remarks = {reader, warnings};
    struct descent *descent = &reader->descent;
    if (!json_is_object(object)) {
        buffer_format(problem, "a context is an object of attributes, not %s",
                      json_type_name(object));
        return false;
    }
    descent->context = &remarks;
    descent->unknown = reader->declared ? warn_unknown : NULL;
    descent->no_object = reader->declared ? warn_no_object : NULL;
    descent->twice = warn_twice;
    descent_find(descent, object);
    for (size_t i = 0; i < descent->value_count; i++) {
        const struct descent_value *found = &descent->values[i];
        if (!set_attribute(&reader->attributes[found->name], found->value, arena, context, &remarks,
                           problem))
            return false;
    }
    return true;
}

json_t *flat_context(const struct context_reader *reader)
{
    json_t *flat = json_object();
    for (size_t i = 0; i < reader->descent.value_count; i++) {
        const struct descent_value *found = &reader->descent.values[i];
        json_object_set(flat, reader->names[found->name], found->value);
    }
    return flat;
}

const char *hide_private(const struct project *project, const char *json, struct arena *arena)
{
    json_t *object = json_loads(json, 0, NULL);
    bool hidden = false;
    for (uint32_t i = 0; i < project->attribute_count; i++) {
        const struct attribute *attribute = project->attributes[i];
        if (!attribute->is_private || !json_object_get(object, attribute->name.text))
            continue;
        json_object_set_new(object, attribute->name.text, json_string(HIDDEN_VALUE));
        hidden = true;
    }
    char *text = hidden ? json_dumps(object, JSON_COMPACT) : NULL;
    const char *kept = text ? arena_copy(arena, text, strlen(text)) : json;
    free(text);
    json_decref(object);
    return kept;
}

/* ---------------------------------------------------------------------------------- previous -- */

bool parse_previous(const struct command *command, const struct option_texts *given,
                    struct arena *arena, struct previous_variants *previous)
{
    previous->items = arena_alloc(arena, (given->count + 1) * sizeof *previous->items);
    previous->count = 0;
    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->items[i], *sign = strchr(text, '=');
        if (!sign || sign == text || !sign[1]) {
            usage_error(command, "--previous '%s': expected FLAG=VARIANT", text);
            return false;
        }
        const char *flag = arena_copy(arena, text, (size_t)(sign - text));
        if (previous_variant(previous, flag)) {
            usage_error(command, "--previous names '%s' twice", flag);
            return false;
        }
        previous->items[previous->count].flag = flag;
        previous->items[previous->count++].variant = sign + 1;
    }
    return true;
}

const char *previous_variant(const struct previous_variants *previous, const char *flag)
{
    for (size_t i = 0; i < previous->count; i++)
        if (!strcmp(previous->items[i].flag, flag))
            return previous->items[i].variant;
    return NULL;
}

static bool has_flag(const struct command *command, const struct snapshot *snapshot,
                     const char *flag)
{
    uint32_t count = snapshot->info.flags;
    const char **names = xcalloc(count + 1u, sizeof *names);
    bool found = false;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = fflag_view_flag(snapshot->view, i, NULL);
        found |= !strcmp(names[i], flag);
    }
    if (!found)
        report_unknown(command, "flag", flag, names, count);
    free(names);
    return found;
}

bool set_previous(const struct command *command, const struct snapshot *snapshot,
                  const struct previous_variants *previous, struct arena *arena,
                  fflag_context *context)
{
    struct fflag_previous *set = ARENA_ARRAY(arena, struct fflag_previous, previous->count + 1);
    for (size_t i = 0; i < previous->count; i++) {
        const char *flag = previous->items[i].flag, *variant = previous->items[i].variant;
        if (!has_flag(command, snapshot, flag))
            return false;
        set[i] =
            (struct fflag_previous){fflag_flag(snapshot->store, flag), variant, strlen(variant)};
    }
    return fflag_set_previous(context, set, previous->count) == FFLAG_OK;
}

/* ------------------------------------------------------------------------------ command line -- */

void write_warnings(const char *where, const struct buffer *warnings)
{
    for (const char *at = warnings->bytes, *end; at && *at; at = end + 1) {
        end = strchr(at, '\n');
        print_at((struct input_place){.path = where}, MESSAGE_WARNING, "%.*s", (int)(end - at), at);
    }
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

/* What stands where jansson, whose place is after it, finds what cannot stand there. */
static const char *unexpected_json(const json_error_t *error, const char *text, size_t at)
{
    size_t end = at;
    while (at > 0 && is_word(text[at - 1]))
        at--;
    if (at == end && at > 0)
        at--;
    size_t before = at;
    while (before > 0 && isspace((unsigned char)text[before - 1]))
        before--;
    char first = text[at], last = before > 0 ? text[before - 1] : '\0';
    if ((first == '}' || first == ']') && last == ',')
        return "a comma before the closing bracket";
    if (first == '\'')
        return "single quotes, where JSON has double ones";
    if (first == '/' || first == '#')
        return "a comment, which JSON does not have";
    if (at > 0 && text[at - 1] == '\\')
        return "an unknown escape in a text";
    if (text[end] == '\n' && strstr(error->text, "newline"))
        return "a line ends within a text";
    if (first == '"' && strstr(error->text, "':' expected"))
        return "no ':' after a key";
    if (first == '"' && strstr(error->text, " expected"))
        return "no comma before a text";
    if (isalpha((unsigned char)first) || first == '_')
        return last == '{' || last == ',' ? "a key or text without double quotes"
                                          : "a word other than true, false and null";
    return "unexpected text";
}

/* In our words: jansson's are of its grammar. */
static const char *json_problem(const json_error_t *error, const char *text)
{
    switch ((int)json_error_code(error)) { /* the rest are not of parsing */
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "more follows after the end";
    case json_error_duplicate_key:
        return "a key is given twice";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL in a text";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_stack_overflow:
        return "it is nested too deep";
    default:
        return unexpected_json(error, text, error->position > 0 ? (size_t)error->position : 0);
    }
}

json_t *parse_context(const struct command *command, const char *text, size_t length,
                      const char *where)
{
    json_error_t error;
    json_t *value = json_loadb(
        text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
    if (!value)
        job_error(command, "%s: not JSON: %s, at column %d", where, json_problem(&error, text),
                  error.column > 0 ? error.column : 1);
    return value;
}

json_t *load_context(const struct command *command, const char *given, const char **where,
                     int *status)
{
    struct buffer text = {0}, problem = {0};
    bool piped = !strcmp(given, "-");
    json_t *value = NULL;
    *where = piped ? "(stdin)" : "-c";
    *status = EXIT_INPUT;
    buffer_append_text(&text, piped ? "" : given);
    if (piped && !read_file("-", MAX_CONTEXT, &text, &problem)) {
        *status = job_error(command, "%s", problem.bytes);
    } else {
        uint32_t mark = text_mark(text.bytes, text.length);
        value = parse_context(command, text.bytes + mark, text.length - mark, *where);
    }
    buffer_release(&text);
    buffer_release(&problem);
    return value;
}

/* Files that were joined have a byte order mark in between, too. */
static void drop_ends(struct buffer *line)
{
    uint32_t mark = text_mark(line->bytes, line->length);
    line->length = text_line_length(line->bytes + mark, line->length - mark);
    memmove(line->bytes, line->bytes + mark, line->length);
    line->bytes[line->length] = '\0';
}

/* A device or a pipe can go on for ever. */
bool context_line(FILE *file, struct buffer *line)
{
    errno = 0;
    int byte = getc(file);
    line->length = 0;
    if (byte == EOF)
        return false;
    for (; byte != EOF && byte != '\n'; byte = getc(file)) {
        if (line->length == MAX_CONTEXT) {
            errno = EFBIG;
            return false;
        }
        buffer_append(line, &(char){(char)byte}, 1);
    }
    buffer_append(line, "", 0);
    drop_ends(line);
    return !ferror(file);
}
