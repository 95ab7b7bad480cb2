/* lines.c - see lines.h. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/memory.h"

#define BLOCK (1u << 20)

bool lines_open(struct lines *lines, const char *path)
{
    *lines = (struct lines){.path = path, .fd = STDIN_FILENO};
    if (strcmp(path, "-") != 0) {
        lines->fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        if (lines->fd >= 0 && fstat(lines->fd, &status) == 0 && S_ISDIR(status.st_mode)) {
            close(lines->fd);
            lines->fd = -1;
            errno = EISDIR;
        }
        if (lines->fd < 0)
            return false;
        posix_fadvise(lines->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    } else {
        lines->path = "<stdin>";
    }
    lines->capacity = BLOCK;
    lines->buffer = xcalloc(1, BLOCK + LINE_PADDING);
    return true;
}

void lines_close(struct lines *lines)
{
    if (lines->fd > STDIN_FILENO)
        close(lines->fd);
    free(lines->buffer);
    *lines = (struct lines){.fd = -1};
}

/* Moves the unfinished line to the front, makes room, and reads behind it. */
static void refill(struct lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->end == lines->capacity) {
        lines->capacity *= 2;
        lines->buffer = xrealloc(lines->buffer, lines->capacity + LINE_PADDING);
    }
    ssize_t got;
    do
        got = read(lines->fd, lines->buffer + lines->end, lines->capacity - lines->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        lines->error = errno;
    if (got <= 0)
        lines->at_end = true;
    else
        lines->end += (size_t)got;
    memset(lines->buffer + lines->end, 0, LINE_PADDING);
}

bool lines_next(struct lines *lines, const char **line, size_t *length)
{
    size_t searched = 0;
    for (;;) {
        char *begin = lines->buffer + lines->begin;
        size_t have = lines->end - lines->begin;
        char *newline = memchr(begin + searched, '\n', have - searched);
        bool too_long = !newline && have >= LONGEST_LINE;
        if (newline || too_long || (lines->at_end && have > 0)) {
            size_t size = newline ? (size_t)(newline - begin) : have;
            lines->begin += newline ? size + 1 : size;
            lines->number++;
            *line = begin;
            *length = size > 0 && begin[size - 1] == '\r' ? size - 1 : size;
            return lines->error == 0;
        }
        if (lines->at_end)
            return false;
        searched = have;
        refill(lines);
    }
}
