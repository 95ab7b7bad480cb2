/* simulate_moving.c - canaries whose share, and whose error rate, moves. See calibration.h. */
#include "calibration.h"

#include <math.h>

#include "compiler/statistics/count_sequence.h"
#include "compiler/statistics/slices.h"

#define ALPHA       0.05
#define LOOK_MILLIS 10000
#define DAYS        4
#define BURSTS      0.05 /* of looks */

/* How far along the way from the first number to the second. */
static double way(const struct moving *setting, uint32_t look, struct random *random)
{
    double passed = (look + 0.5) / setting->looks;
    switch (setting->course) {
    case COURSE_RISING:
        return passed;
    case COURSE_STEPPING:
        return passed < 0.5 ? 0 : 1;
    case COURSE_DAILY:
        return 0.5 - 0.5 * cos(2 * M_PI * DAYS * passed);
    case COURSE_BURSTING:
        return random_share(random) < BURSTS;
    case COURSE_STILL:
        break;
    }
    return 0;
}

static double between(const double ends[2], double part)
{
    return ends[0] + (ends[1] - ends[0]) * part;
}

/* Binomial, by counting waits between events (Devroye): rates are small. */
static uint32_t draw_binomial(struct random *random, uint32_t n, double p)
{
    if (p > 0.5)
        return n - draw_binomial(random, n, 1 - p);
    double scale = 1 / log1p(-p), passed = 0;
    for (uint32_t events = 0;; events++) {
        passed += floor(log(1 - random_share(random)) * scale) + 1;
        if (passed > n)
            return events;
    }
}

static void add_many(struct slices *slices, int64_t time, uint32_t n, uint32_t events)
{
    int64_t at = slices_reserve(slices, time);
    slices->items[at & (SLICES_MOST - 1)].n += n;
    slices->items[at & (SLICES_MOST - 1)].events += events;
}

static void take_look(const struct moving *setting, uint32_t look, struct random *random,
                      struct slices *canary, struct slices *control)
{
    double part = way(setting, look, random), rate = between(setting->rate, part);
    uint32_t of_canary = draw_binomial(random, setting->a_look, between(setting->share, part));
    uint32_t of_control = setting->a_look - of_canary;
    int64_t time = (int64_t)look * LOOK_MILLIS;
    add_many(canary, time, of_canary, draw_binomial(random, of_canary, setting->harm * rate));
    add_many(control, time, of_control, draw_binomial(random, of_control, rate));
}

static size_t strata_of(const struct moving *setting, const struct slices *canary,
                        const struct slices *control, struct stratum *strata)
{
    size_t count = slices_strata(canary, control, strata);
    for (size_t i = 1; i < count && !setting->stratified; i++) {
        strata[0].canary.n += strata[i].canary.n;
        strata[0].canary.events += strata[i].canary.events;
        strata[0].control.n += strata[i].control.n;
        strata[0].control.events += strata[i].control.events;
    }
    return setting->stratified ? count : 1;
}

static double log_e(const struct moving *setting, const struct stratum *strata, size_t count,
                    enum side side)
{
    if (setting->alone)
        return proportion_log_e(strata[0].canary, side, between(setting->rate, BURSTS));
    return side_by_side_log_e(strata, count, &(struct null_hypothesis){side, 1, 0, true}, 1);
}

struct outcome simulate_moving(const struct moving *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    double threshold = -log(ALPHA);
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct slices canary, control;
        struct stratum strata[SLICES_MOST];
        slices_init(&canary);
        slices_init(&control);
        bool above = false, below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            take_look(setting, look, &random, &canary, &control);
            size_t count = strata_of(setting, &canary, &control, strata);
            above = above || log_e(setting, strata, count, SIDE_ABOVE) >= threshold;
            below = below || log_e(setting, strata, count, SIDE_BELOW) >= threshold;
        }
        outcome.above += above;
        outcome.below += below;
    }
    return outcome;
}
