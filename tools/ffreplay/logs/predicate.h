/*
 * predicate.h - conditions over log fields: a metric's `where` and `of`.
 *
 * A field has no declared type. Where both the field's value and the operand are numbers, they
 * compare as numbers (after the field's scale); otherwise as strings, byte by byte. A test on an
 * absent field is false; the exact negations of it are true.
 */
#ifndef FFREPLAY_PREDICATE_H
#define FFREPLAY_PREDICATE_H

#include "layout.h"

struct predicate;

/* NULL when the condition uses what cannot be asked of a log field; then it has been reported. */
const struct predicate *predicate_prepare(const struct condition *condition, struct layout *layout);

/*
 * A test that most conditions are, of one field against one number or truth value: asked inline.
 * Anything else has no such form, and neither has a line whose value is of another kind.
 */
struct quick_test {
    enum { QUICK_NOT, QUICK_NUMBER, QUICK_BOOLEAN } kind;
    uint32_t place;
    bool below, equal, above; /* QUICK_NUMBER: whether it holds for numbers that are */
    bool boolean;             /* QUICK_BOOLEAN: whether it holds for true */
    double scale, number;
};
struct quick_test predicate_quick(const struct predicate *predicate);

bool predicate_holds(const struct predicate *predicate, const struct event *event);

static inline bool quick_holds(const struct quick_test *quick, const struct predicate *predicate,
                               const struct event *event)
{
    if (quick->kind == QUICK_NUMBER && event->numbers[quick->place].state == NUMBER_GIVEN) {
        double number = event->numbers[quick->place].number * quick->scale;
        return number < quick->number   ? quick->below
               : number > quick->number ? quick->above
                                        : quick->equal;
    }
    if (quick->kind == QUICK_BOOLEAN && event->values[quick->place].kind == VALUE_BOOLEAN)
        return (event->values[quick->place].length == 4) == quick->boolean; /* "true" */
    return predicate_holds(predicate, event);
}

#endif
