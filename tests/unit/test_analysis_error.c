/*
 * How often the methods of `ffreplay analyze` see what is not there: arms that do not differ,
 * looked at every day for as long as an experiment runs. At most alpha, and what chance adds to a
 * count of replays: three standard errors. MARKDOWN=1 prints the tables of docs/calibration.md.
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

#include "compiler/statistics/multiplicity.h"
#include "compiler/statistics/mixture_sequence.h"
#include "compiler/statistics/two_shares.h"
#include "tools/ffreplay/analysis/effect.h"

#define ALPHA 0.05
#define LOOKS 60

static bool is_set(const char *variable)
{
    const char *wish = getenv(variable);
    return wish && *wish;
}

static uint32_t replays(void)
{
    return is_set("LONG") ? 4000 : is_set("MARKDOWN") ? 500 : 200;
}

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

/* A unit's numerator and denominator; `day` is the time, `change` what a variant multiplies. */
struct drawn {
    double first, second;
};
typedef struct drawn draw_function(double parameter, double day, double change);

static struct drawn event(double rate, double day, double change)
{
    (void)day;
    return (struct drawn){uniform() < rate * change, 1};
}

/* Nine times as often by day as by night. */
static struct drawn diurnal(double rate, double day, double change)
{
    return (struct drawn){uniform() < rate * change * (1 + 0.8 * sin(2 * M_PI * day)), 1};
}

static struct drawn lognormal(double deviation, double day, double change)
{
    (void)day;
    return (struct drawn){change * exp(deviation * normal()), 1};
}

/* A ratio whose denominator few units have. */
static struct drawn sparse(double share, double day, double change)
{
    (void)day;
    (void)change;
    if (uniform() >= share)
        return (struct drawn){0, 0};
    double views = 1 + floor(uniform() * 9);
    return (struct drawn){floor(uniform() * views), views};
}

/* A few units account for most of it. */
static struct drawn heavy(double share, double day, double change)
{
    (void)day;
    (void)change;
    return (struct drawn){uniform() < share ? 200 * uniform() : uniform(), 1};
}

/* Whose variance is infinite; a metric's `cap` is 100 where there is one. */
static struct drawn pareto(double cap, double day, double change)
{
    (void)day;
    double value = change * pow(uniform(), -1 / 1.5);
    return (struct drawn){cap > 0 ? fmin(value, cap) : value, 1};
}

/* Users with a rate of their own, some of whom come a thousand times. */
static struct drawn busy(double rate, double day, double change)
{
    (void)day;
    double views = floor(fmin(pow(uniform(), -1 / 1.5), 1000)), clicks = 0;
    double own = rate * change * 2 * uniform();
    for (double i = 0; i < views; i++)
        clicks += uniform() < own;
    return (struct drawn){clicks, views};
}

static const struct metric share_metric = {.kind = METRIC_PROPORTION, .per_unit = true};
static const struct metric mean_metric = {.kind = METRIC_MEAN, .per_unit = true};
static const struct metric ratio_metric = {.kind = METRIC_RATIO};

/* What an arm has seen so far. */
struct sums {
    double n, first, second, squared, product, second_squared, cubed, idle;
};

static void see(struct sums *sums, struct drawn value)
{
    sums->n++;
    sums->first += value.first;
    sums->second += value.second;
    sums->squared += value.first * value.first;
    sums->product += value.first * value.second;
    sums->second_squared += value.second * value.second;
    sums->cubed += value.first * value.first * value.first;
    sums->idle += value.second == 0;
}

static struct moments moments_of(double n, double sum, double squares)
{
    double mean = sum / n;
    return (struct moments){
        .n = n, .mean = mean, .variance = (squares - n * mean * mean) / (n - 1)};
}

/* `assigned`: the share of units that the arm was to have. */
static struct arm_evidence evidence_of(const struct sums *sums, const struct metric *metric,
                                       double assigned)
{
    struct moments first = moments_of(sums->n, sums->first, sums->squared);
    struct arm_evidence arm = {
        .exposed = (uint64_t)sums->n, .measured = (uint64_t)sums->n, .assigned = assigned};
    if (metric == &share_metric) {
        arm.is_share = true;
        arm.share = (struct proportion){sums->n, sums->first};
    } else if (metric == &ratio_metric) {
        struct ratio_moments ratio = {
            .numerator = first,
            .denominator = moments_of(sums->n, sums->second, sums->second_squared),
            .covariance = (sums->product - sums->first * sums->second / sums->n) / (sums->n - 1),
            .idle = sums->idle / sums->n};
        first = ratio_as_moments(&ratio);
    } else {
        double mean = first.mean;
        double third =
            sums->cubed / sums->n - 3 * mean * sums->squared / sums->n + 2 * mean * mean * mean;
        first.skewness = third / pow(first.variance, 1.5);
    }
    arm.moments.outcome = first;
    arm.value = first.mean;
    return arm;
}

