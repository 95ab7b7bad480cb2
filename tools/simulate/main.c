/*
 * main.c - `calibrate [REPLAYS [SEED]]`: writes docs/calibration.md, with REPLAYS replays per
 * setting. Exit status 1: a target was missed, and the row says so.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "calibration.h"
#include "table.h"

#define REPLAYS 20000
#define SEED    20261120
/* Values, and clusters, are drawn one by one: their rows use a fraction of the replays. */
#define VALUE_SHARE   10
#define LEAST_REPLAYS 100

static void introduce(void)
{
    printf("# Calibration\n\n"
           "Made by `make calibration`; do not edit. Each setting of counts is replayed %u times,\n"
           "each of values and users %u times, with as many looks as the table says (seed %llu). A "
           "replay\n"
           "counts once any of its looks gives the verdict. Each bound is at 95 %%. *Within 5 %%* "
           "allows for\n"
           "chance: three standard errors of that many replays. Rows marked *not promised* show "
           "the limits of\n"
           "a method, which `ffc check` and the pages on statistics describe.\n\n"
           "How the methods work is in [statistics.md](statistics.md).\n\n",
           replays, value_replays, (unsigned long long)seed);
}

static void no_change(void)
{
    static const double rates[] = {0.2, 0.01, 0.002};
    static const uint32_t shares[] = {50, 10, 5};
    printf(
        "## Canaries that change nothing\n\n"
        "100 looks of 1000 requests, both arms with the same error rate. *Rollback*: found to be\n"
        "worse; *benefit*: found to be better; at most 5 %% each. The last column is how many of "
        "the same\n"
        "replays a two-proportion z test, repeated at each look at 5 %%, calls worse.\n\n"
        "| error rate, canary | false rollback | false benefit | within 5 %% | z repeated |\n"
        "| --- | ---: | ---: | :-: | ---: |\n");
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct requests setting = {.canary = rates[i],
                                       .control = rates[i],
                                       .canary_a_look = 10 * shares[j],
                                       .control_a_look = 1000 - 10 * shares[j],
                                       .looks = 100,
                                       .ratio = 1};
            struct outcome outcome = simulate_requests(&setting, replays, next_seed(10 * i + j));
            printf("| %g %%, %u %% |", 100 * rates[i], shares[j]);
            percentage(outcome.above, replays);
            percentage(outcome.below, replays);
            bool fine = is_calibrated(&outcome, replays);
            missed += !fine;
            printf(" %s |", fine ? "yes" : "**no**");
            percentage(outcome.fixed_above, replays);
            printf("\n");
        }
    }
    printf("\n");
}

static void other_shapes(void)
{
    static const struct {
        const char *name;
        struct requests setting;
    } rows[] = {
        {"1 %, every request assigned at random, 10 % canary",
         {0.01, 0.01, 10, 90, 100, SHARES_RANDOM, 1, 0}},
        {"20 %, every request assigned at random, 5 % canary",
         {0.2, 0.2, 5, 95, 100, SHARES_RANDOM, 1, 0}},
        {"1 %, 2 %, 4 % while the canary goes from 5 to 20 to 50 %",
         {0.01, 0.01, 50, 950, 99, SHARES_RAMP, 1, 0}},
        {"99 %, 10 % canary", {0.99, 0.99, 100, 900, 100, SHARES_FIXED, 1, 0}},
        {"exactly 10 % worse than 1 %, margin 10 %",
         {0.011, 0.01, 100, 900, 100, SHARES_FIXED, 1.1, 0}},
        {"exactly 50 % worse than 20 %, margin 50 %",
         {0.3, 0.2, 100, 900, 100, SHARES_FIXED, 1.5, 0}},
        {"exactly 0.5 points worse than 0.2 %, margin 0.5 points",
         {0.007, 0.002, 50, 950, 100, SHARES_FIXED, 1, 0.005}},
        {"exactly 2 points worse than 20 %, margin 2 points",
         {0.22, 0.2, 100, 900, 100, SHARES_FIXED, 1, 0.02}},
        {"exactly 2 points worse than 98 %, margin 2 points",
         {0.96, 0.98, 100, 900, 100, SHARES_FIXED, 1, -0.02}},
    };
    printf("## Canaries exactly at the hypothesis\n\n"
           "The hardest case that is not a change beyond the margin: found to be above, or below,\n"
           "in at most 5 %% of replays each. 100 looks.\n\n"
           "| error rate | false above | false below | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = simulate_requests(&rows[i].setting, replays, next_seed(100 + i));
        printf("| %s |", rows[i].name);
        false_row(&outcome, replays, false);
    }
    printf("\n");
}

