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

#include "compiler/base/buffer.h"
#include "compiler/check/sample_size.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/statistics/multiplicity.h"
#include "compiler/statistics/two_shares.h"
#include "peer_methods.h"
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

/* Around 1, `deviation` of it; not skewed. */
static struct drawn even(double deviation, double day, double change)
{
    (void)day;
    return (struct drawn){change + deviation * normal(), 1};
}

/* An experiment with an effect that it is planned for. */
struct planned_trial {
    const char *name;
    enum analysis_method method;
    double baseline, change, share;
    double deviation; /* of a mean; 0: a share */
};

static double planned_units(const struct planned_trial *trial)
{
    struct project *project;
    struct sample_size size;
    char text[1024], baseline[64];
    snprintf(baseline, sizeof baseline, trial->deviation > 0 ? "{mean: %.9g, sd: %.9g}" : "%.9g",
             trial->baseline, trial->deviation);
    snprintf(text, sizeof text,
             "project: {name: a, environments: [prod], bucket_by: user}\n"
             "attributes: {user: string}\n"
             "metrics:\n"
             "  bought: {kind: proportion, of: {event: buy}, per: unit, better: %s}\n"
             "  spent: {kind: mean, value: amount, per: unit, agg: sum}\n"
             "flags: {a: {experiment: {split: {on: %g%%, off: %g%%}, control: off, method: %s,\n"
             "  primary: %s, baseline: %s, mde: %.9g, power: 0.8}}}\n",
             trial->change > 1 ? "higher" : "lower", trial->share * 100, 100 - trial->share * 100,
             analysis_method_words[trial->method], trial->deviation > 0 ? "spent" : "bought",
             baseline, fabs(trial->change - 1));
    project = project_load_text("a.yaml", text, strlen(text), 0);
    assert_int_equal(project->diagnostics.errors, 0);
    assert_true(sample_size(&project->flags[0]->environments[0], &size));
    project_free(project);
    return size.all;
}

/* The size of a plan finds what it is for as often as it says: at one look or a few just so, at
 * every look as often or more, since looks before the last find some that it would lose. */
static void finds_what_is_there_as_often_as_planned(void **state)
{
    (void)state;
    static const struct planned_trial trials[] = {
        {"5 to 6 %, once", ANALYSIS_FIXED, 0.05, 1.2, 0.5, 0},
        {"5 to 6 %, once, 10/90", ANALYSIS_FIXED, 0.05, 1.2, 0.1, 0},
        {"a mean by 10 %, once", ANALYSIS_FIXED, 1, 1.1, 0.3, 0.7},
        {"5 to 6 %, five looks", ANALYSIS_GROUP_SEQUENTIAL, 0.05, 1.2, 0.5, 0},
        {"a mean by 10 %, five looks", ANALYSIS_GROUP_SEQUENTIAL, 1, 1.1, 0.5, 0.7},
        {"5 to 6 %", ANALYSIS_SEQUENTIAL, 0.05, 1.2, 0.5, 0},
        {"5 to 6 %, 20/80", ANALYSIS_SEQUENTIAL, 0.05, 1.2, 0.2, 0},
        {"5 to 6 %, 5/95", ANALYSIS_SEQUENTIAL, 0.05, 1.2, 0.05, 0},
        {"30 to 27 %, 90/10", ANALYSIS_SEQUENTIAL, 0.3, 0.9, 0.9, 0},
        {"0.1 to 0.195 %", ANALYSIS_SEQUENTIAL, 0.001, 1.95, 0.5, 0},
        {"0.5 to 0.8 %, 10/90", ANALYSIS_SEQUENTIAL, 0.005, 1.6, 0.1, 0},
        {"a mean by 10 %", ANALYSIS_SEQUENTIAL, 1, 1.1, 0.5, 0.7},
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        const struct planned_trial *trial = &trials[i];
        double units = planned_units(trial), power = 0.8;
        uint32_t rounds = replays() / 2, found = 0;
        struct setting setting = {trial->name,  &share_metric,
                                  event,        trial->baseline,
                                  trial->share, (uint32_t)ceil(units / LOOKS),
                                  false};
        if (trial->deviation > 0) {
            setting.metric = &mean_metric;
            setting.draw = even;
            setting.parameter = trial->deviation;
        }
        reseed(600 + i, trial->method);
        for (uint32_t round = 0; round < rounds; round++)
            found += found_at(&setting, trial->method, trial->change, 1) > 0;
        double off = 3 * sqrt(power * (1 - power) / rounds);
        printf("# %s, %.0f units: %u of %u\n", trial->name, units, found, rounds);
        assert_true(found >= (power - off) * rounds);
        assert_true(found <= (trial->method == ANALYSIS_SEQUENTIAL ? 0.95 : power + off) * rounds);
    }
}

