/* messages.c - see messages.h. */
#include "messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/columns.h"
#include "compiler/base/escape.h"
#include "compiler/base/nearest.h"
#include "compiler/base/wrap.h"
#include "compiler/diagnostics/excerpt.h"
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
static void put(struct buffer *text)
{
    if (text->length)
        fwrite(text->bytes, 1, text->length, stderr);
    buffer_release(text);
}

/* Each folded on a terminal, and one line elsewhere, that can be searched for. */
static void append_sentences(struct buffer *out, const char *text)
{
    size_t width = message_width(terminal_columns(stderr));
    while (*text) {
        struct buffer line = {0};
        size_t length = strcspn(text, "\n");
        buffer_append(&line, text, length);
        append_wrapped(out, width, 0, MESSAGE_INDENT, line.bytes);
        buffer_append_text(out, "\n");
        buffer_release(&line);
        text += length + (text[length] == '\n');
    }
}

static void put_sentence(struct buffer *sentence)
{
    struct buffer out = {0};
    append_sentences(&out, sentence->bytes);
    buffer_release(sentence);
    put(&out);
}

static void put_list(const char *lead, const char *format, va_list arguments)
{
    struct buffer line = {0};
    buffer_append_text(&line, lead);
    terminal_message_list(&line, format, arguments);
    put_sentence(&line);
}

/* ------------------------------------------------------------------------------ of a command -- */

static void put_error(const struct command *command, const char *format, va_list arguments)
{
    struct buffer line = {0};
    fflush(stdout);
    append_command_name(command, &line);
    buffer_append_text(&line, ": ");
    terminal_message_list(&line, format, arguments);
    put_sentence(&line);
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
    put_sentence(&line);
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

/* Each one once; 0 where they are too many to list. */
static size_t choose_listed(const char *const *names, size_t count, const char **listed)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        while (same < kept && strcmp(listed[same], names[i]) != 0)
            same++;
        if (same < kept)
            continue;
        if (kept == MOST_LISTED)
            return 0;
        listed[kept++] = names[i];
    }
    return kept;
}

int report_lack(const struct command *command, const char *lack, const char *name,
                const char *const *names, size_t count)
{
    struct buffer list = {0};
    const char *near = nearest_name(name, names, count), *listed[MOST_LISTED];
    size_t known = near ? 0 : choose_listed(names, count, listed);
    if (near)
        terminal_message(&list, "; did you mean '%s'?", near);
    for (size_t i = 0; i < known; i++)
        terminal_message(&list, "%s'%s'", i ? ", " : "; there is ", listed[i]);
    int status = job_error(command, "%s '%s'%s", lack, name, list.length ? list.bytes : "");
    buffer_release(&list);
    return status;
}

int report_unknown(const struct command *command, const char *kind, const char *name,
                   const char *const *names, size_t count)
{
    struct buffer lack = {0};
    buffer_format(&lack, "no %s is called", kind);
    int status = report_lack(command, lack.bytes, name, names, count);
    buffer_release(&lack);
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

void print_sentences(const struct buffer *lines)
{
    struct buffer out = {0};
    append_sentences(&out, lines->bytes ? lines->bytes : "");
    put(&out);
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
    terminal_message_list(&line, format, arguments);
    va_end(arguments);
    put_sentence(&line);
}

/* ------------------------------------------------------------------------ about definitions -- */

bool print_error_at(const struct sources *sources, struct span span, const char *format, ...)
{
    static const struct excerpt_style plain = {.gutter = "", .mark = "", .end = ""};
    struct excerpt_style style = plain;
    struct position place = {0};
    struct buffer message = {0}, out = {0};
    const struct source *source = span.file == NO_FILE ? NULL : &sources->items[span.file];
    if (source) {
        place = source_position(sources, span.file, span.begin);
        terminal_format(&message, "%s:%u:%u: ", source->path, place.line, place.column);
    }
    buffer_append_text(&message, "error: ");
    va_list arguments;
    va_start(arguments, format);
    terminal_message_list(&message, format, arguments);
    va_end(arguments);
    append_sentences(&out, message.bytes);
    buffer_release(&message);
    style.columns = terminal_columns(stderr);
    if (source)
        append_excerpt(&out, &style, source, span, &place);
    put(&out);
    return false;
}
