/*
 * regex_nfa.c - turns a tree into an NFA that reads bytes.
 *
 * It is built from the end: each node is given the state that follows it, and returns the state it
 * begins in. A multi-byte character becomes a chain of states; chains with the same end share it.
 */
#include "compiler/base/arena.h"
#include "regex_steps.h"

static uint32_t new_state(struct nfa *nfa, enum nfa_kind kind)
{
    if (nfa->state_count >= NFA_MAX_STATES) {
        nfa->too_large = true;
        return 0;
    }
    struct nfa_state *state = ARENA_APPEND(nfa->arena, nfa->states, nfa->state_count);
    state->kind = kind;
    return nfa->state_count - 1;
}

static uint32_t new_branch(struct nfa *nfa, uint32_t next, uint32_t other)
{
    uint32_t branch = new_state(nfa, NFA_BRANCH);
    nfa->states[branch].next = next;
    nfa->states[branch].other = other;
    return branch;
}

static void add_range(struct nfa *nfa, uint32_t state, struct nfa_range range)
{
    struct nfa_state *owner = &nfa->states[state];
    if (!owner->range_count)
        owner->first_range = nfa->range_count;
    owner->range_count++;
    *ARENA_APPEND(nfa->arena, nfa->ranges, nfa->range_count) = range;
}

/* -------------------------------------------------------------------------------- characters -- */

/* State while the ranges of one set are added. */
struct set_builder {
    struct nfa *nfa;
    uint32_t next;
    uint32_t first_state; /* the states of this set begin here */
    struct nfa_range *heads;
    uint32_t head_count;
};

/* A state that reads one byte of a range; reuses an equal one that this set has made. */
static uint32_t tail_state(struct set_builder *builder, struct nfa_range range)
{
    struct nfa *nfa = builder->nfa;
    for (uint32_t i = builder->first_state; i < nfa->state_count; i++) {
        const struct nfa_range *known = &nfa->ranges[nfa->states[i].first_range];
        if (known->low == range.low && known->high == range.high && known->next == range.next)
            return i;
    }
    nfa->work += nfa->state_count - builder->first_state;
    uint32_t state = new_state(nfa, NFA_BYTES);
    if (!nfa->too_large)
        add_range(nfa, state, range);
    return state;
}

/* Characters of equal length whose bytes vary independently of each other. */
static void add_chain(struct set_builder *builder, uint32_t low, uint32_t high)
{
    uint8_t first[4], last[4];
    uint32_t next = builder->next;
    uint32_t length = encode_character(low, first);
    encode_character(high, last);
    for (uint32_t i = length - 1; i > 0; i--)
        next = tail_state(builder, (struct nfa_range){first[i], last[i], next});
    *ARENA_APPEND(builder->nfa->arena, builder->heads, builder->head_count) =
        (struct nfa_range){first[0], last[0], next};
}

/* Splits a range until its bytes are independent: at the lengths, around the surrogates, and where
 * a leading part differs while the rest is not a full range. */
static void add_characters(struct set_builder *builder, uint32_t low, uint32_t high)
{
    static const uint32_t ends[] = {0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF};
    if (builder->nfa->too_large || low > high)
        return;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (low <= ends[i] && ends[i] < high) {
            add_characters(builder, low, ends[i]);
            add_characters(builder, ends[i] + 1, high);
            return;
        }
    }
    if (low >= 0xD800 && high <= 0xDFFF)
        return;
    uint8_t bytes[4];
    uint32_t length = encode_character(high, bytes);
    for (uint32_t i = 1; i < length; i++) {
        uint32_t rest = (1u << (6 * i)) - 1;
        if ((low & ~rest) == (high & ~rest))
            continue;
        if (low & rest) {
            add_characters(builder, low, low | rest);
            add_characters(builder, (low | rest) + 1, high);
            return;
        }
        if ((high & rest) != rest) {
            add_characters(builder, low, (high & ~rest) - 1);
            add_characters(builder, high & ~rest, high);
            return;
        }
    }
    add_chain(builder, low, high);
}

static uint32_t build_set(struct nfa *nfa, const struct character_set *set, uint32_t next)
{
    struct set_builder builder = {.nfa = nfa, .next = next, .first_state = nfa->state_count};
    for (uint32_t i = 0; i < set->count; i++)
        add_characters(&builder, set->ranges[i].low, set->ranges[i].high);
    uint32_t state = new_state(nfa, NFA_BYTES);
    for (uint32_t i = 0; i < builder.head_count && !nfa->too_large; i++)
        add_range(nfa, state, builder.heads[i]);
    return state;
}

/* ------------------------------------------------------------------------------------- nodes -- */

static uint32_t build(struct nfa *nfa, const struct regex_node *node, uint32_t next);

static uint32_t build_repeat(struct nfa *nfa, const struct regex_node *node, uint32_t next)
{
    const struct regex_node *item = node->children[0];
    uint32_t first = next;
    if (node->most == REGEX_NO_END) {
        first = new_branch(nfa, next, next);
        uint32_t body = build(nfa, item, first);
        nfa->states[first].other = body;
    } else {
        for (uint32_t i = node->least; i < node->most && !nfa->too_large; i++)
            first = new_branch(nfa, build(nfa, item, first), next);
    }
    for (uint32_t i = 0; i < node->least && !nfa->too_large; i++)
        first = build(nfa, item, first);
    return first;
}

static uint32_t build_assertion(struct nfa *nfa, enum assertion assertion, uint32_t next)
{
    uint32_t state = new_state(nfa, NFA_ASSERT);
    nfa->states[state].assertion = assertion;
    nfa->states[state].next = next;
    nfa->asserts[assertion] = true;
    return state;
}

static uint32_t build(struct nfa *nfa, const struct regex_node *node, uint32_t next)
{
    /* Repetitions of nothing make no states, but there may be exponentially many. */
    if (++nfa->work > NFA_MAX_WORK)
        nfa->too_large = true;
    if (nfa->too_large)
        return 0;
    switch (node->kind) {
    case REGEX_SET:
        return build_set(nfa, &node->set, next);
    case REGEX_ASSERT:
        return build_assertion(nfa, node->assertion, next);
    case REGEX_SEQUENCE:
        for (uint32_t i = node->child_count; i > 0 && !nfa->too_large; i--)
            next = build(nfa, node->children[i - 1], next);
        return next;
    case REGEX_CHOICE: {
        uint32_t first = build(nfa, node->children[node->child_count - 1], next);
        for (uint32_t i = node->child_count - 1; i > 0 && !nfa->too_large; i--)
            first = new_branch(nfa, build(nfa, node->children[i - 1], next), first);
        return first;
    }
    case REGEX_REPEAT:
        break;
    }
    return build_repeat(nfa, node, next);
}

bool nfa_build(struct nfa *nfa, struct arena *arena, const struct regex_node *root)
{
    *nfa = (struct nfa){.arena = arena};
    uint32_t match = new_state(nfa, NFA_MATCH);
    uint32_t begin = build(nfa, root, match);
    if (nfa->too_large || nfa->state_count > NFA_MAX_STATES - 2)
        return false;
    uint32_t skip = new_state(nfa, NFA_BYTES);
    nfa->start = new_branch(nfa, begin, skip);
    add_range(nfa, skip, (struct nfa_range){0, 0xFF, nfa->start});
    return true;
}
