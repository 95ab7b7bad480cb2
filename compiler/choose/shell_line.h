/*
 * shell_line.h - a command line as bash has it while it is being written.
 *
 * Nothing is expanded: a `$` that is not quoted stands for itself.
 */
#ifndef FFC_SHELL_LINE_H
#define FFC_SHELL_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"

struct buffer;

enum shell_quote {
    SHELL_UNQUOTED,
    SHELL_SINGLE,
    SHELL_DOUBLE,
    SHELL_ANSI, /* $'…' */
};

struct shell_line {
    const char **words; /* without quotes; the last is the one being written, and may be empty */
    uint32_t count;
    enum shell_quote quote; /* that is open at the end */
    bool redirected;        /* the last word is a file, after < or > */
    size_t kept;            /* bytes of the last word that bash leaves as they are */
};

/* Of the last command in the line. `breaks`: bash's COMP_WORDBREAKS, after which it completes. */
void shell_line_read(const char *text, const char *breaks, struct arena *arena,
                     struct shell_line *line);
/* Text that bash reads as this within that quote, and runs nothing. False: there is none. */
bool shell_quote_append(struct buffer *out, enum shell_quote quote, const char *text);

#endif
