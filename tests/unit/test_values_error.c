/*
 * How often what `ffreplay analyze` does with units' values sees what is not there, and how often
 * its intervals hold what is: caps from the data, ranks, order statistics, parts of units, values
 * from before. As test_analysis_error.c. MARKDOWN=1 prints a table of docs/calibration.md.
 * Runs: first, being long.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/statistics/planned_end.h"
#include "compiler/statistics/quantile_change.h"
#include "compiler/statistics/rank_test.h"
#include "tools/ffreplay/analysis/effect.h"

#define ALPHA  0.05
#define LOOKS  60
#define A_DAY  50 /* units, of both arms */
#define UNITS  (LOOKS * A_DAY)
#define STRATA 3

static uint64_t seed;

/* xorshift64*. */
static double uniform(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return ((double)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static bool is_set(const char *variable)
{
    const char *wish = getenv(variable);
    return wish && *wish;
}

static uint32_t replays(void)
{
    return is_set("LONG") ? 4000 : is_set("MARKDOWN") ? 500 : 200;
}

/* What a unit is: its value now, the one before, and the part that it is in. */
struct unit {
    double value, before;
    uint32_t stratum;
};

static struct unit skewed(void)
{
    return (struct unit){.value = exp(2 * normal())};
}

static struct unit infinite(void)
{
    return (struct unit){.value = pow(uniform(), -1 / 1.5)};
}

static struct unit lognormal(void)
{
    return (struct unit){.value = exp(normal())};
}

/* Most units buy nothing. */
static struct unit idle(void)
{
    return (struct unit){.value = uniform() < 0.8 ? 0 : floor(1 + 20 * uniform())};
}

/* Half of the logarithm is what it was before. */
static struct unit alike(void)
{
    double own = normal();
    return (struct unit){.value = exp(0.8 * own + 0.6 * normal()), .before = exp(own)};
}

/* Countries differ by more than their units do. */
static struct unit divided(void)
{
    uint32_t stratum = (uint32_t)(uniform() * STRATA);
    return (struct unit){.value = 3 * stratum + exp(normal()), .stratum = stratum};
}

struct units_of_arm {
    struct unit units[UNITS];
    size_t count;
};

/* -------------------------------------------------------------------------------- judging -- */

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static struct moments moments_of(const double *values, size_t count)
{
    double mean = 0, squares = 0, cubes = 0;
    for (size_t i = 0; i < count; i++)
        mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        double off = values[i] - mean;
        squares += off * off;
        cubes += off * off * off;
    }
    double variance = squares / ((double)count - 1);
    return (struct moments){.n = (double)count,
                            .mean = mean,
                            .variance = variance,
                            .skewness =
                                variance > 0 ? cubes / (double)count / pow(variance, 1.5) : 0};
}

static size_t values_of(const struct units_of_arm *arm, double cap, double *values)
{
    for (size_t i = 0; i < arm->count; i++)
        values[i] = fmin(arm->units[i].value, cap);
    return arm->count;
}

static double cap_of(const struct units_of_arm arms[2])
{
    static double pooled[2 * UNITS];
    size_t count = values_of(&arms[0], INFINITY, pooled);
    count += values_of(&arms[1], INFINITY, pooled + count);
    qsort(pooled, count, sizeof *pooled, compare_numbers);
    return pooled[(size_t)ceil(0.99 * (double)count - 1e-9) - 1];
}

static struct arm_moments of_part(const struct units_of_arm *arm, uint32_t stratum, double cap)
{
    static double values[UNITS], before[UNITS];
    size_t count = 0;
    for (size_t i = 0; i < arm->count; i++)
        if (stratum == STRATA || arm->units[i].stratum == stratum) {
            before[count] = arm->units[i].before;
            values[count++] = fmin(arm->units[i].value, cap);
        }
    struct arm_moments found = {.outcome = moments_of(values, count),
                                .before = moments_of(before, count)};
    for (size_t i = 0; i < count; i++)
        found.covariance += (values[i] - found.outcome.mean) * (before[i] - found.before.mean) /
                            ((double)count - 1);
    if (!(found.before.variance > 0))
        found.before = (struct moments){0};
    return found;
}

enum use { BY_CAP, BY_RANKS, BY_ORDER, BY_PARTS, BY_BEFORE };

static struct arm_evidence evidence_of(const struct units_of_arm *arm, enum use use, double cap,
                                       struct arm_moments parts[STRATA])
{
    struct arm_evidence found = {.exposed = arm->count, .measured = arm->count};
    found.moments = of_part(arm, STRATA, use == BY_CAP ? cap : INFINITY);
    found.value = found.moments.outcome.mean;
    for (uint32_t i = 0; use == BY_PARTS && i < STRATA; i++)
        parts[i] = of_part(arm, i, INFINITY);
    if (use == BY_PARTS) {
        found.strata = parts;
        found.stratum_count = STRATA;
    }
    return found;
}

/* Of no change: its p, and whether its interval holds that. */
struct judged {
    double p;
    bool holds;
};

static struct judged judge_ranks(const struct units_of_arm arms[2])
{
    static double values[2][UNITS];
    struct sorted_values sorted[2];
    for (int i = 0; i < 2; i++) {
        sorted[i] = (struct sorted_values){values[i], values_of(&arms[i], INFINITY, values[i])};
        qsort(values[i], sorted[i].count, sizeof **values, compare_numbers);
    }
    struct interval interval = rank_shift_bounds(sorted[1], sorted[0], ALPHA / 2);
    return (struct judged){rank_p(sorted[1], sorted[0]),
                           interval.lower <= 0 && interval.upper >= 0};
}

static struct judged judge_order(const struct units_of_arm arms[2])
{
    static double values[UNITS];
    static struct bin bins[UNITS];
    struct quantile_estimate found[2];
    for (int i = 0; i < 2; i++) {
        size_t count = values_of(&arms[i], INFINITY, values);
        qsort(values, count, sizeof *values, compare_numbers);
        for (size_t j = 0; j < count; j++)
            bins[j] = (struct bin){values[j], values[j], 1};
        struct distribution distribution = {bins, count};
        found[i] = quantile_estimate(&distribution, 0.9, 1);
    }
    struct estimated_change change = quantile_change(&found[1], &found[0], CHANGE_ABSOLUTE);
    struct interval interval = planned_end_bounds(&change, ALPHA / 2);
    return (struct judged){planned_end_p(&change), interval.lower <= 0 && interval.upper >= 0};
}

static struct judged judge(const struct judgement *judgement, const struct units_of_arm arms[2],
                           enum use use)
{
    static const struct metric metric = {.kind = METRIC_MEAN, .per_unit = true};
    const struct measure measure = {.metric = &metric};
    if (use == BY_RANKS)
        return judge_ranks(arms);
    if (use == BY_ORDER)
        return judge_order(arms);
    struct arm_moments parts[2][STRATA];
    double cap = use == BY_CAP ? cap_of(arms) : INFINITY;
    struct arm_evidence variant = evidence_of(&arms[1], use, cap, parts[1]);
    struct arm_evidence control = evidence_of(&arms[0], use, cap, parts[0]);
    struct effect effect = effect_of(judgement, &variant, &control, &measure);
    if (effect.state != EFFECT_FINE)
        return (struct judged){1, true};
    return (struct judged){effect.p, effect.absolute_interval.lower <= 0 &&
                                         effect.absolute_interval.upper >= 0};
}

/* -------------------------------------------------------------------------------- replays -- */

static const struct setting {
    const char *name;
    struct unit (*draw)(void);
    enum use use;
    bool sequential; /* holds at every look, too */
    double share;
} settings[] = {
    {"mean, lognormal of spread 2, `winsorize: 99%`", skewed, BY_CAP, true, 0.5},
    {"mean, Pareto 1.5, `winsorize: 99%`", infinite, BY_CAP, true, 0.5},
    {"mean, Pareto 1.5, `winsorize: 99%`, 10/90", infinite, BY_CAP, true, 0.1},
    {"mean, `stratify`", divided, BY_PARTS, true, 0.5},
    {"mean, `cuped`", alike, BY_BEFORE, true, 0.5},
    {"mean, `cuped`, 10/90", alike, BY_BEFORE, true, 0.1},
    {"ranks, lognormal of spread 2", skewed, BY_RANKS, false, 0.5},
    {"ranks, 80 % are 0", idle, BY_RANKS, false, 0.5},
    {"ranks, Pareto 1.5, 10/90", infinite, BY_RANKS, false, 0.1},
    {"P90 of units, lognormal", lognormal, BY_ORDER, false, 0.5},
    {"P90 of units, Pareto 1.5, 10/90", infinite, BY_ORDER, false, 0.1},
};
#define SETTINGS (sizeof settings / sizeof *settings)

struct outcome {
    bool found, held; /* at any look */
};

static struct outcome replay(const struct setting *setting, bool at_every_look)
{
    static struct units_of_arm arms[2];
    struct judgement judgement = {.method = at_every_look ? ANALYSIS_SEQUENTIAL : ANALYSIS_FIXED,
                                  .alpha = ALPHA};
    struct outcome outcome = {false, true};
    arms[0].count = arms[1].count = 0;
    for (uint32_t look = 1; look <= LOOKS; look++) {
        for (uint32_t i = 0; i < A_DAY; i++) {
            struct units_of_arm *arm = &arms[uniform() < setting->share];
            arm->units[arm->count++] = setting->draw();
        }
        if ((!at_every_look && look < LOOKS) || arms[0].count < 2 || arms[1].count < 2)
            continue;
        struct judged judged = judge(&judgement, arms, setting->use);
        outcome.found |= judged.p <= ALPHA;
        outcome.held &= judged.holds;
    }
    return outcome;
}

struct rates {
    double found, held; /* percent */
};

static struct rates rates_of(const struct setting *setting, bool at_every_look, uint32_t rounds)
{
    uint32_t found = 0, held = 0;
    seed = 88172645463325252 + 977 * (uint64_t)(setting - settings) + at_every_look;
    for (uint32_t round = 0; round < rounds; round++) {
        struct outcome outcome = replay(setting, at_every_look);
        found += outcome.found;
        held += outcome.held;
    }
    return (struct rates){100.0 * found / rounds, 100.0 * held / rounds};
}

static double chance(uint32_t rounds)
{
    return 300 * sqrt(ALPHA * (1 - ALPHA) / rounds);
}

static void is_kept(bool at_every_look, uint32_t rounds)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (at_every_look && !settings[i].sequential)
            continue;
        struct rates rates = rates_of(&settings[i], at_every_look, rounds);
        printf("# %s: found %.1f %%, held %.1f %%\n", settings[i].name, rates.found, rates.held);
        if (rates.found > 100 * ALPHA + chance(rounds) ||
            rates.held < 100 - 100 * ALPHA - chance(rounds))
            fail_msg("%s: found %.1f %%, held %.1f %%", settings[i].name, rates.found, rates.held);
    }
}