/* ------------------------------------------------------------------------------------- peers -- */

/* What other systems do with the same replays, by what they have published. */
#define PEERS(X)                                        \
    X(PEER_TURNER_LY_GRUENWALD, "Turner-Ly-Grünwald")   \
    X(PEER_GROWTHBOOK, "GrowthBook")                    \
    X(PEER_GROWTHBOOK_ABSOLUTE, "GrowthBook, absolute") \
    X(PEER_SPOTIFY, "Spotify")
enum peer { PEERS(WORDS_MEMBER) };
#define PEER_COUNT WORDS_COUNT(PEERS)
static const char *const peer_words[] = WORDS(PEERS);

/* The share of events that the variant was assigned; shares of events only. */
static bool two_shares_show(const struct sums sums[2], double share)
{
    const struct two_shares seen = {{sums[1].n, sums[1].first}, {sums[0].n, sums[0].first}, share};
    return two_shares_log_e(&seen) >= -log(ALPHA);
}

static bool peer_shows(enum peer peer, const struct sums sums[2], const struct setting *setting,
                       uint32_t look)
{
    struct arm_evidence variant = evidence_of(&sums[1], setting->metric, setting->share);
    struct arm_evidence control = evidence_of(&sums[0], setting->metric, 1 - setting->share);
    const struct moments *of = &variant.moments.outcome, *against = &control.moments.outcome;
    switch (peer) {
    case PEER_TURNER_LY_GRUENWALD:
        return setting->metric == &share_metric && two_shares_show(sums, setting->share);
    case PEER_GROWTHBOOK:
        return growthbook_shows(of, against, true, ALPHA);
    case PEER_GROWTHBOOK_ABSOLUTE:
        return growthbook_shows(of, against, false, ALPHA);
    case PEER_SPOTIFY:
        return spotify_shows(of, against, LOOKS, look, ALPHA);
    }
    return false;
}

/* Of so many replays, those in which each peer finds a difference at any of the looks. */
static void count_peers(const struct setting *setting, double change, uint32_t rounds,
                        uint32_t found[PEER_COUNT])
{
    memset(found, 0, PEER_COUNT * sizeof *found);
    for (uint32_t round = 0; round < rounds; round++) {
        struct sums sums[2] = {{0}};
        bool shown[PEER_COUNT] = {false};
        for (uint32_t look = 1; look <= LOOKS; look++) {
            pass_a_day(setting, look, change, sums);
            for (int peer = 0; peer < PEER_COUNT && sums[0].n >= 2 && sums[1].n >= 2; peer++)
                shown[peer] = shown[peer] || peer_shows((enum peer)peer, sums, setting, look);
        }
        for (int peer = 0; peer < PEER_COUNT; peer++)
            found[peer] += shown[peer];
    }
}

