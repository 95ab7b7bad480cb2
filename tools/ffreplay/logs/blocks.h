/*
 * blocks.h - a file or stdin in blocks of whole lines, for several threads to parse.
 *
 * Each thread takes the next block, in memory of its own; one thread at a time reads and unpacks.
 * Memory: a block per thread, plus the longest line. A block has parts, so that lines can be parsed
 * in parallel: a place in the file is a line of a part.
 */
#ifndef FFREPLAY_BLOCKS_H
#define FFREPLAY_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block_part.h"
#include "lines.h"

struct blocks {
    pthread_mutex_t lock;
    struct byte_source source;
    const char *path; /* as it is shown */
    bool at_end;
    char *rest; /* the beginning of a line that the block before did not hold */
    size_t rest_length, rest_capacity;
    uint64_t *line_counts; /* of the parts handed out, once they are given back */
    uint64_t count;        /* of blocks */
};

struct block {
    char *text; /* LINE_PADDING zeros follow it */
    size_t length, capacity;
    bool ends_file;
    /* Consecutive, of whole lines; some may be empty. */
    struct block_part parts[LINES_ABREAST];
};

/* "-" is stdin. False: blocks->source.error says why, and there is nothing to close. */
bool blocks_open(struct blocks *blocks, const char *path);
void blocks_close(struct blocks *blocks);

/* How large a regular file is that is not packed, else SIZE_MAX. */
size_t blocks_size(const struct blocks *blocks);

/*
 * The next block, for any thread, reusing the memory of `block`. A line longer than LONGEST_LINE is
 * handed out in parts. False at the end, or on an error: see blocks->source.error.
 */
bool blocks_next(struct blocks *blocks, struct block *block);
void block_release(struct block *block);

/* How many lines each part had, by the thread that has gone through the block. */
void blocks_note_lines(struct blocks *blocks, const struct block *block);
/* The number of a line, from 1, once all blocks before it are noted. */
uint64_t blocks_line_number(const struct blocks *blocks, struct place place);

#endif
