/*
 * count_sequence.c - proportions and rates, at every look: e-processes and the confidence
 * sequences that they give.
 *
 * Two arms are compared by betting. With w the canary's share of a stratum's observations, an
 * observation Y of the canary multiplies the stake by 1 + a (Y - center), one of the control by 1 -
 * b (Y - center'), where a w = b (1 - w). Under the null hypothesis the expected product is at most
 * 1, because 1 + x <= exp(x) and the exponents cancel. A bet is on a center (events are counted
 * where they are rare; their absence, where that is rare) and on an effect; the e-value is the
 * weighted mean of all bets. With center 0 and no difference, a bet is the likelihood ratio of "an
 * event is the canary's" under the ratio of rates.
 */
#include "count_sequence.h"

#include <math.h>

#include "e_process.h"

enum center { CENTER_EVENTS, CENTER_HALF, CENTER_OTHERS };
enum { CENTERS = CENTER_OTHERS + 1 };
static const double center_weights[CENTERS] = {0.8, 0.1, 0.1};

/* The stake on the canary, `a` above: growth-optimal where events are rare (or nearly universal),
 * and a share of what is affordable in between. */
static double canary_stake(const struct null_hypothesis *null, enum center center, double effect,
                           double share)
{
    double other = 1 - share;
    double up = null->side == SIDE_ABOVE ? effect : 1 / effect;
    switch (center) {
    case CENTER_EVENTS:
        return (up - 1) * other / (up * null->ratio * share + other);
    case CENTER_OTHERS:
        return (up - 1) * other / (share + up * other);
    case CENTER_HALF:
        break;
    }
    return (null->side == SIDE_ABOVE ? 1.5 : -1.5) * other * (1 - 1 / effect);
}

/* count * log(1 + x); no observations say nothing, and a lost stake stays lost. */
static double times_log(double count, double x)
{
    if (count == 0)
        return 0;
    return x > -1 ? count * log1p(x) : -INFINITY;
}

static double bet_on_stratum(const struct null_hypothesis *null, const struct stratum *stratum,
                             enum center center, double effect)
{
    const struct proportion *canary = &stratum->canary, *control = &stratum->control;
    double share = canary->n / (canary->n + control->n);
    double stake = canary_stake(null, center, effect, share);
    double counter = stake * null->ratio * share / (1 - share);
    if (!null->bounded)
        return times_log(canary->events, stake) - canary->n * stake * null->difference +
               times_log(control->events, -counter);
    static const double centers[CENTERS] = {0, 0.5, 1};
    double of_control = centers[center];
    double of_canary = null->ratio * of_control + null->difference;
    return times_log(canary->events, stake * (1 - of_canary)) +
           times_log(canary->n - canary->events, -stake * of_canary) +
           times_log(control->events, -counter * (1 - of_control)) +
           times_log(control->n - control->events, counter * of_control);
}

double side_by_side_log_e(const struct stratum *strata, size_t count,
                          const struct null_hypothesis *null, double growth)
{
    struct mixture mixture;
    mixture_init(&mixture);
    double logs[CENTERS * MIXTURE_EFFECTS], weights[CENTERS * MIXTURE_EFFECTS];
    size_t bets = 0;
    for (int center = 0; center < (null->bounded ? CENTERS : 1); center++) {
        for (int i = 0; i < MIXTURE_EFFECTS; i++, bets++) {
            double sum = 0;
            for (size_t j = 0; j < count; j++)
                /* A stratum with only one arm compares nothing. */
                if (strata[j].canary.n > 0 && strata[j].control.n > 0)
                    sum += bet_on_stratum(null, &strata[j], (enum center)center, mixture.ratio[i]);
            logs[bets] = growth * sum;
            weights[bets] = mixture.weight[i] * (null->bounded ? center_weights[center] : 1);
        }
    }
    return log_mean_exp(logs, weights, bets);
}

struct side_by_side {
    const struct stratum *strata;
    size_t count;
    double growth;
    bool bounded;
};

static double of_difference(const void *data, enum side side, double value)
{
    const struct side_by_side *of = data;
    struct null_hypothesis null = {side, 1, value, of->bounded};
    return side_by_side_log_e(of->strata, of->count, &null, of->growth);
}

static double of_ratio(const void *data, enum side side, double value)
{
    const struct side_by_side *of = data;
    struct null_hypothesis null = {side, value, 0, of->bounded};
    return side_by_side_log_e(of->strata, of->count, &null, of->growth);
}

/* A rate has no maximum: the interval of a difference may be unbounded. */
static struct interval limits_of(bool bounded)
{
    return bounded ? (struct interval){-1, 1} : (struct interval){-INFINITY, INFINITY};
}

