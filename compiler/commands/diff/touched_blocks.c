/*
 * touched_blocks.c - what leads to a decision of a program, as a whole.
 *
 * A decision follows its tests. Where those of attributes and those of buckets do not depend on
 * each other, the former are one atom: a rule's condition, in words that are those of the rule.
 */
#include <inttypes.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/model/condition.h"
#include "compiler/commands/in_words.h"
#include "touched_parts.h"

#define MOST_TESTS 10 /* of attributes, in a condition that is taken as a whole */
#define MOST_PATHS 32

/* The tests of a block; their places count from its first instruction. */
struct block_tests {
    struct atom *atoms[MOST_TESTS];
    bool negated[MOST_TESTS];
    uint32_t places[MOST_TESTS];
    uint32_t targets[MOST_TESTS]; /* the test that runs next if it fails; MOST_TESTS: the decision
                                     is made, MOST_TESTS + 1: it is not */
    uint32_t count;
};

enum { DECIDED = MOST_TESTS, PASSED_OVER };

struct path {
    bool asked[MOST_TESTS], holds[MOST_TESTS]; /* of the atoms */
};

static uint32_t length_of(const struct program_side *side, const struct ffs_instruction *at)
{
    enum ffs_operand operand = ffs_operand_of(at->op);
    if (operand == FFS_OPERAND_BODY)
        return 1 + (uint32_t)at->operand;
    if (operand == FFS_OPERAND_FLAG)
        return 1 + ffs_accept_count(side->listing->flags[at->operand].variant_count);
    return 1;
}

static bool decides(const struct ffs_instruction *at)
{
    return ffs_uses_of(at->op) & FFS_USES_REASON;
}

/* Whether it asks for what a unit or another flag is, which is not known from an atom. */
static bool is_of_units(const struct ffs_instruction *at)
{
    enum ffs_operand operand = ffs_operand_of(at->op);
    return reads_bucket(at->op) || operand == FFS_OPERAND_FLAG || operand == FFS_OPERAND_WEEKLY ||
           at->op == FFS_CLOCK_GE;
}

/* Whether a test's jump within the block passes over one of the other sort. */
static bool is_entangled(const struct program_side *side, const struct ffs_instruction *code,
                         uint32_t place, uint32_t decision)
{
    uint32_t target = place + code[place].jump;
    if (target > decision)
        return target != decision + 1;
    for (uint32_t i = place; i < target; i += length_of(side, &code[i]))
        if (is_of_units(&code[i]) != is_of_units(&code[place]))
            return true;
    return false;
}

/* False if they cannot be taken as a whole. */
static bool read_tests(struct comparison *comparison, struct program_side *side,
                       const struct ffs_flag *flag, const struct ffs_instruction *code,
                       uint32_t decision, struct block_tests *tests)
{
    for (uint32_t i = 0; i < decision; i += length_of(side, &code[i])) {
        if (is_entangled(side, code, i, decision))
            return false;
        if (is_of_units(&code[i]))
            continue;
        if (tests->count == MOST_TESTS)
            return false;
        tests->atoms[tests->count] = atom_of(comparison, side, flag, &code[i]);
        tests->negated[tests->count] = code[i].flags & FFS_NEGATE;
        tests->places[tests->count++] = i;
    }
    for (uint32_t i = 0; i < tests->count; i++) {
        uint32_t target = tests->places[i] + code[tests->places[i]].jump, next = 0;
        while (next < tests->count && tests->places[next] < target)
            next++;
        tests->targets[i] = target > decision ? PASSED_OVER : next == tests->count ? DECIDED : next;
    }
    return tests->count > 0;
}

static uint32_t next_test(const struct block_tests *tests, uint32_t at, bool holds)
{
    if (holds == tests->negated[at])
        return tests->targets[at];
    return at + 1 == tests->count ? (uint32_t)DECIDED : at + 1;
}

/* What is said of the tests of one atom is the same. */
static uint32_t first_of_atom(const struct block_tests *tests, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (tests->atoms[i] == tests->atoms[at])
            return i;
    return at;
}

/* Whether the decision is made whatever the atoms are that the path does not ask for. */
static bool always_decides(const struct block_tests *tests, const struct path *path, uint32_t at)
{
    if (at >= MOST_TESTS)
        return at == DECIDED;
    uint32_t atom = first_of_atom(tests, at);
    struct path known = *path;
    for (int holds = 0; holds < 2; holds++) {
        if (path->asked[atom] && path->holds[atom] != (bool)holds)
            continue;
        known.asked[atom] = true;
        known.holds[atom] = holds;
        if (!always_decides(tests, &known, next_test(tests, at, holds)))
            return false;
    }
    return true;
}

/* Leaves out what does not matter: of `A, or not A and B`, the `not A`. */
static void shorten(const struct block_tests *tests, struct path *path)
{
    for (uint32_t i = 0; i < tests->count; i++) {
        struct path without = *path;
        without.asked[i] = false;
        if (path->asked[i] && always_decides(tests, &without, 0))
            *path = without;
    }
}

struct paths {
    struct path items[MOST_PATHS];
    uint32_t count;
    bool too_many;
};

static void find_paths(const struct block_tests *tests, const struct path *path, uint32_t at,
                       struct paths *paths)
{
    if (at == PASSED_OVER)
        return;
    if (at == DECIDED) {
        struct path found = *path;
        shorten(tests, &found);
        for (uint32_t i = 0; i < paths->count; i++)
            if (memcmp(paths->items[i].asked, found.asked, sizeof found.asked) == 0)
                return;
        if (paths->count == MOST_PATHS)
            paths->too_many = true;
        else
            paths->items[paths->count++] = found;
        return;
    }
    uint32_t atom = first_of_atom(tests, at);
    for (int i = 0; i < 2; i++) {
        bool holds = (i == 0) != tests->negated[at];
        struct path next = *path;
        if (path->asked[atom] && path->holds[atom] != holds)
            continue;
        next.asked[atom] = true;
        next.holds[atom] = holds;
        find_paths(tests, &next, next_test(tests, at, holds), paths);
    }
}

