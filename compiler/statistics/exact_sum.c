/* exact_sum.c - see exact_sum.h. */
#include "exact_sum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LIMB_BITS       EXACT_SUM_LIMB_BITS
#define LOWEST_EXPONENT EXACT_SUM_LOWEST_EXPONENT

void exact_sum_normalise(struct exact_sum *sum)
{
    __int128 carry = 0;
    for (int i = 0; i < EXACT_SUM_LIMBS - 1; i++) {
        __int128 limb = sum->limbs[i] + carry;
        sum->limbs[i] = limb & UINT32_MAX;
        carry = (limb - sum->limbs[i]) / (INT64_C(1) << LIMB_BITS);
    }
    sum->limbs[EXACT_SUM_LIMBS - 1] += carry;
    sum->pending = 0;
}

void exact_sum_add_integer(struct exact_sum *sum, unsigned __int128 number)
{
    exact_sum_normalise(sum);
    sum->limbs[-LOWEST_EXPONENT / LIMB_BITS] += (__int128)number;
    exact_sum_normalise(sum);
}

void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other)
{
    struct exact_sum addend = *other;
    exact_sum_normalise(&addend);
    exact_sum_normalise(sum);
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        sum->limbs[i] += addend.limbs[i];
    sum->pending = 1;
}

static void negate(struct exact_sum *sum)
{
    for (int i = 0; i < EXACT_SUM_LIMBS; i++)
        sum->limbs[i] = -sum->limbs[i];
    exact_sum_normalise(sum);
}

static bool any_bit_below(const struct exact_sum *sum, int limb, unsigned bit)
{
    if ((uint64_t)sum->limbs[limb] & ((UINT64_C(1) << bit) - 1))
        return true;
    for (int i = 0; i < limb; i++)
        if (sum->limbs[i])
            return true;
    return false;
}

static int bit_of(const struct exact_sum *sum, int position)
{
    return position < 0 ? 0 : (int)(sum->limbs[position / LIMB_BITS] >> position % LIMB_BITS & 1);
}

double exact_sum_value(const struct exact_sum *sum)
{
    struct exact_sum exact = *sum;
    exact_sum_normalise(&exact);
    bool negative = exact.limbs[EXACT_SUM_LIMBS - 1] < 0;
    if (negative)
        negate(&exact);

    int top = EXACT_SUM_LIMBS - 1;
    while (top >= 0 && exact.limbs[top] == 0)
        top--;
    if (top < 0)
        return 0;
    int highest = top * LIMB_BITS + 63 - __builtin_clzll((uint64_t)exact.limbs[top]);
    /* The lowest bit of a double of this magnitude; subnormals all end at 2^-1074. */
    int lowest = highest - 52;
    if (lowest + LOWEST_EXPONENT < -1074)
        lowest = -1074 - LOWEST_EXPONENT;
    uint64_t mantissa = 0;
    for (int position = highest; position >= lowest; position--)
        mantissa = mantissa << 1 | (uint64_t)bit_of(&exact, position);
    /* No double has a bit below 2^-1074, so `lowest` is well above bit 0. */
    int half = lowest - 1;
    if (bit_of(&exact, half) &&
        (any_bit_below(&exact, half / LIMB_BITS, (unsigned)half % LIMB_BITS) || (mantissa & 1)))
        mantissa++;
    double magnitude = ldexp((double)mantissa, lowest + LOWEST_EXPONENT);
    return negative ? -magnitude : magnitude;
}
