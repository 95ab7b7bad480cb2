/* prove_strings.c - see prove_strings.h. */
#include "prove_strings.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/regex/regex.h"

/* Beyond this many pairs of operands, automata are not compared. */
#define MOST_COMPARED 64

/* Tests for parts are not compared if that may read more bytes. */
#define MOST_BYTES (UINT64_C(1) << 26)

/* A longer file is not searched. */
#define LONG_FILE 1000

static const struct operator_kind_info *kind_of(const struct condition *test)
{
    return &operator_kinds[test->operator_kind];
}

static bool has_part(const char *text, const char *part, enum part_place place, bool ignore_case)
{
    return match_part(text, strlen(text), part, strlen(part), place, ignore_case);
}

static bool is_listed(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->file->count; i++) {
        if (has_part(value, test->file->values[i], PART_WHOLE, test->ignore_case))
            return true;
    }
    return false;
}

static bool any_part(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        if (has_part(value, test->operands[i].text, kind_of(test)->place, test->ignore_case))
            return true;
    }
    return false;
}

static bool any_glob(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        if (match_glob(test->operands[i].text, value, strlen(value), test->ignore_case))
            return true;
    }
    return false;
}

static bool any_pattern(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        if (ffs_automaton_matches(test->operands[i].automaton->table, value, strlen(value)))
            return true;
    }
    return false;
}

static int compare_texts(const char *a, const char *b, bool ignore_case)
{
    if (!ignore_case)
        return strcmp(a, b);
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return (uint8_t)ascii_lower(*a) - (uint8_t)ascii_lower(*b);
}

static bool any_in_order(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        int order = compare_texts(value, test->operands[i].text, test->ignore_case);
        unsigned found = order < 0 ? ORDER_LOWER : order > 0 ? ORDER_HIGHER : ORDER_EQUAL;
        if (kind_of(test)->order & found)
            return true;
    }
    return false;
}

static enum certainty certain(bool holds)
{
    return holds ? SURELY_HOLDS : SURELY_FAILS;
}

enum certainty string_certainty(const struct condition *test, const char *value)
{
    switch (proof_of(test)) {
    case PROOF_EQUAL:
    case PROOF_PART:
        return certain(any_part(test, value));
    case PROOF_GLOB:
        return certain(any_glob(test, value));
    case PROOF_PATTERN:
        return certain(any_pattern(test, value));
    case PROOF_LISTED:
        return test->file->count > LONG_FILE ? UNCERTAIN : certain(is_listed(test, value));
    case PROOF_ORDER:
        return certain(any_in_order(test, value));
    case PROOF_PRESENCE:
        return SURELY_HOLDS;
    case PROOF_NULL:
        return SURELY_FAILS;
    case PROOF_REMAINDER:
    case PROOF_ENTRIES:
    case PROOF_AGE:
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
    case PROOF_OPAQUE:
        break;
    }
    return UNCERTAIN;
}

static uint64_t length_of(const struct condition *test)
{
    uint64_t length = test->operand_count;
    for (uint32_t i = 0; i < test->operand_count; i++)
        length += strlen(test->operands[i].source.text);
    return length;
}

/* Of looking for the operands in texts: memmem() is linear, what ignores case is not. */
static uint64_t cost_of_search(const struct condition *test, uint64_t texts, uint64_t length,
                               bool ignore_case)
{
    return ignore_case ? length_of(test) * length
                       : length_of(test) * texts + test->operand_count * length;
}

uint64_t string_cost(const struct condition *test, const char *value)
{
    uint64_t length = strlen(value) + 1;
    switch (proof_of(test)) {
    case PROOF_PART:
        /* A part that begins or ends a text is compared in one place. */
        if (kind_of(test)->place == PART_ANYWHERE)
            return cost_of_search(test, 1, length, test->ignore_case);
        break;
    case PROOF_GLOB:
        return length_of(test) * length;
    case PROOF_PATTERN:
        return test->operand_count * length;
    case PROOF_LISTED:
        return test->file->count;
    case PROOF_EQUAL:
    case PROOF_PRESENCE:
    case PROOF_NULL:
    case PROOF_ORDER:
    case PROOF_REMAINDER:
    case PROOF_ENTRIES:
    case PROOF_AGE:
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
    case PROOF_OPAQUE:
        break;
    }
    return test->operand_count;
}

/* --------------------------------------------------------------------------------- relations -- */

enum relation { UNRELATED, IMPLIES, EXCLUDES };

static enum relation implies_if(bool condition)
{
    return condition ? IMPLIES : UNRELATED;
}

/* A string contains `a` in one position; what that implies about `b` in another. */
static enum relation relate(enum part_place first, const char *a, enum part_place second,
                            const char *b, bool ignore_case)
{
    if (first == PART_WHOLE)
        return has_part(a, b, second, ignore_case) ? IMPLIES : EXCLUDES;
    if (second == PART_WHOLE)
        return has_part(b, a, first, ignore_case) ? UNRELATED : EXCLUDES;
    if (second == PART_ANYWHERE)
        return implies_if(has_part(a, b, PART_ANYWHERE, ignore_case));
    if (first != second)
        return UNRELATED;
    if (has_part(a, b, first, ignore_case))
        return IMPLIES;
    return has_part(b, a, first, ignore_case) ? UNRELATED : EXCLUDES;
}

static bool asks_for_parts(const struct condition *test)
{
    enum operator_proof proof = proof_of(test);
    return proof == PROOF_EQUAL || proof == PROOF_PART;
}