static void holds_at_every_look(void **state)
{
    (void)state;
    is_kept(true, replays() / 2);
}

static void holds_at_the_planned_end(void **state)
{
    (void)state;
    is_kept(false, replays());
}

static void print_table(uint32_t rounds)
{
    printf(
        "## Experiments: what is done with units' values\n\n"
        "Arms that do not differ, %d units over 60 days, %u replays: how often a difference is\n"
        "found, and how often the 95 %% interval holds none: `sequential` at any of 60 looks,\n"
        "`fixed` at the end. Chance makes %.1f %% of it. Caps are the quantile of all units that\n"
        "there are at the look.\n\n"
        "| | sequential: found | held | fixed: found | held |\n"
        "| --- | ---: | ---: | ---: | ---: |\n",
        UNITS, rounds, chance(rounds));
    for (size_t i = 0; i < SETTINGS; i++) {
        struct rates fixed = rates_of(&settings[i], false, rounds);
        printf("| %s |", settings[i].name);
        if (settings[i].sequential) {
            struct rates rates = rates_of(&settings[i], true, rounds);
            printf(" %.1f %% | %.1f %% |", rates.found, rates.held);
        } else {
            printf(" | |");
        }
        printf(" %.1f %% | %.1f %% |\n", fixed.found, fixed.held);
        fflush(stdout);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_at_every_look),
        cmocka_unit_test(holds_at_the_planned_end),
    };
    if (is_set("MARKDOWN")) {
        print_table(replays());
        return EXIT_SUCCESS;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
