/* SPDX-License-Identifier: Apache-2.0 */
/* wide_plan.c - makes wide plans and runs them; see wide_plan.h. */
#include "wide_plan.h"

#include "hash.h"
#include "sets.h"

/* ----------------------------------------------------------------------------------- running -- */

/* Stops at the entry's NUL, which the text has nowhere but at its end. */
static bool begins_with(const char *entry, const char *text, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++)
        if (entry[i] != text[i])
            return false;
    return true;
}

static bool test_entries(const struct wide_test *test, const struct fflag_slot *list)
{
    bool every = test->op == WIDE_EVERY;
    const char *const *entries = list->value.pointer;
    for (uint32_t i = 0; i < list->length; i++)
        if (begins_with(entries[i], test->text, test->text_length) != every)
            return !every;
    return every;
}

static bool test_number(const struct wide_test *test, double number)
{
    switch ((enum ffs_comparison)test->comparison) {
    case FFS_EQ:
        return number == test->number;
    case FFS_LT:
        return number < test->number;
    case FFS_LE:
        return number <= test->number;
    case FFS_GT:
        return number > test->number;
    case FFS_GE:
        return number >= test->number;
    }
    return false;
}

static enum fflag_attribute_type type_of(enum wide_op op)
{
    switch (op) {
    case WIDE_EQUAL:
    case WIDE_MEMBER:
        return FFLAG_ATTRIBUTE_STRING;
    case WIDE_BOOLEAN:
        return FFLAG_ATTRIBUTE_BOOLEAN;
    case WIDE_NUMBER:
        return FFLAG_ATTRIBUTE_NUMBER;
    case WIDE_ENTRY:
    case WIDE_EVERY:
        break;
    }
    return FFLAG_ATTRIBUTE_STRINGS;
}

bool runtime_wide_test(const struct wide_test *test, const struct fflag_slot *slot, bool *fits)
{
    if (UNLIKELY(slot->type != type_of((enum wide_op)test->op))) {
        *fits = false;
        return false;
    }
    switch ((enum wide_op)test->op) {
    case WIDE_EQUAL:
        return !((slot->bits ^ test->hash) | (slot->length ^ test->length));
    case WIDE_MEMBER:
        return !differs(slot, find_short_text(test->set, slot->bits));
    case WIDE_BOOLEAN:
        return slot->value.word == test->bits;
    case WIDE_NUMBER:
        return test_number(test, slot->value.number);
    case WIDE_ENTRY:
    case WIDE_EVERY:
        break;
    }
    return test_entries(test, slot);
}

/* ------------------------------------------------------------------------------------ making -- */

#define MOST_RULES 32 /* longer programs are interpreted */
#define MOST_TESTS 64
_Static_assert(sizeof(struct wide_plan) + MOST_RULES * sizeof(struct wide_rule) <= PLAN_MEMORY &&
                   MOST_TESTS * sizeof(struct wide_test) <= PLAN_MEMORY,
               "a block of the arena has room for any wide plan, and for its tests");

struct making {
    struct snapshot *snapshot;
    const struct ffs_flag *flag;
    const struct ffs_instruction *code;
    uint32_t rules, tests;
    struct wide_rule rule[MOST_RULES];
    struct wide_test test[MOST_TESTS];
    struct wide_plan plan; /* but for the rules */
};

/* Where an attribute is; false while that is not known, or beyond what a plan can say. */
static bool find_part(const struct making *making, uint16_t attribute, struct wide_part *part)
{
    unsigned input =
        atomic_load_explicit(&making->snapshot->inputs[attribute], memory_order_relaxed);
    unsigned slot = input & 0xff;
    if (slot >= 64)
        return false; /* or INPUT_NO_SLOT */
    part->present = UINT64_C(1) << slot;
    part->slot = (uint16_t)(offsetof(fflag_context, slot) + slot * sizeof(struct fflag_slot));
    part->type = (uint8_t)(input >> 8);
    return true;
}

/* A test of an attribute, which must be there; NULL where there is no plan. */
static struct wide_test *add_test(struct making *making, const struct ffs_instruction *test,
                                  enum wide_op op)
{
    struct wide_part part;
    if ((test->flags & ~FFS_NEGATE) || making->tests == MOST_TESTS ||
        !find_part(making, test->attribute, &part) || part.type != type_of(op))
        return NULL;
    making->plan.need |= part.present;
    struct wide_test *added = &making->test[making->tests++];
    *added = (struct wide_test){
        .op = (uint8_t)op, .slot = part.slot, .negate = (test->flags & FFS_NEGATE) != 0};
    return added;
}

