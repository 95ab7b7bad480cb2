/* unit_spread.c - see unit_spread.h. */
#include "unit_spread.h"

#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "compiler/statistics/bins.h"

bool metric_has_values(const struct metric *metric)
{
    return metric_traits(metric)->bound == BOUND_QUANTILE ||
           (metric->per_unit && metric_traits(metric)->bound == BOUND_MEAN);
}

struct pool {
    const struct unit_totals *totals;
    uint32_t arm;
    double *values;
    uint64_t count;
};

static void pool_unit(void *context, const struct exposure *exposure)
{
    struct pool *pool = context;
    double unused;
    if (exposure_arm(exposure) == pool->arm &&
        unit_totals_read(pool->totals, &exposure->row, &pool->values[pool->count], &unused))
        pool->count++;
}

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

struct unit_spread unit_spread_of(const struct outcomes *outcomes,
                                  const struct exposed_units *units, uint32_t measure, uint32_t arm,
                                  const double *levels, double *values, size_t count)
{
    const struct metric *metric = outcomes->measures[measure].metric;
    const struct cell *cell = outcome_cell(outcomes->cells, measure, arm);
    struct unit_spread spread = {.of_units = metric->per_unit};
    if (!metric->per_unit) {
        spread.count = cell_samples(cell, &outcomes->measures[measure]);
        if (spread.count > 0)
            (void)cell_quantiles(cell, &outcomes->measures[measure], levels, values, count);
        return spread;
    }
    uint64_t all = units->by_arm[arm];
    struct pool pool = {cell->totals, arm, xcalloc(all + 1, sizeof *pool.values), 0};
    exposures_visit(outcomes->exposures, pool_unit, &pool);
    spread.count = pool.count;
    if (metric_counts_idle_units(metric)) {
        spread.idle = all - pool.count; /* the rest is 0 */
        spread.count = all;
    }
    qsort(pool.values, spread.count, sizeof *pool.values, compare_numbers);
    for (size_t i = 0; i < count && spread.count > 0; i++)
        values[i] = pool.values[quantile_rank(levels[i], spread.count)];
    free(pool.values);
    return spread;
}
