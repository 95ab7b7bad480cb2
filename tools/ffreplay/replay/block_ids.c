/* block_ids.c - see block_ids.h. */
#include "block_ids.h"

#include <assert.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "tools/ffreplay/logs/value.h"

/* So many look-ups ahead, memory is asked for. */
#define FETCHED_AHEAD 12

void block_ids_begin(struct block_ids *ids)
{
    for (size_t i = 0; i < LINES_ABREAST; i++)
        ids->parts[i].count = ids->parts[i].next = 0;
}

void block_ids_note(struct block_ids *ids, uint64_t part, const struct value *id)
{
    struct part_ids *noted = &ids->parts[part % LINES_ABREAST];
    if (noted->count == noted->capacity) {
        noted->capacity = noted->capacity ? noted->capacity * 2 : 1024;
        noted->items = xrealloc(noted->items, noted->capacity * sizeof *noted->items);
    }
    struct noted_id *item = &noted->items[noted->count++];
    *item = (struct noted_id){.identifies = value_identifies(id)};
    if (item->identifies)
        item->id = unit_hash_of(id->text, id->length);
}

bool block_ids_next(struct block_ids *ids, uint64_t part)
{
    struct part_ids *noted = &ids->parts[part % LINES_ABREAST];
    assert(noted->next < noted->count);
    return noted->items[noted->next++].duplicate;
}

void block_ids_release(struct block_ids *ids)
{
    for (size_t i = 0; i < LINES_ABREAST; i++)
        free(ids->parts[i].items);
    *ids = (struct block_ids){0};
}

void block_turns_begin(struct block_turns *turns, uint64_t first)
{
    pthread_mutex_init(&turns->lock, NULL);
    pthread_cond_init(&turns->moved, NULL);
    turns->next = first;
}

void block_turns_end(struct block_turns *turns)
{
    pthread_cond_destroy(&turns->moved);
    pthread_mutex_destroy(&turns->lock);
}

static void look_up(struct part_ids *noted, struct unit_set *seen)
{
    for (uint32_t i = 0; i < noted->count; i++) {
        struct noted_id *item = &noted->items[i];
        if (i + FETCHED_AHEAD < noted->count)
            unit_set_fetch(seen, noted->items[i + FETCHED_AHEAD].id);
        item->duplicate = item->identifies && !unit_set_add(seen, item->id);
    }
}

void block_ids_look_up(struct block_ids *ids, struct block_turns *turns, uint64_t block,
                       struct unit_set *seen)
{
    pthread_mutex_lock(&turns->lock);
    while (turns->next != block)
        pthread_cond_wait(&turns->moved, &turns->lock);
    for (size_t i = 0; i < LINES_ABREAST; i++)
        look_up(&ids->parts[i], seen);
    turns->next++;
    pthread_cond_broadcast(&turns->moved);
    pthread_mutex_unlock(&turns->lock);
}
