/*
 * regex_dfa.c - turns an NFA into a DFA by constructing sets of states.
 *
 * A set holds the states reachable before the next byte is known. An assertion (`^`, `\b`) depends
 * on both neighbours, so a set that contains one also remembers the previous byte, and resolves the
 * assertion once the next byte, or the end, is known. Sets are bit maps; equal sets are found by
 * interning them in a pool.
 */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/intern.h"
#include "regex_steps.h"

#include <stdlib.h>
#include <string.h>

/* What precedes an assertion. */
#define BEFORE_BEGIN   1u
#define BEFORE_NEWLINE 2u
#define BEFORE_WORD    4u

#define TEXT_END 256u /* in place of the next byte */

struct builder {
    const struct nfa *nfa;
    struct dfa *dfa;
    struct pool sets; /* each: what precedes it, then the bits */
    size_t words;     /* per set */
    uint64_t *set, *resolved, *target;
    uint64_t *base;      /* a match may begin anywhere, so the first states are in every set */
    uint64_t *base_step; /* what those reach, by class */
    uint32_t *stack;
    uint32_t *places; /* the states of NFA_ASSERT */
    uint32_t place_count;
    uint8_t bytes[256]; /* a representative of each class */
    size_t *offsets;    /* offsets in the pool of the sets of states 2 and up; ascending */
    uint32_t capacity;
    uint64_t work;
};

static bool is_word(unsigned byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte >= 'a' && byte <= 'z');
}

static bool has(const uint64_t *set, uint32_t state)
{
    return set[1 + state / 64] >> state % 64 & 1;
}

static void put(uint64_t *set, uint32_t state)
{
    set[1 + state / 64] |= UINT64_C(1) << state % 64;
}

/* Adds a state, and those reachable from it without a byte or an assertion. */
static void reach(struct builder *builder, uint64_t *set, uint32_t first)
{
    uint32_t depth = 0;
    builder->stack[depth++] = first;
    while (depth) {
        uint32_t state = builder->stack[--depth];
        if (has(set, state))
            continue;
        put(set, state);
        builder->work++;
        if (builder->nfa->states[state].kind == NFA_BRANCH) {
            builder->stack[depth++] = builder->nfa->states[state].next;
            builder->stack[depth++] = builder->nfa->states[state].other;
        }
    }
}

/* ----------------------------------------------------------------------------------- classes -- */

static void split_at(bool begins[257], unsigned low, unsigned high)
{
    begins[low] = true;
    begins[high + 1] = true;
}

/* Bytes that no range and no assertion distinguishes form one class. */
static void find_classes(struct builder *builder)
{
    const struct nfa *nfa = builder->nfa;
    bool begins[257] = {[0] = true};
    for (uint32_t i = 0; i < nfa->range_count; i++)
        split_at(begins, nfa->ranges[i].low, nfa->ranges[i].high);
    if (nfa->asserts[AT_LINE_BEGIN] || nfa->asserts[AT_LINE_END])
        split_at(begins, '\n', '\n');
    if (nfa->asserts[AT_WORD_BOUNDARY] || nfa->asserts[AT_NO_WORD_BOUNDARY]) {
        split_at(begins, '0', '9');
        split_at(begins, 'A', 'Z');
        split_at(begins, '_', '_');
        split_at(begins, 'a', 'z');
        split_at(begins, 0x80, 0xBF);
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        if (begins[byte])
            builder->bytes[builder->dfa->class_count++] = (uint8_t)byte;
        builder->dfa->class_of[byte] = (uint8_t)(builder->dfa->class_count - 1);
    }
}

/* ------------------------------------------------------------------------------------ places -- */

static bool assertion_holds(enum assertion assertion, unsigned before, unsigned next)
{
    bool word_before = before & BEFORE_WORD, word_next = next != TEXT_END && is_word(next);
    switch (assertion) {
    case AT_TEXT_BEGIN:
        return before & BEFORE_BEGIN;
    case AT_LINE_BEGIN:
        return before & (BEFORE_BEGIN | BEFORE_NEWLINE);
    case AT_TEXT_END:
        return next == TEXT_END;
    case AT_LINE_END:
        return next == TEXT_END || next == '\n';
    case AT_WORD_BOUNDARY:
        return word_before != word_next;
    case AT_NO_WORD_BOUNDARY: /* never within a character */
        return word_before == word_next && (next == TEXT_END || (next & 0xC0) != 0x80);
    }
    return false;
}

