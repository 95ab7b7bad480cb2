/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_tests.h - tests of one value against an operand. Keys and numbers are not here: the
 * interpreter compares them itself.
 */
#ifndef FFLAG_RUNTIME_VALUE_TESTS_H
#define FFLAG_RUNTIME_VALUE_TESTS_H

#include "snapshot.h"

/*
 * Whether the value in a slot passes the test of an instruction. It is present, and of a type that
 * fits the declared one; the test fits that, too, as the verifier made sure.
 */
typedef bool value_test(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                        const struct fflag_slot *slot, uint8_t declared);

value_test test_presence;
value_test test_contains;
value_test test_prefix;
value_test test_suffix;
value_test test_glob;
value_test test_pattern;
value_test test_text_order;
value_test test_strings;
value_test test_boolean;
value_test test_remainder;
value_test test_version;
value_test test_loose_version;
value_test test_loose_presence;
value_test test_time;
value_test test_address;

/* The same as the tests above, of two values that are declared as one type. */
bool test_pair(const struct ffs_instruction *instruction, const struct fflag_slot *slot,
               const struct fflag_slot *other, uint8_t declared);
/* The clock's time, against times of a week. */
bool test_week(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
               int64_t now);
/* The same as the tests above, of a time against the clock's. */
bool test_age(const struct ffs_instruction *instruction, const struct fflag_slot *slot,
              int64_t now);

#endif
