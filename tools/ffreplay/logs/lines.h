/*
 * lines.h - the pieces of a file or of stdin, one after the other: lines, records, documents.
 *
 * Reads large blocks; a piece is handed out in place in the buffer, followed by at least
 * LINE_PADDING readable bytes, as simdjson requires. Memory: the longest piece.
 */
#ifndef FFREPLAY_LINES_H
#define FFREPLAY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte_source.h"

struct bytes_read;

#define LINE_PADDING 64u
/* Lines parsed in parallel, to hide the latency of finding the next key. */
#define LINES_ABREAST    3
#define LONGEST_LINE     (16u << 20) /* of a longer one, only the length is told */
#define LONGEST_RECORD   (1u << 20)  /* the same for one over several lines */
#define LONGEST_DOCUMENT (1u << 30)

enum framing {
    FRAMING_LINES,
    FRAMING_ROWS, /* lines that say something of those that follow: read in their order */
    FRAMING_CSV,  /* a line end within quotes does not end the record */
    FRAMING_JSON  /* objects and arrays, over as many lines as they like */
};

/* How far an unfinished document has been looked through. */
struct json_scan {
    size_t searched;
    size_t depth;
    bool in_string, escaped;
};

struct lines {
    const char *path;
    struct byte_source source;
    enum framing framing;
    char delimiter; /* FRAMING_CSV */
    char comment;   /* the same: in lines that begin with it, quotes mean nothing; 0: none do */
    struct json_scan scan;
    bool follows;               /* the file may grow: a piece that is not ended yet is waited for */
    struct bytes_read *content; /* what was handed out is added to it; NULL: nobody asks */
    uint64_t overlong; /* what was handed out last is of a line of so many bytes; 0: it is whole */
    uint64_t dropped;  /* of a line that goes on, and is too long */
    bool may_be_cut;   /* so what was read is taken only if what stood before it still does … */
    bool was_cut;      /* … which it did not: there is no more to read */
    bool at_end;
    bool cut_short;  /* what was handed out last ends with the file, without a line end */
    uint64_t number; /* of its first line, from 1 */
    uint64_t next_number;
    char *buffer;
    size_t begin, end, capacity;
};

/* "-" is stdin. False: lines->source.error says why, and there is nothing to close. */
bool lines_open(struct lines *lines, const char *path, enum framing framing, char delimiter);
void lines_close(struct lines *lines);

/*
 * The next piece, without its line end; false at the end, and then lines->source.error says whether
 * that is a regular one.
 */
bool lines_next(struct lines *lines, const char **line, size_t *length);

#endif