struct setting {
    const char *name;
    const struct metric *metric;
    draw_function *draw;
    double parameter;
    double share;   /* of units that are in the variant */
    uint32_t a_day; /* units, at the end */
    bool ramps;     /* from a tenth of them */
};

/* Of no change; 1 where nothing is judged yet. */
static double p_of(const struct judgement *judgement, const struct sums sums[2],
                   const struct setting *setting)
{
    const struct metric *metric = setting->metric;
    const struct measure measure = {.metric = metric};
    struct arm_evidence variant = evidence_of(&sums[1], metric, setting->share);
    struct arm_evidence control = evidence_of(&sums[0], metric, 1 - setting->share);
    double rarest = fmin(fmin(sums[0].first, sums[0].n - sums[0].first),
                         fmin(sums[1].first, sums[1].n - sums[1].first));
    /* The same as below, without an interval or a p that takes a hundred times as long. */
    if (judgement->method == ANALYSIS_SEQUENTIAL && metric == &share_metric && rarest < 100)
        return fmin(1, 2 * fmin(effect_p_within(judgement, &variant, &control, &measure,
                                                CHANGE_ABSOLUTE, SIDE_ABOVE, 0),
                                effect_p_within(judgement, &variant, &control, &measure,
                                                CHANGE_ABSOLUTE, SIDE_BELOW, 0)));
    if (judgement->method == ANALYSIS_GROUP_SEQUENTIAL) {
        if (metric == &share_metric && rarest < 10)
            return 1;
        struct estimated_change change =
            means_change(&variant.moments.outcome, &control.moments.outcome, CHANGE_ABSOLUTE);
        struct interval interval = group_sequential_bounds(
            &change, judgement->looks, judgement->look_count, judgement->alpha / 2);
        return interval.lower > 0 || interval.upper < 0 ? 0 : 1;
    }
    struct judgement quick = *judgement;
    quick.p_only = true;
    struct effect effect = effect_of(&quick, &variant, &control, &measure);
    return effect.state == EFFECT_FINE ? effect.p : 1;
}

static void pass_a_day(const struct setting *setting, uint32_t look, double change,
                       struct sums sums[2])
{
    uint32_t units = setting->a_day;
    if (setting->ramps)
        units = units / 10 + units * 9 / 10 * look / LOOKS;
    for (uint32_t unit = 0; unit < units; unit++) {
        bool varied = uniform() < setting->share;
        double day = (double)unit / units;
        see(&sums[varied], setting->draw(setting->parameter, day, varied ? change : 1));
    }
}

/* A judgement at that look of LOOKS; false: the method does not look then. */
static bool looks(struct judgement *judgement, uint32_t look)
{
    const uint32_t planned = 5;
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return true;
    case ANALYSIS_GROUP_SEQUENTIAL:
        if (look * planned % LOOKS != 0)
            return false;
        judgement->looks[judgement->look_count++] = (double)look / LOOKS;
        return true;
    case ANALYSIS_FIXED:
    case ANALYSIS_BAYESIAN:
        break;
    }
    return look == LOOKS;
}

#define METRICS_MOST 5

/* The look at which any of the metrics, adjusted together, is found to differ; 0: none. */
static uint32_t found_at(const struct setting *setting, enum analysis_method method, double change,
                         uint32_t metrics)
{
    struct judgement judgement = {.method = method, .alpha = ALPHA, .prior = INFINITY};
    struct sums sums[METRICS_MOST][2] = {{{0}}};
    double p[METRICS_MOST];
    for (uint32_t look = 1; look <= LOOKS; look++) {
        for (uint32_t i = 0; i < metrics; i++)
            pass_a_day(setting, look, change, sums[i]);
        if (sums[0][0].n < 2 || sums[0][1].n < 2 || !looks(&judgement, look))
            continue;
        for (uint32_t i = 0; i < metrics; i++)
            p[i] = p_of(&judgement, sums[i], setting);
        adjust_holm(p, metrics, p);
        for (uint32_t i = 0; i < metrics; i++)
            if (p[i] <= ALPHA)
                return look;
    }
    return 0;
}

