/* arm_evidence.c - see arm_evidence.h. */
#include "arm_evidence.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

static void gather_moments(struct arm_evidence *evidence, const struct measure *measure,
                           struct cell *cell)
{
    const struct metric *metric = measure->metric;
    struct spread *spread = xcalloc(1, sizeof *spread);
    spread->takes_cubes = outcome_cubes(metric);
    spread_add_units(spread, cell->totals);
    evidence->measured = spread->count;
    if (metric_counts_idle_units(metric) && evidence->exposed > spread->count) {
        spread->idle += evidence->exposed - spread->count;
        spread->count = evidence->exposed;
    }
    struct ratio_moments ratio = spread_moments(spread);
    evidence->beyond = spread->beyond;
    evidence->moments.outcome = metric->per_unit ? ratio.numerator : ratio_as_moments(&ratio);
    evidence->value = evidence->moments.outcome.mean;
    free(spread);
}

/* What was so before, of every unit in the arm: nothing, of one without a line. */
static void gather_before(struct arm_evidence *evidence, struct cell *cell,
                          const struct before_sums *before)
{
    uint64_t n = evidence->exposed;
    struct spread *spread = xcalloc(1, sizeof *spread);
    spread_add_units(spread, cell->totals);
    if (!before->beyond && n >= 2) {
        evidence->moments.before = moments_of_sums(n, &before->value, &before->squared);
        evidence->moments.covariance =
            covariance_of_sums(n, &before->value, &spread->first, &before->product);
    }
    free(spread);
}

/* Of units: those that it holds for, of all that were exposed. */
static void gather_share(struct arm_evidence *evidence, struct cell *cell)
{
    double n = (double)evidence->exposed;
    uint64_t marked;
    evidence->is_share = true;
    evidence->measured = unit_totals_seen(cell->totals, &marked);
    evidence->share = (struct proportion){n, (double)marked};
    if (!(n > 0))
        return;
    double value = evidence->value = evidence->share.events / n;
    evidence->moments.outcome =
        (struct moments){.n = n, .mean = value, .variance = value * (1 - value) * n / (n - 1)};
}

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double *arm_values(const struct arm_evidence *arm, const struct measure *measure, size_t *known)
{
    uint64_t most = arm->exposed > arm->measured ? arm->exposed : arm->measured;
    double *values = xcalloc(most + 1, sizeof *values);
    size_t count = unit_totals_values(arm->cell->totals, values, most);
    if (metric_counts_idle_units(measure->metric))
        for (; count < arm->exposed; count++)
            values[count] = 0;
    qsort(values, count, sizeof *values, compare_numbers);
    *known = count;
    return values;
}

/* Of units, those without a line too, where they did nothing. */
static void gather_unit_quantile(struct arm_evidence *evidence, const struct measure *measure)
{
    size_t count;
    double *values = arm_values(evidence, measure, &count);
    if (count > 0)
        evidence->value = values[quantile_rank(measure->metric->quantile, count)];
    evidence->beyond = evidence->cell->totals->beyond;
    free(values);
}

void arm_evidence_gather(struct arm_evidence *evidence, const struct measure *measure,
                         struct cell *cell, const struct before_sums *before, uint64_t exposed,
                         uint32_t max_bad)
{
    const struct metric *metric = measure->metric;
    *evidence = (struct arm_evidence){.exposed = exposed, .value = NAN, .cell = cell};
    evidence->unreadable = cell_is_unreadable(cell, measure, max_bad);
    if (metric->per_unit && metric_traits(metric)->bound == BOUND_SHARE) {
        gather_share(evidence, cell);
    } else if (cell->totals && metric_traits(metric)->bound != BOUND_QUANTILE) {
        gather_moments(evidence, measure, cell);
        if (before)
            gather_before(evidence, cell, before);
    } else {
        double estimate;
        evidence->measured = cell_samples(cell, measure);
        if (metric->per_unit && cell->totals)
            gather_unit_quantile(evidence, measure);
        else if (cell->count > 0 && cell_estimate(cell, measure, 0, &estimate))
            evidence->value = estimate;
    }
}

struct arm_evidence arm_evidence_grown(const struct arm_evidence *evidence, double growth)
{
    struct arm_evidence more = *evidence;
    more.share.n *= growth;
    more.share.events *= growth;
    more.moments.outcome.n *= growth;
    more.moments.before.n *= growth;
    more.strata = NULL; /* its parts do not grow: as one, it is judged a little worse */
    return more;
}
