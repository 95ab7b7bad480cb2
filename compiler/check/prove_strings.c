/* prove_strings.c - see prove_strings.h. */
#include "prove_strings.h"

#include <string.h>

#include "compiler/base/glob.h"
#include "compiler/regex/regex.h"

/* More pairs of operands than this are not compared by their automata. */
#define MOST_COMPARED 64

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool equal(const char *a, const char *b, size_t length, bool ignore_case)
{
    for (size_t i = 0; i < length; i++) {
        if (ignore_case ? fold(a[i]) != fold(b[i]) : a[i] != b[i])
            return false;
    }
    return true;
}

static bool is_same(const char *text, const char *part, bool ignore_case)
{
    size_t length = strlen(text);
    return length == strlen(part) && equal(text, part, length, ignore_case);
}

static bool begins(const char *text, const char *part, bool ignore_case)
{
    size_t length = strlen(part);
    return strlen(text) >= length && equal(text, part, length, ignore_case);
}

static bool ends(const char *text, const char *part, bool ignore_case)
{
    size_t length = strlen(part), whole = strlen(text);
    return whole >= length && equal(text + whole - length, part, length, ignore_case);
}

static bool contains(const char *text, const char *part, bool ignore_case)
{
    for (;; text++) {
        if (begins(text, part, ignore_case))
            return true;
        if (!*text)
            return false;
    }
}

static bool one_holds(enum operator_kind operator_kind, const char *value, const char *operand,
                      bool ignore_case)
{
    switch (operator_kind) {
    case OPERATOR_CONTAINS:
        return contains(value, operand, ignore_case);
    case OPERATOR_STARTS_WITH:
        return begins(value, operand, ignore_case);
    case OPERATOR_ENDS_WITH:
        return ends(value, operand, ignore_case);
    case OPERATOR_GLOB:
        return glob_match(operand, value);
    default:
        return is_same(value, operand, ignore_case);
    }
}

static bool pattern_holds(const struct condition *test, const char *value)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        if (ffs_automaton_matches(test->operands[i].automaton->table, value, strlen(value)))
            return true;
    }
    return false;
}

bool string_holds(const struct condition *test, const char *value)
{
    if (test->operator_kind == OPERATOR_MATCHES)
        return pattern_holds(test, value);
    for (uint32_t i = 0; i < test->operand_count; i++) {
        if (one_holds(test->operator_kind, value, test->operands[i].text, test->ignore_case))
            return true;
    }
    for (uint32_t i = 0; test->file && i < test->file->count; i++) {
        if (is_same(value, test->file->values[i], test->ignore_case))
            return true;
    }
    return test->operator_kind == OPERATOR_PRESENT;
}

/* --------------------------------------------------------------------------------- relations -- */

enum relation { UNRELATED, IMPLIES, EXCLUDES };

static enum relation implies_if(bool condition)
{
    return condition ? IMPLIES : UNRELATED;
}

/* What a string that stands in the first relation to `a` says about the second to `b`. */
static enum relation relate(enum operator_kind first, const char *a, enum operator_kind second,
                            const char *b, bool ignore_case)
{
    bool parts = second == OPERATOR_CONTAINS || second == OPERATOR_STARTS_WITH ||
                 second == OPERATOR_ENDS_WITH;
    if (first == OPERATOR_EQ && (parts || second == OPERATOR_EQ))
        return one_holds(second, a, b, ignore_case) ? IMPLIES : EXCLUDES;
    if (second == OPERATOR_EQ && (first == OPERATOR_CONTAINS || first == OPERATOR_STARTS_WITH ||
                                  first == OPERATOR_ENDS_WITH))
        return one_holds(first, b, a, ignore_case) ? UNRELATED : EXCLUDES;
    if (first == second && (first == OPERATOR_STARTS_WITH || first == OPERATOR_ENDS_WITH)) {
        if (one_holds(first, a, b, ignore_case))
            return IMPLIES;
        return one_holds(first, b, a, ignore_case) ? UNRELATED : EXCLUDES;
    }
    if (second == OPERATOR_CONTAINS &&
        (first == OPERATOR_CONTAINS || first == OPERATOR_STARTS_WITH ||
         first == OPERATOR_ENDS_WITH))
        return implies_if(contains(a, b, ignore_case));
    return UNRELATED;
}

/* NULL: it has none, or too large a one. */
static const struct automaton *automaton_of(struct arena *arena, const struct condition *test,
                                            uint32_t operand)
{
    enum operator_kind kind = test->operator_kind;
    if (kind == OPERATOR_MATCHES)
        return test->operands[operand].automaton;
    if (kind != OPERATOR_EQ && kind != OPERATOR_CONTAINS && kind != OPERATOR_STARTS_WITH &&
        kind != OPERATOR_ENDS_WITH)
        return NULL;
    return regex_literal(arena, test->operands[operand].text,
                         kind == OPERATOR_EQ || kind == OPERATOR_STARTS_WITH,
                         kind == OPERATOR_EQ || kind == OPERATOR_ENDS_WITH, test->ignore_case);
}

static enum relation relate_patterns(const struct condition *first, uint32_t i,
                                     const struct condition *second, uint32_t j)
{
    struct arena arena = {0};
    struct regex_relation relation;
    enum relation result = UNRELATED;
    const struct automaton *a = automaton_of(&arena, first, i);
    const struct automaton *b = automaton_of(&arena, second, j);
    /* A pattern that matches nothing has been reported. */
    if (a && b && !a->never && !b->never && regex_relate(a, b, &relation))
        result = relation.included ? IMPLIES : relation.disjoint ? EXCLUDES : UNRELATED;
    arena_release(&arena);
    return result;
}

static bool has_patterns(const struct condition *first, const struct condition *second)
{
    return first->operator_kind == OPERATOR_MATCHES || second->operator_kind == OPERATOR_MATCHES;
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

bool strings_imply(const struct condition *first, const struct condition *second)
{
    if (first == second)
        return true;
    if (has_patterns(first, second))
        return patterns_imply(first, second);
    /* What is known of a string but for its case says nothing about a test that minds it. */
    if ((first->ignore_case && !second->ignore_case) || first->operand_count == 0)
        return false;
    for (uint32_t i = 0; i < first->operand_count; i++) {
        bool implied = false;
        for (uint32_t j = 0; j < second->operand_count && !implied; j++)
            implied = relate(first->operator_kind, first->operands[i].text, second->operator_kind,
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
    if (has_patterns(first, second))
        return patterns_exclude(first, second);
    for (uint32_t i = 0; i < first->operand_count; i++) {
        for (uint32_t j = 0; j < second->operand_count; j++) {
            if (relate(first->operator_kind, first->operands[i].text, second->operator_kind,
                       second->operands[j].text, ignore_case) != EXCLUDES)
                return false;
        }
    }
    return true;
}