static const struct setting settings[] = {
    {"share of 0.1 %, 50/50", &share_metric, event, 0.001, 0.5, 100, false},
    {"share of 5 %, 50/50", &share_metric, event, 0.05, 0.5, 100, false},
    {"share of 30 %, 50/50", &share_metric, event, 0.3, 0.5, 100, false},
    {"share of 0.1 %, 5/95", &share_metric, event, 0.001, 0.05, 200, false},
    {"share of 5 %, 5/95", &share_metric, event, 0.05, 0.05, 200, false},
    {"share of 30 %, 5/95", &share_metric, event, 0.3, 0.05, 200, false},
    {"share of 5 %, more units every day, by day and night", &share_metric, diurnal, 0.05, 0.5, 200,
     true},
    {"mean, lognormal of spread 1", &mean_metric, lognormal, 1, 0.5, 50, false},
    {"mean, lognormal of spread 2", &mean_metric, lognormal, 2, 0.5, 50, false},
    {"mean, Pareto 1.5 capped at 100", &mean_metric, pareto, 100, 0.5, 50, false},
    {"mean, Pareto 1.5, no cap", &mean_metric, pareto, 0, 0.5, 50, false},
    {"mean, few who are heavy", &mean_metric, heavy, 0.02, 0.5, 50, false},
    {"ratio that 2 % have", &ratio_metric, sparse, 0.02, 0.5, 200, false},
    {"ratio that all have", &ratio_metric, sparse, 1, 0.5, 50, false},
    {"ratio, users who come up to 1000 times", &ratio_metric, busy, 0.1, 0.5, 50, false},
};
#define SETTINGS (sizeof settings / sizeof *settings)

/* A t-test of values so skewed is not 5 %, here or anywhere: it is reported and not asserted. */
static bool is_asserted(const struct setting *setting, enum analysis_method method)
{
    bool skewed = setting->metric == &mean_metric &&
                  (setting->draw == pareto || setting->draw == heavy || setting->parameter > 1);
    bool rare = setting->metric == &share_metric && setting->parameter < 0.01;
    bool sparse_ratio = setting->metric == &ratio_metric && setting->parameter < 1;
    switch (method) {
    case ANALYSIS_SEQUENTIAL:
        return true;
    case ANALYSIS_FIXED:
        return !skewed && !sparse_ratio;
    case ANALYSIS_GROUP_SEQUENTIAL:
        return !skewed && !sparse_ratio && (rare || setting->share >= 0.5);
    case ANALYSIS_BAYESIAN:
        return false;
    }
    return false;
}

static void reseed(size_t setting, enum analysis_method method)
{
    seed = 88172645463325252 + 977 * (setting + 100 * method);
}

static uint32_t count_found(size_t place, enum analysis_method method, uint32_t metrics,
                            uint32_t rounds)
{
    uint32_t found = 0;
    reseed(place + 31 * metrics, method);
    for (uint32_t round = 0; round < rounds; round++)
        found += found_at(&settings[place], method, 1, metrics) > 0;
    return found;
}

static double most_of(uint32_t rounds)
{
    return ALPHA + 3 * sqrt(ALPHA * (1 - ALPHA) / rounds);
}

static void never_exceeds(enum analysis_method method, uint32_t rounds)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!is_asserted(&settings[i], method))
            continue;
        uint32_t found = count_found(i, method, 1, rounds);
        printf("# %s, %s: %u of %u\n", analysis_method_words[method], settings[i].name, found,
               rounds);
        if (found > most_of(rounds) * rounds)
            fail_msg("%s finds %u of %u where nothing differs: %s", analysis_method_words[method],
                     found, rounds, settings[i].name);
    }
}

static void holds_at_every_look(void **state)
{
    (void)state;
    never_exceeds(ANALYSIS_SEQUENTIAL, replays());
}

static void holds_at_the_planned_end(void **state)
{
    (void)state;
    never_exceeds(ANALYSIS_FIXED, replays());
}

static void holds_at_planned_looks(void **state)
{
    (void)state;
    never_exceeds(ANALYSIS_GROUP_SEQUENTIAL, replays() / 2);
}

/* Any of five, adjusted together. */
static void holds_for_five_metrics(void **state)
{
    (void)state;
    uint32_t rounds = replays() / 2, found = count_found(1, ANALYSIS_SEQUENTIAL, 5, rounds);
    printf("# five metrics: %u of %u\n", found, rounds);
    assert_true(found <= most_of(rounds) * rounds);
}