static bool add_equal(struct making *making, const struct ffs_instruction *test)
{
    ffs_string string = (ffs_string)test->operand;
    uint32_t length = string_length(making->snapshot, string);
    struct wide_test *added = length <= EXACT ? add_test(making, test, WIDE_EQUAL) : NULL;
    if (!added)
        return false;
    added->hash = hash_bytes(string_bytes(making->snapshot, string), length);
    added->length = length;
    return true;
}

static bool add_member(struct making *making, const struct ffs_instruction *test)
{
    struct wide_test *added = add_test(making, test, WIDE_MEMBER);
    if (!added)
        return false;
    added->set = runtime_short_set(
        making->snapshot, (const struct ffs_set *)(making->snapshot->sets + test->operand));
    return added->set != NULL;
}

static bool add_boolean(struct making *making, const struct ffs_instruction *test)
{
    struct wide_test *added = add_test(making, test, WIDE_BOOLEAN);
    if (!added)
        return false;
    added->bits = test->operand;
    return true;
}

static bool add_number(struct making *making, const struct ffs_instruction *test)
{
    struct wide_test *added = add_test(making, test, WIDE_NUMBER);
    if (!added)
        return false;
    memcpy(&added->number, &test->operand, sizeof added->number);
    added->comparison = (uint8_t)(test->op - FFS_NUMBER_EQ);
    return true;
}

/* Of several in a rule: what is in all of them. */
static bool add_window(struct making *making, const struct ffs_instruction *test,
                       struct wide_rule *rule)
{
    int64_t time = (int64_t)test->operand;
    making->plan.reads_clock = true;
    if (!(test->flags & FFS_NEGATE)) {
        rule->from = time > rule->from ? time : rule->from;
        return true;
    }
    if (time == INT64_MIN)
        return false; /* never, which no end says */
    rule->to = time - 1 < rule->to ? time - 1 : rule->to;
    return true;
}

static const struct wide_key *make_key(struct making *making, const uint16_t *attributes,
                                       uint32_t count, uint64_t salt)
{
    struct wide_part part[FFS_MAX_KEY_PARTS];
    for (uint32_t i = 0; i < count; i++)
        if (!find_part(making, attributes[i], &part[i]) || part[i].type == FFLAG_ATTRIBUTE_BOOLEAN)
            return NULL;
    struct wide_key *key =
        runtime_plan_memory(making->snapshot, sizeof *key + count * sizeof *key->part);
    if (!key)
        return NULL;
    key->salt = salt;
    key->count = count;
    memcpy(key->part, part, count * sizeof *part);
    return key;
}

/* By an attribute, or by the first of several; one a rule. Buckets from `from` to before `to`, or
 * with 0 to the end. */
static bool add_share(struct making *making, const struct ffs_instruction *test,
                      struct wide_rule *rule, uint64_t salt, uint64_t from, uint64_t to)
{
    const uint16_t *attributes = &test->attribute;
    uint32_t count = 1;
    if (test->flags || rule->key)
        return false;
    if (test->attribute >= FFS_FIRST_KEY) {
        const struct ffs_key *key = &making->snapshot->keys[test->attribute - FFS_FIRST_KEY];
        if (key->kind != FFS_KEY_FIRST)
            return false;
        attributes = key->attributes;
        count = key->count;
    }
    rule->key = make_key(making, attributes, count, salt);
    rule->low = from;
    rule->high = to - 1;
    return rule->key != NULL;
}

/* A test of a list by a body that is one test of an entry. */
static bool add_entries(struct making *making, const struct ffs_instruction *test)
{
    const struct ffs_instruction *body = test + 1;
    if (test->operand != 2 || body[1].op != FFS_PASS || body[0].jump != 2 || body[0].flags ||
        (body[0].op != FFS_STRING_PREFIX && body[0].op != FFS_STRING_EQ))
        return false;
    struct wide_test *added =
        add_test(making, test, test->op == FFS_EVERY_ENTRY ? WIDE_EVERY : WIDE_ENTRY);
    if (!added)
        return false;
    ffs_string string = (ffs_string)body[0].operand;
    added->text = string_bytes(making->snapshot, string);
    added->text_length =
        string_length(making->snapshot, string) + (uint64_t)(body[0].op == FFS_STRING_EQ);
    return true;
}

static bool add_entry(struct making *making, const struct ffs_instruction *test)
{
    struct wide_test *added = add_test(making, test, WIDE_ENTRY);
    if (!added)
        return false;
    ffs_string string = (ffs_string)test->operand;
    added->text = string_bytes(making->snapshot, string);
    added->text_length = string_length(making->snapshot, string) + UINT64_C(1);
    return true;
}

