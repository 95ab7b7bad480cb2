/* lower_expression.c - expressions: folds constants, flattens nesting, puts cheap tests first. */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "lower.h"

#include <stdlib.h>
#include <string.h>

static uint32_t test_cost(const struct ffs_instruction *test)
{
    switch ((enum ffs_op)test->op) {
#define FFS_OPERATION(number, name, operand, uses, reads, cost, folded, ...) \
    case FFS_##name:                                                         \
        return test->flags & FFS_IGNORE_CASE ? (folded) : (cost);
#include "fflag/operations.def"
    }
    return 0;
}

static uint32_t add(uint32_t a, uint32_t b)
{
    return a + b < EXPRESSION_HUGE ? a + b : EXPRESSION_HUGE;
}

struct expression *expression_constant(bool holds)
{
    static struct expression never = {.kind = EXPRESSION_NEVER};
    static struct expression always = {.kind = EXPRESSION_ALWAYS};
    return holds ? &always : &never;
}

struct expression *expression_test(struct lowering *lowering, struct ffs_instruction test)
{
    struct expression *expression = ARENA_NEW(&lowering->arena, struct expression);
    expression->kind = EXPRESSION_TEST;
    expression->size = 1;
    expression->cost = test_cost(&test);
    expression->test = test;
    return expression;
}

struct expression *expression_with_body(struct expression *test)
{
    test->size = add(test->size, add(test->body->size, 1));
    test->cost = add(test->cost, test->body->cost);
    return test;
}

struct expression *expression_not(struct lowering *lowering, struct expression *child)
{
    if (child->kind == EXPRESSION_NOT)
        return child->children[0];
    if (child->kind <= EXPRESSION_ALWAYS)
        return expression_constant(child->kind == EXPRESSION_NEVER);
    struct expression *expression = ARENA_NEW(&lowering->arena, struct expression);
    *expression = *child;
    if (child->kind == EXPRESSION_TEST) {
        expression->test.flags ^= FFS_NEGATE;
        return expression;
    }
    expression->kind = EXPRESSION_NOT;
    expression->children = ARENA_NEW(&lowering->arena, struct expression *);
    expression->children[0] = child;
    expression->child_count = 1;
    return expression;
}

struct place {
    struct expression *expression;
    uint32_t written; /* keeps the author's order among tests of equal cost */
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->expression->cost != b->expression->cost)
        return a->expression->cost < b->expression->cost ? -1 : 1;
    return a->written < b->written ? -1 : a->written > b->written;
}

static void cheap_first(struct expression **children, uint32_t count)
{
    bool sorted = true;
    for (uint32_t i = 1; i < count && sorted; i++)
        sorted = children[i - 1]->cost <= children[i]->cost;
    if (sorted)
        return;
    struct place *places = xcalloc(count, sizeof *places);
    for (uint32_t i = 0; i < count; i++)
        places[i] = (struct place){children[i], i};
    qsort(places, count, sizeof *places, compare_places);
    for (uint32_t i = 0; i < count; i++)
        children[i] = places[i].expression;
    free(places);
}

static bool same_test(const struct expression *a, const struct expression *b)
{
    if (a == b)
        return true;
    if (a->kind != EXPRESSION_TEST || b->kind != EXPRESSION_TEST || a->body != b->body ||
        memcmp(&a->test, &b->test, sizeof a->test) != 0)
        return false;
    return a->variants == b->variants || variant_set_equal(a->variants, b->variants);
}

static struct expression *combine(struct lowering *lowering, enum expression_kind kind,
                                  struct expression **given, uint32_t given_count)
{
    enum expression_kind forcing = kind == EXPRESSION_ALL ? EXPRESSION_NEVER : EXPRESSION_ALWAYS;
    uint32_t capacity = 0;
    for (uint32_t i = 0; i < given_count; i++) {
        if (given[i]->kind == forcing)
            return given[i];
        capacity = add(capacity, given[i]->kind == kind ? given[i]->child_count : 1);
    }
    /* Never expand beyond what a program can hold: nested segments could grow exponentially. */
    bool flatten = capacity <= FFS_MAX_PROGRAM;
    if (!flatten)
        capacity = given_count;

    struct expression **children = ARENA_ARRAY(&lowering->arena, struct expression *, capacity + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < given_count; i++) {
        if (given[i]->kind <= EXPRESSION_ALWAYS)
            continue;
        bool nested = flatten && given[i]->kind == kind;
        for (uint32_t j = 0; j < (nested ? given[i]->child_count : 1); j++)
            children[count++] = nested ? given[i]->children[j] : given[i];
    }
    cheap_first(children, count);
    uint32_t distinct = count ? 1 : 0;
    for (uint32_t i = 1; i < count; i++)
        if (!same_test(children[distinct - 1], children[i]))
            children[distinct++] = children[i];

    if (distinct == 0)
        return expression_constant(kind == EXPRESSION_ALL);
    if (distinct == 1)
        return children[0];
    struct expression *expression = ARENA_NEW(&lowering->arena, struct expression);
    expression->kind = kind;
    expression->children = children;
    expression->child_count = distinct;
    for (uint32_t i = 0; i < distinct; i++) {
        expression->size = add(expression->size, children[i]->size);
        expression->cost = add(expression->cost, children[i]->cost);
    }
    return expression;
}

struct expression *expression_all(struct lowering *lowering, struct expression **children,
                                  uint32_t count)
{
    return combine(lowering, EXPRESSION_ALL, children, count);
}

struct expression *expression_any(struct lowering *lowering, struct expression **children,
                                  uint32_t count)
{
    return combine(lowering, EXPRESSION_ANY, children, count);
}
