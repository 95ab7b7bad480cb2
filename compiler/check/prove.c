/*
 * prove.c - decides questions about conditions by trying the regions of each attribute.
 *
 * A question becomes a formula over atoms; an atom tests one subject: an attribute, another flag or
 * the clock. prove_regions.c says which combinations of truth values a subject's atoms can take
 * together. The search tries each combination for one subject after another, and prunes a branch as
 * soon as the formula is decided.
 */
#include "prove.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/model/declaration.h"
#include "prove_regions.h"

#define MOST_ATOMS    512
#define MOST_SUBJECTS 32
#define MOST_STEPS    20000 /* formula nodes evaluated for one question */
#define DEEPEST       200
#define MOST_KEYS     8

enum formula_kind { FORMULA_ATOM, FORMULA_ALL, FORMULA_ANY, FORMULA_NOT };

struct formula {
    enum formula_kind kind;
    uint16_t subject; /* an atom's subject, and its index there */
    uint16_t atom;
    struct formula **children;
    uint32_t child_count;
};

struct key_formula {
    const struct unit_key *key;
    struct formula *given;
};

struct question {
    const struct prover *prover;
    struct arena *arena;
    struct key_formula keys[MOST_KEYS];
    uint32_t key_count;
    struct subject subjects[MOST_SUBJECTS];
    uint32_t subject_count;
    uint32_t atom_count;
    bool too_much;
    const uint64_t *chosen[MOST_SUBJECTS]; /* the chosen region of each subject; NULL: open */
    uint32_t steps;
};

/* ----------------------------------------------------------------------------------- formula -- */

/* Whether two shares of units are by one bucket; or neither is a share. */
static bool same_units(const struct condition *share, const struct condition *test)
{
    if (!share || test->kind != CONDITION_PERCENT)
        return !share && test->kind != CONDITION_PERCENT;
    const char *a = share->share.salt, *b = test->share.salt;
    return share->share.by == test->share.by && (a == b || (a && b && strcmp(a, b) == 0));
}

static struct subject *find_subject(struct question *question, const struct condition *test)
{
    const struct attribute *first = test->attribute, *other = test->other;
    if (other && strcmp(first->name.text, other->name.text) > 0) {
        first = test->other;
        other = test->attribute;
    }
    for (uint32_t i = 0; i < question->subject_count; i++) {
        struct subject *subject = &question->subjects[i];
        if (subject->attribute == first && subject->other == other && subject->flag == test->flag &&
            same_units(subject->share, test))
            return subject;
    }
    if (question->subject_count == MOST_SUBJECTS) {
        question->too_much = true;
        return NULL;
    }
    struct subject *subject = &question->subjects[question->subject_count++];
    *subject = (struct subject){.attribute = first,
                                .other = other,
                                .flag = test->flag,
                                .share = test->kind == CONDITION_PERCENT ? test : NULL};
    return subject;
}

static struct formula *new_formula(struct question *question, enum formula_kind kind,
                                   uint32_t children)
{
    struct formula *formula = ARENA_NEW(question->arena, struct formula);
    formula->kind = kind;
    formula->children = ARENA_ARRAY(question->arena, struct formula *, children + 1);
    return formula;
}

static struct formula *negation(struct question *question, struct formula *formula)
{
    struct formula *not = new_formula(question, FORMULA_NOT, 1);
    not ->children[not ->child_count++] = formula;
    return not ;
}

/* It asks of no operand. */
static bool is_bare(const struct condition *test)
{
    enum operator_proof proof = proof_of(test);
    return proof == PROOF_PRESENCE || proof == PROOF_NULL;
}

static struct formula *atom(struct question *question, const struct condition *test);

static struct formula *presence(struct question *question, const struct attribute *attribute)
{
    struct condition *test = ARENA_NEW(question->arena, struct condition);
    *test = (struct condition){
        .kind = CONDITION_TEST, .operator_kind = OPERATOR_PRESENT, .attribute = attribute};
    return atom(question, test);
}

/* Two attributes compare only where both are given. */
static struct formula *pair(struct question *question, struct formula *compares,
                            const struct condition *test)
{
    struct formula *all = new_formula(question, FORMULA_ALL, 3);
    all->children[all->child_count++] = compares;
    all->children[all->child_count++] = presence(question, test->attribute);
    all->children[all->child_count++] = presence(question, test->other);
    return all;
}

/* -------------------------------------------------------------------------------------- keys -- */

/* A test of the attribute that holds for what has a key, among what is given: no text is the empty
 * one, and every integer that is a key can be divided by 1. NULL: all is. */
