/* file.h - whole files in memory. */
#ifndef FFC_FILE_H
#define FFC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buffer;

/*
 * Opens what a command line names, to be read once from its beginning: a file, a pipe, a terminal.
 * Waits until something is open to write to a pipe, for a few seconds, and then no longer. -1: it
 * cannot be read, and *why says why in words that stay; other devices never end, and are refused.
 */
int open_to_read(const char *path, const char **why);

/* The same as a stream; "-" is stdin. NULL: it cannot be read. */
FILE *open_stream_to_read(const char *path, const char **why);

/* Reads a whole file that a command line names, which may be a pipe, or stdin for "-". False:
 * *error says why. `limit` bounds its size. `out` is to be released either way. */
bool read_file(const char *path, size_t limit, struct buffer *out, struct buffer *error);

#endif
