/* predicate.c - see predicate.h. */
#include "predicate.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/regex/regex.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/model/log.h"
#include "compiler/model/condition.h"

/* From here on, a double no longer identifies one integer. */
#define EXACT_INTEGERS 0x1p53

struct predicate_operand {
    const char *text;
    size_t length;
    bool is_number;
    double number;
    const struct automaton *automaton; /* LOG_PATTERN */
};

struct predicate {
    const struct condition *condition;
    const struct predicate **children;
    struct field field;
    struct field other; /* with which it is compared; of no place: with operands */
    struct predicate_operand *operands;
    uint32_t operand_count;
    const struct operator_kind_info *asked; /* of a test */
    bool compares_numbers;                  /* nothing else can be compared */
    const struct predicate *within; /* of an entry of the list, or of their number: field 0 of an
                                       event that is made of it */
};

/* What a test is of. */
enum part { PART_OF_LINE, PART_ENTRY, PART_SIZE };

static struct predicate_operand *add_operand(struct arena *arena, struct predicate *predicate,
                                             const char *text)
{
    struct predicate_operand *operand =
        ARENA_APPEND(arena, predicate->operands, predicate->operand_count);
    operand->text = text;
    operand->length = strlen(text);
    operand->is_number = number_from_text(text, operand->length, &operand->number);
    return operand;
}

static uint32_t number_operands(const struct predicate *predicate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < predicate->operand_count; i++)
        count += predicate->operands[i].is_number;
    return count;
}

static void prepare_numbers(struct predicate *predicate, struct layout *layout)
{
    uint32_t numbers = number_operands(predicate);
    switch (predicate->asked->log) {
    case LOG_ORDER:
    case LOG_REMAINDER:
        predicate->compares_numbers = true;
        break;
    case LOG_EQUAL:
        predicate->compares_numbers = numbers > 0 && numbers == predicate->operand_count;
        break;
    case LOG_LISTED:
        break;
    case LOG_PART:
    case LOG_GLOB:
    case LOG_PATTERN:
    case LOG_ENTRIES:
    case LOG_SOME:
    case LOG_EVERY:
    case LOG_NO:
    case LOG_SIZE:
    case LOG_PRESENCE:
    case LOG_NULL:
    case LOG_NONE:
        return; /* they test texts, even those of numbers */
    }
    bool compared = predicate->other.place != NO_PLACE;
    if (numbers > 0 || predicate->compares_numbers || compared)
        layout_use_number(layout, predicate->field.place);
    if (compared)
        layout_use_number(layout, predicate->other.place);
}

static const struct predicate *prepare(const struct condition *condition, struct layout *layout,
                                       enum part part);

/* An entry is a text, even where a number is written; their number is one. */
static void prepare_operands_of_part(struct predicate *predicate, enum part part)
{
    for (uint32_t i = 0; i < predicate->operand_count; i++) {
        predicate->operands[i].is_number = part == PART_SIZE;
        if (part == PART_SIZE)
            predicate->operands[i].number = predicate->condition->operands[i].number;
    }
    predicate->compares_numbers = part == PART_SIZE;
}

static bool prepare_test(struct predicate *predicate, struct layout *layout, enum part part)
{
    const struct condition *condition = predicate->condition;
    predicate->asked = &operator_kinds[condition->operator_kind];
    if (predicate->asked->log == LOG_NONE)
        return print_error_at(&layout->project->sources, condition->span,
                              "this operator cannot be asked of the log field '%s'",
                              condition->field.text);
    predicate->field = part == PART_OF_LINE ? layout_field(layout, condition->field.text)
                                            : (struct field){.place = 0, .scale = 1};
    predicate->other = condition->other_field.text
                           ? layout_field(layout, condition->other_field.text)
                           : (struct field){.place = NO_PLACE};
    for (uint32_t i = 0; i < condition->operand_count; i++) {
        const struct operand *operand = &condition->operands[i];
        struct predicate_operand *added =
            add_operand(layout->arena, predicate, operand->source.text);
        if (predicate->asked->log == LOG_REMAINDER ||
            (predicate->asked->log == LOG_ORDER && !added->is_number)) {
            added->is_number = true;
            added->number = operand->number;
        }
        if (predicate->asked->log == LOG_PATTERN)
            added->automaton = operand->automaton;
    }
    for (uint32_t i = 0; condition->file && i < condition->file->count; i++)
        add_operand(layout->arena, predicate, condition->file->values[i]);
    if (part != PART_OF_LINE)
        prepare_operands_of_part(predicate, part);
    else
        prepare_numbers(predicate, layout);
    if (condition->within)
        predicate->within = prepare(condition->within, layout,
                                    predicate->asked->log == LOG_SIZE ? PART_SIZE : PART_ENTRY);
    return !condition->within || predicate->within;
}