/* Its formula, written again: rpact's asKD2, one-sided 0.025, to what the grid has. */
static void spotifys_bounds_are_those_of_rpact(void **state)
{
    (void)state;
    static const double of_two[] = {2.49770547441237, 2.01831025228603};
    static const double of_three[] = {0, 2.34727221465437, 2.06191377149662};
    double bounds[3];
    spotify_bounds(2, ALPHA / 2, bounds);
    for (int i = 0; i < 2; i++)
        assert_true(fabs(bounds[i] - of_two[i]) < 1e-4);
    spotify_bounds(3, ALPHA / 2, bounds);
    for (int i = 1; i < 3; i++)
        assert_true(fabs(bounds[i] - of_three[i]) < 1e-4);
}

/* At least nine tenths of what is found by the best peer that may be looked at always. */
static void finds_as_much_as_peers_that_hold_at_every_look(void **state)
{
    (void)state;
    const struct setting setting = {"", &share_metric, event, 0.05, 0.5, 100000 / LOOKS + 1, false};
    uint32_t rounds = replays() / 4, found = 0, by_peer[PEER_COUNT], best = 0;
    reseed(50, ANALYSIS_SEQUENTIAL);
    for (uint32_t round = 0; round < rounds; round++)
        found += found_at(&setting, ANALYSIS_SEQUENTIAL, 1.1, 1) > 0;
    count_peers(&setting, 1.1, rounds, by_peer);
    for (int peer = 0; peer < PEER_SPOTIFY; peer++)
        best = by_peer[peer] > best ? by_peer[peer] : best;
    printf("# 5 to 5.5 %%: %u of %u, the best peer %u\n", found, rounds, best);
    assert_true(found + 3 * sqrt(0.5 * rounds) >= 0.9 * best);
}

/* ------------------------------------------------------------------------------------ tables -- */

/* "| 5.0 % |", in brackets unless it is claimed. */
static void put_share(double found, uint32_t rounds, bool is_claimed)
{
    printf(is_claimed ? " %.1f %% |" : " (%.1f %%) |", 100 * found / rounds);
    fflush(stdout);
}