/* NULL if there is none, or it is too large. */
static const struct automaton *automaton_of(struct arena *arena, const struct condition *test,
                                            uint32_t operand)
{
    if (proof_of(test) == PROOF_PATTERN)
        return test->operands[operand].automaton;
    if (!asks_for_parts(test))
        return NULL;
    return regex_literal(arena, test->operands[operand].text, kind_of(test)->place,
                         test->ignore_case);
}

static enum relation relate_patterns(const struct condition *first, uint32_t i,
                                     const struct condition *second, uint32_t j)
{
    struct arena arena = {0};
    struct regex_relation relation;
    enum relation result = UNRELATED;
    const struct automaton *a = automaton_of(&arena, first, i);
    const struct automaton *b = automaton_of(&arena, second, j);
    /* A pattern that matches nothing was reported before. */
    if (a && b && !a->never && !b->never && regex_relate(a, b, &relation))
        result = relation.included ? IMPLIES : relation.disjoint ? EXCLUDES : UNRELATED;
    arena_release(&arena);
    return result;
}

static bool has_patterns(const struct condition *first, const struct condition *second)
{
    return proof_of(first) == PROOF_PATTERN || proof_of(second) == PROOF_PATTERN;
}

static bool patterns_imply(const struct condition *first, const struct condition *second)
{
    if (first->operand_count == 0 ||
        (uint64_t)first->operand_count * second->operand_count > MOST_COMPARED)
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        bool implied = false;
        for (uint32_t j = 0; j < second->operand_count && !implied; j++)
            implied = relate_patterns(first, i, second, j) == IMPLIES;
        if (!implied)
            return false;
    }
    return true;
}

static bool patterns_exclude(const struct condition *first, const struct condition *second)
{
    if ((uint64_t)first->operand_count * second->operand_count > MOST_COMPARED)
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        for (uint32_t j = 0; j < second->operand_count; j++) {
            if (relate_patterns(first, i, second, j) != EXCLUDES)
                return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------- order -- */

/* Whether what the first test says of a text says anything about the order that the second asks. */
static bool is_comparable(const struct condition *first, const struct condition *second)
{
    return first->ignore_case == second->ignore_case && first->operand_count > 0 &&
           second->operand_count == 1 && !first->file;
}

/* Of two tests of order: where the first one's operand stands to the second one's. */
static int compare_bounds(const struct condition *first, const struct condition *second)
{
    return compare_texts(first->operands[0].text, second->operands[0].text, first->ignore_case);
}

static bool goes_up(const struct condition *test)
{
    return kind_of(test)->order & ORDER_HIGHER;
}

static bool has_bound(const struct condition *test)
{
    return kind_of(test)->order & ORDER_EQUAL;
}

/* The second is a test of order. */
static bool order_is_implied(const struct condition *first, const struct condition *second)
{
    if (!is_comparable(first, second))
        return false;
    if (proof_of(first) == PROOF_ORDER) {
        int order = compare_bounds(first, second);
        if (goes_up(first) != goes_up(second))
            return false;
        return order == 0 ? has_bound(second) || !has_bound(first) : goes_up(first) == (order > 0);
    }
    if (proof_of(first) != PROOF_EQUAL)
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        if (!any_in_order(second, first->operands[i].text))
            return false;
    }
    return true;
}

/* The second is a test of order. */
static bool order_is_excluded(const struct condition *first, const struct condition *second)
{
    if (!is_comparable(first, second))
        return false;
    if (proof_of(first) == PROOF_ORDER) {
        int order = compare_bounds(first, second);
        if (goes_up(first) == goes_up(second))
            return false;
        return order == 0 ? !has_bound(first) || !has_bound(second) : goes_up(first) == (order > 0);
    }
    if (proof_of(first) != PROOF_EQUAL)
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        if (any_in_order(second, first->operands[i].text))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------ pairs -- */

static bool too_long(const struct condition *first, const struct condition *second)
{
    bool ignore_case = first->ignore_case || second->ignore_case;
    return cost_of_search(second, first->operand_count, length_of(first), ignore_case) > MOST_BYTES;
}

bool strings_imply(const struct condition *first, const struct condition *second)
{
    if (first == second)
        return true;
    if (proof_of(second) == PROOF_ORDER)
        return order_is_implied(first, second);
    if (has_patterns(first, second))
        return patterns_imply(first, second);
    /* Facts about a string regardless of case say nothing about a case-sensitive test. */
    if ((first->ignore_case && !second->ignore_case) || first->operand_count == 0 ||
        !asks_for_parts(first) || !asks_for_parts(second) || too_long(first, second))
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        bool implied = false;
        for (uint32_t j = 0; j < second->operand_count && !implied; j++)
            implied = relate(kind_of(first)->place, first->operands[i].text, kind_of(second)->place,
                             second->operands[j].text, second->ignore_case) == IMPLIES;
        if (!implied)
            return false;
    }
    return true;
}

bool strings_exclude(const struct condition *first, const struct condition *second)
{
    bool ignore_case = first->ignore_case || second->ignore_case;
    if (first == second || first->operand_count == 0 || second->operand_count == 0)
        return false;
    if (proof_of(second) == PROOF_ORDER)
        return order_is_excluded(first, second);
    if (proof_of(first) == PROOF_ORDER)
        return order_is_excluded(second, first);
    if (has_patterns(first, second))
        return patterns_exclude(first, second);
    if (!asks_for_parts(first) || !asks_for_parts(second) || too_long(first, second))
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        for (uint32_t j = 0; j < second->operand_count; j++) {
            if (relate(kind_of(first)->place, first->operands[i].text, kind_of(second)->place,
                       second->operands[j].text, ignore_case) != EXCLUDES)
                return false;
        }
    }
    return true;
}
