/*
 * options.h - command lines, the same way for `ffc` and `ffreplay`.
 *
 * A command declares its options as a table, which parses them and prints `--help`. Long options
 * take `--name value` and `--name=value`; short ones may be clustered; `--` ends options; `-` is
 * stdin or stdout. A usage error goes to stderr, with "did you mean", and exits 2.
 */
#ifndef FFC_OPTIONS_H
#define FFC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/diagnostics/diagnostics.h"
#include "messages.h"

struct buffer;

enum exit_status {
    EXIT_FINE = 0,
    EXIT_INPUT = 1, /* the input is at fault: errors found, an evaluation erred */
    EXIT_JOB = 2    /* the job could not be done: usage, I/O, internal */
};

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char * */
    OPTION_TEXTS,  /* struct option_texts: may be repeated */
    OPTION_WORD,   /* struct option_word; that it is one of these words, the command checks */
    OPTION_COUNT,  /* uint32_t */
    OPTION_TIME,   /* int64_t, milliseconds, from RFC 3339, or "-7d": so long ago */
    OPTION_AGO,    /* int64_t, milliseconds: a time so long ago, from "7d"; or a time, or a day */
    OPTION_FORMAT, /* enum diagnostic_format: text, json, github */
    OPTION_COLOR,  /* enum color_choice: auto, always, never */
    OPTION_OUTSIDE /* a directory, for outside.h; no target */
};

/* In the order they are given in. They are there until the program ends. */
struct option_texts {
    const char **items;
    size_t count;
};

struct option_word {
    const char *text;
    const char *const *words; /* ended by NULL */
};

#define COLOR_CHOICES(X)      \
    X(COLOR_AUTO, "auto")     \
    X(COLOR_ALWAYS, "always") \
    X(COLOR_NEVER, "never")
enum color_choice { COLOR_CHOICES(WORDS_MEMBER) };

struct option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    void *target;      /* holds the default before parsing */
    const char *value; /* what `--help` calls the value: "ENV" */
    const char *help;  /* one line */
};

struct command {
    const char *name;
    const char *summary;        /* one line, for the list of commands */
    const char *usage;          /* after the program and command: "FLAG… [-e ENV] -c JSON" */
    const char *const *actions; /* what ACTION in `usage` is one of, ended by NULL; or NULL */
    const char *examples;       /* lines, first in the help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns an exit_status */
};

/*
 * Dispatches `program COMMAND …`, `--help`, `--version`, and suggests a command for a misspelt one.
 * Returns the exit status.
 */
int command_main(const char *program, const char *synopsis, const struct command *commands,
                 size_t count, int argc, char **argv);
/* The commands that command_main() was given. */
struct commands {
    const char *program;
    const struct command *items;
    size_t count;
};
struct commands known_commands(void);

/* The same for a program that has no commands: `program` is all of it. */
int program_main(const struct command *program, int argc, char **argv);

/*
 * Parses argv[1…] by the table. Returns the number of operands, which are moved to the front of
 * argv from argv[1]; or a negative number when the command must return at once, with *status: help
 * was printed, or usage was wrong.
 */
int options_parse(const struct command *command, const struct option *options, size_t count,
                  int argc, char **argv, int *status);

/* Whether the directory that an option names can be read; else it has been said. For what serves it
 * later on, and can say it only now. */
bool option_directory(const struct command *command, const char *path);

/* What OPTION_TIME takes. */
bool option_time(const char *text, int64_t *time);

/* Calls `take` with a command's options, `--help` left out, and does nothing else. */
typedef void options_taker(const struct command *command, const struct option *options,
                           size_t count, void *user);
void options_of(const struct command *command, options_taker *take, void *user);
/* What its value is one of, ended by NULL; none: that is not known. */
const char *const *option_words(const struct option *option);

/* Writes a buffer to stdout. On failure, reports it, drops the rest, and returns false. */
bool write_stdout(const struct command *command, const struct buffer *text);
/* The same without a report; `errno` says why. */
bool put_stdout(const struct buffer *text);

/* Whether to colour what goes to `stream`: --color, CLICOLOR_FORCE, NO_COLOR, TERM, a terminal. */
bool use_color(enum color_choice choice, FILE *stream);

#endif