static void print_errors(uint32_t rounds)
{
    static const enum analysis_method methods[] = {ANALYSIS_SEQUENTIAL, ANALYSIS_GROUP_SEQUENTIAL,
                                                   ANALYSIS_FIXED, ANALYSIS_BAYESIAN};
    printf(
        "## Experiments: differences that are not there\n\n"
        "How often `ffreplay analyze` finds a difference of arms that do not differ, in %u "
        "replays\n"
        "of 60 days: `sequential` at any of 60 looks, `group_sequential` at any of 5, the others\n"
        "once, at the end. Chance adds up to %.1f %%. In brackets: what is not claimed, because a\n"
        "test at an end is no better than its sample is normal, and a prior is no test. 0.0 %% of\n"
        "means so skewed: they are not judged.\n\n"
        "Beside it, at each of the 60 looks of as many replays, what others have published:\n"
        "[GrowthBook](https://docs.growthbook.io/statistics/sequential)'s asymptotic sequence of "
        "the relative\n"
        "lift, tuned for 5000 units; and\n"
        "[Spotify](https://github.com/spotify/confidence)'s group sequential z test, which spends "
        "5 %% t²\n"
        "and has to know the number of looks beforehand. Neither says from how many units on it "
        "holds.\n\n"
        "| | sequential | group_sequential | fixed | bayesian, flat prior | GrowthBook | Spotify "
        "|\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        rounds, 300 * sqrt(ALPHA * (1 - ALPHA) / rounds));
    for (size_t i = 0; i < SETTINGS; i++) {
        uint32_t by_peer[PEER_COUNT];
        printf("| %s |", settings[i].name);
        for (size_t j = 0; j < 4; j++)
            put_share(count_found(i, methods[j], 1, rounds), rounds,
                      is_asserted(&settings[i], methods[j]));
        reseed(i + 200, ANALYSIS_SEQUENTIAL);
        count_peers(&settings[i], 1, rounds, by_peer);
        put_share(by_peer[PEER_GROWTHBOOK], rounds, true);
        put_share(by_peer[PEER_SPOTIFY], rounds, true);
        printf("\n");
    }
    printf("| any of five shares of 5 %%, by Holm |");
    put_share(count_found(1, ANALYSIS_SEQUENTIAL, 5, rounds), rounds, true);
    printf(" |");
    put_share(count_found(1, ANALYSIS_FIXED, 5, rounds), rounds, true);
    printf(" | | |\n\n");
}

/* ------------------------------------------------------------------------------------ guards -- */

/* Exactly at its margin: how often it is shown to be beyond, which stops, and within, which lets
 * pass. */
#define MARGIN 0.1

struct guard_error {
    uint32_t beyond, within;
};

static struct guard_error guard_errors(const struct setting *setting, enum analysis_method method,
                                       uint32_t rounds)
{
    const struct measure measure = {.metric = setting->metric};
    struct guard_error found = {0, 0};
    for (uint32_t round = 0; round < rounds; round++) {
        struct judgement judgement = {.method = method, .alpha = ALPHA};
        struct sums sums[2] = {{0}};
        bool beyond = false, within = false;
        for (uint32_t look = 1; look <= LOOKS; look++) {
            pass_a_day(setting, look, 1 + MARGIN, sums);
            if (!looks(&judgement, look))
                continue;
            struct arm_evidence variant = evidence_of(&sums[1], setting->metric, setting->share);
            struct arm_evidence control =
                evidence_of(&sums[0], setting->metric, 1 - setting->share);
            beyond |= effect_p_within(&judgement, &variant, &control, &measure, CHANGE_RELATIVE,
                                      SIDE_BELOW, MARGIN) <= ALPHA;
            within |= effect_p_within(&judgement, &variant, &control, &measure, CHANGE_RELATIVE,
                                      SIDE_ABOVE, MARGIN) <= ALPHA;
        }
        found.beyond += beyond;
        found.within += within;
    }
    return found;
}

static const size_t guarded[] = {1, 2, 4, 7, 14};
#define GUARDED (sizeof guarded / sizeof *guarded)

static struct guard_error guard_errors_at(size_t place, enum analysis_method method,
                                          uint32_t rounds)
{
    reseed(place + 400, method);
    return guard_errors(&settings[place], method, rounds);
}

static void guards_hold_at_their_margin(void **state)
{
    (void)state;
    uint32_t rounds = replays();
    for (size_t i = 0; i < GUARDED; i++) {
        struct guard_error found = guard_errors_at(guarded[i], ANALYSIS_SEQUENTIAL, rounds);
        printf("# %s, at the margin: beyond %u, within %u of %u\n", settings[guarded[i]].name,
               found.beyond, found.within, rounds);
        assert_true(found.beyond <= most_of(rounds) * rounds);
        assert_true(found.within <= most_of(rounds) * rounds);
    }
}

static void print_guards(uint32_t rounds)
{
    printf("## Experiments: guards at their margin\n\n"
           "How often a guard with `max_increase: 10%%`, whose true change is just that, is found "
           "to be\n"
           "beyond it, which stops an experiment, or within it, which lets a variant pass; at most "
           "5 %% each.\n"
           "%u replays, looks as above.\n\n"
           "| | sequential: stopped | passed | fixed: stopped | passed |\n"
           "| --- | ---: | ---: | ---: | ---: |\n",
           rounds);
    for (size_t i = 0; i < GUARDED; i++) {
        struct guard_error always = guard_errors_at(guarded[i], ANALYSIS_SEQUENTIAL, rounds);
        struct guard_error once = guard_errors_at(guarded[i], ANALYSIS_FIXED, rounds);
        printf("| %s |", settings[guarded[i]].name);
        put_share(always.beyond, rounds, true);
        put_share(always.within, rounds, true);
        put_share(once.beyond, rounds, is_asserted(&settings[guarded[i]], ANALYSIS_FIXED));
        put_share(once.within, rounds, is_asserted(&settings[guarded[i]], ANALYSIS_FIXED));
        printf("\n");
    }
    printf("\n");
}

/* ------------------------------------------------------------------------------------- power -- */

static int compare_looks(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
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
    printf("## Experiments: differences that are there\n\n"
           "How often they are found in %u replays, and when: the median of the looks that find "
           "them, as a\n"
           "share of all units. Beside it, at the same looks, each alone: the e-process of Turner, "
           "Ly and\n"
           "Grünwald, GrowthBook's sequence of the relative lift and of the difference, which hold "
           "however\n"
           "often one looks; and Spotify's test, which holds at the looks that it was planned "
           "for.\n\n"
           "| | units | sequential, 60 looks | at |",
           rounds);
    for (int peer = 0; peer < PEER_COUNT; peer++)
        printf(" %s |", peer_words[peer]);
    printf(" fixed, at the end |\n| --- | ---: | ---: | ---: |");
    for (int peer = 0; peer < PEER_COUNT; peer++)
        printf(" ---: |");
    printf(" ---: |\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setting setting = {
            "",   &share_metric, event, cases[i].from, cases[i].share, cases[i].all / LOOKS + 1,
            false};
        double change = cases[i].to / cases[i].from;
        uint32_t found = 0, fixed = 0, by_peer[PEER_COUNT];
        reseed(i, ANALYSIS_BAYESIAN);
        for (uint32_t round = 0; round < rounds; round++) {
            uint32_t look = found_at(&setting, ANALYSIS_SEQUENTIAL, change, 1);
            if (look > 0)
                at[found++] = look;
            fixed += found_at(&setting, ANALYSIS_FIXED, change, 1) > 0;
        }
        qsort(at, found, sizeof *at, compare_looks);
        count_peers(&setting, change, rounds, by_peer);
        printf("| %g to %g %%, %g/%g | %u | %.0f %% | %.0f %% |", cases[i].from * 100,
               cases[i].to * 100, cases[i].share * 100, 100 - cases[i].share * 100, cases[i].all,
               100.0 * found / rounds, found > 0 ? 100.0 * at[found / 2] / LOOKS : 0);
        for (int peer = 0; peer < PEER_COUNT; peer++)
            printf(" %.0f %% |", 100.0 * by_peer[peer] / rounds);
        printf(" %.0f %% |\n", 100.0 * fixed / rounds);
        fflush(stdout);
    }
    free(at);
    printf("\n");
}

