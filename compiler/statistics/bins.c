/* bins.c - see bins.h. */
#include "bins.h"

#include <math.h>

double bins_total(const struct distribution *values)
{
    double count = 0;
    for (size_t i = 0; i < values->count; i++)
        count += values->bins[i].count;
    return count;
}

#define PARTS UINT64_C(1000000000000) /* q is rounded to a multiple of 1 / PARTS */

uint64_t quantile_rank(double q, uint64_t count)
{
    uint64_t parts = (uint64_t)llround(q * (double)PARTS);
    return count > 0 ? (uint64_t)((unsigned __int128)parts * (count - 1) / PARTS) : 0;
}

double distribution_quantile(const struct distribution *values, double q)
{
    double count = bins_total(values);
    if (!(count > 0))
        return NAN;
    double rank = (double)quantile_rank(q, (uint64_t)ceil(count)), seen = 0;
    for (size_t i = 0; i < values->count; i++) {
        const struct bin *bin = &values->bins[i];
        seen += bin->count;
        if (seen > rank)
            return bin->low + (bin->high - bin->low) / 2;
    }
    return NAN;
}