/* What precedes the next assertion, as far as this pattern depends on it. */
static unsigned standing_before(const struct nfa *nfa, unsigned byte)
{
    unsigned before = 0;
    if (byte == '\n' && nfa->asserts[AT_LINE_BEGIN])
        before |= BEFORE_NEWLINE;
    if (is_word(byte) && (nfa->asserts[AT_WORD_BOUNDARY] || nfa->asserts[AT_NO_WORD_BOUNDARY]))
        before |= BEFORE_WORD;
    return before;
}

static void find_places(struct builder *builder, struct arena *arena)
{
    const struct nfa *nfa = builder->nfa;
    builder->places = ARENA_ARRAY(arena, uint32_t, nfa->state_count);
    for (uint32_t state = 0; state < nfa->state_count; state++)
        if (nfa->states[state].kind == NFA_ASSERT)
            builder->places[builder->place_count++] = state;
}

static bool has_places(struct builder *builder, const uint64_t *set)
{
    builder->work += builder->place_count;
    for (uint32_t i = 0; i < builder->place_count; i++)
        if (has(set, builder->places[i]))
            return true;
    return false;
}

/* The set, plus the states reached through assertions that hold between its last byte and the
 * next. */
static const uint64_t *resolve(struct builder *builder, const uint64_t *set, bool places,
                               unsigned next)
{
    if (!places)
        return set;
    memcpy(builder->resolved, set, builder->words * sizeof *set);
    for (bool grown = true; grown;) {
        grown = false;
        for (uint32_t i = 0; i < builder->place_count; i++) {
            const struct nfa_state *place = &builder->nfa->states[builder->places[i]];
            if (!has(builder->resolved, builder->places[i]) ||
                has(builder->resolved, place->next) ||
                !assertion_holds(place->assertion, (unsigned)set[0], next))
                continue;
            reach(builder, builder->resolved, place->next);
            grown = true;
        }
        builder->work += builder->place_count;
    }
    return builder->resolved;
}

/* ------------------------------------------------------------------------------------ states -- */

