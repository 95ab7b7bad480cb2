/* heterogeneity.c - see heterogeneity.h. */
#include "heterogeneity.h"

#include <math.h>

#include "distributions.h"
#include "sample_ratio.h"

static bool has_error(const struct estimated_change *change)
{
    return isfinite(change->value) && isfinite(change->error) && change->error > 0;
}

struct heterogeneity cochran_q(const struct estimated_change *changes, size_t count)
{
    struct heterogeneity found = {.statistic = NAN, .p = NAN};
    double weights = 0, mean = 0, statistic = 0;
    for (size_t i = 0; i < count; i++) {
        if (!has_error(&changes[i]))
            continue;
        /* Deviations from a running mean: differences of large sums would cancel. */
        double weight = 1 / (changes[i].error * changes[i].error);
        double off = changes[i].value - mean;
        weights += weight;
        mean += off * weight / weights;
        statistic += weight * off * (changes[i].value - mean);
        found.parts++;
    }
    if (found.parts < 2 || !isfinite(statistic))
        return found;
    found.degrees = found.parts - 1;
    found.statistic = statistic;
    found.p = chi_square_upper(statistic, found.degrees);
    return found;
}

struct heterogeneity homogeneity(const double *counts, size_t rows, size_t columns)
{
    struct heterogeneity found = {.statistic = NAN, .p = NAN};
    double pooled[HOMOGENEITY_COLUMNS_MOST] = {0}, statistic = 0;
    uint32_t seen = 0;
    for (size_t i = 0; i < rows; i++) {
        double all = 0;
        for (size_t j = 0; j < columns; j++) {
            pooled[j] += counts[i * columns + j];
            all += counts[i * columns + j];
        }
        found.parts += all > 0;
    }
    for (size_t j = 0; j < columns; j++)
        seen += pooled[j] > 0;
    if (seen < 2 || found.parts < 2)
        return found;
    for (size_t i = 0; i < rows; i++) {
        double row = goodness_of_fit(&counts[i * columns], pooled, columns).statistic;
        statistic += isnan(row) ? 0 : row; /* an empty row */
    }
    found.degrees = (found.parts - 1) * (seen - 1);
    found.statistic = statistic;
    found.p = chi_square_upper(statistic, found.degrees);
    return found;
}
