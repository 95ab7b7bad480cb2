/* unit_ratio.c - see unit_ratio.h. */
#include "unit_ratio.h"

#include <math.h>

#include "compiler/statistics/sample_ratio.h"

#define MISMATCH_P        0.001
#define LEAST_UNITS_TWICE 10
#define LEAST_SHARE_TWICE 0.01

/*
 * Each halving of the sampled units starts another sequence of looks, with its own chance of a
 * false alarm. The shares 1/2, 1/6, 1/12 … of that chance sum to one, however many sequences there
 * are.
 */
static double sequences_until(unsigned halvings)
{
    return (halvings + 1.0) * (halvings + 2.0);
}

struct unit_ratio unit_ratio_of(const struct unit_counts *units, const double *weights,
                                uint32_t count)
{
    struct unit_ratio ratio = {.count = count};
    double all = 0;
    for (uint32_t i = 0; i < count; i++) {
        ratio.observed[i] = (double)units->alone[i];
        all += ratio.observed[i];
    }
    for (uint32_t i = 0; i < count; i++)
        ratio.expected[i] = weights[i] * all;
    struct sample_ratio found = sample_ratio(ratio.observed, weights, count);
    ratio.p = found.fit.p;
    ratio.anytime_p = fmin(1, found.anytime_p * sequences_until(units->halvings));
    ratio.known = isfinite(ratio.p);
    return ratio;
}

bool unit_ratio_is_off(const struct unit_ratio *ratio)
{
    return ratio->known && ratio->anytime_p < MISMATCH_P;
}

bool units_change_groups(const struct unit_counts *units)
{
    return units->several >= LEAST_UNITS_TWICE &&
           (double)units->several >= LEAST_SHARE_TWICE * (double)units->units;
}
