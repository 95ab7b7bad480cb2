/*
 * prove_lists.c - see prove_lists.h.
 *
 * A list is known by the kinds of entries it has, which are regions of the texts as the tests of
 * entries cut them, and by how many entries it has: at least one of each kind.
 */
#include "prove_lists.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/model/declaration.h"
#include "prove_regions.h"
#include "prove_strings.h"

#define MOST_KINDS 10
#define MOST_SIZES 256
#define MOST_OPEN  8 /* tests tried both ways */

/* Tests that one entry passes, or several one after another: `has_all` asks for each operand. */
struct asked {
    struct literal {
        uint32_t atom; /* among those of entries */
        bool negate;
        uint32_t part;
    } * literals;
    uint32_t literal_count;
    uint32_t *passing; /* of each part, the kinds of entries that pass it, as bits */
    uint32_t part_count;
};

struct list_cut {
    struct subject *subject;
    struct arena *arena;
    struct subject entries;
    struct asked *asked; /* by each test of the list */
    double *sizes;       /* that tests name */
    uint32_t size_count;
};

static void ask_entry(struct list_cut *cut, struct asked *asked, const struct condition *test,
                      bool negate, uint32_t part)
{
    struct literal *literal = ARENA_APPEND(cut->arena, asked->literals, asked->literal_count);
    *literal = (struct literal){subject_atom(&cut->entries, cut->arena, test), negate, part};
    asked->part_count = part + 1;
}

/* `has` and its kin, as tests of an entry. */
static void ask_operands(struct list_cut *cut, struct asked *asked, const struct condition *test)
{
    bool all = operator_kinds[test->operator_kind].all;
    for (uint32_t i = 0; i < (all ? test->operand_count : 1); i++) {
        struct condition *equal = ARENA_NEW(cut->arena, struct condition);
        *equal = (struct condition){.kind = CONDITION_TEST,
                                    .operator_kind = OPERATOR_EQ,
                                    .ignore_case = test->ignore_case,
                                    .operands = test->operands + i,
                                    .operand_count = all ? 1 : test->operand_count};
        ask_entry(cut, asked, equal, false, i);
    }
}

static void add_sizes(struct list_cut *cut, const struct condition *test)
{
    bool named = operator_kinds[test->operator_kind].order;
    for (uint32_t i = 0; named && i < test->operand_count; i++)
        *ARENA_APPEND(cut->arena, cut->sizes, cut->size_count) = test->operands[i].number;
}

/* False if there are too many tests to cut by. */
static bool ask(struct list_cut *cut, struct asked *asked, const struct condition *test)
{
    switch (proof_of(test)) {
    case PROOF_ENTRIES:
        ask_operands(cut, asked, test);
        return asked->part_count <= MOST_KINDS;
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
        for (uint32_t i = 0; i < count_within(test); i++)
            ask_entry(cut, asked, test_within(test, i), test_within(test, i)->negate, 0);
        return true;
    case PROOF_SIZE:
        for (uint32_t i = 0; i < count_within(test); i++)
            add_sizes(cut, test_within(test, i));
        return cut->size_count <= MOST_SIZES;
    case PROOF_EQUAL:
    case PROOF_ORDER:
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_LISTED:
    case PROOF_REMAINDER:
    case PROOF_AGE:
    case PROOF_PRESENCE:
    case PROOF_NULL:
    case PROOF_OPAQUE:
        break;
    }
    return true;
}

static void find_passing(struct list_cut *cut, struct asked *asked)
{
    const struct subject *entries = &cut->entries;
    asked->passing = ARENA_ARRAY(cut->arena, uint32_t, asked->part_count + 1);
    for (uint32_t i = 0; i < asked->part_count; i++)
        asked->passing[i] = (1u << entries->region_count) - 1;
    for (uint32_t i = 0; i < asked->literal_count; i++) {
        const struct literal *literal = &asked->literals[i];
        for (uint32_t kind = 0; kind < entries->region_count; kind++) {
            const uint64_t *region = entries->regions + (size_t)kind * entries->words;
            bool holds = region[literal->atom / 64] >> literal->atom % 64 & 1;
            if (holds == literal->negate)
                asked->passing[literal->part] &= ~(1u << kind);
        }
    }
}

/* A size stands for others, which leave other remainders. */
static enum certainty certainty_at_size(const struct condition *test, double size)
{
    unsigned order = test->other ? 0 : operator_kinds[test->operator_kind].order;
    for (uint32_t i = 0; i < test->operand_count; i++) {
        double operand = test->operands[i].number;
        if (order & (size < operand ? ORDER_LOWER : size > operand ? ORDER_HIGHER : ORDER_EQUAL))
            return SURELY_HOLDS;
    }
    return order ? SURELY_FAILS : UNCERTAIN;
}