/* ---------------------------------------------------------------------------------- coverage -- */

/* What a setting's variant differs by, where it multiplies by `change`. */
static double truth_of(const struct setting *setting, double change)
{
    double parameter = setting->parameter;
    if (setting->metric == &share_metric)
        return parameter * (change - 1);
    if (setting->draw == lognormal)
        return exp(parameter * parameter / 2) * (change - 1);
    if (setting->draw == pareto) /* E min(k X, c) is k (3 - 2 sqrt(k / c)) */
        return change * (3 - 2 * sqrt(change / parameter)) - (3 - 2 / sqrt(parameter));
    return 0;
}

/* Of the relative change; of the draws, those that multiply. */
static double change_drawn(const struct setting *setting)
{
    return setting->metric == &ratio_metric || setting->draw == heavy ? 1 : 1.2;
}

/* Of replays: those whose interval held the truth whenever it was asked, and those that were judged
 * at all. */
struct coverage {
    uint32_t held, judged;
};

/* Of the absolute change. False: it is not judged yet. */
static bool interval_of(const struct judgement *judgement, const struct arm_evidence *variant,
                        const struct arm_evidence *control, const struct measure *measure,
                        struct interval *interval)
{
    static double bounds[LOOKS]; /* of the looks that looks() plans, which are always the same */
    if (judgement->method != ANALYSIS_GROUP_SEQUENTIAL) {
        struct effect effect = effect_of(judgement, variant, control, measure);
        *interval = effect.absolute_interval;
        return effect.state == EFFECT_FINE;
    }
    /* The same as effect_of(), without its p, which takes a hundred times as long. */
    struct estimated_change change =
        means_change(&variant->moments.outcome, &control->moments.outcome, CHANGE_ABSOLUTE);
    double *bound = &bounds[judgement->look_count];
    if (!(*bound > 0))
        *bound = group_sequential_bound(judgement->looks, judgement->look_count, ALPHA / 2);
    *interval = (struct interval){change.value - *bound * change.error,
                                  change.value + *bound * change.error};
    double rarest = fmin(fmin(variant->share.events, variant->share.n - variant->share.events),
                         fmin(control->share.events, control->share.n - control->share.events));
    return change.error > 0 && (!variant->is_share || rarest >= 10);
}

