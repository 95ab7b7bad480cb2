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

bool predicate_holds(const struct predicate *predicate, const struct event *event);

#endif