static enum certainty certainty_of_size(const struct condition *test, double size)
{
    enum certainty all = SURELY_HOLDS;
    for (uint32_t i = 0; i < count_within(test); i++) {
        const struct condition *one = test_within(test, i);
        enum certainty certainty = certainty_at_size(one, size);
        if (certainty == UNCERTAIN)
            all = UNCERTAIN;
        else if ((certainty == SURELY_HOLDS) == one->negate)
            return SURELY_FAILS;
    }
    return all;
}

static bool has_each(const struct asked *asked, uint32_t kinds)
{
    for (uint32_t i = 0; i < asked->part_count; i++) {
        if (!(asked->passing[i] & kinds))
            return false;
    }
    return true;
}

/* Of a list that has entries of those kinds, and so many. */
static enum certainty certainty_of_list(const struct list_cut *cut, uint32_t atom, uint32_t kinds,
                                        double size)
{
    const struct condition *test = cut->subject->atoms[atom];
    const struct asked *asked = &cut->asked[atom];
    switch (proof_of(test)) {
    case PROOF_ENTRIES:
    case PROOF_SOME:
        return has_each(asked, kinds) ? SURELY_HOLDS : SURELY_FAILS;
    case PROOF_EVERY:
        return kinds & ~asked->passing[0] ? SURELY_FAILS : SURELY_HOLDS;
    case PROOF_NO:
        return kinds & asked->passing[0] ? SURELY_FAILS : SURELY_HOLDS;
    case PROOF_SIZE:
        return certainty_of_size(test, size);
    case PROOF_PRESENCE:
        return SURELY_HOLDS;
    case PROOF_NULL:
        return SURELY_FAILS;
    case PROOF_EQUAL:
    case PROOF_ORDER:
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_LISTED:
    case PROOF_AGE:
    case PROOF_REMAINDER:
    case PROOF_OPAQUE:
        break;
    }
    return UNCERTAIN;
}

/* A test that may or may not hold is tried both ways. */
static bool cut_at_list(struct list_cut *cut, uint32_t kinds, double size)
{
    uint32_t open[MOST_OPEN], open_count = 0;
    uint64_t *certain = ARENA_ARRAY(cut->arena, uint64_t, cut->subject->words);
    for (uint32_t i = 0; i < cut->subject->atom_count; i++) {
        enum certainty certainty = certainty_of_list(cut, i, kinds, size);
        if (certainty == SURELY_HOLDS)
            region_mark(certain, i);
        else if (certainty == UNCERTAIN && open_count == MOST_OPEN)
            return false;
        else if (certainty == UNCERTAIN)
            open[open_count++] = i;
    }
    for (uint32_t bits = 0; bits < 1u << open_count; bits++) {
        uint64_t *region = ARENA_ARRAY(cut->arena, uint64_t, cut->subject->words);
        memcpy(region, certain, cut->subject->words * sizeof *region);
        for (uint32_t i = 0; i < open_count; i++)
            if (bits >> i & 1)
                region_mark(region, open[i]);
        if (!subject_add_region(cut->subject, cut->arena, region))
            return false;
    }
    return true;
}

/* Each size that a test names, and the next, stands for those up to the next one named. */
static bool cut_at_sizes(struct list_cut *cut, uint32_t kinds)
{
    double least = __builtin_popcount(kinds);
    if (!cut_at_list(cut, kinds, least))
        return false;
    for (uint32_t i = 0; kinds && i < cut->size_count; i++) {
        double size = cut->sizes[i];
        if ((size > least && !cut_at_list(cut, kinds, size)) ||
            (size + 1 > least && !cut_at_list(cut, kinds, size + 1)))
            return false;
    }
    return true;
}

bool lists_cut(struct subject *subject, struct arena *arena)
{
    static const struct attribute entry = {.type = FFLAG_ATTRIBUTE_STRING};
    struct list_cut cut = {.subject = subject,
                           .arena = arena,
                           .entries = {.attribute = &entry},
                           .asked = ARENA_ARRAY(arena, struct asked, subject->atom_count + 1)};
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        if (!ask(&cut, &cut.asked[i], subject->atoms[i]))
            return false;
    }
    cut.entries.words = cut.entries.atom_count / 64 + 1;
    if (!subject_cut_texts(&cut.entries, arena) || cut.entries.region_count > MOST_KINDS)
        return false;
    for (uint32_t i = 0; i < subject->atom_count; i++)
        find_passing(&cut, &cut.asked[i]);
    for (uint32_t kinds = 0; kinds < 1u << cut.entries.region_count; kinds++) {
        if (!cut_at_sizes(&cut, kinds))
            return false;
    }
    return true;
}
