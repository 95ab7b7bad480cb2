/* winsorized.c - see winsorized.h. */
#include "winsorized.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "effect.h"

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

struct pool {
    const struct outcomes *outcomes;
    uint32_t measure;
    double *values;
    uint64_t count;
};

static void pool_unit(void *context, const struct exposure *exposure)
{
    struct pool *pool = context;
    uint32_t arm = exposure_arm(exposure);
    double unused;
    if (arm == NO_ARM)
        return;
    const struct cell *cell = outcome_cell(pool->outcomes->cells, pool->measure, arm);
    if (unit_totals_read(cell->totals, &exposure->row, &pool->values[pool->count], &unused))
        pool->count++;
}

/* Of all arms, in memory that the caller frees. */
static double *all_values(const struct outcomes *outcomes, uint32_t measure,
                          const struct exposed_units *units, uint64_t *count)
{
    struct pool pool = {outcomes, measure, xcalloc(units->all + 1, sizeof *pool.values), 0};
    exposures_visit(outcomes->exposures, pool_unit, &pool);
    *count = pool.count;
    if (metric_counts_idle_units(outcomes->measures[measure].metric))
        *count = units->all; /* the rest is 0 */
    qsort(pool.values, *count, sizeof *pool.values, compare_numbers);
    return pool.values;
}

static void cap_set(struct outcomes *outcomes, struct cell *set, uint32_t measure, double cap)
{
    for (uint32_t arm = 0; set && arm < outcomes->exposures->arms->count; arm++) {
        struct unit_totals *totals = outcome_cell(set, measure, arm)->totals;
        if (totals)
            unit_totals_cap(totals, cap);
    }
}

/* The rank of a quantile of so many, from 1 on: 0.99, as a double, is not to make one more. */
static uint64_t rank_of(double quantile, uint64_t count)
{
    double rank = quantile * (double)count;
    return (uint64_t)ceil(rank - 1e-9 * fmax(1, rank));
}

struct winsorized winsorize(struct outcomes *outcomes, uint32_t measure,
                            const struct exposed_units *units)
{
    const struct metric *metric = outcomes->measures[measure].metric;
    struct winsorized found = {NAN, 0};
    uint64_t count;
    if (!(metric->winsorize > 0))
        return found;
    double *values = all_values(outcomes, measure, units, &count);
    if (count > 0) {
        uint64_t rank = rank_of(metric->winsorize, count);
        found.cap = values[rank > 0 ? rank - 1 : 0];
        for (uint64_t i = count; i > 0 && values[i - 1] > found.cap; i--)
            found.above++;
        for (uint32_t set = 0; set <= unit_groups_all(outcomes->groups); set++) {
            cap_set(outcomes, outcome_set(outcomes, outcomes->cells, set), measure, found.cap);
            cap_set(outcomes, outcome_set(outcomes, outcomes->before, set), measure, found.cap);
        }
    }
    free(values);
    return found;
}
