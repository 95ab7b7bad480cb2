/*
 * escape.h - texts that others wrote, in each form that is printed.
 *
 * A name, an owner, a reason, a path, an argument, a field of a log: each may hold sequences that
 * move a terminal's cursor, line breaks, marks that turn the direction of writing around, or bytes
 * that are not UTF-8. What prints one goes through a function of its form, here or in json.h.
 */
#ifndef FFC_ESCAPE_H
#define FFC_ESCAPE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* -------------------------------------------------------------------------------- characters -- */

/* One character of a text, and how a terminal is shown it. */
struct character {
    uint32_t code;  /* UINT32_MAX: a byte that is not UTF-8 */
    uint32_t bytes; /* in the text */
    uint32_t width; /* columns of a terminal, as character_show() has it */
};

/* The first one of [at, end), which is not empty. */
struct character character_at(const char *at, const char *end);
/* Controls, what separates lines or turns the direction of writing around, and bad bytes. */
bool character_is_unsafe(const struct character *character);

/* ---------------------------------------------------------------------------------- terminal -- */

/* Unsafe characters become "<1B>", "<U+202E>", "\n" or "\t". What is escaped already stays so. */
void terminal_append(struct buffer *out, const char *text);
void terminal_append_bytes(struct buffer *out, const char *text, size_t length);
/* printf, in which what stands for %s and %c is escaped, and widths are columns. The format is the
 * program's own: its line breaks stay. %n is not known. */
void terminal_format(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void terminal_format_list(struct buffer *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* How many columns that takes. */
size_t terminal_width(const char *text);
size_t terminal_width_of(const char *text, size_t length);
/* What of it fits, in whole characters; ends in a NUL. */
void terminal_copy(char *out, size_t size, const char *text, size_t length);
/* Up to `columns`. */
void terminal_pad(struct buffer *out, const char *text, size_t columns);

/* ------------------------------------------------------------------------------- of messages -- */

/* A name, with an ellipsis in its middle where it is wider than that. Does not escape. */
#define NAME_COLUMNS 64
void name_append(struct buffer *out, const char *text, size_t length);
/* printf, in which what stands for '%s', in quotes, is such a name. */
void message_append_list(struct buffer *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* terminal_format_list() that does the same, but keeps paths whole. */
void terminal_message(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void terminal_message_list(struct buffer *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* ------------------------------------------------------------------------------ for programs -- */

/* A cell, quoted where it has to be (RFC 4180). CSV has no escapes: unsafe characters but line
 * breaks are shown as on a terminal. */
void csv_append(struct buffer *out, const char *text);
/* The value of a label, without the quotes around it. Unsafe characters but line breaks, for which
 * there is an escape, are shown as on a terminal. */
void prometheus_append(struct buffer *out, const char *text);
/* A text within a line of Markdown, where it means nothing but itself: no table's cell ends,
 * nothing is set in bold, and no element of HTML begins. */
void markdown_append(struct buffer *out, const char *text);
/* Within an element of XML 1.0. What is unsafe is shown as on a terminal, but for line breaks.
 * In an attribute these are references: a raw one is read as a blank. */
void xml_append(struct buffer *out, const char *text);
void xml_append_attribute(struct buffer *out, const char *text);
/* printf of markup, in which what stands for %s and %c is escaped as in an attribute, which is
 * right in an element, too. */
void xml_format_list(struct buffer *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Of an annotation. GitHub decodes %25, %0D and %0A everywhere, and in properties %3A and %2C. */
void github_append(struct buffer *out, const char *text);
void github_append_property(struct buffer *out, const char *text);
/* A word of a command line that a person may copy: in single quotes where a shell would read
 * something else. */
void shell_append(struct buffer *out, const char *text);
/* A file's path as a URI reference; one that is absolute gets its scheme. */
void uri_append(struct buffer *out, const char *path);

#endif
