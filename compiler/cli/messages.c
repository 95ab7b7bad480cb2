/* messages.c - see messages.h. */
#include "messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/nearest.h"
#include "options.h"

static const char *const kind_words[] = WORDS(MESSAGE_KINDS);

static const char *program_name = "ffc";

void set_program_name(const char *name)
{
    program_name = name;
}

void append_command_name(const struct command *command, struct buffer *out)
{
    buffer_append_text(out, program_name);
    if (command && strcmp(command->name, program_name) != 0)
        buffer_format(out, " %s", command->name);
}

/* One write, so that lines from several threads or processes do not mix. */
static void put(struct buffer *line)
{
    buffer_append_text(line, "\n");
    fwrite(line->bytes, 1, line->length, stderr);
    buffer_release(line);
}

static void put_list(const char *lead, const char *format, va_list arguments)
{
    struct buffer line = {0};
    buffer_append_text(&line, lead);
    terminal_format_list(&line, format, arguments);
    put(&line);
}

/* ------------------------------------------------------------------------------ of a command -- */

static void put_error(const struct command *command, const char *format, va_list arguments)
{
    struct buffer line = {0};
    fflush(stdout);
    append_command_name(command, &line);
    buffer_append_text(&line, ": ");
    terminal_format_list(&line, format, arguments);
    put(&line);
}

int usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_error(command, format, arguments);
    va_end(arguments);
    struct buffer line = {0};
    buffer_append_text(&line, "Try '");
    append_command_name(command, &line);
    buffer_append_text(&line, " --help'.");
    put(&line);
    return EXIT_JOB;
}

int job_error(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_error(command, format, arguments);
    va_end(arguments);
    return EXIT_JOB;
}

#define MOST_LISTED 8

int report_unknown(const struct command *command, const char *kind, const char *name,
                   const char *const *names, size_t count)
{
    struct buffer list = {0};
    const char *near = nearest_name(name, names, count);
    if (near)
        terminal_format(&list, "; did you mean '%s'?", near);
    for (size_t i = 0; !near && count <= MOST_LISTED && i < count; i++)
        terminal_format(&list, "%s'%s'", i ? ", " : "; there is ", names[i]);
    int status =
        job_error(command, "no %s is called '%s'%s", kind, name, list.length ? list.bytes : "");
    buffer_release(&list);
    return status;
}

/* ---------------------------------------------------------------------------------- by kinds -- */

void print_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_list("warning: ", format, arguments);
    va_end(arguments);
}

void print_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_list("note: ", format, arguments);
    va_end(arguments);
}

void print_help(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_list("help: ", format, arguments);
    va_end(arguments);
}

void print_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_list("", format, arguments);
    va_end(arguments);
}

void print_lines(const struct buffer *lines)
{
    fwrite(lines->bytes, 1, lines->length, stderr);
}

void print_at(struct input_place place, enum message_kind kind, const char *format, ...)
{
    struct buffer line = {0};
    if (place.folder)
        terminal_format(&line, "%s/", place.folder);
    terminal_append(&line, place.path);
    if (place.line)
        terminal_format(&line, ":%" PRIu64, place.line);
    if (place.column)
        terminal_format(&line, ":%zu", place.column);
    terminal_format(&line, ": %s: ", kind_words[kind]);
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(&line, format, arguments);
    va_end(arguments);
    put(&line);
}

/* ------------------------------------------------------------------------ about definitions -- */

/* Tabs are kept, so that the caret is in its column. */
static void append_source(struct buffer *out, const char *at, const char *end)
{
    for (; at < end; at++) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        size_t length = (size_t)((tab ? tab : end) - at);
        terminal_append_bytes(out, at, length);
        buffer_append_text(out, tab ? "\t" : "");
        at += length;
    }
}

/* What is below [at, end): tabs below tabs. */
static void append_below(struct buffer *out, const char *at, const char *end, char mark)
{
    while (at < end) {
        struct character character = character_at(at, end);
        for (uint32_t i = 0; *at != '\t' && i < character.width; i++)
            buffer_append(out, &mark, 1);
        buffer_append_text(out, *at == '\t' ? "\t" : "");
        at += character.bytes;
    }
}

/* The line, with a caret below the span. Tabs are kept, so that the caret lines up. */
static void append_excerpt(const char *text, struct span span, struct position place,
                           struct buffer *out)
{
    const char *begin = text + span.begin, *line_end = place.line_end;
    const char *end = text + span.end < line_end ? text + span.end : line_end;
    buffer_format(out, "\n%5u | ", place.line);
    append_source(out, place.line_text, line_end);
    buffer_append_text(out, "\n      | ");
    append_below(out, place.line_text, begin, ' ');
    buffer_append_text(out, "^");
    if (begin < end)
        append_below(out, begin + character_at(begin, end).bytes, end, '~');
}

bool print_error_at(const struct sources *sources, struct span span, const char *format, ...)
{
    struct position place = {0};
    struct buffer out = {0};
    const struct source *source = span.file == NO_FILE ? NULL : &sources->items[span.file];
    if (source) {
        place = source_position(sources, span.file, span.begin);
        terminal_format(&out, "%s:%u:%u: ", source->path, place.line, place.column);
    }
    buffer_append_text(&out, "error: ");
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(&out, format, arguments);
    va_end(arguments);
    if (source)
        append_excerpt(source->text, span, place, &out);
    put(&out);
    return false;
}

void print_error_help(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_list("      = help: ", format, arguments);
    va_end(arguments);
}
