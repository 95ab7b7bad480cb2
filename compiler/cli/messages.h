/*
 * messages.h - what both programs say on stderr, each line with one write.
 *
 * A command that cannot do its job returns what usage_error() or job_error() returns. What else is
 * to be known is a warning or a note, and a way out is a help; nothing else writes to stderr.
 *
 * What %s stands for may be anything that somebody wrote: it is printed as escape.h has it.
 */
#ifndef FFC_MESSAGES_H
#define FFC_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "compiler/base/words.h"

struct buffer;
struct command;

/* Whose messages they are; "ffc" until it is said. */
void set_program_name(const char *name);
/* "ffc build"; "ffc" alone with NULL, or for a command that is the whole program. */
void append_command_name(const struct command *command, struct buffer *out);

/* "ffc build: …", with NULL "ffc: …". Returns EXIT_JOB, for a command to `return`. */
int job_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, and where the command's help is. */
int usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "no flag has the tag 'x'; did you mean 'y'?", or what there is, where that is little. Names that
 * are several times among them are so once. Returns EXIT_JOB. */
int report_lack(const struct command *command, const char *lack, const char *name,
                const char *const *names, size_t count);
/* The same of a kind of thing: "no flag is called 'x'; …". */
int report_unknown(const struct command *command, const char *kind, const char *name,
                   const char *const *names, size_t count);

/* "note: …", and so on. */
void print_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_help(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line alone, such as the result of one of several steps. */
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Lines, each with its end, that terminal_format() and its like have put together. */
void print_lines(const struct buffer *lines);
/* The same of sentences, which are folded on a terminal. */
void print_sentences(const struct buffer *lines);

#define MESSAGE_KINDS(X)          \
    X(MESSAGE_ERROR, "error")     \
    X(MESSAGE_BAD, "bad line")    \
    X(MESSAGE_WARNING, "warning") \
    X(MESSAGE_NOTE, "note")
enum message_kind { MESSAGE_KINDS(WORDS_MEMBER) };

/* In a file that is no definition, such as a log. What is zero is left out. */
struct input_place {
    const char *folder;
    const char *path;
    uint64_t line;
    size_t column;
};
/* "access.log:12:3: bad line: …" */
void print_at(struct input_place place, enum message_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * About definitions that are sound, but that the job cannot be done by: in the form of diagnostics,
 * "path:line:col: error: …", with the source line and a caret. Always returns false, so that a
 * check can `return print_error_at(…)`.
 */
bool print_error_at(const struct sources *sources, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
