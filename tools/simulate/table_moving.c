/* table_moving.c - what changes while it is looked at, and rollouts with many bounds. See
 * table.h. */
#include <stdio.h>

#include "table.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

void moving_shares(void)
{
    /* Many strata are bet on at every look. */
    uint32_t of = value_replays > 400 ? value_replays / 4 : value_replays;
    static const struct {
        const char *name;
        struct moving setting;
    } rows[] = {
        {"1 %, share 10 %", {COURSE_STILL, {0.1, 0.1}, {0.01, 0.01}, 1, 1000, 100, true, false}},
        {"1 to 2 %, share 5 to 50 %",
         {COURSE_RISING, {0.05, 0.5}, {0.01, 0.02}, 1, 1000, 100, true, false}},
        {"2 to 1 %, share 5 to 50 %",
         {COURSE_RISING, {0.05, 0.5}, {0.02, 0.01}, 1, 1000, 100, true, false}},
        {"1 % then 2 %, share 5 % then 50 %",
         {COURSE_STEPPING, {0.05, 0.5}, {0.01, 0.02}, 1, 1000, 100, true, false}},
        {"1 to 2 % daily, share 5 to 15 % daily",
         {COURSE_DAILY, {0.05, 0.15}, {0.01, 0.02}, 1, 1000, 100, true, false}},
        {"2 to 1 % daily, share 5 to 15 % daily",
         {COURSE_DAILY, {0.05, 0.15}, {0.02, 0.01}, 1, 1000, 100, true, false}},
        {"20 to 40 %, share 10 to 30 %",
         {COURSE_RISING, {0.1, 0.3}, {0.2, 0.4}, 1, 1000, 100, true, false}},
        {"1 to 2 %, share 5 to 50 %, 100 per look",
         {COURSE_RISING, {0.05, 0.5}, {0.01, 0.02}, 1, 100, 100, true, false}},
        {"1 to 2 %, share 5 to 50 %, 20 000 per look",
         {COURSE_RISING, {0.05, 0.5}, {0.01, 0.02}, 1, 20000, 100, true, false}},
        {"2 to 1 % daily, share 5 to 15 % daily, 20 000 per look",
         {COURSE_DAILY, {0.05, 0.15}, {0.02, 0.01}, 1, 20000, 100, true, false}},
        {"1 %, share 10 %, 8640 looks of 10",
         {COURSE_STILL, {0.1, 0.1}, {0.01, 0.01}, 1, 10, 8640, true, false}},
    };
    printf("## While the share moves\n\n"
           "Both arms have the same error rate, which moves along with the canary's share: "
           "steadily, or up\n"
           "and down four times. 100 looks of 1000 requests, assigned at random. *As one*: the "
           "same replays\n"
           "without strata, on the side that is more often wrong. A quarter of the replays.\n\n"
           "| error rate, share | false rollback | false benefit | as one | within 5 %% |\n"
           "| --- | ---: | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct moving whole = rows[i].setting;
        whole.stratified = false;
        struct outcome outcome = simulate_moving(&rows[i].setting, of, next_seed(900 + i));
        struct outcome as_one = simulate_moving(&whole, of, next_seed(900 + i));
        printf("| %s |", rows[i].name);
        percentage(outcome.above, of);
        percentage(outcome.below, of);
        percentage(as_one.above > as_one.below ? as_one.above : as_one.below, of);
        verdict_of(is_calibrated(&outcome, of));
    }
    static const struct moving harmful = {COURSE_STILL, {0.1, 0.1}, {0.01, 0.01}, 2,
                                          100,          100,        true,         false};
    struct moving whole = harmful;
    whole.stratified = false;
    uint32_t found = simulate_moving(&harmful, replays / 4, next_seed(950)).above;
    uint32_t as_one = simulate_moving(&whole, replays / 4, next_seed(950)).above;
    printf("\nCanaries with 2 %% instead of 1 %%, at a share of 10 %% and with 100 looks of 100, "
           "are found in\n"
           "%.2f %% of replays with strata, and in %.2f %% as one.\n\n",
           100.0 * found / (replays / 4), 100.0 * as_one / (replays / 4));
}

void rollouts(void)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 4}, {3, 4}, {10, 1}, {5, 4}};
    uint32_t of = value_replays;
    printf("## Rollouts of many bounds\n\n"
           "Rollouts that change nothing: guards with a margin of 0 on error rates of 1 %%, stages "
           "of 10 %%,\n"
           "100 looks of 1000 requests at each stage, separate data for every bound. *Together*: "
           "with\n"
           "`rollout_confidence: 95%%`, which divides the 5 %% among the bounds.\n\n"
           "| guards × stages | rolled back, each at 95 %% | together | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint32_t bounds = sizes[i][0] * sizes[i][1];
        const struct requests setting = {.canary = 0.01,
                                         .control = 0.01,
                                         .canary_a_look = 100,
                                         .control_a_look = 900,
                                         .looks = 100,
                                         .ratio = 1};
        struct outcome apart = simulate_rollouts(&setting, bounds, 0.05, of, next_seed(960 + i));
        struct outcome together =
            simulate_rollouts(&setting, bounds, 0.05 / bounds, of, next_seed(960 + i));
        together.below = 0; /* no guard is about an improvement */
        printf("| %u × %u |", sizes[i][0], sizes[i][1]);
        percentage(apart.above, of);
        percentage(together.above, of);
        verdict_of(is_calibrated(&together, of));
    }
    printf("\n");
}

void bursts(void)
{
    uint32_t of = value_replays;
    static const struct {
        const char *name;
        struct moving setting;
    } rows[] = {
        {"against a control, share 10 %",
         {COURSE_BURSTING, {0.1, 0.1}, {0.005, 0.1}, 1, 1000, 100, true, false}},
        {"against a control, share 50 %",
         {COURSE_BURSTING, {0.5, 0.5}, {0.005, 0.1}, 1, 1000, 100, true, false}},
        {"against a constant",
         {COURSE_BURSTING, {0.5, 0.5}, {0.005, 0.1}, 1, 1000, 100, true, true}},
    };
    printf("\n## Errors that come in bursts\n\n"
           "Everybody fails twenty times as often in one window of twenty, and nothing else "
           "happens. The\n"
           "canary is judged against a control, and alone against the long-run share of errors. "
           "100 looks of\n"
           "1000 requests.\n\n"
           "| judged | false above | false below | within 5 %% |\n"
           "| --- | ---: | ---: | :-: |\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome outcome = simulate_moving(&rows[i].setting, of, next_seed(970 + i));
        printf("| %s |", rows[i].name);
        percentage(outcome.above, of);
        percentage(outcome.below, of);
        if (rows[i].setting.alone)
            not_promised();
        else
            verdict_of(is_calibrated(&outcome, of));
    }
}
