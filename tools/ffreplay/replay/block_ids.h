/*
 * block_ids.h - which records of a block are duplicates, where several threads read a log.
 *
 * Of records with the same id the first in the file counts, so ids have to be looked up in the
 * file's order, which no thread knows: each goes through the lines of its block twice. The first
 * time, it notes ids; block by block, these are then looked up in turn; the second time, records
 * are taken, and each is told what became of its id.
 */
#ifndef FFREPLAY_BLOCK_IDS_H
#define FFREPLAY_BLOCK_IDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/logs/lines.h"
#include "tools/ffreplay/logs/unit_set.h"

struct value;

/* Of one block at a time. */
struct block_ids {
    struct part_ids {
        struct noted_id {
            struct unit_hash id;
            bool identifies; /* false: the record has none */
            bool duplicate;
        } * items;
        uint32_t count, capacity;
        uint32_t next; /* the first of them that has not been asked for */
    } parts[LINES_ABREAST];
};

void block_ids_begin(struct block_ids *ids);
/* The next record's, of a part of the block. */
void block_ids_note(struct block_ids *ids, uint64_t part, const struct value *id);
/* Whether the next record of that part, in the same order, is a duplicate. */
bool block_ids_next(struct block_ids *ids, uint64_t part);
void block_ids_release(struct block_ids *ids);

/* Of the threads that read a file. */
struct block_turns {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t next; /* the number of the block whose ids are looked up next */
};
void block_turns_begin(struct block_turns *turns, uint64_t first);
void block_turns_end(struct block_turns *turns);

/* Looks the ids of a block up, and adds them. Waits until all blocks before it had their turn. */
void block_ids_look_up(struct block_ids *ids, struct block_turns *turns, uint64_t block,
                       struct unit_set *seen);

#endif
