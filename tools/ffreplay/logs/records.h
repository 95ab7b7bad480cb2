/*
 * records.h - the pieces of one log to records: parsed, with a time and with their numbers.
 *
 * What cannot be read is counted by cause, and the first of each cause kept to be shown with its
 * place. One thread's: several that read the same file have one each.
 */
#ifndef FFREPLAY_RECORDS_H
#define FFREPLAY_RECORDS_H

#include "layout.h"
#include "log_time.h"

enum bad_cause { BAD_UNPARSABLE, BAD_NO_TIME, BAD_NUMBER, BAD_CAUSE_COUNT };
/* "unparsable" */
const char *bad_cause_text(enum bad_cause cause);

/* Of one log, which may be in several files. */
struct log_counts {
    uint64_t lines;  /* records, and lines that are none; blank ones do not count */
    uint64_t pieces; /* of files: lines that hold any number of records */
    uint64_t bad[BAD_CAUSE_COUNT];
};
void log_counts_add(struct log_counts *counts, const struct log_counts *other);

/* A line by the block of the file it lies in, and its number there: both from 0. */
struct place {
    uint64_t block, line;
};

struct bad_line {
    bool found;
    struct place place;
    size_t column;
    char text[160];
};
/* The earlier of two that are found. */
void bad_line_keep_first(struct bad_line *bad, const struct bad_line *other);

struct piece {
    const char *text; /* followed by a control character and LINE_PADDING readable bytes */
    size_t length;
    struct place place;
    bool cut_short; /* it ends with the file, without a line end */
};
bool piece_is_blank(const struct piece *piece);
void piece_skip_byte_order_mark(struct piece *piece);

/* An event, and what it was read from. */
struct record {
    const struct event *event;
    uint32_t log;
    bool duplicate;       /* its id was seen before */
    const char *digested; /* what stands for it in the digest of the input */
    size_t digested_length;
};

struct records {
    const struct layout *layout;
    uint32_t log;
    struct line_parser *parser;
    struct times_read times;
    struct event event;
    uint32_t *numeric; /* the fields of which somebody needs the number */
    uint32_t numeric_count;
    struct log_counts counts;
    struct bad_line bad[BAD_CAUSE_COUNT]; /* of this file */
    struct line_problem problem;          /* of the piece that was no record */
    void (*take)(void *context, struct record *record);
    void *context;
};

/* False: the log's format has no such field, which has been reported; nothing is to be closed. */
bool records_open(struct records *records, const struct layout *layout, uint32_t log);
void records_close(struct records *records);

enum piece_verdict {
    PIECE_READ,       /* its records were taken, or counted as bad */
    PIECE_BAD,        /* it is not of the format, which was counted */
    PIECE_INCOMPLETE, /* the same, but it is the end of a log that is being written to */
    PIECE_REFUSED     /* a document, without which there is nothing to go by; see `problem` */
};
enum piece_verdict records_read(struct records *records, const struct piece *piece);

/* Reads a line of which only the beginning is known, where that is the faster way. Returns its
 * length, behind which is its line end. 0: it has to be found, and records_read() to tell. */
size_t records_read_on(struct records *records, const char *text, struct place place);

#endif
