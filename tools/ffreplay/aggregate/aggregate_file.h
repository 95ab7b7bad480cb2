/*
 * aggregate_file.h - a file of aggregates: rows in the order of their keys, each a line of JSON.
 *
 * The first line, "!aggregate", says what they are of: two files that differ in it are not parts of
 * one whole. The last, "~end", has the number of rows and a checksum of all bytes before it, so
 * that a file that was cut, damaged or put together by hand is noticed. docs/scale.md has the
 * format.
 */
#ifndef FFREPLAY_AGGREGATE_FILE_H
#define FFREPLAY_AGGREGATE_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "tools/ffreplay/logs/lines.h"
#include "unit_line.h"

#define AGGREGATE_VERSION 1
#define AGGREGATE_HEAD    "!aggregate"

/* A checksum of lines, each after the ones before it. */
struct line_sum {
    uint64_t low, high;
};

/* ----------------------------------------------------------------------------------- writing -- */

/* Where rows go: into a file that gets its name when it is whole, or to stdout. */
struct aggregate_writer {
    int fd;
    const char *path;        /* NULL: stdout */
    struct buffer temporary; /* the file's name until then */
    struct buffer out;
    struct line_sum sum;
    uint64_t rows;
    struct buffer last_key;
};

/* `path` "-" or NULL is stdout. False: `error` says why, and there is nothing to close. */
bool aggregate_create(struct aggregate_writer *writer, const char *path, struct buffer *error);
/* Keys ascend, as bytes. The row is borrowed. */
bool aggregate_put(struct aggregate_writer *writer, const char *key, const json_t *row,
                   struct buffer *error);
/* The same of a row that stands in a line as it is written. */
bool aggregate_put_line(struct aggregate_writer *writer, struct line_text line,
                        struct buffer *error);
/* Ends the file, and gives it its name. False: `error` says why, and there is none. */
bool aggregate_finish(struct aggregate_writer *writer, struct buffer *error);
/* Instead of that: leaves no file. */
void aggregate_abandon(struct aggregate_writer *writer);

/* ----------------------------------------------------------------------------------- reading -- */

struct aggregate_file {
    const char *path; /* as it is shown */
    struct lines lines;
    uint64_t line;
    struct line_sum sum;
    uint64_t rows;
    const char *key;       /* of the row that was read last; NULL: none yet */
    struct buffer keys[2]; /* that, and the one before it */
    struct unit_line unit; /* the row, if `row` is NULL */
    json_t *row;           /* its fields; see aggregate_row() */
    bool ended, is_empty;
};

enum aggregate_read { AGGREGATE_ROW, AGGREGATE_END, AGGREGATE_FAULT };

/* "-" is stdin. The head is read, and is the first row. AGGREGATE_FAULT: `error` says why, with the
 * place, and there is nothing to close. */
enum aggregate_read aggregate_open(struct aggregate_file *file, const char *path,
                                   struct buffer *error);
/* The next row, which has been checked, in `key`, and in `unit` or `row`, until the next one. */
enum aggregate_read aggregate_next(struct aggregate_file *file, struct buffer *error);
/* Its fields, of any row; they are the file's. Cost: of one in `unit`, a tree. */
json_t *aggregate_row(struct aggregate_file *file);
void aggregate_close(struct aggregate_file *file);

#endif
