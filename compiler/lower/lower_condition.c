/* lower_condition.c - lowers conditions, and whatever is tested like one, to expressions. */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "lower.h"
#include "compiler/base/percent.h"
#include "fflag/private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Deeper nesting of segments than anyone writes, and less than overflows a stack. */
#define MAX_SEGMENT_DEPTH 1000u

/* What tests within one of a list read, is the list. */
static uint16_t attribute_index(struct lowering *lowering, const struct attribute *attribute)
{
    return (uint16_t)image_attribute(&lowering->image,
                                     attribute->list ? attribute->list : attribute);
}

static struct expression *test_attribute(struct lowering *lowering, enum ffs_op op, uint8_t flags,
                                         const struct attribute *attribute, uint64_t operand)
{
    struct ffs_instruction test = {.op = (uint8_t)op, .flags = flags, .operand = operand};
    test.attribute = attribute_index(lowering, attribute);
    return expression_test(lowering, test);
}

/* Any value, of its scheme: an entry of a list, and the number of them, are always there. */
static struct expression *test_presence(struct lowering *lowering,
                                        const struct attribute *attribute)
{
    bool loose = attribute->type == FFLAG_ATTRIBUTE_VERSION && attribute->scheme == SCHEME_LOOSE;
    if (attribute->list)
        return expression_constant(true);
    return test_attribute(lowering, loose ? FFS_LOOSE_PRESENT : FFS_PRESENT, 0, attribute, 0);
}

/* ----------------------------------------------------------------------------------- strings -- */

static struct expression *test_string(struct lowering *lowering, enum ffs_op op,
                                      const struct attribute *attribute, const char *text,
                                      bool ignore_case)
{
    bool tagged = !ignore_case && ffs_operand_of(op) == FFS_OPERAND_TAGGED_STRING;
    if (ignore_case)
        text = folded_copy(&lowering->arena, text, strlen(text));
    uint64_t operand =
        tagged ? image_tagged_text(&lowering->image, text) : image_text(&lowering->image, text);
    return test_attribute(lowering, op, ignore_case ? FFS_IGNORE_CASE : 0, attribute, operand);
}

/* What stands in a file for values of a private attribute. */
static const char **digests_of(struct lowering *lowering, const struct attribute *attribute,
                               const char *const *texts, uint32_t count, enum ffs_case fold)
{
    uint64_t project = salt_hash(lowering->project_name, "");
    uint64_t name = salt_hash(attribute->name.text, "");
    const char **digests = ARENA_ARRAY(&lowering->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++) {
        char text[FFS_DIGEST];
        ffs_private_digest(project, name, texts[i], strlen(texts[i]), fold, text);
        digests[i] = arena_copy(&lowering->arena, text, sizeof text);
    }
    return digests;
}

/* Where texts leave no room for one set, each has its own. */
static struct expression *one_of_digests(struct lowering *lowering, struct ffs_instruction test,
                                         const char *const *digests, uint32_t count)
{
    test.operand = image_set(&lowering->image, digests, count);
    if (test.operand != IMAGE_NO_SET)
        return expression_test(lowering, test);
    struct expression **each = ARENA_ARRAY(&lowering->arena, struct expression *, count);
    for (uint32_t i = 0; i < count; i++)
        each[i] = one_of_digests(lowering, test, &digests[i], 1);
    return expression_any(lowering, each, count);
}

static struct expression *one_of_private(struct lowering *lowering,
                                         const struct attribute *attribute,
                                         const char *const *texts, uint32_t count, bool ignore_case)
{
    struct ffs_instruction test = {.op = FFS_PRIVATE_IN,
                                   .flags = ignore_case ? FFS_IGNORE_CASE : 0,
                                   .attribute = attribute_index(lowering, attribute)};
    enum ffs_case fold = ignore_case ? FFS_CASE_FOLDED : FFS_CASE_KEPT;
    if (!count)
        return expression_constant(false);
    return one_of_digests(lowering, test, digests_of(lowering, attribute, texts, count, fold),
                          count);
}

/* Equal to any of these texts: a comparison, or a set. The caller owns the texts; reorders the
 * array. */
