/*
 * same_value.h - compares values of two readers of a line, for tests.
 */
#ifndef TESTS_SAME_VALUE_H
#define TESTS_SAME_VALUE_H

/* Wants <cmocka.h> and what that wants before it. */
#include "tools/ffreplay/logs/line_parser.h"

static inline void assert_same_value(const struct value *a, const struct value *b)
{
    assert_int_equal(a->kind, b->kind);
    if (value_is_absent(a)) /* or null, which has no text to compare */
        return;
    assert_int_equal(a->length, b->length);
    if (a->kind == VALUE_BOOLEAN)
        assert_int_equal(a->boolean, b->boolean);
    if (a->kind == VALUE_STRING || a->kind == VALUE_NUMBER)
        assert_memory_equal(a->text, b->text, a->length);
}

#endif