static struct condition *key_test(struct question *question, const struct attribute *attribute)
{
    bool number = attribute->type == FFLAG_ATTRIBUTE_NUMBER;
    if (!number && attribute->type != FFLAG_ATTRIBUTE_STRING)
        return NULL;
    struct condition *test = ARENA_NEW(question->arena, struct condition);
    struct operand *operand = ARENA_NEW(question->arena, struct operand);
    *test = (struct condition){.kind = CONDITION_TEST,
                               .operator_kind = number ? OPERATOR_MOD : OPERATOR_EQ,
                               .negate = !number,
                               .attribute = attribute,
                               .divisor = number,
                               .operands = operand,
                               .operand_count = 1};
    operand->source.text = number ? "0" : "";
    if (!number)
        operand->text = "";
    return test;
}

static struct formula *key_part(struct question *question, const struct attribute *attribute)
{
    struct formula *all = new_formula(question, FORMULA_ALL, 2);
    const struct condition *test = key_test(question, attribute);
    all->children[all->child_count++] = presence(question, attribute);
    if (test)
        all->children[all->child_count++] = atom(question, test);
    return all;
}

/* Whether a unit has the key. */
static struct formula *has_key(struct question *question, const struct unit_key *key)
{
    for (uint32_t i = 0; i < question->key_count; i++)
        if (question->keys[i].key == key)
            return question->keys[i].given;
    struct formula *given =
        new_formula(question, key->joined ? FORMULA_ALL : FORMULA_ANY, key->count);
    for (uint32_t i = 0; i < key->count; i++)
        given->children[given->child_count++] = key_part(question, key->parts[i]);
    if (question->key_count < MOST_KEYS)
        question->keys[question->key_count++] = (struct key_formula){key, given};
    return given;
}

/* With what it leaves to its flag, where that is known. */
static const struct condition *settled_share(struct question *question,
                                             const struct condition *test)
{
    const struct prover *prover = question->prover;
    struct condition *settled = ARENA_NEW(question->arena, struct condition);
    *settled = *test;
    if (!settled->share.by)
        settled->share.by = prover->bucket_by;
    if (!settled->share.salt && prover->salt)
        settled->share.salt = arena_format(question->arena, "%s/if", prover->salt);
    return settled;
}

static bool is_of_all(const struct share_test *share)
{
    return share->from == 0 && share->percent >= PERCENT_ALL;
}

static struct formula *share_of_keys(struct question *question, struct formula *share,
                                     const struct unit_key *key)
{
    struct formula *all = new_formula(question, FORMULA_ALL, 2);
    all->children[all->child_count++] = share;
    all->children[all->child_count++] = has_key(question, key);
    return all;
}

static struct formula *atom(struct question *question, const struct condition *test)
{
    struct formula *formula = new_formula(question, FORMULA_ATOM, 0);
    if (test->kind == CONDITION_PERCENT)
        test = settled_share(question, test);
    struct subject *subject = find_subject(question, test);
    /* A log's field has no declared type; an empty list was reported when it was read. */
    bool untyped = test->kind == CONDITION_TEST && !test->attribute;
    bool empty = test->attribute && !test->operand_count && !test->file && !test->within &&
                 !test->other && !is_bare(test);
    if (!subject || untyped || empty || ++question->atom_count > MOST_ATOMS) {
        question->too_much = true;
        return formula;
    }
    if (test->within)
        question->atom_count++; /* of itself, it may hold for no list */
    formula->subject = (uint16_t)(subject - question->subjects);
    formula->atom = (uint16_t)subject_atom(subject, question->arena, test);
    if (test->other)
        formula = pair(question, formula, test);
    if (test->kind == CONDITION_PERCENT && test->share.by && !is_of_all(&test->share))
        formula = share_of_keys(question, formula, test->share.by);
    return test->negate ? negation(question, formula) : formula;
}

static struct formula *translate(struct question *question, const struct condition *condition,
                                 uint32_t depth)
{
    if (depth > DEEPEST || question->too_much) {
        question->too_much = true;
        return new_formula(question, FORMULA_ALL, 0);
    }
    switch (condition->kind) {
    case CONDITION_SEGMENT:
        return translate(question, condition->segment->condition, depth + 1);
    case CONDITION_NOT:
        return negation(question, translate(question, condition->children[0], depth + 1));
    case CONDITION_TEST:
    case CONDITION_FLAG:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        return atom(question, condition);
    case CONDITION_ALL:
    case CONDITION_ANY:
        break;
    }
    struct formula *formula =
        new_formula(question, condition->kind == CONDITION_ALL ? FORMULA_ALL : FORMULA_ANY,
                    condition->child_count);
    if (condition->kind == CONDITION_ANY && condition->child_count == 0)
        question->too_much = true; /* reported when it was read */
    for (uint32_t i = 0; i < condition->child_count; i++)
        formula->children[formula->child_count++] =
            translate(question, condition->children[i], depth + 1);
    return formula;
}

