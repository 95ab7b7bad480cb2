/*
 * lines.h - the lines of a file or of stdin, one after the other.
 *
 * Reads large blocks; a line is handed out where it lies in the buffer, followed by at least
 * LINE_PADDING readable bytes, as simdjson wants it. Memory is that of the longest line.
 */
#ifndef FFREPLAY_LINES_H
#define FFREPLAY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_PADDING 64u
#define LONGEST_LINE \
    (16u << 20) /* a longer one is handed out in pieces, none of which will parse */

struct lines {
    const char *path;
    int fd;
    int error; /* errno of a read that failed; 0 at a regular end */
    bool at_end;
    uint64_t number; /* of the line handed out last, from 1 */
    char *buffer;
    size_t begin, end, capacity;
};

/* "-" is stdin. False: errno says why. */
bool lines_open(struct lines *lines, const char *path);
void lines_close(struct lines *lines);

/* The next line, without its line end; false at the end of the file and on an error. */
bool lines_next(struct lines *lines, const char **line, size_t *length);

#endif
