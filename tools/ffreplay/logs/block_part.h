/*
 * block_part.h - where in a file lines are. Apart from blocks.h, whose lock takes all of pthread.h.
 */
#ifndef FFREPLAY_BLOCK_PART_H
#define FFREPLAY_BLOCK_PART_H

#include <stdbool.h>
#include <stdint.h>

/* What is left of a block's part. */
struct block_part {
    const char *text, *end;
    struct place {
        uint64_t part, line; /* each from 0: of the file, and of its part */
    } place;
};

/* Whether the one comes first. */
static inline bool place_is_before(struct place a, struct place b)
{
    return a.part < b.part || (a.part == b.part && a.line < b.line);
}

#endif
