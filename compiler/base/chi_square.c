/* chi_square.c - Pearson's test of observed counts against expected shares. */
#include "chi_square.h"

#include <math.h>
#include <stdbool.h>

#define ALL 100000.0

/*
 * Q(k/2, x/2) by recursion, starting from Q(1/2, y) = erfc(sqrt y) or Q(1, y) = e^-y: Q(a+1, y) =
 * Q(a, y) + y^a e^-y / Gamma(a+1). Every term is positive, so nothing cancels.
 */
double chi_square_tail(double x, uint32_t degrees)
{
    double y = x / 2;
    bool odd = degrees % 2;
    double a = odd ? 0.5 : 1;
    double tail = odd ? erfc(sqrt(y)) : exp(-y);
    double term = odd ? 2 * sqrt(y / acos(-1)) * exp(-y) : y * exp(-y);
    while (a < degrees / 2.0) {
        tail += term;
        a += 1;
        term *= y / a;
    }
    return tail;
}

double share_probability(const uint32_t *shares, const uint64_t *counts, uint32_t count,
                         uint64_t units)
{
    double statistic = 0;
    uint32_t shared = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!shares[i] && counts[i])
            return 0;
        if (!shares[i])
            continue;
        double expected = (double)units * shares[i] / ALL;
        double off = (double)counts[i] - expected;
        statistic += off * off / expected;
        shared++;
    }
    return shared > 1 ? chi_square_tail(statistic, shared - 1) : 1;
}
