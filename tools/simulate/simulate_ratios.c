/* simulate_ratios.c - ratios for which few units have a denominator. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>

#include "compiler/statistics/mean_sequence.h"

#define ALPHA      0.05
#define CLICK_RATE 0.3

/* Sums over units of clicks, of impressions, and of their products: integers. */
struct arm {
    double units, busy, clicks, shown, clicks_squared, shown_squared, product;
};

static void add_units(const struct ratios *setting, uint32_t units, struct random *random,
                      struct arm *arm)
{
    arm->units += units;
    for (uint32_t i = 0; i < units; i++) {
        if (random_share(random) >= setting->busy)
            continue;
        double shown = 1 + floor(random_lognormal(random, 1)), clicks = 0;
        for (double j = 0; j < shown; j++)
            clicks += random_share(random) < CLICK_RATE;
        arm->busy++;
        arm->clicks += clicks;
        arm->shown += shown;
        arm->clicks_squared += clicks * clicks;
        arm->shown_squared += shown * shown;
        arm->product += clicks * shown;
    }
}

static double covariance(double n, double a, double b, double product)
{
    return (product - a * b / n) / (n - 1);
}

static struct moments ratio_of(const struct arm *arm)
{
    double n = arm->units;
    struct ratio_moments ratio = {
        .numerator = {.n = n,
                      .mean = arm->clicks / n,
                      .variance = covariance(n, arm->clicks, arm->clicks, arm->clicks_squared)},
        .denominator = {.n = n,
                        .mean = arm->shown / n,
                        .variance = covariance(n, arm->shown, arm->shown, arm->shown_squared)},
        .covariance = covariance(n, arm->clicks, arm->shown, arm->product),
        .idle = 1 - arm->busy / n,
    };
    return ratio_as_moments(&ratio);
}

struct outcome simulate_ratios(const struct ratios *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct arm canary = {0}, control = {0};
        bool above = false, below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            add_units(setting, setting->canary_a_look, &random, &canary);
            add_units(setting, setting->control_a_look, &random, &control);
            struct moments a = ratio_of(&canary), b = ratio_of(&control);
            struct interval change = means_sequence(&a, &b, CHANGE_RELATIVE, ALPHA, 1);
            above |= change.lower > 0;
            below |= change.upper < 0;
        }
        outcome.above += above;
        outcome.below += below;
    }
    return outcome;
}
