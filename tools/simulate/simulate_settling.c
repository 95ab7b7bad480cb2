/* simulate_settling.c - means over returning users, with no new ones. See calibration.h. */
#include "calibration.h"

#include <math.h>

#include "compiler/statistics/mean_sequence.h"
#include "running.h"

#define ALPHA      0.05
#define MOST_USERS 2500
#define THINNED    1.02 /* the factor between looks: nearer ones would differ little */
#define MEAN       10   /* nonzero, so that a relative change means something */

struct arm {
    double means[MOST_USERS], sums[MOST_USERS];
};

static void begin(struct arm *arm, const struct settling *setting, struct random *random)
{
    for (uint32_t i = 0; i < setting->users; i++) {
        arm->means[i] = MEAN + setting->between * random_normal(random);
        arm->sums[i] = 0;
    }
}

/* After `come` more values per user, `looks` in all. */
static struct moments look_at(struct arm *arm, const struct settling *setting, uint32_t come,
                              uint32_t looks, struct random *random)
{
    struct running users = {0};
    for (uint32_t i = 0; i < setting->users; i++) {
        arm->sums[i] += come * arm->means[i] + sqrt(come) * random_normal(random);
        running_add(&users, arm->sums[i] / looks);
    }
    return running_moments(&users);
}

struct outcome simulate_settling(const struct settling *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct arm canary, control;
        begin(&canary, setting, &random);
        begin(&control, setting, &random);
        bool above = false, below = false;
        for (uint32_t before = 0, looks = 1; looks <= setting->looks;
             before = looks, looks = (uint32_t)fmax(looks + 1, looks * THINNED)) {
            struct moments a = look_at(&canary, setting, looks - before, looks, &random);
            struct moments b = look_at(&control, setting, looks - before, looks, &random);
            struct interval change = means_sequence(&a, &b, CHANGE_RELATIVE, ALPHA, 1);
            above |= change.lower > 0;
            below |= change.upper < 0;
        }
        outcome.above += above;
        outcome.below += below;
    }
    return outcome;
}