static void power(void)
{
    static const struct {
        const char *name;
        struct requests setting;
        double target;
    } rows[] = {
        {"0.2 % to 0.6 %, 50 looks of 50 + 950",
         {0.006, 0.002, 50, 950, 50, SHARES_FIXED, 1, 0},
         0.70},
        {"1 % to 2 %, 100 looks of 10 + 90", {0.02, 0.01, 10, 90, 100, SHARES_FIXED, 1, 0}, 0.45},
        {"1 % to 2 %, margin 10 %, 100 looks of 50 + 950",
         {0.02, 0.01, 50, 950, 100, SHARES_FIXED, 1.1, 0},
         0.90},
        {"20 % to 22 %, 100 looks of 100 + 900",
         {0.22, 0.2, 100, 900, 100, SHARES_FIXED, 1, 0},
         0.45},
        {"99 % to 98 %, 100 looks of 50 + 950",
         {0.98, 0.99, 50, 950, 100, SHARES_FIXED, 1, 0},
         0.90},
    };
    printf("## Canaries that do harm\n\n"
           "| error rate of control and canary | found | required | reached |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = simulate_requests(&rows[i].setting, replays, next_seed(200 + i));
        bool above = rows[i].setting.canary > rows[i].setting.control;
        uint32_t found = above ? outcome.above : outcome.below;
        printf("| %s |", rows[i].name);
        percentage(found, replays);
        printf(" %.0f %% |", 100 * rows[i].target);
        verdict_of(found >= rows[i].target * replays);
    }
    printf("\n");
}

static void values(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct values setting;
        double q; /* 0: the mean */
    } rows[] = {
        {"mean, 50 %", {1, 1, 100, 100, 100, 1}, 0},
        {"mean, 10 %", {1, 1, 20, 180, 100, 1}, 0},
        {"mean, 5 %", {1, 1, 10, 190, 100, 1}, 0},
        {"mean, 10 %, spread 1.5", {1.5, 1, 20, 180, 100, 1}, 0},
        {"mean, exactly 10 % above, margin 10 %", {1, 1.1, 20, 180, 100, 1.1}, 0},
        {"P95, 50 %", {1, 1, 100, 100, 50, 1}, 0.95},
        {"P95, 10 %", {1, 1, 20, 180, 50, 1}, 0.95},
        {"P50, 5 %", {1, 1, 10, 190, 50, 1}, 0.5},
    };
    printf("## Means and quantiles\n\n"
           "Lognormal values of spread 1 (the mean is 1.6 times the median, P99 ten times), 100 "
           "looks of 200;\n"
           "for quantiles 50 looks, from bins as a sketch keeps them. Here both arms are the same, "
           "or exactly\n"
           "at the margin.\n\n"
           "| statistic, share of the canary | false above | false below | Welch repeated | within "
           "5 %% |\n"
           "| --- | ---: | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct values *setting = &rows[i].setting;
        bool mean = rows[i].q == 0;
        struct outcome outcome =
            mean ? simulate_means(setting, of, next_seed(300 + i))
                 : simulate_quantiles(setting, rows[i].q, of, next_seed(300 + i));
        printf("| %s |", rows[i].name);
        percentage(outcome.above, of);
        percentage(outcome.below, of);
        if (mean && setting->ratio == 1)
            percentage(outcome.fixed_above, of);
        else
            printf(" |");
        verdict_of(is_calibrated(&outcome, of));
    }
    printf("\n");
}

static void slower_values(void)
{
    static const struct {
        const char *name;
        struct values setting;
        double q;
    } rows[] = {
        {"mean 20 % greater, 10 %", {1, 1.2, 20, 180, 100, 1}, 0},
        {"mean 20 % greater, 50 %", {1, 1.2, 100, 100, 100, 1}, 0},
        {"P95 20 % greater, 10 %", {1, 1.2, 20, 180, 50, 1}, 0.95},
        {"P95 50 % greater, 10 %", {1, 1.5, 20, 180, 50, 1}, 0.95},
        {"P95 50 % greater, margin 20 %, 50 %", {1, 1.5, 100, 100, 50, 1.2}, 0.95},
    };
    printf("The same looks at canaries that are slower:\n\n"
           "| statistic, share of the canary | found |\n"
           "| --- | ---: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct values *setting = &rows[i].setting;
        struct outcome outcome =
            rows[i].q == 0
                ? simulate_means(setting, value_replays, next_seed(500 + i))
                : simulate_quantiles(setting, rows[i].q, value_replays, next_seed(500 + i));
        printf("| %s |", rows[i].name);
        percentage(outcome.above, value_replays);
        printf("\n");
    }
    printf("\n");
}

/* Not used: it shows why the others exist. */
static void users_row(const char *name, const struct outcome *outcome, bool wanted)
{
    uint32_t before = missed;
    printf("| %s |", name);
    false_row(outcome, value_replays, false);
    if (!wanted)
        missed = before;
}