/* -------------------------------------------------------------------------------- conditions -- */

static struct condition *literal(struct arena *arena, const struct atom *atom, bool holds)
{
    struct condition *condition = ARENA_NEW(arena, struct condition);
    *condition = *atom->condition;
    condition->negate = !holds;
    return condition;
}

static void add_literal(struct arena *arena, const struct atom *atom, bool holds,
                        struct buffer *text)
{
    if (atom->condition && !holds)
        test_in_words(literal(arena, atom, false), NAMED_OPERANDS, text);
    else
        buffer_format(text, holds ? "%s" : "not (%s)", atom->words);
}

static struct condition *new_list(struct arena *arena, enum condition_kind kind)
{
    struct condition *condition = ARENA_NEW(arena, struct condition);
    condition->kind = kind;
    condition->span = NO_SPAN;
    return condition;
}

/* Alternatives that each ask for a value of one attribute, as one test; NULL: they do not. */
static struct condition *one_equality(struct arena *arena, const struct block_tests *tests,
                                      const struct paths *paths)
{
    struct condition *joined = NULL;
    for (uint32_t i = 0; i < paths->count; i++) {
        const struct atom *only = NULL;
        uint32_t asked = 0;
        for (uint32_t j = 0; j < tests->count; j++)
            if (paths->items[i].asked[j]) {
                asked++;
                only = paths->items[i].holds[j] ? tests->atoms[j] : NULL;
            }
        if (asked != 1 || !only || !only->condition)
            return NULL;
        joined = i ? joined_alternatives(arena, joined, only->condition) : only->condition;
        if (!joined)
            return NULL;
    }
    return joined;
}

/* The words, and the condition if all of its tests have one. */
static void describe(struct arena *arena, const struct block_tests *tests,
                     const struct paths *paths, struct atom *whole)
{
    struct buffer text = {0};
    bool provable = true;
    struct condition *any = new_list(arena, CONDITION_ANY);
    struct condition *joined = one_equality(arena, tests, paths);
    for (uint32_t i = 0; i < paths->count; i++) {
        struct condition *all = new_list(arena, CONDITION_ALL);
        const char *separator = i ? ", or " : "";
        for (uint32_t j = 0; j < tests->count; j++) {
            if (!paths->items[i].asked[j])
                continue;
            buffer_append_text(&text, separator);
            add_literal(arena, tests->atoms[j], paths->items[i].holds[j], &text);
            separator = " and ";
            if (tests->atoms[j]->condition)
                *ARENA_APPEND(arena, all->children, all->child_count) =
                    literal(arena, tests->atoms[j], paths->items[i].holds[j]);
            else
                provable = false;
        }
        *ARENA_APPEND(arena, any->children, any->child_count) = all;
    }
    if (joined) {
        text.length = 0;
        test_in_words(joined, NAMED_OPERANDS, &text);
    }
    whole->words = arena_copy(arena, text.bytes, text.length);
    whole->condition = provable ? any : NULL;
    whole->is_several = paths->count > 1 && !joined;
    buffer_release(&text);
}

/* Equal for conditions of the same tests in the same order. */
static const char *name_of(struct arena *arena, const struct block_tests *tests)
{
    const char *name = "block";
    for (uint32_t i = 0; i < tests->count; i++)
        name = arena_format(arena, "%s %p %d %u", name, (const void *)tests->atoms[i],
                            tests->negated[i], tests->targets[i]);
    return name;
}

static struct atom *make_whole(struct comparison *comparison, const struct block_tests *tests)
{
    struct arena *arena = &comparison->arena;
    if (tests->count == 1 && !tests->negated[0])
        return tests->atoms[0];
    const char *name = name_of(arena, tests);
    struct atom *whole = table_get(&comparison->atom_names, name);
    if (whole)
        return whole;
    struct paths *paths = ARENA_NEW(arena, struct paths);
    struct path path = {.asked = {false}};
    find_paths(tests, &path, 0, paths);
    if (paths->too_many || paths->count == 0)
        return NULL;
    whole = ARENA_NEW(arena, struct atom);
    describe(arena, tests, paths, whole);
    (void)table_add(&comparison->atom_names, arena, name, whole);
    return whole;
}

const struct block *block_at(struct comparison *comparison, struct program_side *side,
                             const struct ffs_flag *flag, const struct ffs_instruction *at)
{
    const struct ffs_instruction *code = side->listing->code + flag->first_code;
    if (at != code && !decides(at - 1))
        return NULL;
    struct block **known = &side->blocks[at - side->listing->code];
    if (*known)
        return *known;
    struct block *block = ARENA_NEW(&comparison->arena, struct block);
    struct block_tests tests = {.count = 0};
    uint32_t left = flag->code_count - (uint32_t)(at - code), decision = 0;
    while (decision < left && !decides(&at[decision]))
        decision += length_of(side, &at[decision]);
    block->decision = at + decision;
    if (decision < left && read_tests(comparison, side, flag, at, decision, &tests)) {
        block->whole = make_whole(comparison, &tests);
        for (uint32_t i = 0; i < tests.count; i++)
            *ARENA_APPEND(&comparison->arena, block->atoms, block->atom_count) = tests.atoms[i];
    }
    *known = block;
    return block;
}
