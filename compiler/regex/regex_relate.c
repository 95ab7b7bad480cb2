/* regex_relate.c - how the sets of texts that two automata match are related. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "regex.h"

#include <stdlib.h>
#include <string.h>

/* Gives up beyond this many pairs of states, which is far more than real patterns need. */
#define MOST_PAIRS (1u << 16)

struct walk {
    const struct ffs_automaton *first, *second;
    uint8_t bytes[256]; /* a representative of each class that the two distinguish */
    uint32_t byte_count;
    uint32_t *pairs; /* first state * states of the second + second state; those seen, in order */
    uint32_t pair_count;
    uint64_t *seen;
};

/* A state's number is that of its row. */
static uint32_t row_after(const struct ffs_automaton *automaton, uint32_t row, uint8_t byte)
{
    const uint16_t *rows = (const uint16_t *)(automaton + 1);
    uint32_t at = row * automaton->class_count + automaton->class_of[byte];
    return rows[at] / automaton->class_count;
}

static bool ends_in_match(const struct ffs_automaton *automaton, uint32_t row)
{
    return row == 1 || row * automaton->class_count >= automaton->accepting;
}

static void find_bytes(struct walk *walk)
{
    uint64_t known[256 * 256 / 64] = {0};
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned key = walk->first->class_of[byte] * 256u + walk->second->class_of[byte];
        if (!(known[key / 64] >> key % 64 & 1))
            walk->bytes[walk->byte_count++] = (uint8_t)byte;
        known[key / 64] |= UINT64_C(1) << key % 64;
    }
}

static void add_pair(struct walk *walk, uint32_t first, uint32_t second)
{
    uint32_t pair = first * walk->second->state_count + second;
    if (walk->seen[pair / 64] >> pair % 64 & 1)
        return;
    walk->seen[pair / 64] |= UINT64_C(1) << pair % 64;
    walk->pairs[walk->pair_count++] = pair;
}

bool regex_relate(const struct automaton *first, const struct automaton *second,
                  struct regex_relation *relation)
{
    struct walk walk = {.first = first->table, .second = second->table};
    uint32_t states = walk.second->state_count, all = walk.first->state_count * states;
    *relation = (struct regex_relation){.included = true, .disjoint = true};
    if (all > MOST_PAIRS)
        return false;
    walk.pairs = xcalloc(all, sizeof *walk.pairs);
    walk.seen = xcalloc(all / 64 + 1, sizeof *walk.seen);
    find_bytes(&walk);
    add_pair(&walk, walk.first->start / walk.first->class_count,
             walk.second->start / walk.second->class_count);
    for (uint32_t i = 0; i < walk.pair_count && (relation->included || relation->disjoint); i++) {
        uint32_t a = walk.pairs[i] / states, b = walk.pairs[i] % states;
        bool in_first = ends_in_match(walk.first, a), in_second = ends_in_match(walk.second, b);
        relation->included &= !in_first || in_second;
        relation->disjoint &= !in_first || !in_second;
        for (uint32_t k = 0; k < walk.byte_count; k++)
            add_pair(&walk, row_after(walk.first, a, walk.bytes[k]),
                     row_after(walk.second, b, walk.bytes[k]));
    }
    free(walk.pairs);
    free(walk.seen);
    return true;
}

const struct automaton *regex_literal(struct arena *arena, const char *part, enum part_place place,
                                      bool ignore_case)
{
    struct regex_problem problem;
    struct buffer pattern = {0};
    buffer_append_text(&pattern, place & PART_AT_BEGIN ? "\\A" : "");
    for (const char *c = part; *c; c++) {
        if (strchr("\\^$.[]|()?*+{}", *c))
            buffer_append_text(&pattern, "\\");
        buffer_append(&pattern, c, 1);
    }
    buffer_append_text(&pattern, place & PART_AT_END ? "\\z" : "");
    const struct automaton *automaton = regex_compile(arena, pattern.bytes ? pattern.bytes : "",
                                                      pattern.length, ignore_case, &problem);
    buffer_release(&pattern);
    return automaton;
}
