/*
 * input.h - files that are read as a whole: regular ones, of a bounded size, and what a project
 * names lies inside it.
 *
 * What was opened is looked at, never a name twice: nobody can put something else there in between.
 * A pipe, a device or a directory is refused and does not block. Failures leave their cause in
 * errno; input_error() has it in words.
 */
#ifndef FFC_INPUT_H
#define FFC_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct buffer;

/* Opens the file. EINVAL: it is not a regular one. -1: failed. */
int input_open(int directory, const char *name, struct stat *status);
/* The same, of a name below an open project directory. EXDEV: a link leads out of it,
 * and not where --allow-outside says. */
int input_open_inside(int project, const char *name, struct stat *status);
/* Whether what is open lies in the project's directory, or where --allow-outside says, once all
 * links are resolved. */
bool input_is_inside(int project, int fd);
/* The same of a folder below it, in which a file is to be written or removed. EXDEV: it is not. */
bool folder_is_inside(int project, const char *name);
/* Makes a folder below an open project directory, to write into it: 1, or 0 where it is there
 * already. -1: failed; EXDEV: a link in its place leads out of the project, and not where
 * --allow-outside says. */
int folder_make(int project, const char *name);

/* Appends up to `limit` bytes; more is EFBIG. */
bool input_read(int fd, size_t limit, struct buffer *out);
/* Appends the content of a file; fails like input_open(). */
bool read_at(int directory, const char *name, size_t limit, struct buffer *out);

/* What errno means here: "it is not a regular file". */
const char *input_error(int error);

#endif
