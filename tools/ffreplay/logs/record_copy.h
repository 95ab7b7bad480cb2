/*
 * record_copy.h - copies of records that outlive their lines, to be used later.
 *
 * A copy in one piece of memory: its event, with the text of its values, and what stands for it in
 * the digest of the input. Cost: an allocation, and the bytes of the fields that are read.
 */
#ifndef FFREPLAY_RECORD_COPY_H
#define FFREPLAY_RECORD_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "records.h"

struct record_copy {
    struct record record; /* points into itself */
    struct event event;
    uint64_t order; /* of two with the same time: by what they say, not by who came first */
};

struct record_copy *copy_record(const struct record *record, uint32_t field_count);

/* To be freed with free(). */
struct record_copies {
    struct record_copy **items;
    size_t count, capacity;
};
void record_copies_add(struct record_copies *list, struct record_copy *copy);
/* By time, then by content: the same whatever the order they were added in. */
void record_copies_sort(struct record_copies *list);
/* Frees the records, too. */
void record_copies_release(struct record_copies *list);

#endif
