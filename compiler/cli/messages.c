/* messages.c - see messages.h. */
#include "messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
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
    buffer_format_list(&line, format, arguments);
    put(&line);
}

/* ------------------------------------------------------------------------------ of a command -- */

static void put_error(const struct command *command, const char *format, va_list arguments)
{
    struct buffer line = {0};
    fflush(stdout);
    append_command_name(command, &line);
    buffer_append_text(&line, ": ");
    buffer_format_list(&line, format, arguments);
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
        buffer_format(&line, "%s/", place.folder);
    buffer_append_text(&line, place.path);
    if (place.line)
        buffer_format(&line, ":%" PRIu64, place.line);
    if (place.column)
        buffer_format(&line, ":%zu", place.column);
    buffer_format(&line, ": %s: ", kind_words[kind]);
    va_list arguments;
    va_start(arguments, format);
    buffer_format_list(&line, format, arguments);
    va_end(arguments);
    put(&line);
}

/* ------------------------------------------------------------------------ about definitions -- */

/* The line, with a caret below the span. Tabs are kept, so that the caret lines up. */
static void append_excerpt(const char *text, struct span span, struct position place,
                           struct buffer *out)
{
    int length = (int)strcspn(place.line_text, "\n");
    buffer_format(out, "\n%5u | %.*s\n      | ", place.line, length, place.line_text);
    for (const char *at = place.line_text; at < text + span.begin; at++)
        if (((unsigned char)*at & 0xc0) != 0x80)
            buffer_append(out, *at == '\t' ? "\t" : " ", 1);
    buffer_append(out, "^", 1);
    const char *line_end = place.line_text + length;
    for (const char *at = text + span.begin + 1; at < text + span.end && at < line_end; at++)
        if (((unsigned char)*at & 0xc0) != 0x80)
            buffer_append(out, "~", 1);
}

bool print_error_at(const struct sources *sources, struct span span, const char *format, ...)
{
    struct position place = {0};
    struct buffer out = {0};
    const struct source *source = span.file == NO_FILE ? NULL : &sources->items[span.file];
    if (source) {
        place = source_position(sources, span.file, span.begin);
        buffer_format(&out, "%s:%u:%u: ", source->path, place.line, place.column);
    }
    buffer_append_text(&out, "error: ");
    va_list arguments;
    va_start(arguments, format);
    buffer_format_list(&out, format, arguments);
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
