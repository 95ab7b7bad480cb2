/*
 * exact_sum_text.h - an exact sum as a decimal number, without rounding.
 *
 * Every sum of doubles has one: "-0.1000000000000000055511151231257827021181583404541015625". There
 * is one way to write each, so that equal sums are equal bytes.
 */
#ifndef FFREPLAY_EXACT_SUM_TEXT_H
#define FFREPLAY_EXACT_SUM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "exact_sum.h"

struct buffer;

/* Appends it. Cost: of 0.1, a few hundred operations; of the least double, some thousand. */
void exact_sum_write(const struct exact_sum *sum, struct buffer *out);

/* False: it is not written as exact_sum_write() does, or is no sum of doubles. */
bool exact_sum_read(struct exact_sum *sum, const char *text, size_t length);

/* The same of "-12p-80", an integer times a power of two from 2^-80 to 1: what a database adds up
 * without any rounding. */
bool exact_sum_read_scaled(struct exact_sum *sum, const char *text, size_t length);

#endif