static struct interval side_by_side_sequence(const struct side_by_side *of, enum change change,
                                             double alpha)
{
    if (change == CHANGE_RELATIVE)
        return sequence_search_ratio(of_ratio, of, alpha);
    struct stratum all = {{0, 0}, {0, 0}};
    for (size_t i = 0; i < of->count; i++) {
        all.canary.n += of->strata[i].canary.n;
        all.canary.events += of->strata[i].canary.events;
        all.control.n += of->strata[i].control.n;
        all.control.events += of->strata[i].control.events;
    }
    struct interval limits = limits_of(of->bounded);
    if (!(all.canary.n > 0) || !(all.control.n > 0))
        return limits;
    double canary = all.canary.events / all.canary.n;
    double control = all.control.events / all.control.n;
    /* The first step: the effect of one more event. */
    double step = 1 / all.canary.n + 1 / all.control.n;
    return sequence_search(of_difference, of, alpha, limits, canary - control, step);
}

struct interval proportions_sequence(const struct stratum *strata, size_t count, enum change change,
                                     double alpha, double growth)
{
    struct side_by_side of = {strata, count, growth, true};
    return side_by_side_sequence(&of, change, alpha);
}

struct interval rates_sequence(const struct stratum *strata, size_t count, enum change change,
                               double alpha, double growth)
{
    struct side_by_side of = {strata, count, growth, false};
    return side_by_side_sequence(&of, change, alpha);
}

/* ----------------------------------------------------------------------------------- one arm -- */

double proportion_log_e(struct proportion seen, enum side side, double value)
{
    double others = seen.n - seen.events;
    /* At 0 or 1, a single impossible observation is proof, and the others say nothing. */
    if (value <= 0)
        return side == SIDE_ABOVE && seen.events > 0 ? INFINITY : 0;
    if (value >= 1)
        return side == SIDE_BELOW && others > 0 ? INFINITY : 0;
    struct proportion_bets bets;
    proportion_bets_init(&bets, side, value);
    return proportion_bets_log_e(&bets, seen.events, others);
}

static double rate_log_e(struct proportion seen, enum side side, double value)
{
    if (value <= 0)
        return side == SIDE_ABOVE && seen.events > 0 ? INFINITY : 0;
    struct mixture mixture;
    mixture_init(&mixture);
    double logs[MIXTURE_EFFECTS];
    for (int i = 0; i < MIXTURE_EFFECTS; i++) {
        double ratio = side == SIDE_ABOVE ? mixture.ratio[i] : 1 / mixture.ratio[i];
        logs[i] = seen.events * log(ratio) - seen.n * value * (ratio - 1);
    }
    return log_mean_exp(logs, mixture.weight, MIXTURE_EFFECTS);
}

struct alone {
    struct proportion seen;
    bool bounded;
};

static double of_value(const void *data, enum side side, double value)
{
    const struct alone *of = data;
    return of->bounded ? proportion_log_e(of->seen, side, value)
                       : rate_log_e(of->seen, side, value);
}

static struct interval alone_sequence(struct proportion seen, bool bounded, double alpha,
                                      double growth)
{
    struct interval limits = {0, bounded ? 1 : INFINITY};
    if (!(seen.n > 0))
        return limits;
    struct alone of = {{seen.n * growth, seen.events * growth}, bounded};
    return sequence_search(of_value, &of, alpha, limits, seen.events / seen.n, 1 / seen.n);
}

struct interval proportion_sequence(struct proportion seen, double alpha, double growth)
{
    return alone_sequence(seen, true, alpha, growth);
}

struct interval rate_sequence(struct proportion seen, double alpha, double growth)
{
    return alone_sequence(seen, false, alpha, growth);
}

/* -------------------------------------------------------------------------------- arms apart -- */

static struct interval apart(struct interval canary, struct interval control, enum change change)
{
    if (change == CHANGE_ABSOLUTE)
        return (struct interval){canary.lower - control.upper, canary.upper - control.lower};
    return (struct interval){canary.lower / control.upper - 1,
                             control.lower > 0 ? canary.upper / control.lower - 1 : INFINITY};
}

struct interval proportions_apart_sequence(struct proportion canary, struct proportion control,
                                           enum change change, double alpha, double growth)
{
    return apart(proportion_sequence(canary, alpha / 2, growth),
                 proportion_sequence(control, alpha / 2, growth), change);
}

struct interval rates_apart_sequence(struct proportion canary, struct proportion control,
                                     enum change change, double alpha, double growth)
{
    return apart(rate_sequence(canary, alpha / 2, growth),
                 rate_sequence(control, alpha / 2, growth), change);
}
