/*
 * regex_minimise.c - the smallest DFA of a language, in a canonical order.
 *
 * Hopcroft's refinement: states share a block until something distinguishes them. Of a split block,
 * the smaller half becomes the new one, so each state is visited a logarithmic number of times per
 * class.
 */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "regex_steps.h"

#include <stdlib.h>
#include <string.h>

struct block {
    uint32_t first, end; /* in `members` */
    uint32_t marked;     /* how many of the first ones move with the current splitter */
};

struct partition {
    const struct dfa *dfa;
    uint32_t *members; /* states, block by block */
    uint32_t *places;  /* of each state: its index in `members` */
    uint32_t *block_of;
    struct block *blocks;
    uint32_t block_count;
    uint32_t *touched; /* blocks with marked states */
    uint32_t touched_count;
    uint32_t *waiting; /* a stack of blocks that may split others */
    uint32_t waiting_count;
    /* Predecessors of a state by a class: sources[first_source[class * states + state] …]. */
    uint32_t *first_source, *sources;
    uint32_t *splitter; /* a copy, since its block may split meanwhile */
};

static void find_sources(struct partition *partition, struct arena *arena)
{
    const struct dfa *dfa = partition->dfa;
    size_t n = dfa->state_count, k = dfa->class_count;
    uint32_t *first = partition->first_source = ARENA_ARRAY(arena, uint32_t, n * k + 1);
    partition->sources = ARENA_ARRAY(arena, uint32_t, n * k);
    for (size_t state = 0; state < n; state++)
        for (size_t class = 0; class < k; class ++)
            first[class * n + dfa->next[state * k + class] + 1]++;
    for (size_t i = 0; i < n * k; i++)
        first[i + 1] += first[i];
    uint32_t *at = ARENA_ARRAY(arena, uint32_t, n * k);
    memcpy(at, first, n * k * sizeof *at);
    for (size_t state = 0; state < n; state++)
        for (size_t class = 0; class < k; class ++)
            partition->sources[at[class * n + dfa->next[state * k + class]]++] = (uint32_t)state;
}

static void mark(struct partition *partition, uint32_t state)
{
    uint32_t index = partition->block_of[state];
    struct block *block = &partition->blocks[index];
    uint32_t place = partition->places[state], boundary = block->first + block->marked;
    if (place < boundary)
        return;
    if (block->marked++ == 0)
        partition->touched[partition->touched_count++] = index;
    uint32_t other = partition->members[boundary];
    partition->members[boundary] = state;
    partition->members[place] = other;
    partition->places[state] = boundary;
    partition->places[other] = place;
}

/* Splits the blocks in which only some states are marked. */
static void split_touched(struct partition *partition)
{
    while (partition->touched_count) {
        struct block *block = &partition->blocks[partition->touched[--partition->touched_count]];
        uint32_t marked = block->marked, size = block->end - block->first;
        block->marked = 0;
        if (marked == size)
            continue;
        struct block *fresh = &partition->blocks[partition->block_count];
        if (marked <= size - marked) {
            *fresh = (struct block){block->first, block->first + marked, 0};
            block->first += marked;
        } else {
            *fresh = (struct block){block->first + marked, block->end, 0};
            block->end = block->first + marked;
        }
        for (uint32_t i = fresh->first; i < fresh->end; i++)
            partition->block_of[partition->members[i]] = partition->block_count;
        partition->waiting[partition->waiting_count++] = partition->block_count++;
    }
}

static void refine(struct partition *partition)
{
    size_t n = partition->dfa->state_count;
    while (partition->waiting_count) {
        const struct block *block =
            &partition->blocks[partition->waiting[--partition->waiting_count]];
        uint32_t size = block->end - block->first;
        memcpy(partition->splitter, partition->members + block->first,
               size * sizeof *partition->splitter);
        for (size_t class = 0; class < partition->dfa->class_count; class ++) {
            for (uint32_t i = 0; i < size; i++) {
                size_t key = class * n + partition->splitter[i];
                for (uint32_t s = partition->first_source[key];
                     s < partition->first_source[key + 1]; s++)
                    mark(partition, partition->sources[s]);
            }
            split_touched(partition);
        }
    }
}