static const struct predicate *prepare(const struct condition *condition, struct layout *layout,
                                       enum part part)
{
    struct predicate *predicate = ARENA_NEW(layout->arena, struct predicate);
    predicate->condition = condition;
    switch (condition->kind) {
    case CONDITION_TEST:
        return prepare_test(predicate, layout, part) ? predicate : NULL;
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        predicate->children =
            ARENA_ARRAY(layout->arena, const struct predicate *, condition->child_count);
        for (uint32_t i = 0; i < condition->child_count; i++) {
            predicate->children[i] = prepare(condition->children[i], layout, part);
            if (!predicate->children[i])
                return NULL;
        }
        return predicate;
    case CONDITION_SEGMENT:
    case CONDITION_FLAG:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        break;
    }
    print_error_at(&layout->project->sources, condition->span,
                   "a metric's condition is on log fields: it cannot use segments, flags, the "
                   "clock or shares of units");
    return NULL;
}

const struct predicate *predicate_prepare(const struct condition *condition, struct layout *layout)
{
    return prepare(condition, layout, PART_OF_LINE);
}

static bool is_boolean(const struct predicate_operand *operand, bool *truth)
{
    *truth = strcmp(operand->text, "true") == 0;
    return *truth || strcmp(operand->text, "false") == 0;
}

struct quick_test predicate_quick(const struct predicate *predicate)
{
    const struct condition *condition = predicate->condition;
    struct quick_test quick = {
        .kind = QUICK_NOT, .place = predicate->field.place, .scale = predicate->field.scale};
    if (condition->kind != CONDITION_TEST || predicate->operand_count != 1 ||
        condition->ignore_case || condition->divisor)
        return quick;
    const struct predicate_operand *operand = predicate->operands;
    quick.number = operand->number;
    unsigned order = predicate->asked->order;
    quick.below = !!(order & ORDER_LOWER) != condition->negate;
    quick.equal = !!(order & ORDER_EQUAL) != condition->negate;
    quick.above = !!(order & ORDER_HIGHER) != condition->negate;
    if (predicate->compares_numbers)
        quick.kind = fabs(operand->number) < EXACT_INTEGERS ? QUICK_NUMBER : QUICK_NOT;
    else if (predicate->asked->log == LOG_EQUAL && is_boolean(operand, &quick.boolean))
        quick.kind = QUICK_BOOLEAN;
    quick.boolean ^= condition->negate;
    return quick;
}