static struct expression *one_of(struct lowering *lowering, const struct attribute *attribute,
                                 const char **texts, uint32_t count, bool ignore_case)
{
    if (attribute->is_private)
        return one_of_private(lowering, attribute, texts, count, ignore_case);
    if (count == 1)
        return test_string(lowering, FFS_STRING_EQ, attribute, texts[0], ignore_case);

    struct expression **tests = ARENA_ARRAY(&lowering->arena, struct expression *, count + 1);
    uint32_t test_count = 0, short_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (ignore_case && strlen(texts[i]) > FFS_MAX_FOLDED)
            tests[test_count++] = test_string(lowering, FFS_STRING_EQ, attribute, texts[i], true);
        else
            texts[short_count++] =
                ignore_case ? folded_copy(&lowering->arena, texts[i], strlen(texts[i])) : texts[i];
    }
    uint64_t set = short_count > 1 ? image_set(&lowering->image, texts, short_count) : IMAGE_NO_SET;
    if (set != IMAGE_NO_SET) {
        tests[test_count++] = test_attribute(lowering, FFS_STRING_IN,
                                             ignore_case ? FFS_IGNORE_CASE : 0, attribute, set);
    } else {
        for (uint32_t i = 0; i < short_count; i++)
            tests[test_count++] =
                test_string(lowering, FFS_STRING_EQ, attribute, texts[i], ignore_case);
    }
    return expression_any(lowering, tests, test_count);
}

/* A large file is hashed once, however many flags name it. */
static struct expression *one_of_file(struct lowering *lowering, const struct attribute *attribute,
                                      const struct list_file *file, bool ignore_case)
{
    struct table *known = &lowering->files[ignore_case];
    const char *name = file->path;
    if (attribute->is_private) /* no path begins so */
        name = arena_format(&lowering->arena, "/%s/%s", attribute->name.text, name);
    const struct expression *pattern = table_get(known, name);
    if (pattern) {
        struct ffs_instruction test = pattern->test;
        test.attribute = attribute_index(lowering, attribute);
        return expression_test(lowering, test);
    }
    const char **texts = xcalloc(file->count + 1u, sizeof *texts);
    for (uint32_t i = 0; i < file->count; i++)
        texts[i] = file->values[i];
    struct expression *made = one_of(lowering, attribute, texts, file->count, ignore_case);
    free(texts);
    if (made->kind == EXPRESSION_TEST)
        table_add(known, &lowering->arena, name, made);
    return made;
}

/* A pattern whose only special characters are stars at its ends has cheaper tests. */
static struct expression *lower_glob(struct lowering *lowering, const struct condition *test,
                                     const struct operand *operand)
{
    const struct attribute *attribute = test->attribute;
    const char *pattern = operand->text;
    bool ignore_case = test->ignore_case;
    size_t length = strlen(pattern);
    bool leading = length > 0 && pattern[0] == '*';
    bool trailing = length > 1 && pattern[length - 1] == '*';
    size_t inner_length = length - leading - trailing;
    const char *inner = arena_copy(&lowering->arena, pattern + leading, inner_length);
    if (strpbrk(inner, "*?[\\"))
        return test_string(lowering, FFS_STRING_GLOB, attribute, pattern, ignore_case);
    if (inner_length == 0 && leading)
        return test_presence(lowering, attribute);
    enum ffs_op op = leading    ? trailing ? FFS_STRING_CONTAINS : FFS_STRING_SUFFIX
                     : trailing ? FFS_STRING_PREFIX
                                : FFS_STRING_EQ;
    return test_string(lowering, op, attribute, inner, ignore_case);
}

static struct expression *lower_pattern(struct lowering *lowering, const struct condition *test,
                                        const struct operand *operand)
{
    const struct attribute *attribute = test->attribute;
    const struct automaton *automaton = operand->automaton;
    if (automaton->never)
        return expression_constant(false);
    if (automaton->always)
        return test_presence(lowering, attribute);
    if (automaton->literal) {
        enum ffs_op op = automaton->at_begin ? automaton->at_end ? FFS_STRING_EQ : FFS_STRING_PREFIX
                         : automaton->at_end ? FFS_STRING_SUFFIX
                                             : FFS_STRING_CONTAINS;
        return test_string(lowering, op, attribute, automaton->literal, false);
    }
    const char *pattern = pattern_text(&lowering->arena, operand->source.text, test->ignore_case);
    return test_attribute(lowering, FFS_STRING_MATCHES, 0, attribute,
                          image_automaton(&lowering->image, automaton, pattern));
}

