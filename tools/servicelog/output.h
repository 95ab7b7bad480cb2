/*
 * output.h - writes lines, with the faults of real logs: lines that come late, twice, damaged, or
 * incomplete.
 *
 * What goes wrong is drawn from a random stream of its own, so the lines themselves stay the same.
 * The first error of a write is kept, nothing is written after it, and output_finish() tells.
 */
#ifndef SERVICELOG_OUTPUT_H
#define SERVICELOG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "tools/servicelog/random.h"

struct damage {
    double duplicates, late, bad; /* shares of the lines */
    int64_t lateness;             /* ms by which late lines and duplicates come late */
    bool truncate;                /* the last line has no end */
};

struct held_line {
    int64_t due;
    size_t length;
};

struct output {
    int fd;
    int error; /* errno of the first write that failed */
    struct damage damage;
    struct random random;
    struct buffer bytes;
    size_t last; /* where the last line begins */
    /* Lines that are still to come, the first one first; they are all as late, so they queue. */
    struct buffer held;
    struct held_line *lines;
    size_t held_from, line_from, line_count, line_room;
};

/* `damage` may be NULL: none. The file stays the caller's. */
void output_init(struct output *output, int fd, const struct damage *damage, uint64_t seed);
void output_release(struct output *output);

/* Where to write the next line: at least `size` bytes. */
char *output_room(struct output *output, size_t size);
/* What was written there is a line, with its end, of that time. */
void output_line(struct output *output, size_t length, int64_t at);
/* It is no line but a header, which nothing happens to. */
void output_header(struct output *output, size_t length);

void output_flush(struct output *output);
/* Writes what is held back, and the rest. False: a write failed, and errno says why. */
bool output_finish(struct output *output);

#endif