static struct coverage coverage_of(const struct setting *setting, enum analysis_method method,
                                   uint32_t rounds)
{
    const struct measure measure = {.metric = setting->metric};
    double change = change_drawn(setting), truth = truth_of(setting, change);
    struct coverage coverage = {0, 0};
    for (uint32_t round = 0; round < rounds; round++) {
        struct judgement judgement = {.method = method, .alpha = ALPHA, .prior = INFINITY};
        struct sums sums[2] = {{0}};
        bool held = true, judged = false;
        for (uint32_t look = 1; look <= LOOKS; look++) {
            pass_a_day(setting, look, change, sums);
            /* Of counts that an e-process judges, some of the looks. */
            if (!looks(&judgement, look) || (setting->metric == &share_metric && look % 10))
                continue;
            struct arm_evidence variant = evidence_of(&sums[1], setting->metric, setting->share);
            struct arm_evidence control =
                evidence_of(&sums[0], setting->metric, 1 - setting->share);
            struct interval interval;
            if (!interval_of(&judgement, &variant, &control, &measure, &interval))
                continue;
            judged = true;
            held &= interval.lower <= truth && truth <= interval.upper;
        }
        coverage.held += held && judged;
        coverage.judged += judged;
    }
    return coverage;
}

static void print_coverage(uint32_t rounds)
{
    static const enum analysis_method methods[] = {ANALYSIS_SEQUENTIAL, ANALYSIS_GROUP_SEQUENTIAL,
                                                   ANALYSIS_FIXED};
    printf(
        "## Experiments: intervals\n\n"
        "How often the 95 %% interval of the absolute change holds the true one, which is 20 %% "
        "of\n"
        "the control (none, of ratios and heavy users), in %u replays: `sequential` at every look "
        "(shares:\n"
        "at six of them), `group_sequential` at all of its looks, `fixed` at the end. Chance "
        "takes up to\n"
        "%.1f %% away. Without a cap, Pareto's variance is infinite, and nothing has an "
        "interval. *-*: not\n"
        "judged in any replay.\n\n"
        "| | sequential | group_sequential | fixed |\n| --- | ---: | ---: | ---: |\n",
        rounds, 300 * sqrt(ALPHA * (1 - ALPHA) / rounds));
    for (size_t i = 0; i < SETTINGS; i++) {
        if (settings[i].draw == pareto && !(settings[i].parameter > 0))
            continue;
        printf("| %s |", settings[i].name);
        for (size_t j = 0; j < 3; j++) {
            reseed(i + 300, methods[j]);
            struct coverage coverage = coverage_of(&settings[i], methods[j], rounds);
            if (coverage.judged > 0)
                put_share(coverage.held, coverage.judged, is_asserted(&settings[i], methods[j]));
            else
                printf(" - |");
        }
        printf("\n");
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
        cmocka_unit_test(spotifys_bounds_are_those_of_rpact),
        cmocka_unit_test(finds_as_much_as_peers_that_hold_at_every_look),
        cmocka_unit_test(guards_hold_at_their_margin),
    };
    if (is_set("MARKDOWN")) {
        print_errors(replays());
        print_guards(replays());
        print_power(replays() / 4);
        print_coverage(replays() / 2);
        return EXIT_SUCCESS;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
