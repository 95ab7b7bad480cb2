/*
 * records.h - the pieces of one log to records: parsed, with a time and with their numbers.
 *
 * Unreadable lines are counted by cause, and the first of each cause is kept, to be shown with its
 * place. A value that is not a number does not make a line bad; it spoils only what needs it: see
 * layout.h. For one thread: several that read the same file have one each.
 */
#ifndef FFREPLAY_RECORDS_H
#define FFREPLAY_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block_part.h"
#include "layout.h"
#include "log_time.h"
#include "lookalike.h"

#define BAD_CAUSES(X)               \
    X(BAD_UNPARSABLE, "unparsable") \
    X(BAD_NO_TIME, "no_time")
enum bad_cause { BAD_CAUSES(WORDS_MEMBER) };
#define BAD_CAUSE_COUNT WORDS_COUNT(BAD_CAUSES)
extern const char *const bad_cause_words[];

/* Of one log, which may be in several files. */
struct log_counts {
    uint64_t lines;     /* records, and lines that are none; blank ones do not count */
    uint64_t pieces;    /* of files: lines that hold any number of records */
    uint64_t elsewhere; /* of the output that the log is not of; among neither */
    uint64_t bad[BAD_CAUSE_COUNT];
    uint64_t lookalikes[LOOKALIKE_COUNT]; /* of the first lines that are unparsable */
    uint64_t fields; /* that some record had, as bits by their places; see layout_fields() */
};
void log_counts_add(struct log_counts *counts, const struct log_counts *other);
/* Of all causes. */
uint64_t log_counts_bad(const struct log_counts *counts);

struct bad_line {
    bool found;
    struct place place;
    size_t column;
    char text[400];
};
/* The earlier of two that are found. */
void bad_line_keep_first(struct bad_line *bad, const struct bad_line *other);

struct piece {
    const char *text; /* followed by a control character and LINE_PADDING readable bytes */
    size_t length;
    struct place place;
    bool cut_short;    /* it ends with the file, without a line end */
    uint64_t overlong; /* it is of a line of so many bytes, which is not parsed; 0: it is whole */
};
bool piece_is_blank(const struct piece *piece);
void piece_skip_byte_order_mark(struct piece *piece);
/* Of the first one of a file; see misfit.h. */
const struct misfit *misfit_of_piece(const struct piece *piece);

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
    struct event event;
    struct lane { /* of lines that are read side by side */
        struct value *values;
        struct times_read times;
    } lanes[LINES_ABREAST];
    uint32_t lane;        /* of this event; the first, where lines are read one by one */
    struct buffer *times; /* READING_TEXTS, of a time in the log's own form */
    uint32_t *numeric;    /* the fields of which somebody needs the number */
    uint32_t numeric_count;
    uint64_t fields; /* that the layout has */
    struct log_counts counts;
    struct bad_line bad[BAD_CAUSE_COUNT]; /* of this file */
    struct line_problem problem;          /* of the piece that was no record */
    const struct misfit *misfit;          /* what its file is instead */
    struct part_time { /* of the lines of a block's part; the first, where there are no parts */
        int64_t time;  /* of the last one that has a time; INT64_MIN: none has yet */
        uint64_t bad_untimed; /* bad lines before the first that has one */
    } rows[LINES_ABREAST];
    uint32_t row; /* of this event */
    void (*take)(void *context, struct record *record);
    /* This many lines are bad, and follow one of that time. */
    void (*take_bad)(void *context, int64_t time, uint64_t lines);
    void *context;
};

/* `source`: the number of the file that they are from. False: the log's format has no such field,
 * which has been reported; nothing is to be closed. */
bool records_open(struct records *records, const struct layout *layout, uint32_t log,
                  uint32_t source);
void records_close(struct records *records);
/*
 * Bracket the lines of a block: a bad line has no time, so it takes that of the line before it, or
 * else after it, in its part; or else of another part.
 */
void records_begin_row(struct records *records);
void records_end_row(struct records *records);

/*
 * Bracket lines of which nothing is wanted but what `take` makes of their records; they will be
 * read once more. What they count, and what is bad about them, is forgotten.
 */
struct records_trial {
    struct log_counts counts;
    struct bad_line bad[BAD_CAUSE_COUNT];
    void (*take)(void *context, struct record *record);
    void (*take_bad)(void *context, int64_t time, uint64_t lines);
};
void records_begin_trial(struct records *records, struct records_trial *trial,
                         void (*take)(void *context, struct record *record));
void records_end_trial(struct records *records, const struct records_trial *trial);

/* Before the lines of a block: what is to be read before them, lines that are no records, with
 * LINE_PADDING after them; see look_ahead() of line_parser.h. */
void records_begin_block(struct records *records, const char *before, size_t length);

enum piece_verdict {
    PIECE_READ,       /* its records were taken, or counted as bad */
    PIECE_BAD,        /* it is not of the format, which was counted */
    PIECE_INCOMPLETE, /* the same, but it is the end of a log that is being written to */
    PIECE_MISFIT,     /* the first line, and the file is no log as it stands; see `misfit` */
    PIECE_REFUSED     /* a document, without which there is nothing to go by; see `problem` */
};
enum piece_verdict records_read(struct records *records, const struct piece *piece);

/*
 * Reads the next line of each part (there must be one) and moves past it. Returns, as bits, the
 * parts whose line it did not read: find its end and use records_read(). For a format whose parser
 * reads lines abreast.
 */
uint32_t records_read_abreast(struct records *records, struct block_part parts[LINES_ABREAST]);

#endif