static int compare_folded(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int order = (unsigned char)ascii_lower(a[i]) - (unsigned char)ascii_lower(b[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_bytes(const struct value *value, const struct predicate_operand *operand,
                         bool ignore_case)
{
    size_t length = value->length < operand->length ? value->length : operand->length;
    int order = ignore_case ? compare_folded(value->text, operand->text, length)
                            : memcmp(value->text, operand->text, length);
    if (order != 0)
        return order;
    return value->length < operand->length ? -1 : value->length > operand->length;
}

static bool is_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0 && text[0] != '0';
}

/* Compares two equal doubles by their digits, since large integers share a double with
 * neighbours. */
static int compare_digits(const struct value *value, const struct predicate_operand *operand)
{
    if (fabs(operand->number) < EXACT_INTEGERS || !is_digits(value->text, value->length) ||
        !is_digits(operand->text, operand->length))
        return 0;
    if (value->length != operand->length)
        return value->length < operand->length ? -1 : 1;
    return memcmp(value->text, operand->text, operand->length);
}

static bool has_number(const struct predicate *predicate, const struct event *event)
{
    return event->numbers[predicate->field.place].state == NUMBER_GIVEN;
}

static int compare(const struct predicate *predicate, const struct event *event,
                   const struct predicate_operand *operand)
{
    const struct value *value = &event->values[predicate->field.place];
    if (!operand->is_number || !has_number(predicate, event))
        return compare_bytes(value, operand, predicate->condition->ignore_case);
    double number = event->numbers[predicate->field.place].number * predicate->field.scale;
    if (number == operand->number && predicate->field.scale == 1)
        return compare_digits(value, operand);
    return number < operand->number ? -1 : number > operand->number;
}

static bool is_equal(const struct predicate *predicate, const struct event *event,
                     const struct predicate_operand *operand)
{
    const struct value *value = &event->values[predicate->field.place];
    if (predicate->condition->ignore_case && !(operand->is_number && has_number(predicate, event)))
        return match_part(value->text, value->length, operand->text, operand->length, PART_WHOLE,
                          true);
    return compare(predicate, event, operand) == 0;
}

static bool is_in_order(const struct predicate *predicate, const struct event *event,
                        const struct predicate_operand *operand)
{
    int order = compare(predicate, event, operand);
    unsigned found = order < 0 ? ORDER_LOWER : order > 0 ? ORDER_HIGHER : ORDER_EQUAL;
    return predicate->asked->order & found;
}

/* Of an integer that is exactly known: whether that remains when it is divided. */
static bool leaves(const struct predicate *predicate, const struct event *event, double remainder)
{
    double number = event->numbers[predicate->field.place].number * predicate->field.scale;
    if (!(fabs(number) <= EXACT_INTEGERS) || number != trunc(number))
        return false;
    int64_t divisor = (int64_t)predicate->condition->divisor, left = (int64_t)number % divisor;
    return (left < 0 ? left + divisor : left) == (int64_t)remainder;
}

static bool has_entry(const struct value *value, const struct predicate_operand *operand, bool fold)
{
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->length; i++)
        if (match_part(value->items[i], strlen(value->items[i]), operand->text, operand->length,
                       PART_WHOLE, fold))
            return true;
    return false;
}

/* Whether the test holds for one of its operands. */
static bool operand_holds(const struct predicate *predicate, const struct event *event,
                          const struct predicate_operand *operand)
{
    const struct value *value = &event->values[predicate->field.place];
    bool fold = predicate->condition->ignore_case;
    if (predicate->asked->log != LOG_ENTRIES &&
        (value->kind == VALUE_LIST || value->kind == VALUE_OTHER))
        return false;
    switch (predicate->asked->log) {
    case LOG_EQUAL:
    case LOG_LISTED:
        return is_equal(predicate, event, operand);
    case LOG_ORDER:
        return is_in_order(predicate, event, operand);
    case LOG_REMAINDER:
        return leaves(predicate, event, operand->number);
    case LOG_PART:
        return match_part(value->text, value->length, operand->text, operand->length,
                          predicate->asked->place, fold);
    case LOG_GLOB:
        return match_glob(operand->text, value->text, value->length, fold);
    case LOG_PATTERN:
        return ffs_automaton_matches(operand->automaton->table, value->text, value->length);
    case LOG_ENTRIES:
        return has_entry(value, operand, fold);
    case LOG_SOME:
    case LOG_EVERY:
    case LOG_NO:
    case LOG_SIZE:
    case LOG_PRESENCE:
    case LOG_NULL:
    case LOG_NONE:
        break;
    }
    assert(!"a test without operands");
    return false;
}

/* Of two fields: as numbers if both are, and else as texts. */
static bool other_holds(const struct predicate *predicate, const struct event *event)
{
    const struct value *value = &event->values[predicate->other.place];
    struct predicate_operand operand = {
        .text = value->text,
        .length = value->length,
        .is_number = event->numbers[predicate->other.place].state == NUMBER_GIVEN,
        .number = event->numbers[predicate->other.place].number * predicate->other.scale};
    if (value_is_absent(value) || value->kind == VALUE_LIST || value->kind == VALUE_OTHER ||
        (predicate->compares_numbers && !operand.is_number))
        return false;
    if (operand.is_number && predicate->other.scale != 1)
        operand.length = 0; /* its digits are not those of the number */
    return operand_holds(predicate, event, &operand);
}

static bool entry_holds(const struct predicate *within, const char *text)
{
    struct value value = {.kind = VALUE_STRING, .length = (uint32_t)strlen(text), .text = text};
    struct number none = {.state = NUMBER_ABSENT};
    struct event event = {.values = &value, .numbers = &none};
    return predicate_truth(within, &event) == TRUTH_YES;
}

static bool size_holds(const struct predicate *within, uint32_t size)
{
    char digits[12];
    struct value value = {.kind = VALUE_NUMBER, .text = digits};
    struct number number = {.state = NUMBER_GIVEN, .number = size};
    struct event event = {.values = &value, .numbers = &number};
    value.length = (uint32_t)snprintf(digits, sizeof digits, "%u", size);
    return predicate_truth(within, &event) == TRUTH_YES;
}

/* Of a list of texts. */
static bool list_holds(const struct predicate *predicate, const struct value *list)
{
    enum operator_log asked = predicate->asked->log;
    if (asked == LOG_SIZE)
        return size_holds(predicate->within, list->length);
    for (uint32_t i = 0; i < list->length; i++)
        if (entry_holds(predicate->within, list->items[i]) != (asked == LOG_EVERY))
            return asked == LOG_SOME;
    return asked != LOG_SOME;
}

static bool test_holds(const struct predicate *predicate, const struct event *event)
{
    if (predicate->asked->log == LOG_NULL)
        return event->values[predicate->field.place].kind == VALUE_NULL;
    if (predicate->within) {
        const struct value *value = &event->values[predicate->field.place];
        return value->kind == VALUE_LIST && list_holds(predicate, value);
    }
    if (value_is_absent(&event->values[predicate->field.place]) ||
        (predicate->compares_numbers && !has_number(predicate, event)))
        return false;
    if (predicate->asked->log == LOG_PRESENCE)
        return true;
    if (predicate->other.place != NO_PLACE)
        return other_holds(predicate, event);
    bool all = predicate->asked->all;
    for (uint32_t i = 0; i < predicate->operand_count; i++)
        if (operand_holds(predicate, event, &predicate->operands[i]) != all)
            return !all;
    return all;
}

/* The field that cannot be read as the number or list that it should be; NO_PLACE: none is so. */
static uint32_t unreadable_place(const struct predicate *predicate, const struct event *event)
{
    uint32_t place = predicate->field.place, other = predicate->other.place;
    if (predicate->within) {
        const struct value *value = &event->values[place];
        return value->kind == VALUE_LIST || value_is_nothing(value) ? NO_PLACE : place;
    }
    if (!predicate->compares_numbers)
        return NO_PLACE;
    if (event->numbers[place].state == NUMBER_UNREADABLE)
        return place;
    return other != NO_PLACE && event->numbers[other].state == NUMBER_UNREADABLE ? other : NO_PLACE;
}

/* For several conditions: one that is `decisive` decides, even if others cannot be read. */
static enum truth truth_of_children(const struct predicate *predicate, const struct event *event,
                                    enum truth decisive)
{
    enum truth found = decisive == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    for (uint32_t i = 0; i < predicate->condition->child_count; i++) {
        enum truth truth = predicate_truth(predicate->children[i], event);
        if (truth == decisive)
            return decisive;
        if (truth == TRUTH_UNREADABLE)
            found = TRUTH_UNREADABLE;
    }
    return found;
}

enum truth predicate_truth(const struct predicate *predicate, const struct event *event)
{
    const struct condition *condition = predicate->condition;
    enum truth truth;
    switch (condition->kind) {
    case CONDITION_TEST:
        if (unreadable_place(predicate, event) != NO_PLACE)
            return TRUTH_UNREADABLE;
        return test_holds(predicate, event) != condition->negate ? TRUTH_YES : TRUTH_NO;
    case CONDITION_ALL:
        return truth_of_children(predicate, event, TRUTH_NO);
    case CONDITION_ANY:
        return truth_of_children(predicate, event, TRUTH_YES);
    case CONDITION_NOT:
        truth = predicate_truth(predicate->children[0], event);
        return truth == TRUTH_UNREADABLE ? truth : truth == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    case CONDITION_SEGMENT:
    case CONDITION_FLAG:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        break;
    }
    assert(!"a condition that predicate_prepare() refuses");
    return TRUTH_UNREADABLE;
}

uint32_t predicate_unreadable_place(const struct predicate *predicate, const struct event *event)
{
    uint32_t place = NO_PLACE;
    if (predicate->condition->kind == CONDITION_TEST)
        return unreadable_place(predicate, event);
    for (uint32_t i = 0; i < predicate->condition->child_count && place == NO_PLACE; i++)
        place = predicate_unreadable_place(predicate->children[i], event);
    return place;
}
