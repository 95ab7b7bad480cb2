/*
 * predicate.h - conditions over log fields: a metric's `where` and `of`.
 *
 * A field has no declared type: the operands decide how a test compares. The ordering operators,
 * and equality operators whose operands are all numbers, compare numbers (after the field's scale),
 * so anything else there is unreadable. All other tests compare texts, byte by byte; in a list of
 * texts and numbers, a number equals a number. A test of an absent field is false; its exact
 * negation is true.
 */
#ifndef FFREPLAY_PREDICATE_H
#define FFREPLAY_PREDICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

struct condition;
struct predicate;

/* NULL when the condition uses what cannot be asked of a log field, after reporting. */
const struct predicate *predicate_prepare(const struct condition *condition, struct layout *layout);

/*
 * A test that most conditions are, of one field against one number or truth value: asked inline.
 * Anything else has no such form, and neither has a line whose value is of another kind.
 */
struct quick_test {
    enum { QUICK_NOT, QUICK_NUMBER, QUICK_BOOLEAN } kind;
    uint32_t place;
    bool below, equal, above; /* QUICK_NUMBER: whether it holds for numbers that are */
    bool boolean;             /* QUICK_BOOLEAN: whether it holds for "true", in four letters */
    double scale, number;
};
struct quick_test predicate_quick(const struct predicate *predicate);

/* Unreadable is what would depend on a value that cannot be read. */
enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNREADABLE };
enum truth predicate_truth(const struct predicate *predicate, const struct event *event);
/* The field that made it unreadable: the first one written. */
uint32_t predicate_unreadable_place(const struct predicate *predicate, const struct event *event);

/* False: it is not the quick test that answers. */
static inline bool quick_answers(const struct quick_test *quick, const struct event *event,
                                 enum truth *answer)
{
    if (quick->kind == QUICK_NUMBER && event->numbers[quick->place].state == NUMBER_GIVEN) {
        double number = event->numbers[quick->place].number * quick->scale;
        *answer = (enum truth)(number < quick->number   ? quick->below
                               : number > quick->number ? quick->above
                                                        : quick->equal);
        return true;
    }
    if (quick->kind == QUICK_BOOLEAN && event->values[quick->place].kind == VALUE_BOOLEAN) {
        *answer = (enum truth)((event->values[quick->place].length == 4) == quick->boolean);
        return true;
    }
    return false;
}

static inline enum truth quick_truth(const struct quick_test *quick,
                                     const struct predicate *predicate, const struct event *event)
{
    enum truth answer;
    return quick_answers(quick, event, &answer) ? answer : predicate_truth(predicate, event);
}

#endif
