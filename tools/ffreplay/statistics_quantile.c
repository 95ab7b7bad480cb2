/*
 * statistics_quantile.c - quantiles at every look.
 *
 * Whether a value is at most the quantile is an event of known probability, so the e-process of a
 * proportion bounds the quantile without knowing anything of the distribution. Of two arms, the
 * e-values are multiplied at every place where the control's quantile could be, and the least
 * favourable place counts. Values that a sketch has put in one bin are told apart to the canary's
 * favour and to its harm alike: the bounds are wider by about a bin, and never wrong.
 */
#include "statistics_mixture.h"

#include <math.h>

static double count_of(const struct distribution *values)
{
    double count = 0;
    for (size_t i = 0; i < values->count; i++)
        count += values->bins[i].count;
    return count;
}

double distribution_quantile(const struct distribution *values, double q)
{
    double count = count_of(values);
    if (!(count > 0))
        return NAN;
    double rank = floor(q * (count - 1)), seen = 0;
    for (size_t i = 0; i < values->count; i++) {
        const struct bin *bin = &values->bins[i];
        seen += bin->count;
        if (seen > rank)
            return bin->low + (bin->high - bin->low) / 2;
    }
    return NAN;
}

struct interval quantile_sequence(const struct distribution *values, double q, double alpha,
                                  double growth)
{
    struct proportion_bets fewer, more;
    proportion_bets_init(&fewer, SIDE_BELOW, q);
    proportion_bets_init(&more, SIDE_ABOVE, q);
    struct interval found = {-INFINITY, INFINITY};
    double count = count_of(values) * growth, threshold = -log(alpha), seen = 0;
    for (size_t i = 0; i < values->count; i++) {
        const struct bin *bin = &values->bins[i];
        double before = seen;
        seen += bin->count * growth;
        /* Too few values lie at or below: the quantile is above. The first bin that is not
         * rejected may hold it from its low end on. */
        if (proportion_bets_log_e(&fewer, before, count - before) >= threshold)
            found.lower = bin->low;
        if (isinf(found.upper) && proportion_bets_log_e(&more, seen, count - seen) >= threshold)
            found.upper = bin->high;
    }
    return found;
}

/* Walks up a distribution; the places asked for ascend. */
struct walk {
    const struct distribution *values;
    size_t next;
    double seen;
};

/* How many values may be at most `place`, at best. */
static double most_at_or_below(struct walk *walk, double place)
{
    for (; walk->next < walk->values->count && walk->values->bins[walk->next].low <= place;
         walk->next++)
        walk->seen += walk->values->bins[walk->next].count;
    return walk->seen;
}

/* How many values are less than `place`, for sure. */
static double least_below(struct walk *walk, double place)
{
    for (; walk->next < walk->values->count && walk->values->bins[walk->next].high < place;
         walk->next++)
        walk->seen += walk->values->bins[walk->next].count;
    return walk->seen;
}

/* The stake on an arm that is not bet: where it says nothing of a place, its lost bets must not eat
 * up what the other arm has to say. More would cost more where both have something to say. */
#define KEPT 0.1

static double partly_at_stake(double log_e)
{
    double logs[] = {0, log_e}, weights[] = {KEPT, 1 - KEPT};
    return log_mean_exp(logs, weights, 2);
}

static double at_place(const struct proportion_bets *bets, double below, double count,
                       double growth)
{
    return partly_at_stake(proportion_bets_log_e(bets, below * growth, (count - below) * growth));
}

double quantiles_log_e(const struct distribution *canary, const struct distribution *control,
                       double q, enum side side, double ratio, double difference, double growth)
{
    /* Above: few of the canary's values are up to the place, many of the control's below it. */
    struct proportion_bets of_canary, of_control;
    proportion_bets_init(&of_canary, side == SIDE_ABOVE ? SIDE_BELOW : SIDE_ABOVE, q);
    proportion_bets_init(&of_control, side, q);
    double canary_count = count_of(canary), control_count = count_of(control);
    struct walk walk = {canary, 0, 0};
    double before = 0, least = INFINITY;
    for (size_t i = 0; i <= control->count; i++) {
        double below_canary, below_control = before;
        if (i == control->count) {
            if (side == SIDE_BELOW)
                break;
            below_canary = canary_count;
        } else {
            const struct bin *bin = &control->bins[i];
            if (bin->count == 0)
                continue; /* a neighbour has as many below it, and says less */
            before += bin->count;
            if (side == SIDE_ABOVE) {
                below_canary = most_at_or_below(&walk, ratio * bin->high + difference);
            } else {
                below_canary = least_below(&walk, ratio * bin->low + difference);
                below_control = before;
            }
        }
        double log_e = at_place(&of_canary, below_canary, canary_count, growth) +
                       at_place(&of_control, below_control, control_count, growth);
        least = fmin(least, log_e);
    }
    if (side == SIDE_BELOW)
        least = fmin(least, at_place(&of_canary, 0, canary_count, growth) +
                                at_place(&of_control, 0, control_count, growth));
    return isinf(least) ? 0 : least;
}

struct quantiles {
    const struct distribution *canary, *control;
    double q, growth;
};

static double of_difference(const void *data, enum side side, double value)
{
    const struct quantiles *of = data;
    return quantiles_log_e(of->canary, of->control, of->q, side, 1, value, of->growth);
}

static double of_ratio(const void *data, enum side side, double value)
{
    const struct quantiles *of = data;
    return quantiles_log_e(of->canary, of->control, of->q, side, value, 0, of->growth);
}

struct interval quantiles_sequence(const struct distribution *canary,
                                   const struct distribution *control, double q, enum change change,
                                   double alpha, double growth)
{
    struct quantiles of = {canary, control, q, growth};
    double of_canary = distribution_quantile(canary, q);
    double of_control = distribution_quantile(control, q);
    struct interval unknown = {-INFINITY, INFINITY};
    if (isnan(of_canary) || isnan(of_control))
        return unknown;
    if (change == CHANGE_RELATIVE) {
        if (!(of_control > 0))
            return unknown;
        struct interval found = sequence_search_ratio(of_ratio, &of, alpha);
        /* Ratios below zero are not searched, only known to be there. */
        if (found.lower <= -1 && canary->bins[0].low < 0)
            found.lower = -INFINITY;
        return found;
    }
    double step = fmax(fabs(of_canary), fabs(of_control)) / 64;
    return sequence_search(of_difference, &of, alpha, unknown, of_canary - of_control,
                           step > 0 ? step : 1);
}
