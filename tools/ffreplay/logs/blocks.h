/*
 * blocks.h - a file or stdin in blocks of whole lines, for several threads to parse.
 *
 * Each thread takes the next block, in memory of its own; one thread at a time reads. A file that
 * is packed is unpacked by the first thread, ahead of the others, for what an unpacker remembers is
 * best left in one processor's caches: it goes on until some blocks are waiting, and only then
 * takes one itself. So either unpacking alone takes all of the time, or all threads are busy.
 * Memory: a block per thread, those that wait, and the longest line. A block has parts, so that
 * lines can be parsed in parallel: a place in the file is a line of a part.
 *
 * Of FRAMING_CSV, a block is of whole records. Where one begins is known only from what precedes
 * it, so whoever takes a block goes over its quotes. Of FRAMING_ROWS, a parser goes over the lines
 * first that says which of them have to be read before those that follow; each block has those.
 */
#ifndef FFREPLAY_BLOCKS_H
#define FFREPLAY_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block_part.h"
#include "compiler/base/buffer.h"
#include "lines.h"

#define BLOCKS_AHEAD 4

struct block {
    char *text; /* LINE_PADDING zeros follow it */
    size_t length, capacity;
    bool ends_file;
    bool in_order; /* its pieces are to be read in their order, and are all in the first part */
    struct buffer before; /* lines to be read before its own; see look_ahead() of line_parser.h */
    uint64_t overlong;    /* it is the beginning of a line of so many bytes; 0: it is not */
    /* Consecutive, of whole lines; some may be empty. */
    struct block_part parts[LINES_ABREAST];
};

struct blocks {
    pthread_mutex_t lock;
    struct byte_source source;
    const char *path;          /* as it is shown */
    enum framing framing;      /* FRAMING_CSV, or else lines */
    struct line_parser *scout; /* NULL, or of FRAMING_ROWS: looks ahead; the caller's */
    struct buffer carry;       /* and what it carries to the next block */
    char delimiter, comment;   /* FRAMING_CSV; see struct lines */
    bool at_end;
    char *rest; /* the beginning of a line that the block before did not hold */
    size_t rest_length, rest_capacity;
    uint64_t *line_counts; /* of the parts handed out, once they are given back */
    uint64_t count;        /* of blocks */
    bool is_shared;        /* by threads, of which the first unpacks */
    /* Of those: what is unpacked and waits, in order; memory to unpack into; and whether there is
     * more to come. */
    struct block ready[BLOCKS_AHEAD], spare[BLOCKS_AHEAD];
    uint32_t ready_count, spare_count;
    bool ended;
    pthread_cond_t changed; /* `ready` or `ended` */
};

/* "-" is stdin. False: blocks->source.error says why, and there is nothing to close. */
bool blocks_open(struct blocks *blocks, const char *path);
void blocks_close(struct blocks *blocks);

/* How large a regular file is that is not packed, else SIZE_MAX. */
size_t blocks_size(const struct blocks *blocks);

/* Before several threads, of which the first has the number 0, take blocks. */
void blocks_share(struct blocks *blocks);

/*
 * The next block, for any thread by its number, reusing the memory of `block`. A line longer than
 * LONGEST_LINE is handed out in parts. False at the end, or on an error: see blocks->source.error.
 */
bool blocks_next(struct blocks *blocks, struct block *block, uint32_t thread);
void block_release(struct block *block);

/*
 * The next piece of a part, and moves past it: its length without its line end; `*ended`: it has
 * one. There must be one.
 */
size_t block_take_piece(const struct blocks *blocks, const struct block *block,
                        struct block_part *part, bool *ended);

/* How many lines each part had, by the thread that has gone through the block. */
void blocks_note_lines(struct blocks *blocks, const struct block *block);
/* The number of a line, from 1, once all blocks before it are noted. */
uint64_t blocks_line_number(const struct blocks *blocks, struct place place);

#endif