/* ------------------------------------------------------------------------------------ search -- */

enum truth { FALSE, TRUE, OPEN };

/* The formula's truth whatever the open subjects become; *first is one that it depends on. */
static enum truth value_of(struct question *question, const struct formula *formula,
                           uint16_t *first)
{
    if (++question->steps > MOST_STEPS)
        question->too_much = true;
    if (question->too_much)
        return TRUE;
    if (formula->kind == FORMULA_ATOM) {
        const uint64_t *region = question->chosen[formula->subject];
        if (region)
            return region[formula->atom / 64] >> formula->atom % 64 & 1 ? TRUE : FALSE;
        *first = formula->subject;
        return OPEN;
    }
    if (formula->kind == FORMULA_NOT) {
        enum truth inner = value_of(question, formula->children[0], first);
        return inner == OPEN ? OPEN : inner == TRUE ? FALSE : TRUE;
    }
    enum truth forcing = formula->kind == FORMULA_ALL ? FALSE : TRUE;
    enum truth value = forcing == FALSE ? TRUE : FALSE;
    for (uint32_t i = 0; i < formula->child_count; i++) {
        enum truth child = value_of(question, formula->children[i], first);
        if (child == forcing)
            return forcing;
        if (child == OPEN)
            value = OPEN;
    }
    return value;
}

/* Recurses as deep as there are subjects. */
static bool can_hold(struct question *question, const struct formula *formula)
{
    uint16_t first = 0;
    enum truth value = value_of(question, formula, &first);
    if (value != OPEN)
        return value == TRUE;
    const struct subject *subject = &question->subjects[first];
    bool found = false;
    for (uint32_t i = 0; i < subject->region_count && !found; i++) {
        question->chosen[first] = subject->regions + (size_t)i * subject->words;
        found = can_hold(question, formula);
    }
    question->chosen[first] = NULL;
    return found;
}

/* If each subject has only one test, nothing can contradict. */
static bool worth_asking(const struct question *question, uint32_t failing_count)
{
    return failing_count > 0 || question->atom_count > question->subject_count;
}

enum answer { UNKNOWN, IMPOSSIBLE, POSSIBLE };

/* POSSIBLE is only as certain as the regions are exact. */
static enum answer answer_to(struct question *question, const struct condition *const *holding,
                             uint32_t holding_count, const struct condition *const *failing,
                             uint32_t failing_count)
{
    struct formula *all = new_formula(question, FORMULA_ALL, holding_count + failing_count);
    for (uint32_t i = 0; i < holding_count; i++)
        all->children[all->child_count++] = translate(question, holding[i], 0);
    for (uint32_t i = 0; i < failing_count; i++)
        all->children[all->child_count++] = negation(question, translate(question, failing[i], 0));
    uint16_t first;
    bool decided = !question->too_much && value_of(question, all, &first) != OPEN; /* not: {} */
    if (question->too_much || (!decided && !worth_asking(question, failing_count)))
        return UNKNOWN;
    for (uint32_t i = 0; i < question->subject_count; i++) {
        if (!subject_cut(&question->subjects[i], question->arena))
            return UNKNOWN;
    }
    bool possible = can_hold(question, all);
    return question->too_much ? UNKNOWN : possible ? POSSIBLE : IMPOSSIBLE;
}

bool prove_impossible(struct prover *prover, const struct condition *const *holding,
                      uint32_t holding_count, const struct condition *const *failing,
                      uint32_t failing_count)
{
    arena_clear(&prover->arena);
    struct question question = {.prover = prover, .arena = &prover->arena};
    return answer_to(&question, holding, holding_count, failing, failing_count) == IMPOSSIBLE;
}

bool prove_possible(struct prover *prover, const struct condition *holding,
                    const struct condition *failing)
{
    arena_clear(&prover->arena);
    struct question question = {.prover = prover, .arena = &prover->arena};
    if (answer_to(&question, &holding, 1, &failing, 1) != POSSIBLE)
        return false;
    for (uint32_t i = 0; i < question.subject_count; i++) {
        if (!subject_is_exact(&question.subjects[i]))
            return false;
    }
    return true;
}

void prover_release(struct prover *prover)
{
    arena_release(&prover->arena);
}
