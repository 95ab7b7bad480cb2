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
#include <string.h>

/* Each limb counts units of 2^32 times those of the one before, from 2^-1088 up; the topmost ones
 * leave room for 2^64 addends. */
#define EXACT_SUM_LIMBS           70
#define EXACT_SUM_LIMB_BITS       32
#define EXACT_SUM_LOWEST_EXPONENT (-1088)
/* Until limbs are normalised: a double is put into one limb, as 85 bits and its sign. */
#define EXACT_SUM_MOST_PENDING (UINT64_C(1) << 40)

/* Zeroed memory is the sum of nothing. */
struct exact_sum {
    __int128 limbs[EXACT_SUM_LIMBS];
    uint64_t pending; /* additions since they were normalised */
};

/* Brings every limb but the last to [0, 2^32); the last one carries the sign. */
void exact_sum_normalise(struct exact_sum *sum);

/* `number` is finite. Cost: an addition of integers; inlined, as that is what a line costs. */
static inline void exact_sum_add(struct exact_sum *sum, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    unsigned biased = bits >> 52 & 0x7ff;
    unsigned normal = biased > 0;
    int64_t mantissa = (int64_t)((bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)normal << 52) *
                       (bits >> 63 ? -1 : 1);
    /* number = mantissa * 2^(biased - 1075), and subnormal ones go with the least exponent */
    unsigned shift = biased + !normal - 1075u - (unsigned)EXACT_SUM_LOWEST_EXPONENT;
    sum->limbs[shift / EXACT_SUM_LIMB_BITS] +=
        (__int128)mantissa * (INT64_C(1) << shift % EXACT_SUM_LIMB_BITS);
    if (++sum->pending == EXACT_SUM_MOST_PENDING)
        exact_sum_normalise(sum);
}
/* Below 2^124. */
void exact_sum_add_integer(struct exact_sum *sum, unsigned __int128 number);

void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other);

/* The double nearest to the exact sum, ties to even; infinite only beyond the largest double. */
double exact_sum_value(const struct exact_sum *sum);

#endif
