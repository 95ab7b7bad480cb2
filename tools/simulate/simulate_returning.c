/* simulate_returning.c - users who come back, judged by a quantile. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/statistics/design_effect.h"
#include "compiler/statistics/quantile_sequence.h"

#define ALPHA  0.05
#define GROUPS 64

/* Like a sketch: 32 bins per power of two. */
#define BINS_A_DOUBLING 32
#define BINS            (24 * BINS_A_DOUBLING)

struct user {
    double median, requests;
};

struct arm {
    struct user *users;
    uint32_t count;
    uint32_t seen[GROUPS][BINS]; /* users are grouped at random, by their number */
    struct bin bins[BINS];
    struct proportion groups[GROUPS];
};

static void begin(struct arm *arm, const struct returning *setting, uint32_t users,
                  struct random *random)
{
    arm->count = users;
    memset(arm->seen, 0, sizeof arm->seen);
    for (uint32_t i = 0; i < users; i++)
        arm->users[i] =
            (struct user){random_lognormal(random, setting->between),
                          setting->requests * random_lognormal(random, setting->unequal)};
    for (int i = 0; i < BINS; i++)
        arm->bins[i] = (struct bin){exp2((i - BINS / 2) / (double)BINS_A_DOUBLING),
                                    exp2((i + 1 - BINS / 2) / (double)BINS_A_DOUBLING), 0};
}

static void look_on(struct arm *arm, const struct returning *setting, double scale,
                    struct random *random)
{
    for (uint32_t i = 0; i < arm->count; i++) {
        double requests = arm->users[i].requests + random_share(random);
        for (uint32_t j = 1; j <= requests; j++) {
            double value = scale * arm->users[i].median * random_lognormal(random, setting->within);
            double place = floor(log2(value) * BINS_A_DOUBLING) + BINS / 2;
            int bin = (int)fmin(fmax(place, 0), BINS - 1);
            arm->seen[i % GROUPS][bin]++;
            arm->bins[bin].count++;
        }
    }
}

/* Each group's values, and how many of them are below the arm's quantile. */
static struct grouped groups_of(struct arm *arm, double q)
{
    struct distribution values = {arm->bins, BINS};
    double quantile = distribution_quantile(&values, q);
    for (int i = 0; i < GROUPS; i++) {
        arm->groups[i] = (struct proportion){0, 0};
        for (int j = 0; j < BINS; j++) {
            arm->groups[i].n += arm->seen[i][j];
            arm->groups[i].events += arm->bins[j].high <= quantile ? arm->seen[i][j] : 0;
        }
    }
    return (struct grouped){arm->groups, GROUPS};
}

static void judge(const struct returning *setting, struct arm *canary, struct arm *control,
                  bool *above, bool *below)
{
    double effect = 1;
    struct distribution of_canary = {canary->bins, BINS}, of_control = {control->bins, BINS};
    if (setting->clustering == CLUSTERS_CORRECTED) {
        struct grouped arms[] = {groups_of(canary, setting->quantile),
                                 groups_of(control, setting->quantile)};
        effect = grouped_design_effect(arms, 2);
    }
    struct interval change = quantiles_sequence(&of_canary, &of_control, setting->quantile,
                                                CHANGE_RELATIVE, ALPHA, 1 / effect);
    *above |= change.lower > 0;
    *below |= change.upper < 0;
}

struct outcome simulate_returning(const struct returning *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    struct arm *arms = calloc(2, sizeof *arms);
    struct user *users = calloc(setting->canary + setting->control, sizeof *users);
    if (!arms || !users)
        abort();
    arms[0].users = users;
    arms[1].users = users + setting->canary;
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        begin(&arms[0], setting, setting->canary, &random);
        begin(&arms[1], setting, setting->control, &random);
        bool above = false, below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            look_on(&arms[0], setting, setting->scale, &random);
            look_on(&arms[1], setting, 1, &random);
            judge(setting, &arms[0], &arms[1], &above, &below);
        }
        outcome.above += above;
        outcome.below += below;
    }
    free(users);
    free(arms);
    return outcome;
}