/* Sets *length to how many instructions it has. */
static bool add_any(struct making *making, const struct ffs_instruction *test,
                    struct wide_rule *rule, uint32_t *length)
{
    *length = 1;
    switch (test->op) {
    case FFS_STRING_EQ:
        return add_equal(making, test);
    case FFS_STRING_IN:
        return add_member(making, test);
    case FFS_BOOLEAN_IS:
        return add_boolean(making, test);
    case FFS_NUMBER_EQ:
    case FFS_NUMBER_LT:
    case FFS_NUMBER_LE:
    case FFS_NUMBER_GT:
    case FFS_NUMBER_GE:
        return add_number(making, test);
    case FFS_CLOCK_GE:
        return add_window(making, test, rule);
    case FFS_EXPOSED:
        return test->operand > 0 &&
               add_share(making, test, rule, making->flag->exposure_salt, 0, test->operand);
    case FFS_IN_RANGE:
    case FFS_KEY_IN_RANGE: {
        const struct ffs_range *range = &making->snapshot->ranges[test->operand];
        return add_share(making, test, rule, range->salt, range->from, range->to);
    }
    case FFS_STRINGS_HAS:
        return add_entry(making, test);
    case FFS_ANY_ENTRY:
    case FFS_EVERY_ENTRY:
        *length = 1 + (uint32_t)test->operand;
        return add_entries(making, test);
    default:
        return false;
    }
}

static uint32_t outcome_of(const struct making *making, uint32_t place, uint16_t variant)
{
    const struct ffs_variant *variants = &making->snapshot->variants[making->flag->first_variant];
    return plan_outcome(making->flag->type == FFLAG_TYPE_BOOLEAN && variants[variant].value, place,
                        variant);
}

/* The tests from `at` on and the decision that they lead to; sets *next to what comes after it. */
static bool add_rule(struct making *making, uint32_t at, uint32_t *next)
{
    const struct ffs_instruction *code = making->code;
    /* Every test jumps behind its rule's decision, or there is no plan. */
    uint32_t end = at + code[at].jump - 1u, before = making->tests, length;
    if (code[at].jump == 0 || end >= making->flag->code_count || code[end].op != FFS_SERVE ||
        making->rules == MOST_RULES)
        return false;
    struct wide_rule *rule = &making->rule[making->rules++];
    *rule = (struct wide_rule){
        .from = INT64_MIN, .to = INT64_MAX, .outcome = outcome_of(making, end, code[end].variant)};
    for (; at < end; at += length)
        if (code[at].jump != end + 1 - at || !add_any(making, &code[at], rule, &length))
            return false;
    rule->test_count = (uint16_t)(making->tests - before);
    *next = end + 1;
    return true;
}

static bool fill_plan(struct making *making)
{
    uint32_t count = making->flag->code_count, at = 0;
    while (at < count && making->code[at].op != FFS_SERVE)
        if (!add_rule(making, at, &at))
            return false;
    if (making->rules == 0)
        return false;
    making->rule[making->rules - 1].last = true;
    making->plan.otherwise = outcome_of(
        making, at, at < count ? making->code[at].variant : making->flag->default_variant);
    return true;
}

/* In the snapshot's arena; NULL when out of memory. */
static const struct wide_plan *keep_plan(struct making *making)
{
    size_t rules = making->rules * sizeof *making->rule;
    size_t tests = making->tests * sizeof *making->test;
    struct wide_test *test = runtime_plan_memory(making->snapshot, tests);
    struct wide_plan *plan =
        test ? runtime_plan_memory(making->snapshot, sizeof *plan + rules) : NULL;
    if (!plan)
        return NULL;
    memcpy(test, making->test, tests);
    *plan = making->plan;
    memcpy(plan->rule, making->rule, rules);
    for (uint32_t i = 0; i < making->rules; i++) {
        plan->rule[i].test = test;
        test += plan->rule[i].test_count;
    }
    return plan;
}

const struct wide_plan *runtime_make_wide_plan(struct snapshot *snapshot,
                                               const struct ffs_flag *flag)
{
    if (!runtime_is_supported(flag) || flag->code_count < 2 || flag->code_count > MOST_PLACES ||
        flag->flags & FFS_FLAG_SERVES_NONE)
        return NULL;
    struct making making;
    making.snapshot = snapshot;
    making.flag = flag;
    making.code = &snapshot->code[flag->first_code];
    making.plan = (struct wide_plan){.need = 0};
    making.rules = making.tests = 0;
    return fill_plan(&making) ? keep_plan(&making) : NULL;
}