static void start_partition(struct partition *partition, struct arena *arena)
{
    uint32_t n = partition->dfa->state_count;
    partition->members = ARENA_ARRAY(arena, uint32_t, n);
    partition->places = ARENA_ARRAY(arena, uint32_t, n);
    partition->block_of = ARENA_ARRAY(arena, uint32_t, n);
    partition->blocks = ARENA_ARRAY(arena, struct block, n);
    partition->touched = ARENA_ARRAY(arena, uint32_t, n);
    partition->waiting = ARENA_ARRAY(arena, uint32_t, n);
    partition->splitter = ARENA_ARRAY(arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        partition->members[i] = partition->places[i] = i;
    partition->blocks[0] = (struct block){0, n, 0};
    partition->waiting[partition->waiting_count++] = partition->block_count++;
    for (uint32_t i = 0; i < n; i++)
        if (partition->dfa->accepts[i])
            mark(partition, i);
    split_touched(partition);
}

/* ------------------------------------------------------------------------------------ result -- */

/* Orders the blocks like the new states. */
static uint32_t order_blocks(const struct partition *partition, struct arena *arena,
                             uint32_t *order, uint32_t *number)
{
    const struct dfa *dfa = partition->dfa;
    uint32_t count = 0, ordered = 0;
    uint32_t *walk = ARENA_ARRAY(arena, uint32_t, partition->block_count + 2);
    bool *seen = ARENA_ARRAY(arena, bool, partition->block_count);
    const uint32_t first[] = {DFA_DEAD, DFA_FOUND, dfa->start};
    for (size_t i = 0; i < 3; i++) {
        uint32_t block = partition->block_of[first[i]];
        if (!seen[block])
            walk[count++] = block;
        seen[block] = true;
    }
    for (uint32_t i = 2; i < count; i++) {
        const uint32_t *row =
            dfa->next +
            (size_t)partition->members[partition->blocks[walk[i]].first] * dfa->class_count;
        for (uint32_t class = 0; class < dfa->class_count; class ++) {
            uint32_t block = partition->block_of[row[class]];
            if (!seen[block])
                walk[count++] = block;
            seen[block] = true;
        }
    }
    for (uint32_t pass = 0; pass < 3; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            bool accepts = dfa->accepts[partition->members[partition->blocks[walk[i]].first]];
            uint32_t turn = i < 2 ? 0 : accepts ? 2 : 1;
            if (turn == pass) {
                number[walk[i]] = ordered;
                order[ordered++] = walk[i];
            }
        }
    }
    return ordered;
}

static bool same_column(const struct dfa *dfa, uint32_t a, uint32_t b)
{
    for (size_t state = 0; state < dfa->state_count; state++)
        if (dfa->next[state * dfa->class_count + a] != dfa->next[state * dfa->class_count + b])
            return false;
    return true;
}

/* Merges classes that no state distinguishes; numbers them by their first byte. */
static void merge_classes(struct dfa *dfa)
{
    uint32_t kept[256], count = 0;
    uint8_t merged[256];
    for (uint32_t class = 0; class < dfa->class_count; class ++) {
        uint32_t same = 0;
        while (same < count && !same_column(dfa, kept[same], class))
            same++;
        if (same == count)
            kept[count++] = class;
        merged[class] = (uint8_t)same;
    }
    for (size_t state = 0; state < dfa->state_count; state++)
        for (uint32_t class = 0; class < count; class ++)
            dfa->next[state * count + class] = dfa->next[state * dfa->class_count + kept[class]];
    for (unsigned byte = 0; byte < 256; byte++)
        dfa->class_of[byte] = merged[dfa->class_of[byte]];
    dfa->class_count = count;
}

void dfa_minimise(struct dfa *dfa, struct arena *arena)
{
    struct partition partition = {.dfa = dfa};
    find_sources(&partition, arena);
    start_partition(&partition, arena);
    refine(&partition);

    uint32_t *order = ARENA_ARRAY(arena, uint32_t, partition.block_count);
    uint32_t *number = ARENA_ARRAY(arena, uint32_t, partition.block_count);
    uint32_t count = order_blocks(&partition, arena, order, number);
    size_t classes = dfa->class_count;
    uint32_t *next = xcalloc(count * classes, sizeof *next);
    bool *accepts = xcalloc(count, sizeof *accepts);
    for (uint32_t i = 0; i < count; i++) {
        size_t member = partition.members[partition.blocks[order[i]].first];
        accepts[i] = dfa->accepts[member];
        for (size_t class = 0; class < classes; class ++)
            next[i * classes + class] =
                number[partition.block_of[dfa->next[member * classes + class]]];
    }
    uint32_t start = number[partition.block_of[dfa->start]];
    free(dfa->next);
    free(dfa->accepts);
    dfa->next = next;
    dfa->accepts = accepts;
    dfa->state_count = count;
    dfa->start = start;
    merge_classes(dfa);
}
