/* simulate_requests.c - canaries judged by their error rate. See calibration.h. */
#include "calibration.h"

#include <math.h>
#include <stdbool.h>

#include "compiler/statistics/count_sequence.h"
#include "compiler/statistics/sample_ratio.h"

#define ALPHA  0.05
#define STAGES 3

static const double ramp[STAGES] = {0.05, 0.2, 0.5};

/* Draws for each stage; without a ramp, for the only one. */
struct draws {
    struct binomial canary[STAGES], control[STAGES], share;
};

static int stage_count(const struct requests *setting)
{
    return setting->shares == SHARES_RAMP ? STAGES : 1;
}

static uint32_t a_look(const struct requests *setting)
{
    return setting->canary_a_look + setting->control_a_look;
}

static void prepare(const struct requests *setting, struct draws *draws)
{
    double share = setting->canary_a_look / (double)a_look(setting);
    binomial_init(&draws->share, a_look(setting), share);
    for (int i = 0; i < stage_count(setting); i++) {
        uint32_t canary = setting->canary_a_look;
        if (setting->shares == SHARES_RAMP)
            canary = (uint32_t)lround(a_look(setting) * ramp[i]);
        binomial_init(&draws->canary[i], canary, ldexp(setting->canary, i));
        binomial_init(&draws->control[i], a_look(setting) - canary, ldexp(setting->control, i));
    }
}

static void release(const struct requests *setting, struct draws *draws)
{
    binomial_release(&draws->share);
    for (int i = 0; i < stage_count(setting); i++) {
        binomial_release(&draws->canary[i]);
        binomial_release(&draws->control[i]);
    }
}

static uint32_t events_of(struct random *random, uint32_t n, double rate)
{
    uint32_t events = 0;
    for (uint32_t i = 0; i < n; i++)
        events += random_share(random) < rate;
    return events;
}

static void take_look(const struct requests *setting, const struct draws *draws, int stage,
                      struct random *random, struct stratum *stratum)
{
    uint32_t canary = draws->canary[stage].n, control = draws->control[stage].n;
    if (setting->shares == SHARES_RANDOM) {
        canary = binomial_draw(&draws->share, random);
        control = a_look(setting) - canary;
        stratum->canary.events += events_of(random, canary, setting->canary);
        stratum->control.events += events_of(random, control, setting->control);
    } else {
        stratum->canary.events += binomial_draw(&draws->canary[stage], random);
        stratum->control.events += binomial_draw(&draws->control[stage], random);
    }
    stratum->canary.n += canary;
    stratum->control.n += control;
}

/* With the pooled variance. */
static double two_proportions_z(struct proportion canary, struct proportion control)
{
    double pooled = (canary.events + control.events) / (canary.n + control.n);
    return (canary.events / canary.n - control.events / control.n) /
           sqrt(pooled * (1 - pooled) * (1 / canary.n + 1 / control.n));
}

struct found {
    bool above, below, fixed_above, fixed_below;
};

static void judge(const struct requests *setting, const struct stratum *strata, size_t count,
                  double alpha, struct found *found)
{
    double threshold = -log(alpha), off = 0;
    struct stratum all = {{0, 0}, {0, 0}};
    for (size_t i = 0; i < count; i++) {
        const struct proportion *a = &strata[i].canary, *b = &strata[i].control;
        off +=
            a->events * b->n / (a->n + b->n) -
            (setting->ratio * b->events * a->n + setting->difference * a->n * b->n) / (a->n + b->n);
        all.canary.n += a->n;
        all.canary.events += a->events;
        all.control.n += b->n;
        all.control.events += b->events;
    }
    /* Evidence lies on the side of the estimate alone. */
    const struct null_hypothesis null = {off > 0 ? SIDE_ABOVE : SIDE_BELOW, setting->ratio,
                                         setting->difference, true};
    bool *rejected = off > 0 ? &found->above : &found->below;
    if (!*rejected)
        *rejected = side_by_side_log_e(strata, count, &null, 1) >= threshold;
    double z = two_proportions_z(all.canary, all.control);
    found->fixed_above |= z > ONE_LOOK;
    found->fixed_below |= z < -ONE_LOOK;
}

static struct found replay(const struct requests *setting, const struct draws *draws, double alpha,
                           struct random *random)
{
    struct stratum strata[STAGES] = {{{0, 0}, {0, 0}}};
    struct found found = {false, false, false, false};
    for (uint32_t look = 0; look < setting->looks; look++) {
        int stage = (int)(look * (uint32_t)stage_count(setting) / setting->looks);
        take_look(setting, draws, stage, random, &strata[stage]);
        judge(setting, strata, (size_t)stage + 1, alpha, &found);
    }
    return found;
}

struct outcome simulate_requests(const struct requests *setting, uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    struct draws draws;
    prepare(setting, &draws);
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        struct found found = replay(setting, &draws, ALPHA, &random);
        outcome.above += found.above;
        outcome.below += found.below;
        outcome.fixed_above += found.fixed_above;
        outcome.fixed_below += found.fixed_below;
    }
    release(setting, &draws);
    return outcome;
}

struct outcome simulate_rollouts(const struct requests *setting, uint32_t bounds, double alpha,
                                 uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    struct draws draws;
    prepare(setting, &draws);
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        bool above = false, below = false;
        for (uint32_t bound = 0; bound < bounds; bound++) {
            struct found found = replay(setting, &draws, alpha, &random);
            above |= found.above;
            below |= found.below;
        }
        outcome.above += above;
        outcome.below += below;
    }
    release(setting, &draws);
    return outcome;
}

struct outcome simulate_sample_ratio(double canary_share, uint32_t a_look, uint32_t looks,
                                     uint32_t replays, uint64_t seed)
{
    struct outcome outcome = {0};
    struct binomial share;
    binomial_init(&share, a_look, canary_share);
    const double weights[] = {canary_share, 1 - canary_share};
    for (uint32_t i = 0; i < replays; i++) {
        struct random random;
        random_init(&random, seed, i);
        double seen[] = {0, 0};
        bool anytime = false, fixed = false;
        for (uint32_t look = 0; look < looks; look++) {
            uint32_t canary = binomial_draw(&share, &random);
            seen[0] += canary;
            seen[1] += a_look - canary;
            struct sample_ratio found = sample_ratio(seen, weights, 2);
            anytime |= found.anytime_p < 0.001;
            fixed |= found.fit.p < 0.001;
        }
        outcome.above += anytime;
        outcome.fixed_above += fixed;
    }
    binomial_release(&share);
    return outcome;
}