/* ----------------------------------------------------------------------------------- numbers -- */

static struct expression *test_number(struct lowering *lowering, enum ffs_op op,
                                      const struct attribute *attribute, double number)
{
    uint64_t bits;
    number += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &number, sizeof bits);
    return test_attribute(lowering, op, 0, attribute, bits);
}

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Sorted and distinct. A long list costs its logarithm, by binary search. */
static struct expression *one_of_numbers(struct lowering *lowering,
                                         const struct attribute *attribute, const double *numbers,
                                         uint32_t count)
{
    if (count <= 8) {
        struct expression **tests = ARENA_ARRAY(&lowering->arena, struct expression *, count + 1);
        for (uint32_t i = 0; i < count; i++)
            tests[i] = test_number(lowering, FFS_NUMBER_EQ, attribute, numbers[i]);
        return expression_any(lowering, tests, count);
    }
    uint32_t half = count / 2;
    struct expression *below[] = {test_number(lowering, FFS_NUMBER_LT, attribute, numbers[half]),
                                  one_of_numbers(lowering, attribute, numbers, half)};
    struct expression *above[] = {
        test_number(lowering, FFS_NUMBER_GE, attribute, numbers[half]),
        one_of_numbers(lowering, attribute, numbers + half, count - half)};
    struct expression *halves[] = {expression_all(lowering, below, 2),
                                   expression_all(lowering, above, 2)};
    return expression_any(lowering, halves, 2);
}

/* Takes ownership of the array. */
static struct expression *any_number(struct lowering *lowering, const struct attribute *attribute,
                                     double *numbers, uint32_t count)
{
    uint32_t distinct = 0;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (uint32_t i = 0; i < count; i++)
        if (!distinct || numbers[distinct - 1] < numbers[i])
            numbers[distinct++] = numbers[i];
    struct expression *expression = one_of_numbers(lowering, attribute, numbers, distinct);
    free(numbers);
    return expression;
}

