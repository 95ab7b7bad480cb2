/* quantile_change.c - see quantile_change.h. */
#include "quantile_change.h"

#include <math.h>

#include "distributions.h"

/* The bin that has the value of that rank, from 1 on. */
static const struct bin *bin_at(const struct distribution *values, double rank)
{
    double seen = 0;
    for (size_t i = 0; i < values->count; i++)
        if ((seen += values->bins[i].count) >= rank)
            return &values->bins[i];
    return &values->bins[values->count - 1];
}

struct quantile_estimate quantile_estimate(const struct distribution *values, double q,
                                           double design_effect)
{
    double n = bins_total(values), z = normal_quantile(0.975);
    struct quantile_estimate found = {NAN, NAN, NAN, NAN, n};
    if (!(n > 0))
        return found;
    found.value = distribution_quantile(values, q);
    double reach = z * sqrt(n * q * (1 - q));
    if (n * fmin(q, 1 - q) < QUANTILE_LEAST_BEYOND)
        return found;
    found.lower = bin_at(values, fmax(1, ceil(n * q - reach)))->low;
    found.upper = bin_at(values, fmin(n, ceil(n * q + reach)))->high;
    double error = (found.upper - found.lower) / (2 * z);
    found.variance = (n - 1) * error * error * fmax(1, design_effect);
    return found;
}

struct estimated_change quantile_change(const struct quantile_estimate *variant,
                                        const struct quantile_estimate *control, enum change change)
{
    const struct moments of_variant = {
        .n = variant->n, .mean = variant->value, .variance = variant->variance};
    const struct moments of_control = {
        .n = control->n, .mean = control->value, .variance = control->variance};
    if (!(variant->variance > 0) || !(control->variance > 0))
        return (struct estimated_change){variant->value - control->value, NAN, NAN, NAN};
    return means_change(&of_variant, &of_control, change);
}
