/* simulate_values.c - canaries judged by a mean or a quantile. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "compiler/statistics/mean_sequence.h"
#include "compiler/statistics/quantile_sequence.h"
#include "running.h"

#define ALPHA 0.05

struct outcome simulate_means(const struct values *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct running canary = {0}, control = {0};
        bool above = false, below = false, fixed_above = false, fixed_below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            for (uint32_t j = 0; j < setting->canary_a_look; j++)
                running_add(&canary, setting->scale * random_lognormal(&random, setting->spread));
            for (uint32_t j = 0; j < setting->control_a_look; j++)
                running_add(&control, random_lognormal(&random, setting->spread));
            struct moments a = running_moments(&canary), b = running_moments(&control);
            struct interval change = means_sequence(&a, &b, CHANGE_RELATIVE, ALPHA, 1);
            above |= change.lower > setting->ratio - 1;
            below |= change.upper < setting->ratio - 1;
            double t = (a.mean - b.mean) / sqrt(a.variance / a.n + b.variance / b.n);
            fixed_above |= t > ONE_LOOK;
            fixed_below |= t < -ONE_LOOK;
        }
        outcome.above += above;
        outcome.below += below;
        outcome.fixed_above += fixed_above;
        outcome.fixed_below += fixed_below;
    }
    return outcome;
}

/* Like a sketch: 32 bins per power of two, accurate to within 1.6 %. */
#define BINS_A_DOUBLING 32
#define BINS            (24 * BINS_A_DOUBLING)

static void bins_init(struct bin *bins)
{
    for (int i = 0; i < BINS; i++) {
        bins[i].low = exp2((i - BINS / 2) / (double)BINS_A_DOUBLING);
        bins[i].high = exp2((i + 1 - BINS / 2) / (double)BINS_A_DOUBLING);
        bins[i].count = 0;
    }
}

static void bins_add(struct bin *bins, double value)
{
    double place = floor(log2(value) * BINS_A_DOUBLING) + BINS / 2;
    bins[(int)fmin(fmax(place, 0), BINS - 1)].count++;
}

struct outcome simulate_quantiles(const struct values *setting, double q, uint32_t replays,
                                  uint64_t seed)
{
    struct outcome outcome = {0};
    struct bin of_canary[BINS], of_control[BINS];
    struct distribution canary = {of_canary, BINS}, control = {of_control, BINS};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        bins_init(of_canary);
        bins_init(of_control);
        bool above = false, below = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            for (uint32_t j = 0; j < setting->canary_a_look; j++)
                bins_add(of_canary, setting->scale * random_lognormal(&random, setting->spread));
            for (uint32_t j = 0; j < setting->control_a_look; j++)
                bins_add(of_control, random_lognormal(&random, setting->spread));
            struct interval change =
                quantiles_sequence(&canary, &control, q, CHANGE_RELATIVE, ALPHA, 1);
            above |= change.lower > setting->ratio - 1;
            below |= change.upper < setting->ratio - 1;
        }
        outcome.above += above;
        outcome.below += below;
    }
    return outcome;
}