/* What the plan for 5 to 6 % takes is what finds it; see test_sample_size.c. */
static void finds_what_is_there_as_often_as_planned(void **state)
{
    (void)state;
    uint32_t rounds = replays(), found = 0;
    const struct setting planned = {"", &share_metric, event, 0.05, 0.5, 33782 / LOOKS + 1, false};
    seed = 88172645463325252;
    for (uint32_t round = 0; round < rounds; round++)
        found += found_at(&planned, ANALYSIS_SEQUENTIAL, 1.2, 1) > 0;
    printf("# 5 to 6 %%: %u of %u\n", found, rounds);
    assert_true(found >= (0.8 - 3 * sqrt(0.8 * 0.2 / rounds)) * rounds);
}

/* ------------------------------------------------------------------------------------ tables -- */

static void print_errors(uint32_t rounds)
{
    printf(
        "## Experiments: differences that are not there\n\n"
        "How often `ffreplay analyze` finds a difference of arms that do not differ, in %u "
        "replays\n"
        "of 60 days: `sequential` at any of 60 looks, `group_sequential` at any of 5, the others\n"
        "once, at the end. Chance adds up to %.1f %%. In brackets: what is not claimed, because a\n"
        "test at an end is no better than its sample is normal, and a prior is no test. 0.0 %% of\n"
        "means so skewed: they are not judged.\n\n"
        "| | sequential | group_sequential | fixed | bayesian, flat prior |\n"
        "| --- | ---: | ---: | ---: | ---: |\n",
        rounds, 300 * sqrt(ALPHA * (1 - ALPHA) / rounds));
    static const enum analysis_method methods[] = {ANALYSIS_SEQUENTIAL, ANALYSIS_GROUP_SEQUENTIAL,
                                                   ANALYSIS_FIXED, ANALYSIS_BAYESIAN};
    for (size_t i = 0; i < SETTINGS; i++) {
        printf("| %s |", settings[i].name);
        for (size_t j = 0; j < 4; j++) {
            uint32_t of = rounds;
            double share = 100.0 * count_found(i, methods[j], 1, of) / of;
            bool claimed = is_asserted(&settings[i], methods[j]);
            printf(claimed ? " %.1f %% |" : " (%.1f %%) |", share);
            fflush(stdout);
        }
        printf("\n");
    }
    printf("| any of five shares of 5 %%, by Holm | %.1f %% | | %.1f %% | |\n\n",
           100.0 * count_found(1, ANALYSIS_SEQUENTIAL, 5, rounds) / rounds,
           100.0 * count_found(1, ANALYSIS_FIXED, 5, rounds) / rounds);
}

static int compare_looks(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Others' log e-values of no change, that hold at every look, too. */
static double by_two_shares(const struct sums sums[2], double share)
{
    const struct two_shares seen = {{sums[1].n, sums[1].first}, {sums[0].n, sums[0].first}, share};
    return two_shares_log_e(&seen);
}

static double by_sequence(const struct sums sums[2], double share)
{
    (void)share;
    struct moments variant = moments_of(sums[1].n, sums[1].first, sums[1].squared);
    struct moments control = moments_of(sums[0].n, sums[0].first, sums[0].squared);
    struct estimated_change change = means_change(&variant, &control, CHANGE_ABSOLUTE);
    return change.error > 0 && fmin(sums[0].first, sums[1].first) >= 10
               ? mixture_sequence_log_e(&change, ALPHA)
               : 0;
}

static double found_by_peer(const struct setting *setting, double change, uint32_t rounds,
                            double (*log_e)(const struct sums sums[2], double share))
{
    uint32_t found = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        struct sums sums[2] = {0};
        bool shown = false;
        for (uint32_t look = 1; look <= LOOKS && !shown; look++) {
            pass_a_day(setting, look, change, sums);
            shown = log_e(sums, setting->share) >= -log(ALPHA);
        }
        found += shown;
    }
    return 100.0 * found / rounds;
}