static void users(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct users setting;
        bool wanted;
    } rows[] = {
        {"each request as if on its own", {0.01, 0.1, 20, 5, 45, 100, CLUSTERS_IGNORED}, false},
        {"divided by the design effect", {0.01, 0.1, 20, 5, 45, 100, CLUSTERS_CORRECTED}, true},
        {"users with an error", {0.01, 0.1, 20, 5, 45, 100, CLUSTERS_COUNTED_ONCE}, true},
    };
    printf("## Users with many requests\n\n"
           "Nothing changes, but errors come in clusters: each user makes 20 requests, and error "
           "rates\n"
           "differ between users (1 %% on average, correlation 0.1). 100 looks of 5 + 45 new "
           "users.\n\n"
           "| counted | false rollback | false benefit | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = simulate_users(&rows[i].setting, of, next_seed(400 + i));
        users_row(rows[i].name, &outcome, rows[i].wanted);
    }
}

static void returning_users(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct returning setting;
        bool wanted;
    } rows[] = {
        {"P95, each request as if on its own, 50 + 450 users",
         {0.95, 1, 0.5, 0.7, 1, 1, 50, 450, 50, CLUSTERS_IGNORED},
         false},
        {"P95, 50 + 450 users", {0.95, 1, 0.5, 0.7, 1, 1, 50, 450, 50, CLUSTERS_CORRECTED}, true},
        {"P95, 250 + 250 users", {0.95, 1, 0.5, 0.7, 1, 1, 250, 250, 50, CLUSTERS_CORRECTED}, true},
        {"P50, 50 + 450 users", {0.5, 1, 0.5, 0.7, 1, 1, 50, 450, 50, CLUSTERS_CORRECTED}, true},
        {"P95, 50 + 450 users, a few make most requests",
         {0.95, 1, 0.5, 0.7, 0.3, 1.5, 50, 450, 50, CLUSTERS_CORRECTED},
         true},
        {"P95, 50 + 450 users, who differ more than their requests",
         {0.95, 1, 1, 0.3, 1, 1, 50, 450, 50, CLUSTERS_CORRECTED},
         true},
        {"P95, 20 + 480 users", {0.95, 1, 0.5, 0.7, 1, 1, 20, 480, 50, CLUSTERS_CORRECTED}, true},
    };
    printf("\n## Returning users, and a quantile\n\n"
           "Nothing changes, but each user returns at every one of 50 looks, with their usual "
           "number of\n"
           "requests and values around their own median, both lognormal. The quantile is corrected "
           "with\n"
           "64 groups of users.\n\n"
           "| statistic | false above | false below | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = simulate_returning(&rows[i].setting, of, next_seed(700 + i));
        users_row(rows[i].name, &outcome, rows[i].wanted);
    }
    static const struct returning slower = {0.95, 1.5, 0.5, 0.7, 1,
                                            1,    250, 250, 50,  CLUSTERS_CORRECTED};
    struct outcome outcome = simulate_returning(&slower, of, next_seed(790));
    printf("\nCanaries whose P95 is 50 %% greater, 250 + 250 users, are found in");
    printf(" %.2f %% of replays.\n", 100.0 * outcome.above / of);
}

static void sample_ratios(void)
{
    static const double shares[] = {0.5, 0.1, 0.05};
    printf("\n## Sample-ratio mismatch\n\n"
           "Units correctly assigned at random, 100 looks of 1000, an alarm at p < 0.001.\n\n"
           "| canary | false alarm | within 0.1 %% | chi-square repeated |\n"
           "| ---: | ---: | :-: | ---: |\n");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct outcome outcome =
            simulate_sample_ratio(shares[i], 1000, 100, value_replays, next_seed(600 + i));
        /* With few replays not even one might be allowed, and a single one is no evidence. */
        bool fine = outcome.above <= 0.001 * value_replays + 1;
        missed += !fine;
        printf("| %g %% |", 100 * shares[i]);
        percentage(outcome.above, value_replays);
        printf(" %s |", fine ? "yes" : "**no**");
        percentage(outcome.fixed_above, value_replays);
        printf("\n");
    }
}

static bool read_number(const char *text, unsigned long long least, unsigned long long *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && *number >= least && *number <= 100000000;
}

int main(int argc, char **argv)
{
    unsigned long long count = REPLAYS, first = SEED;
    if (argc > 3 || (argc > 1 && !read_number(argv[1], LEAST_REPLAYS, &count)) ||
        (argc > 2 && !read_number(argv[2], 0, &first))) {
        fprintf(stderr, "usage: %s [REPLAYS [SEED]], at least %d replays\n", argv[0],
                LEAST_REPLAYS);
        return 2;
    }
    replays = (uint32_t)count;
    value_replays = replays / VALUE_SHARE > LEAST_REPLAYS ? replays / VALUE_SHARE : LEAST_REPLAYS;
    seed = first;
    introduce();
    no_change();
    other_shapes();
    power();
    rollouts();
    moving_shares();
    values();
    slower_values();
    users();
    returning_users();
    sample_ratios();
    means_alone();
    ratios();
    settling_means();
    bursts();
    return missed > 0;
}
