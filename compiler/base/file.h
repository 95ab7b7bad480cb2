/* file.h - whole files in memory. */
#ifndef FFC_FILE_H
#define FFC_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* Reads a whole file that a command line names, which may be a pipe, or stdin for "-". False:
 * *error says why. `limit` bounds its size. */
bool read_file(const char *path, size_t limit, struct buffer *out, struct buffer *error);

#endif
