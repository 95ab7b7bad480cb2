/*
 * touched_proofs.c - what tests of two snapshots say of each other.
 *
 * The prover knows tests by their attributes: what of another it can say nothing of is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/model/condition.h"
#include "compiler/model/declaration.h"
#include "touched_parts.h"

#define MOST_COMPARED (UINT64_C(1) << 16)
#define MOST_RELATED  64 /* tests of an attribute that are looked at for one proof */

static bool asks_for(const struct condition *test, const struct attribute *attribute)
{
    return attribute && (test->attribute == attribute || test->other == attribute);
}

/* Whether two conditions ask for one attribute: else neither says anything of the other. */
static bool is_related(const struct condition *a, const struct condition *b)
{
    if (a->kind != CONDITION_TEST) {
        for (uint32_t i = 0; i < a->child_count; i++)
            if (is_related(a->children[i], b))
                return true;
        return false;
    }
    return b->kind == CONDITION_TEST ? asks_for(a, b->attribute) || asks_for(a, b->other)
                                     : is_related(b, a);
}

bool atom_is_impossible(struct comparison *comparison, struct atom *const *supposed,
                        uint32_t supposed_count, struct atom *atom, bool holds)
{
    const struct condition *holding[MOST_RELATED + 1], *failing[MOST_RELATED + 1];
    uint32_t holding_count = 0, failing_count = 0;
    if (!atom->condition)
        return false;
    for (uint32_t i = supposed_count; i-- > 0;) {
        const struct condition *condition = supposed[i]->condition;
        if (!condition || !is_related(condition, atom->condition))
            continue;
        if (supposed[i]->truth == TRUTH_HOLDS && holding_count < MOST_RELATED)
            holding[holding_count++] = condition;
        else if (supposed[i]->truth == TRUTH_FAILS && failing_count < MOST_RELATED)
            failing[failing_count++] = condition;
    }
    if (holds)
        holding[holding_count++] = atom->condition;
    else
        failing[failing_count++] = atom->condition;
    return prove_impossible(&comparison->prover, holding, holding_count, failing, failing_count);
}

bool unit_is_impossible(struct comparison *comparison, struct atom *const *supposed,
                        uint32_t supposed_count, const char *key, const char *unit)
{
    for (uint32_t i = 0; i < supposed_count; i++) {
        const struct condition *test = supposed[i]->condition;
        if (!test || test->kind != CONDITION_TEST || supposed[i]->members || !supposed[i]->key ||
            strcmp(supposed[i]->key, key) != 0)
            continue;
        struct operand operand = {.source = {unit, NO_SPAN}, .text = unit};
        struct condition is_unit = {.kind = CONDITION_TEST,
                                    .span = NO_SPAN,
                                    .operator_kind = OPERATOR_EQ,
                                    .attribute = test->attribute,
                                    .field = test->field,
                                    .operands = &operand,
                                    .operand_count = 1};
        struct atom atom = {.condition = &is_unit};
        if (test->attribute->type == FFLAG_ATTRIBUTE_NUMBER)
            operand.number = strtod(unit, NULL);
        else if (test->attribute->type != FFLAG_ATTRIBUTE_STRING)
            continue;
        if (atom_is_impossible(comparison, supposed, supposed_count, &atom, true))
            return true;
    }
    return false;
}

bool atom_implies(struct comparison *comparison, const struct atom *atom, const struct atom *other)
{
    const struct condition *holding = atom->condition, *failing = other->condition;
    return holding && failing && is_related(holding, failing) &&
           prove_impossible(&comparison->prover, &holding, 1, &failing, 1);
}

static bool has_operand(const struct condition *test, const char *source)
{
    for (uint32_t i = 0; i < test->operand_count; i++)
        if (strcmp(test->operands[i].source.text, source) == 0)
            return true;
    return false;
}

struct condition *joined_alternatives(struct arena *arena, const struct condition *a,
                                      const struct condition *b)
{
    if (!a || !b || a->kind != CONDITION_TEST || b->kind != CONDITION_TEST || a->negate ||
        b->negate || a->attribute != b->attribute || a->operator_kind != b->operator_kind ||
        a->ignore_case != b->ignore_case || a->divisor != b->divisor || a->within || b->within ||
        operator_kinds[a->operator_kind].all || a->operand_count == 0 || b->operand_count == 0)
        return NULL;
    struct condition *joined = ARENA_NEW(arena, struct condition);
    *joined = *a;
    joined->operands = NULL;
    joined->operand_count = 0;
    for (uint32_t i = 0; i < a->operand_count; i++)
        *ARENA_APPEND(arena, joined->operands, joined->operand_count) = a->operands[i];
    /* Long lists keep what they have twice: of those, the number of values is told. */
    bool compares = (uint64_t)a->operand_count * b->operand_count <= MOST_COMPARED;
    for (uint32_t i = 0; i < b->operand_count; i++)
        if (!compares || !has_operand(a, b->operands[i].source.text))
            *ARENA_APPEND(arena, joined->operands, joined->operand_count) = b->operands[i];
    return joined;
}
