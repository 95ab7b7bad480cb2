/* post_strata.c - see post_strata.h. */
#include "post_strata.h"

#include <math.h>

#include "compiler/base/arena.h"

/* Of two disjoint sets of units, as one. */
static struct moments joined(const struct moments *a, const struct moments *b)
{
    if (!(a->n > 0) || !(b->n > 0))
        return a->n > 0 ? *a : *b;
    double n = a->n + b->n, gap = b->mean - a->mean;
    double within =
        (a->n > 1 ? (a->n - 1) * a->variance : 0) + (b->n > 1 ? (b->n - 1) * b->variance : 0);
    return (struct moments){.n = n,
                            .mean = a->mean + gap * b->n / n,
                            .variance = (within + gap * gap * a->n * b->n / n) / (n - 1)};
}

static struct arm_moments joined_arms(const struct arm_moments *a, const struct arm_moments *b)
{
    double n = a->outcome.n, m = b->outcome.n;
    struct arm_moments both = {.outcome = joined(&a->outcome, &b->outcome),
                               .before = joined(&a->before, &b->before)};
    if (!(n > 0) || !(m > 0)) {
        both.covariance = n > 0 ? a->covariance : b->covariance;
        return both;
    }
    double outcomes = b->outcome.mean - a->outcome.mean, before = b->before.mean - a->before.mean;
    both.covariance =
        ((n > 1 ? (n - 1) * a->covariance : 0) + (m > 1 ? (m - 1) * b->covariance : 0) +
         outcomes * before * n * m / (n + m)) /
        (n + m - 1);
    return both;
}

static bool is_large(const struct conclusion *conclusion, const struct arm_moments *parts,
                     uint32_t most, uint32_t part)
{
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (!(parts[arm * most + part].outcome.n >= STRATUM_LEAST))
            return false;
    return true;
}

/* Moves those that are too small to the last part, and that, if need be, to the first, which is the
 * largest. Returns how many are left. */
static uint32_t settle_parts(const struct conclusion *conclusion, struct arm_moments *parts,
                             uint32_t count, uint32_t most)
{
    uint32_t kept = 0, arms = conclusion->arms->count;
    bool rest = false;
    for (uint32_t part = 0; part < count; part++) {
        bool large = is_large(conclusion, parts, most, part);
        for (uint32_t arm = 0; arm < arms; arm++) {
            struct arm_moments *row = parts + arm * most, moved = row[part];
            if (large)
                row[kept] = moved;
            else
                row[most - 1] = joined_arms(&row[most - 1], &moved);
        }
        kept += large;
        rest |= !large;
    }
    if (!rest || kept == 0)
        return kept;
    bool stands = is_large(conclusion, parts, most, most - 1);
    for (uint32_t arm = 0; arm < arms; arm++) {
        struct arm_moments *row = parts + arm * most;
        if (stands)
            row[kept] = row[most - 1];
        else
            row[0] = joined_arms(&row[0], &row[most - 1]);
    }
    return kept + stands;
}

uint32_t post_strata_gather(const struct conclusion *conclusion, struct judged_metric *metric,
                            uint32_t place, uint32_t max_bad, struct arena *arena)
{
    const struct outcomes *outcomes = conclusion->outcomes;
    const struct field_groups *groups = &outcomes->groups->fields[conclusion->strata_field];
    uint32_t arms = conclusion->arms->count, most = groups->count + 1;
    struct arm_moments *parts = ARENA_ARRAY(arena, struct arm_moments, (size_t)most * arms);
    for (uint32_t part = 0; part < groups->count; part++) {
        uint32_t set = 1 + groups->first + part;
        struct cell *cells = outcome_set(outcomes, outcomes->cells, set);
        for (uint32_t arm = 0; arm < arms; arm++) {
            struct arm_evidence of_part;
            arm_evidence_gather(&of_part, metric->measure, outcome_cell(cells, place, arm),
                                outcome_before(outcomes, set, place, arm),
                                groups->items[part].by_arm[arm], max_bad);
            if (!of_part.is_share && !of_part.cell->totals)
                return 0;
            parts[arm * most + part] = of_part.moments;
        }
    }
    uint32_t count = settle_parts(conclusion, parts, groups->count, most);
    if (count < 2)
        return 0;
    for (uint32_t arm = 0; arm < arms; arm++) {
        metric->arms[arm].strata = parts + arm * most;
        metric->arms[arm].stratum_count = count;
    }
    return count;
}
