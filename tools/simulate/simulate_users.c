/* simulate_users.c - canaries whose requests are clustered by user. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>

#include "compiler/statistics/count_sequence.h"
#include "compiler/statistics/design_effect.h"

#define ALPHA 0.05

static const struct null_hypothesis no_more = {SIDE_ABOVE, 1, 0, true};
static const struct null_hypothesis no_less = {SIDE_BELOW, 1, 0, true};

/* Sums over the users of an arm. */
struct arm {
    double users, errors, errors_squared, hit; /* hit: users with an error */
};

static void add_users(const struct users *setting, uint32_t users, struct random *random,
                      struct arm *arm)
{
    double scale = 1 / setting->correlation - 1;
    for (uint32_t i = 0; i < users; i++) {
        double rate = random_beta(random, setting->rate * scale, (1 - setting->rate) * scale);
        double errors = 0;
        for (uint32_t j = 0; j < setting->requests; j++)
            errors += random_share(random) < rate;
        arm->users++;
        arm->errors += errors;
        arm->errors_squared += errors * errors;
        arm->hit += errors > 0;
    }
}

/* Over both arms together, as under the null hypothesis. */
static double effect_of(const struct users *setting, const struct arm *canary,
                        const struct arm *control)
{
    double n = canary->users + control->users, sum = canary->errors + control->errors;
    double squares = canary->errors_squared + control->errors_squared;
    struct ratio_moments ratio = {
        .numerator = {n, sum / n, (squares - sum * sum / n) / (n - 1)},
        .denominator = {n, setting->requests, 0},
        .covariance = 0,
    };
    return sum > 0 ? design_effect(&ratio) : 1;
}

static struct stratum seen_of(const struct users *setting, const struct arm *canary,
                              const struct arm *control)
{
    if (setting->clustering == CLUSTERS_COUNTED_ONCE)
        return (struct stratum){{canary->users, canary->hit}, {control->users, control->hit}};
    double effect = 1;
    if (setting->clustering == CLUSTERS_CORRECTED)
        effect = effect_of(setting, canary, control);
    double requests = setting->requests / effect;
    return (struct stratum){{canary->users * requests, canary->errors / effect},
                            {control->users * requests, control->errors / effect}};
}

struct outcome simulate_users(const struct users *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct arm canary = {0, 0, 0, 0}, control = {0, 0, 0, 0};
        bool above = false, below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            add_users(setting, setting->canary_a_look, &random, &canary);
            add_users(setting, setting->control_a_look, &random, &control);
            struct stratum seen = seen_of(setting, &canary, &control);
            above |= side_by_side_log_e(&seen, 1, &no_more, 1) >= -log(ALPHA);
            below |= side_by_side_log_e(&seen, 1, &no_less, 1) >= -log(ALPHA);
        }
        outcome.above += above;
        outcome.below += below;
    }
    return outcome;
}