static uint32_t state_of_offset(const struct builder *builder, size_t offset)
{
    uint32_t low = 2, high = builder->dfa->state_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (builder->offsets[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t add_state(struct builder *builder)
{
    struct dfa *dfa = builder->dfa;
    if (dfa->state_count == builder->capacity) {
        builder->capacity = builder->capacity ? builder->capacity * 2 : 64;
        size_t row = dfa->class_count * sizeof *dfa->next;
        dfa->next = xrealloc(dfa->next, builder->capacity * row);
        dfa->accepts = xrealloc(dfa->accepts, builder->capacity * sizeof *dfa->accepts);
        builder->offsets = xrealloc(builder->offsets, builder->capacity * sizeof(size_t));
    }
    return dfa->state_count++;
}

/* The state of the set in builder->target. */
static uint32_t intern_target(struct builder *builder, unsigned before)
{
    uint64_t *set = builder->target;
    if (has(set, 0))
        return DFA_FOUND;
    set[0] = has_places(builder, set) ? before : 0;
    size_t known = builder->sets.bytes.length;
    size_t offset = pool_add(&builder->sets, set, builder->words * sizeof *set);
    if (offset < known)
        return state_of_offset(builder, offset);
    uint32_t state = add_state(builder);
    builder->offsets[state] = offset;
    return state;
}

/* Adds to builder->target what the set reaches by a byte, except what is in another set. */
static void step_from(struct builder *builder, const uint64_t *set, const uint64_t *without,
                      unsigned byte)
{
    const struct nfa *nfa = builder->nfa;
    for (size_t i = 1; i < builder->words; i++) {
        for (uint64_t left = set[i] & ~without[i]; left; left &= left - 1) {
            size_t at = (i - 1) * 64 + (size_t)__builtin_ctzll(left);
            const struct nfa_state *state = &nfa->states[at];
            const struct nfa_range *range = nfa->ranges + state->first_range;
            for (uint32_t k = 0; k < state->range_count; k++)
                if (range[k].low <= byte && byte <= range[k].high)
                    reach(builder, builder->target, range[k].next);
            builder->work += 1 + state->range_count;
        }
    }
    builder->work += builder->words;
}

/* Fills builder->target with what the set reaches by a byte of the class. */
static void step(struct builder *builder, const uint64_t *set, uint32_t class)
{
    memcpy(builder->target, builder->base_step + class * builder->words,
           builder->words * sizeof *builder->target);
    step_from(builder, set, builder->base, builder->bytes[class]);
}

static void find_base(struct builder *builder, struct arena *arena)
{
    size_t bytes = builder->words * sizeof(uint64_t);
    const uint64_t *nothing = ARENA_ARRAY(arena, uint64_t, builder->words);
    builder->base = ARENA_ARRAY(arena, uint64_t, builder->words);
    builder->base_step = ARENA_ARRAY(arena, uint64_t, builder->words * builder->dfa->class_count);
    reach(builder, builder->base, builder->nfa->start);
    for (uint32_t class = 0; class < builder->dfa->class_count; class ++) {
        memset(builder->target, 0, bytes);
        step_from(builder, builder->base, nothing, builder->bytes[class]);
        memcpy(builder->base_step + class * builder->words, builder->target, bytes);
    }
}

static void fill_state(struct builder *builder, uint32_t state)
{
    struct dfa *dfa = builder->dfa;
    /* Interning moves the pool, so the set is copied. */
    memcpy(builder->set, builder->sets.bytes.bytes + builder->offsets[state],
           builder->words * sizeof *builder->set);
    bool places = has_places(builder, builder->set);
    for (uint32_t class = 0; class < dfa->class_count; class ++) {
        unsigned byte = builder->bytes[class];
        const uint64_t *set = resolve(builder, builder->set, places, byte);
        uint32_t next = DFA_FOUND;
        if (!has(set, 0)) {
            step(builder, set, class);
            next = intern_target(builder, standing_before(builder->nfa, byte));
        }
        dfa->next[(size_t)state * dfa->class_count + class] = next;
    }
    dfa->accepts[state] = has(resolve(builder, builder->set, places, TEXT_END), 0);
}

static void add_sinks(struct builder *builder)
{
    struct dfa *dfa = builder->dfa;
    for (uint32_t sink = DFA_DEAD; sink <= DFA_FOUND; sink++) {
        uint32_t state = add_state(builder);
        for (uint32_t class = 0; class < dfa->class_count; class ++)
            dfa->next[(size_t)state * dfa->class_count + class] = sink;
        dfa->accepts[state] = sink == DFA_FOUND;
        builder->offsets[state] = 0;
    }
}

bool dfa_build(struct dfa *dfa, struct arena *arena, const struct nfa *nfa)
{
    *dfa = (struct dfa){0};
    struct builder builder = {.nfa = nfa, .dfa = dfa, .words = 1 + nfa->state_count / 64 + 1};
    builder.set = ARENA_ARRAY(arena, uint64_t, builder.words);
    builder.resolved = ARENA_ARRAY(arena, uint64_t, builder.words);
    builder.target = ARENA_ARRAY(arena, uint64_t, builder.words);
    builder.stack = ARENA_ARRAY(arena, uint32_t, 2 * (size_t)nfa->state_count + 2);
    find_classes(&builder);
    find_places(&builder, arena);
    find_base(&builder, arena);
    add_sinks(&builder);
    memcpy(builder.target, builder.base, builder.words * sizeof *builder.target);
    dfa->start = intern_target(
        &builder, nfa->asserts[AT_TEXT_BEGIN] || nfa->asserts[AT_LINE_BEGIN] ? BEFORE_BEGIN : 0);
    bool fits = true;
    for (uint32_t state = 2; fits && state < dfa->state_count; state++) {
        fill_state(&builder, state);
        fits = (size_t)dfa->state_count * dfa->class_count <= DFA_MAX_ENTRIES &&
               builder.work <= DFA_MAX_WORK;
    }
    free(builder.offsets);
    pool_release(&builder.sets);
    return fits;
}

void dfa_release(struct dfa *dfa)
{
    free(dfa->next);
    free(dfa->accepts);
    *dfa = (struct dfa){0};
}
