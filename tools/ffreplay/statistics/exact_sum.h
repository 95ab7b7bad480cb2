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

/* Limbs of 32 bits from 2^-1088 up; the topmost ones leave room for 2^64 addends. */
#define EXACT_SUM_LIMBS 70

/* Zeroed memory is the sum of nothing. */
struct exact_sum {
    int64_t limbs[EXACT_SUM_LIMBS]; /* each a signed digit, normalised now and then */
    uint32_t pending;               /* additions since then */
};

/* Brings every limb but the last to [0, 2^32); the last one carries the sign. */
void exact_sum_normalise(struct exact_sum *sum);

#define EXACT_SUM_LIMB_BITS       32
#define EXACT_SUM_LOWEST_EXPONENT (-1088)    /* of bit 0 of limb 0 */
#define EXACT_SUM_MOST_PENDING    (1u << 30) /* times 2^32 still fits a limb */

/* `number` is finite. Cost: three integer additions; inlined, as that is what a line costs. */
static inline void exact_sum_add(struct exact_sum *sum, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    unsigned biased = bits >> 52 & 0x7ff;
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    if (biased > 0)
        mantissa |= UINT64_C(1) << 52;
    else
        biased = 1;
    /* number = mantissa * 2^(biased - 1075) */
    unsigned shift = biased - 1075u - (unsigned)EXACT_SUM_LOWEST_EXPONENT;
    unsigned limb = shift / EXACT_SUM_LIMB_BITS;
    unsigned __int128 wide = (unsigned __int128)mantissa << shift % EXACT_SUM_LIMB_BITS;
    int64_t sign = bits >> 63 ? -1 : 1;
    sum->limbs[limb] += sign * (int64_t)(uint32_t)wide;
    sum->limbs[limb + 1] += sign * (int64_t)(uint32_t)(wide >> 32);
    sum->limbs[limb + 2] += sign * (int64_t)(uint32_t)(wide >> 64);
    if (++sum->pending == EXACT_SUM_MOST_PENDING)
        exact_sum_normalise(sum);
}
void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other);

/* The double nearest to the exact sum, ties to even; infinite only beyond the largest double. */
double exact_sum_value(const struct exact_sum *sum);

#endif
