/*
 * kept.h - records that outlive the line they were read from, until their time has come.
 *
 * A copy in one piece of memory: its event, with the text of its values, and what stands for it in
 * the digest of the input. Cost: an allocation, and the bytes of the fields that are read.
 */
#ifndef FFREPLAY_KEPT_H
#define FFREPLAY_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "records.h"

struct kept {
    struct record record; /* points into itself */
    struct event event;
    uint64_t order; /* of two with the same time: by what they say, not by who came first */
};

struct kept *keep_record(const struct record *record, uint32_t field_count);

/* To be freed with free(). */
struct kept_list {
    struct kept **items;
    size_t count, capacity;
};
void kept_list_add(struct kept_list *list, struct kept *kept);
/* By time, then by content: the same whatever the order they were added in. */
void kept_list_sort(struct kept_list *list);
/* Frees the records, too. */
void kept_list_release(struct kept_list *list);

#endif
