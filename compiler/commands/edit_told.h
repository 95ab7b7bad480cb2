/* edit_told.h - what an edit of definitions is, as lines of its files and as what flags serve. */
#ifndef FFC_COMMANDS_EDIT_TOLD_H
#define FFC_COMMANDS_EDIT_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commands.h"
#include "renames.h"

enum told_form { TOLD_PLAIN, TOLD_COLORED, TOLD_JSON };

/* An edit, and how to tell it. */
struct told_edit {
    const struct command *command;
    struct project *old, *new;    /* two readings, which tell_edit() frees */
    const struct rename *renamed; /* a flag that goes on under another name, or NULL */
    int64_t now;
    enum told_form form;
};
/*
 * Appends what changed in meaning, and whom it touches, as `ffc diff` tells it. Returns an
 * exit_status; what is wrong has been said.
 */
int tell_edit(const struct told_edit *edit, struct buffer *out);

/* A text that a file has, or NULL: there is none. */
struct file_side {
    const char *text;
    size_t length;
};
/* The lines that differ, as `diff -u` has them, escaped for a terminal; nothing if none do. Cost:
 * lines times differences. */
void write_line_diff(const char *path, struct file_side old, struct file_side new, bool color,
                     struct buffer *out);

#endif