/* A test for each run of remainders. */
static struct expression *lower_remainders(struct lowering *lowering, const struct condition *test)
{
    uint32_t count = test->operand_count, run_count = 0;
    double *numbers = xcalloc(count + 1u, sizeof *numbers);
    struct expression **runs = ARENA_ARRAY(&lowering->arena, struct expression *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = test->operands[i].number;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (uint32_t i = 0, next; i < count; i = next) {
        uint64_t from = (uint64_t)numbers[i], to = from + 1;
        for (next = i + 1; next < count && (uint64_t)numbers[next] <= to; next++)
            to = (uint64_t)numbers[next] + 1;
        uint64_t range = image_range(&lowering->image, test->divisor, from, to);
        runs[run_count++] =
            test_attribute(lowering, FFS_NUMBER_REMAINDER, 0, test->attribute, range);
    }
    free(numbers);
    return expression_any(lowering, runs, run_count);
}

/* --------------------------------------------------------------------------------- operators -- */

static uint64_t big_endian(const uint8_t bytes[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static struct expression *lower_networks(struct lowering *lowering, const struct condition *test)
{
    struct ffs_network *networks = xcalloc(test->operand_count + 1u, sizeof *networks);
    for (uint32_t i = 0; i < test->operand_count; i++) {
        const struct network *network = &test->operands[i].network;
        networks[i] =
            (struct ffs_network){big_endian(network->first), big_endian(network->first + 8),
                                 big_endian(network->last), big_endian(network->last + 8)};
    }
    uint64_t run = image_networks(&lowering->image, networks, test->operand_count);
    free(networks);
    return test_attribute(lowering, FFS_IP_IN, 0, test->attribute, run);
}

/* By the digits that are their keys. */
static struct expression *one_of_private_numbers(struct lowering *lowering,
                                                 const struct condition *test)
{
    const char **texts = ARENA_ARRAY(&lowering->arena, const char *, test->operand_count);
    for (uint32_t i = 0; i < test->operand_count; i++)
        texts[i] = arena_format(&lowering->arena, "%.0f", test->operands[i].number + 0.0);
    return one_of_private(lowering, test->attribute, texts, test->operand_count, false);
}

/* Strings or numbers: many of them make a set or a search. */
static struct expression *lower_one_of(struct lowering *lowering, const struct condition *test)
{
    if (test->attribute->is_private && test->attribute->type == FFLAG_ATTRIBUTE_NUMBER)
        return one_of_private_numbers(lowering, test);
    if (test->attribute->type == FFLAG_ATTRIBUTE_STRING) {
        const char **texts = ARENA_ARRAY(&lowering->arena, const char *, test->operand_count);
        for (uint32_t i = 0; i < test->operand_count; i++)
            texts[i] = test->operands[i].text;
        return one_of(lowering, test->attribute, texts, test->operand_count, test->ignore_case);
    }
    double *numbers = xcalloc(test->operand_count, sizeof *numbers);
    for (uint32_t i = 0; i < test->operand_count; i++)
        numbers[i] = test->operands[i].number;
    return any_number(lowering, test->attribute, numbers, test->operand_count);
}

/* One expression for each operand. */
static struct expression *lower_each(struct lowering *lowering, const struct condition *test,
                                     struct expression *(*lower_operand)(struct lowering *,
                                                                         const struct condition *,
                                                                         const struct operand *))
{
    struct expression **tests =
        ARENA_ARRAY(&lowering->arena, struct expression *, test->operand_count + 1);
    for (uint32_t i = 0; i < test->operand_count; i++)
        tests[i] = lower_operand(lowering, test, &test->operands[i]);
    return operator_kinds[test->operator_kind].all
               ? expression_all(lowering, tests, test->operand_count)
               : expression_any(lowering, tests, test->operand_count);
}

/* The comparison, of those that begin at `first` with FFS_EQ. */
static enum ffs_op op_of_order(unsigned first, unsigned order)
{
    static const enum ffs_comparison comparisons[] = {
        [ORDER_EQUAL] = FFS_EQ,
        [ORDER_LOWER] = FFS_LT,
        [ORDER_LOWER | ORDER_EQUAL] = FFS_LE,
        [ORDER_HIGHER] = FFS_GT,
        [ORDER_HIGHER | ORDER_EQUAL] = FFS_GE,
    };
    return (enum ffs_op)(first + (unsigned)comparisons[order]);
}

static enum ffs_op first_of_versions(const struct attribute *attribute)
{
    switch (attribute->scheme) {
    case SCHEME_SEMVER:
        return FFS_VERSION_EQ;
    case SCHEME_LOOSE:
        return FFS_LOOSE_EQ;
    }
    return FFS_VERSION_EQ;
}

/* What lower, equal and higher mean for the type of a value. */
static struct expression *lower_comparison(struct lowering *lowering, const struct condition *test,
                                           const struct operand *operand)
{
    const struct attribute *attribute = test->attribute;
    unsigned order = operator_kinds[test->operator_kind].order;
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return test_number(lowering, op_of_order(FFS_NUMBER_EQ, order), attribute, operand->number);
    case FFLAG_ATTRIBUTE_VERSION:
        return test_attribute(lowering, op_of_order(first_of_versions(attribute), order), 0,
                              attribute, image_text(&lowering->image, operand->text));
    case FFLAG_ATTRIBUTE_TIME:
        return test_attribute(lowering, op_of_order(FFS_TIME_EQ, order), 0, attribute,
                              (uint64_t)operand->time);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return test_attribute(lowering, FFS_BOOLEAN_IS, 0, attribute, operand->boolean);
    case FFLAG_ATTRIBUTE_STRING:
        return test_string(lowering, op_of_order(FFS_STRING_ORDER, order), attribute, operand->text,
                           test->ignore_case);
    case FFLAG_ATTRIBUTE_STRINGS:
    case FFLAG_ATTRIBUTE_IP:
        break;
    }
    assert(!"a type without an order");
    return expression_constant(false);
}

/* The attribute that is first by name stands first, so that one comparison is one test. An entry of
 * a list, or the number of them, always does. */
static struct expression *lower_pair(struct lowering *lowering, const struct condition *test)
{
    const struct attribute *first = test->attribute, *second = test->other;
    unsigned order = operator_kinds[test->operator_kind].order;
    if (!first->list && strcmp(first->name.text, second->name.text) > 0) {
        first = test->other;
        second = test->attribute;
        order = order_mirrored(order);
    }
    bool loose = second->type == FFLAG_ATTRIBUTE_VERSION && second->scheme == SCHEME_LOOSE;
    return test_attribute(lowering, op_of_order(FFS_PAIR_EQ, order),
                          test->ignore_case ? FFS_IGNORE_CASE : 0, first,
                          attribute_index(lowering, second) | (loose ? FFS_PAIR_LOOSE : 0));
}

static struct expression *lower_equality(struct lowering *lowering, const struct condition *test)
{
    if (!test->operand_count)
        return expression_constant(false);
    switch (test->attribute->type) {
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_NUMBER:
        return lower_one_of(lowering, test);
    case FFLAG_ATTRIBUTE_IP:
        return lower_networks(lowering, test);
    case FFLAG_ATTRIBUTE_BOOLEAN:
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_TIME:
    case FFLAG_ATTRIBUTE_STRINGS:
        break;
    }
    return lower_each(lowering, test, lower_comparison);
}

static struct expression *lower_part(struct lowering *lowering, const struct condition *test,
                                     const struct operand *operand)
{
    static const enum ffs_op ops[] = {[PART_ANYWHERE] = FFS_STRING_CONTAINS,
                                      [PART_AT_BEGIN] = FFS_STRING_PREFIX,
                                      [PART_AT_END] = FFS_STRING_SUFFIX,
                                      [PART_WHOLE] = FFS_STRING_EQ};
    return test_string(lowering, ops[operator_kinds[test->operator_kind].place], test->attribute,
                       operand->text, test->ignore_case);
}

static struct expression *lower_entry(struct lowering *lowering, const struct condition *test,
                                      const struct operand *operand)
{
    return test_string(lowering, FFS_STRINGS_HAS, test->attribute, operand->text, false);
}

static struct expression *test_within(struct lowering *lowering, enum ffs_op op,
                                      const struct attribute *list, struct expression *body)
{
    struct expression *test = test_attribute(lowering, op, 0, list, 0);
    test->body = body;
    return expression_with_body(test);
}

static struct expression *any_entry(struct lowering *lowering, const struct attribute *list,
                                    struct expression *body)
{
    if (body->kind == EXPRESSION_NEVER)
        return body;
    return test_within(lowering, FFS_ANY_ENTRY, list, body);
}

static struct expression *every_entry(struct lowering *lowering, const struct attribute *list,
                                      struct expression *body)
{
    if (body->kind == EXPRESSION_ALWAYS)
        return test_presence(lowering, list);
    return test_within(lowering, FFS_EVERY_ENTRY, list, body);
}

/* FFS_STRINGS_HAS has never folded case, and reads a text: an older library would refuse the
 * file. */
static bool has_by_body(const struct condition *test)
{
    return test->ignore_case || test->attribute->is_private;
}

static struct expression *lower_body_of_entry(struct lowering *lowering,
                                              const struct condition *test,
                                              const struct operand *operand)
{
    const char *texts[] = {operand->text};
    return any_entry(lowering, test->attribute,
                     one_of(lowering, test->attribute, texts, 1, test->ignore_case));
}

static struct expression *lower_body_of_entries(struct lowering *lowering,
                                                const struct condition *test)
{
    const char **texts = ARENA_ARRAY(&lowering->arena, const char *, test->operand_count + 1);
    for (uint32_t i = 0; i < test->operand_count; i++)
        texts[i] = test->operands[i].text;
    return any_entry(
        lowering, test->attribute,
        one_of(lowering, test->attribute, texts, test->operand_count, test->ignore_case));
}

static struct expression *size_is(struct lowering *lowering, const struct attribute *list,
                                  struct expression *body)
{
    if (body->kind == EXPRESSION_NEVER)
        return body;
    if (body->kind == EXPRESSION_ALWAYS)
        return test_presence(lowering, list);
    return test_within(lowering, FFS_SIZE_IS, list, body);
}

static struct expression *lower_age(struct lowering *lowering, const struct condition *test,
                                    const struct operand *operand)
{
    enum ffs_op op = test->operator_kind == OPERATOR_OLDER ? FFS_TIME_OLDER : FFS_TIME_WITHIN;
    return test_attribute(lowering, op, 0, test->attribute, (uint64_t)operand->duration);
}

static struct expression *lower_test(struct lowering *lowering, const struct condition *test)
{
    struct expression *within;
    if (test->other)
        return lower_pair(lowering, test);
    switch (test->operator_kind) {
    case OPERATOR_EQ:
        return lower_equality(lowering, test);
    case OPERATOR_LT:
    case OPERATOR_LE:
    case OPERATOR_GT:
    case OPERATOR_GE:
        return lower_each(lowering, test, lower_comparison);
    case OPERATOR_CONTAINS:
    case OPERATOR_STARTS_WITH:
    case OPERATOR_ENDS_WITH:
        return lower_each(lowering, test, lower_part);
    case OPERATOR_GLOB:
        return lower_each(lowering, test, lower_glob);
    case OPERATOR_MATCHES:
        return lower_each(lowering, test, lower_pattern);
    case OPERATOR_HAS_ANY:
        return has_by_body(test) ? lower_body_of_entries(lowering, test)
                                 : lower_each(lowering, test, lower_entry);
    case OPERATOR_HAS_ALL:
        return lower_each(lowering, test, has_by_body(test) ? lower_body_of_entry : lower_entry);
    case OPERATOR_WITHIN:
    case OPERATOR_OLDER:
        return lower_each(lowering, test, lower_age);
    case OPERATOR_ANY_ENTRY:
        return any_entry(lowering, test->attribute, lower_condition(lowering, test->within));
    case OPERATOR_ALL_ENTRIES:
        return every_entry(lowering, test->attribute, lower_condition(lowering, test->within));
    case OPERATOR_NO_ENTRY:
        within = expression_not(lowering, lower_condition(lowering, test->within));
        return every_entry(lowering, test->attribute, within);
    case OPERATOR_SIZE:
        return size_is(lowering, test->attribute, lower_condition(lowering, test->within));
    case OPERATOR_IN_FILE:
        return one_of_file(lowering, test->attribute, test->file, test->ignore_case);
    case OPERATOR_MOD:
        return lower_remainders(lowering, test);
    case OPERATOR_PRESENT:
        return test_presence(lowering, test->attribute);
    case OPERATOR_IS_NULL:
        return test_attribute(lowering, FFS_IS_NULL, 0, test->attribute, 0);
    }
    assert(!"an operator without code");
    return expression_constant(false);
}

/* -------------------------------------------------------------------------------- conditions -- */

static struct expression *lower_segment(struct lowering *lowering, const struct segment *segment)
{
    struct expression **known = &lowering->segments[segment->index];
    if (*known)
        return *known;
    if (lowering->segment_depth >= MAX_SEGMENT_DEPTH) {
        lowering->segments_too_deep = true;
        return expression_constant(false);
    }
    lowering->segment_depth++;
    *known = lower_condition(lowering, segment->condition);
    lowering->segment_depth--;
    return *known;
}

/* By their numbers in the snapshot: see patched_variant(). */
static const struct variant_set *with_patched(struct lowering *lowering,
                                              const struct targeting *targeting,
                                              const struct variant_set *declared)
{
    struct variant_set *all = ARENA_NEW(&lowering->arena, struct variant_set);
    uint32_t count = targeting->variant_count + targeting->patched_count;
    for (uint32_t i = 0; i <= count; i++)
        if (variant_set_has(declared, declared_variant(targeting, i)))
            variant_set_add(all, i);
    return all;
}

struct expression *lower_flag_is(struct lowering *lowering, const struct flag *other,
                                 const struct variant_set *variants)
{
    const struct lowered_flag *lowered = &lowering->flags[other->index];
    struct expression *test = expression_test(
        lowering, (struct ffs_instruction){
                      .op = FFS_FLAG_IS, .attribute = FFS_NO_ATTRIBUTE, .operand = lowered->index});
    const struct targeting *targeting = &other->environments[lowering->environment];
    test->variants =
        targeting->patched_count ? with_patched(lowering, targeting, variants) : variants;
    test->variant_count = targeting->variant_count + targeting->patched_count;
    test->size += ffs_accept_count(test->variant_count);
    return test;
}

static struct expression *lower_weekly(struct lowering *lowering, const struct zone *zone,
                                       unsigned days, uint32_t from, uint32_t until)
{
    struct ffs_instruction clock = {.op = FFS_CLOCK_IN, .attribute = FFS_NO_ATTRIBUTE};
    if (days == EVERY_DAY && from == 0 && until == MINUTES_OF_DAY)
        return expression_constant(true);
    clock.operand = image_zone(&lowering->image, zone) | FFS_WEEKLY(days, from, until);
    return expression_test(lowering, clock);
}

static struct expression *lower_clock_test(struct lowering *lowering, const struct clock_test *test)
{
    struct ffs_instruction clock = {.op = FFS_CLOCK_GE, .attribute = FFS_NO_ATTRIBUTE};
    switch (test->kind) {
    case CLOCK_WEEKDAY:
        return lower_weekly(lowering, test->zone, test->weekdays, 0, MINUTES_OF_DAY);
    case CLOCK_BETWEEN:
        if (test->from < test->until)
            return lower_weekly(lowering, test->zone, EVERY_DAY, test->from, test->until);
        return expression_not(
            lowering, lower_weekly(lowering, test->zone, EVERY_DAY, test->until, test->from));
    case CLOCK_FROM:
    case CLOCK_UNTIL:
    case CLOCK_AFTER:
    case CLOCK_BEFORE:
        break;
    }
    clock.operand = (uint64_t)test->time;
    return expression_test(lowering, clock);
}

static struct expression *lower_share(struct lowering *lowering, const struct share_test *share)
{
    const struct targeting *targeting = lowering->targeting;
    if (share->percent == 0 || share->percent >= PERCENT_ALL)
        return expression_constant(share->percent > 0);
    uint64_t salt = share->salt ? salt_hash(share->salt, "") : salt_hash(targeting->salt, "/if");
    return lower_range(lowering, share->by ? share->by : targeting->bucket_by, salt, 0,
                       share->percent);
}

struct expression *lower_condition(struct lowering *lowering, const struct condition *condition)
{
    if (!condition)
        return expression_constant(true);
    struct expression *expression = NULL;
    switch (condition->kind) {
    case CONDITION_TEST:
        expression = lower_test(lowering, condition);
        return condition->negate ? expression_not(lowering, expression) : expression;
    case CONDITION_SEGMENT:
        return lower_segment(lowering, condition->segment);
    case CONDITION_FLAG:
        return lower_flag_is(lowering, condition->flag, condition->variants);
    case CONDITION_CLOCK:
        expression = lower_clock_test(lowering, &condition->clock);
        return condition->negate ? expression_not(lowering, expression) : expression;
    case CONDITION_PERCENT:
        return lower_share(lowering, &condition->share);
    case CONDITION_NOT:
        return expression_not(lowering, lower_condition(lowering, condition->children[0]));
    case CONDITION_ALL:
    case CONDITION_ANY:
        break;
    }
    struct expression **children =
        ARENA_ARRAY(&lowering->arena, struct expression *, condition->child_count + 1);
    for (uint32_t i = 0; i < condition->child_count; i++)
        children[i] = lower_condition(lowering, condition->children[i]);
    return condition->kind == CONDITION_ALL
               ? expression_all(lowering, children, condition->child_count)
               : expression_any(lowering, children, condition->child_count);
}

/* ------------------------------------------------------------------------------------- units -- */

uint16_t lower_key(struct image *image, const struct unit_key *key)
{
    const struct attribute *attribute = key_attribute(key);
    return attribute ? (uint16_t)image_attribute(image, attribute) : image_key(image, key);
}

static struct expression *test_key(struct lowering *lowering, enum ffs_op plain, enum ffs_op made,
                                   const struct unit_key *key, uint64_t operand)
{
    struct ffs_instruction test = {.op = (uint8_t)(key_attribute(key) ? plain : made),
                                   .attribute = lower_key(&lowering->image, key),
                                   .operand = operand};
    return expression_test(lowering, test);
}

/* The same of keys of which a part is private. */
static struct expression *one_of_private_keys(struct lowering *lowering, const struct unit_key *key,
                                              const char *const *texts, uint32_t count)
{
    struct ffs_instruction test = {.op = FFS_PRIVATE_KEY_IN,
                                   .attribute = lower_key(&lowering->image, key)};
    if (!count)
        return expression_constant(false);
    return one_of_digests(lowering, test,
                          digests_of(lowering, key->parts[0], texts, count, FFS_CASE_KEPT), count);
}

/* Of keys that are made. Where texts leave no room for one set, each has its own. */
static struct expression *one_of_keys(struct lowering *lowering, const struct unit_key *key,
                                      const char *const *texts, uint32_t count)
{
    if (key_is_private(key))
        return one_of_private_keys(lowering, key, texts, count);
    uint64_t set = count ? image_set(&lowering->image, texts, count) : 0;
    if (!count || set != IMAGE_NO_SET)
        return count ? test_key(lowering, FFS_KEY_IN, FFS_KEY_IN, key, set)
                     : expression_constant(false);
    struct expression **each = ARENA_ARRAY(&lowering->arena, struct expression *, count);
    for (uint32_t i = 0; i < count; i++)
        each[i] = one_of_keys(lowering, key, &texts[i], 1);
    return expression_any(lowering, each, count);
}

/* The set test compares keys; a number attribute's key is its decimal digits. */
struct expression *lower_users(struct lowering *lowering, const struct unit_key *key,
                               const struct user_list *list)
{
    const struct attribute *attribute = key_attribute(key);
    if (!key || key->joined) /* reported by check_users() */
        return expression_constant(false);
    if (list->file && attribute)
        return one_of_file(lowering, attribute, list->file, false);
    uint32_t given = list->file ? list->file->count : list->users.count;
    const char **texts = ARENA_ARRAY(&lowering->arena, const char *, given + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < given; i++) {
        const char *text = list->file ? list->file->values[i] : list->users.items[i].text;
        if (*text) /* an empty string is no key */
            texts[count++] = text;
    }
    return attribute ? one_of(lowering, attribute, texts, count, false)
                     : one_of_keys(lowering, key, texts, count);
}

struct expression *lower_exposure(struct lowering *lowering, const struct unit_key *key,
                                  const uint64_t *salt, uint32_t percent)
{
    if (percent == 0 || percent >= PERCENT_ALL)
        return expression_constant(percent >= PERCENT_ALL);
    if (!key)
        return expression_constant(false);
    if (salt)
        return lower_range(lowering, key, *salt, 0, percent);
    /* There is no such test of a key that is made, but a range says the same. */
    if (!key_attribute(key)) {
        uint64_t own = salt_hash(lowering->targeting->salt, "");
        return lower_range(lowering, key, own, 0, percent);
    }
    return test_key(lowering, FFS_EXPOSED, FFS_EXPOSED, key, percent_threshold(percent));
}

struct expression *lower_ramp(struct lowering *lowering, const struct unit_key *key,
                              const uint64_t *salt, const struct ramp *ramp)
{
    if (!ramp->gradual)
        return lower_exposure(lowering, key, salt, ramp->from);
    if (!key)
        return expression_constant(false);
    return test_key(lowering, FFS_RAMP, FFS_KEY_RAMP, key,
                    image_ramp(&lowering->image, ramp, salt));
}

struct expression *lower_range(struct lowering *lowering, const struct unit_key *key, uint64_t salt,
                               uint32_t from, uint32_t to)
{
    if (from >= to || !key)
        return expression_constant(false);
    uint64_t upper = to < PERCENT_ALL ? percent_threshold(to) : 0;
    return test_key(lowering, FFS_IN_RANGE, FFS_KEY_IN_RANGE, key,
                    image_range(&lowering->image, salt, percent_threshold(from), upper));
}

struct expression *lower_clock(struct lowering *lowering, int64_t from, int64_t until)
{
    struct ffs_instruction clock = {.op = FFS_CLOCK_GE, .attribute = FFS_NO_ATTRIBUTE};
    struct expression *bounds[2];
    uint32_t count = 0;
    if (until <= from)
        return expression_constant(false);
    if (from != INT64_MIN) {
        clock.operand = (uint64_t)from;
        bounds[count++] = expression_test(lowering, clock);
    }
    if (until != INT64_MAX) {
        clock.operand = (uint64_t)until;
        bounds[count++] = expression_not(lowering, expression_test(lowering, clock));
    }
    return expression_all(lowering, bounds, count);
}
