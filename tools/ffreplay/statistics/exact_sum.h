/*
 * exact_sum.h - a sum of doubles without rounding.
 *
 * The sum is held as one fixed-point integer, wide enough for every finite double, and rounded
 * once, when it is read. So it does not depend on the order of the additions, nor on how they were
 * split over files, and equal inputs give equal bytes everywhere.
 */
#ifndef FFREPLAY_EXACT_SUM_H
#define FFREPLAY_EXACT_SUM_H

#include <stdint.h>

/* Limbs of 32 bits from 2^-1088 up; the topmost ones leave room for 2^64 addends. */
#define EXACT_SUM_LIMBS 70

/* Zeroed memory is the sum of nothing. */
struct exact_sum {
    int64_t limbs[EXACT_SUM_LIMBS]; /* each a signed digit, normalised now and then */
    uint32_t pending;               /* additions since then */
};

/* `number` is finite. Cost: three integer additions. */
void exact_sum_add(struct exact_sum *sum, double number);
void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other);

/* The double nearest to the exact sum, ties to even; infinite only beyond the largest double. */
double exact_sum_value(const struct exact_sum *sum);

#endif