static void print_power(uint32_t rounds)
{
    static const struct {
        double from, to;
        uint32_t all;
        double share;
    } cases[] = {{0.05, 0.055, 100000, 0.5}, {0.05, 0.06, 33782, 0.5},   {0.05, 0.06, 16316, 0.5},
                 {0.3, 0.315, 60000, 0.5},   {0.001, 0.002, 60000, 0.5}, {0.05, 0.055, 200000, 0.1},
                 {0.05, 0.06, 200000, 0.05}};
    uint32_t *at = malloc(rounds * sizeof *at);
    printf(
        "## Experiments: differences that are there\n\n"
        "How often they are found, and when: the median of the looks that find them, as a share\n"
        "of all units. Beside it, at the same looks, the e-process of Turner, Ly and Grünwald, "
        "and\n"
        "the asymptotic sequence (GrowthBook's), each alone.\n\n"
        "| | units | sequential, 60 looks | at | Turner-Ly-Grünwald | asymptotic | fixed, at the "
        "end |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setting setting = {
            "",   &share_metric, event, cases[i].from, cases[i].share, cases[i].all / LOOKS + 1,
            false};
        uint32_t found = 0, fixed = 0;
        reseed(i, ANALYSIS_BAYESIAN);
        for (uint32_t round = 0; round < rounds; round++) {
            uint32_t look = found_at(&setting, ANALYSIS_SEQUENTIAL, cases[i].to / cases[i].from, 1);
            if (look > 0)
                at[found++] = look;
            fixed += found_at(&setting, ANALYSIS_FIXED, cases[i].to / cases[i].from, 1) > 0;
        }
        qsort(at, found, sizeof *at, compare_looks);
        double change = cases[i].to / cases[i].from;
        printf("| %g to %g %%, %g/%g | %u | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %.0f %% |\n",
               cases[i].from * 100, cases[i].to * 100, cases[i].share * 100,
               100 - cases[i].share * 100, cases[i].all, 100.0 * found / rounds,
               found > 0 ? 100.0 * at[found / 2] / LOOKS : 0,
               found_by_peer(&setting, change, rounds, by_two_shares),
               found_by_peer(&setting, change, rounds, by_sequence), 100.0 * fixed / rounds);
        fflush(stdout);
    }
    free(at);
    printf("\n");
}

/* Whether an interval held the truth: at the end, or at every look. */
static void print_coverage(uint32_t rounds)
{
    static const size_t places[] = {1, 2, 4, 7, 13, 14};
    printf("## Experiments: intervals\n\n"
           "How often the 95 %% interval of the absolute change holds the true one, which is 20 %% "
           "of\n"
           "the control (none, of ratios): `sequential` at every look (shares: at six of them),\n"
           "`fixed` at the end.\n\n"
           "| | sequential | fixed |\n| --- | ---: | ---: |\n");
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const struct setting *setting = &settings[places[k]];
        const struct measure measure = {.metric = setting->metric};
        bool is_ratio = setting->metric == &ratio_metric;
        double change = is_ratio ? 1 : 1.2;
        double control = setting->metric == &share_metric ? setting->parameter : exp(0.5);
        double truth = control * (change - 1);
        uint32_t held[2] = {0, 0};
        reseed(k, ANALYSIS_BAYESIAN);
        for (uint32_t round = 0; round < rounds; round++) {
            struct sums sums[2] = {0};
            bool always = true, once = true;
            for (uint32_t look = 1; look <= LOOKS; look++) {
                pass_a_day(setting, look, change, sums);
                for (int fixed = 0; fixed < 2; fixed++) {
                    /* Of counts that an e-process judges, some of the looks. */
                    if ((fixed || setting->metric == &share_metric) && look % (fixed ? LOOKS : 10))
                        continue;
                    struct judgement judgement = {
                        .method = fixed ? ANALYSIS_FIXED : ANALYSIS_SEQUENTIAL, .alpha = ALPHA};
                    struct arm_evidence variant =
                        evidence_of(&sums[1], setting->metric, setting->share);
                    struct arm_evidence of_control =
                        evidence_of(&sums[0], setting->metric, 1 - setting->share);
                    struct effect effect = effect_of(&judgement, &variant, &of_control, &measure);
                    bool holds =
                        effect.state != EFFECT_FINE || (effect.absolute_interval.lower <= truth &&
                                                        truth <= effect.absolute_interval.upper);
                    *(fixed ? &once : &always) &= holds;
                }
            }
            held[0] += always;
            held[1] += once;
        }
        printf("| %s | %.1f %% | %.1f %% |\n", setting->name, 100.0 * held[0] / rounds,
               100.0 * held[1] / rounds);
        fflush(stdout);
    }
    printf("\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_at_every_look),
        cmocka_unit_test(holds_at_the_planned_end),
        cmocka_unit_test(holds_at_planned_looks),
        cmocka_unit_test(holds_for_five_metrics),
        cmocka_unit_test(finds_what_is_there_as_often_as_planned),
    };
    if (is_set("MARKDOWN")) {
        print_errors(replays());
        print_power(replays() / 4);
        print_coverage(replays() / 4);
        return EXIT_SUCCESS;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
