/* simulate_alone.c - a mean judged against a constant, without a control. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>

#include "compiler/statistics/mean_sequence.h"
#include "running.h"

#define ALPHA 0.05

static double draw(const struct alone *setting, struct random *random)
{
    double value = 0;
    switch (setting->shape) {
    case SHAPE_LOGNORMAL:
        value = random_lognormal(random, setting->parameter);
        break;
    case SHAPE_PARETO:
        value = pow(1 - random_share(random), -1 / setting->parameter);
        break;
    case SHAPE_SELDOM:
        value = random_share(random) < setting->parameter ? exp(random_normal(random)) : 0;
        break;
    case SHAPE_SHARE:
        value = random_share(random) < setting->parameter;
    }
    return setting->cap > 0 ? fmin(value, setting->cap) : value;
}

static double normal_lower(double x)
{
    return erfc(-x / M_SQRT2) / 2;
}

/* Of capped values, where there is a cap. */
static double true_mean(const struct alone *setting)
{
    double cap = setting->cap > 0 ? setting->cap : INFINITY, a = setting->parameter;
    switch (setting->shape) {
    case SHAPE_LOGNORMAL:
        return isinf(cap) ? exp(a * a / 2)
                          : exp(a * a / 2) * normal_lower(log(cap) / a - a) +
                                cap * normal_lower(-log(cap) / a);
    case SHAPE_PARETO:
        return 1 + (1 - pow(cap, 1 - a)) / (a - 1);
    case SHAPE_SELDOM:
        return a * exp(0.5);
    case SHAPE_SHARE:
        break;
    }
    return a;
}

/* For the mean, or for its change against the time before. */
static struct interval bound_of(const struct alone *setting, const struct running *seen,
                                const struct moments *before)
{
    struct moments moments = running_moments(seen);
    if (setting->before > 0)
        return means_apart_sequence(&moments, before, CHANGE_RELATIVE, ALPHA, 1);
    return mean_sequence(&moments, ALPHA, 1);
}

struct outcome simulate_alone(const struct alone *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    double limit = setting->before > 0 ? setting->times - 1 : setting->times * true_mean(setting);
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct running seen = {0}, earlier = {0};
        for (uint32_t j = 0; j < setting->before; j++)
            running_add(&earlier, draw(setting, &random));
        struct moments before = running_moments(&earlier);
        bool above = false, below = false, judged = false;
        for (uint32_t look = 0; look < setting->looks; look++) {
            for (uint32_t j = 0; j < setting->a_look; j++)
                running_add(&seen, draw(setting, &random));
            struct interval bound = bound_of(setting, &seen, &before);
            above |= bound.lower > limit;
            below |= bound.upper <= limit;
            judged |= isfinite(bound.upper);
        }
        outcome.above += above;
        outcome.below += below;
        outcome.judged += judged;
    }
    return outcome;
}
