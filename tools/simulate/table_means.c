/* table_means.c - means without a control, rare denominators, returning users. See table.h. */
#include <stdio.h>

#include "table.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

void means_alone(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct alone setting;
        bool promised;
    } rows[] = {
        {"lognormal, spread 1", {SHAPE_LOGNORMAL, 1, 0, 100, 100, 1, 0}, true},
        {"lognormal, spread 1.5, no cap", {SHAPE_LOGNORMAL, 1.5, 0, 100, 100, 1, 0}, false},
        {"lognormal, spread 2, cap 100 (P99)", {SHAPE_LOGNORMAL, 2, 100, 100, 100, 1, 0}, true},
        {"lognormal, spread 2, cap 500 (P99.9)", {SHAPE_LOGNORMAL, 2, 500, 100, 100, 1, 0}, true},
        {"lognormal, spread 2, no cap", {SHAPE_LOGNORMAL, 2, 0, 100, 100, 1, 0}, false},
        {"… 1000 looks", {SHAPE_LOGNORMAL, 2, 0, 100, 1000, 1, 0}, false},
        {"Pareto 1.5, cap 21.5 (P99)", {SHAPE_PARETO, 1.5, 21.5, 100, 100, 1, 0}, true},
        {"Pareto 1.5, cap 100 (P99.9)", {SHAPE_PARETO, 1.5, 100, 100, 100, 1, 0}, true},
        {"Pareto 1.5, no cap", {SHAPE_PARETO, 1.5, 0, 100, 100, 1, 0}, false},
        {"… 1000 looks", {SHAPE_PARETO, 1.5, 0, 100, 1000, 1, 0}, false},
        {"1 % are not 0, 1000 looks", {SHAPE_SELDOM, 0.01, 0, 100, 1000, 1, 0}, true},
        {"0.2 % are 1, 1000 looks", {SHAPE_SHARE, 0.002, 0, 100, 1000, 1, 0}, true},
        {"lognormal, spread 1.5, twice the limit",
         {SHAPE_LOGNORMAL, 1.5, 0, 100, 100, 0.5, 0},
         true},
        {"0.2 % are 1, twice the limit", {SHAPE_SHARE, 0.002, 0, 100, 100, 0.5, 0}, true},
        {"spread 1, against 10 000 before", {SHAPE_LOGNORMAL, 1, 0, 100, 100, 1, 10000}, true},
        {"1 % are not 0, against 50 000 before", {SHAPE_SELDOM, 0.01, 0, 500, 100, 1, 50000}, true},
    };
    printf(
        "\n## Means without a control\n\n"
        "One arm against a constant that is its true mean (half of it where the row says so), or\n"
        "against the time before, when nothing was different. 100 looks of 100 units. *Judged*: "
        "had a\n"
        "bound at all by the last look.\n\n"
        "| values | false above | false below | judged | within 5 %% |\n"
        "| --- | ---: | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome outcome = simulate_alone(&rows[i].setting, of, next_seed(800 + i));
        if (rows[i].setting.times < 1)
            outcome.above = 0; /* the true mean is above */
        printf("| %s |", rows[i].name);
        percentage(outcome.above, of);
        percentage(outcome.below, of);
        percentage(outcome.judged, of);
        if (rows[i].promised)
            verdict_of(is_calibrated(&outcome, of));
        else
            not_promised();
    }
}

void ratios(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct ratios setting;
    } rows[] = {
        {"10 %, 50 %", {0.1, 100, 100, 100}},
        {"2 %, 50 %", {0.02, 100, 100, 100}},
        {"0.2 %, 50 %", {0.002, 500, 500, 100}},
        {"2 %, 10 %", {0.02, 50, 450, 100}},
    };
    printf("\n## Ratios with a rare denominator\n\n"
           "The share of impressions that are clicked, over units few of which have any "
           "impressions; both\n"
           "arms are the same. 100 looks.\n\n"
           "| units with a denominator, share of the canary | false above | false below | within 5 "
           "%% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome outcome = simulate_ratios(&rows[i].setting, of, next_seed(830 + i));
        printf("| %s |", rows[i].name);
        false_row(&outcome, of, false);
    }
}

void settling_means(void)
{
    uint32_t of = value_replays / 4; /* as many users are drawn at each look */
    static const struct {
        const char *name;
        struct settling setting;
        bool promised;
    } rows[] = {
        {"100 looks at 250 + 250 users", {0.3, 250, 100}, true},
        {"100 looks at 2500 + 2500 users who are alike", {0, 2500, 100}, true},
        {"8640 looks at 100 + 100 users who are alike", {0, 100, 8640}, true},
        {"8640 looks at 2500 + 2500 users", {0.3, 2500, 8640}, true},
        {"8640 looks at 2500 + 2500 users who are alike", {0, 2500, 8640}, false},
    };
    printf("\n## Returning users, and a mean\n\n"
           "Nothing changes, and the same users return at every look, with a value around their "
           "own mean.\n"
           "The clock of a mean is its units, so it does not advance. 8640 looks are one every ten "
           "seconds\n"
           "for a day; only those that differ by 2 %% are taken. A quarter of the replays.\n\n"
           "| looks | false above | false below | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome outcome = simulate_settling(&rows[i].setting, of, next_seed(850 + i));
        printf("| %s |", rows[i].name);
        percentage(outcome.above, of);
        percentage(outcome.below, of);
        if (rows[i].promised)
            verdict_of(is_calibrated(&outcome, of));
        else
            not_promised();
    }
}
