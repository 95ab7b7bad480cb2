/*
 * quantile_sequence.c - quantiles at every look.
 *
 * Whether a value is at most the quantile is an event of known probability, so the e-process of a
 * proportion bounds the quantile without any assumption about the distribution. For two arms, the
 * e-values are multiplied at every place where the control's quantile could be, and the least
 * favourable place counts. Values that a sketch put in one bin are resolved both in the canary's
 * favour and against it: the bounds are wider by about a bin, and never wrong.
 */
#include "quantile_sequence.h"

#include <math.h>
#include <stdbool.h>

#include "e_process.h"

struct interval quantile_sequence(const struct distribution *values, double q, double alpha,
                                  double growth)
{
    struct proportion_bets fewer, more;
    proportion_bets_init(&fewer, SIDE_BELOW, q);
    proportion_bets_init(&more, SIDE_ABOVE, q);
    struct interval found = {-INFINITY, INFINITY};
    double count = bins_total(values) * growth, threshold = -log(alpha), seen = 0;
    bool is_above = true;
    for (size_t i = 0; i < values->count; i++) {
        const struct bin *bin = &values->bins[i];
        double before = seen;
        seen += bin->count * growth;
        /* Too few values lie at or below: the quantile is above. The first bin not rejected may
         * hold it anywhere from the bin's low end on. */
        is_above = is_above && proportion_bets_log_e(&fewer, before, count - before) >= threshold;
        if (is_above)
            found.lower = bin->low;
        /* A share of q or less cannot win a bet on more. */
        if (isinf(found.upper) && seen > q * count &&
            proportion_bets_log_e(&more, seen, count - seen) >= threshold)
            found.upper = bin->high;
    }
    return found;
}

/* The share of the stake on an arm that is not bet: where one arm says nothing about a place, its
 * lost bets must not cancel what the other says. A larger share would cost more where both have
 * something to say. */
#define KEPT 0.1

#define HALVINGS 40

/* One arm's evidence against a place, which grows the more (or the fewer) of its values lie
 * below. */
struct witness {
    struct proportion_bets bets;
    enum side side;
    double count, growth;
    double enough; /* this many below, or this few, decide without the other arm */
};

static struct witness witness_of(const struct distribution *values, enum side side, double q,
                                 double growth)
{
    struct witness witness = {.side = side, .count = bins_total(values), .growth = growth};
    proportion_bets_init(&witness.bets, side, q);
    return witness;
}

static double says(const struct witness *witness, double below)
{
    double log_e = proportion_bets_log_e(&witness->bets, below * witness->growth,
                                         (witness->count - below) * witness->growth);
    double logs[] = {0, log_e}, weights[] = {KEPT, 1 - KEPT};
    return log_mean_exp(logs, weights, 2);
}

static void find_enough(struct witness *witness, double log_e)
{
    bool above = witness->side == SIDE_ABOVE;
    double loud = above ? witness->count : 0, silent = witness->count - loud;
    witness->enough = above ? INFINITY : -1;
    if (says(witness, loud) < log_e)
        return;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (loud + silent) / 2;
        if (says(witness, middle) >= log_e)
            loud = middle;
        else
            silent = middle;
    }
    witness->enough = loud;
}

static bool says_enough(const struct witness *witness, double below)
{
    return witness->side == SIDE_ABOVE ? below >= witness->enough : below <= witness->enough;
}

/* Walks an arm's bins from one end to the other: from below, or, negated, from above. */
struct walk {
    const struct distribution *values;
    bool down;
    size_t next;
    double passed; /* values in the bins before `next` */
    struct witness witness;
};

static struct walk walk_of(const struct distribution *values, enum side side, bool is_canary,
                           double q, double growth)
{
    struct walk walk = {.values = values, .down = side == SIDE_BELOW};
    enum side bets = is_canary ? SIDE_BELOW : SIDE_ABOVE;
    walk.witness = witness_of(values, bets, walk.down ? 1 - q : q, growth);
    return walk;
}

static struct bin bin_at(const struct walk *walk, size_t i)
{
    if (!walk->down)
        return walk->values->bins[i];
    const struct bin *bin = &walk->values->bins[walk->values->count - 1 - i];
    return (struct bin){-bin->high, -bin->low, bin->count};
}

static bool step(struct walk *walk)
{
    if (walk->next == walk->values->count)
        return false;
    walk->passed += bin_at(walk, walk->next++).count;
    return true;
}

/*
 * The factor on the control's quantile, or the addend, that makes the canary's no more than it: the
 * least such change that is not rejected. For negated values, the greatest.
 *
 * A place in the control's bin j is not rejected once enough of the canary's bins, the first k,
 * begin before it. The further j is, the stronger the control's evidence against it, and the larger
 * k must be; of all j with the same k, the last needs the least change. So a single walk along both
 * finds them all.
 */
struct pairs {
    struct walk canary, control; /* k and j are their `next` */
    double threshold;
    double left; /* of the threshold, after the canary's evidence */
};

static bool is_rejected(const struct pairs *pairs, double below)
{
    const struct witness *control = &pairs->control.witness;
    return says_enough(control, below) || says(control, below) >= pairs->left;
}

static double passed_after(const struct walk *walk)
{
    return walk->passed + bin_at(walk, walk->next).count;
}

/* The last j for the first k is far away: finding what suffices there beats testing every j. */
static void skip_control(struct pairs *pairs)
{
    struct walk *control = &pairs->control;
    struct witness far = control->witness;
    find_enough(&far, pairs->left);
    while (control->next < control->values->count && !says_enough(&far, passed_after(control)))
        step(control);
}

/* Moves to the last j that is not rejected, if there is one. */
static bool pass_control(struct pairs *pairs)
{
    struct walk *control = &pairs->control;
    if (is_rejected(pairs, control->passed))
        return false;
    while (control->next < control->values->count && !is_rejected(pairs, passed_after(control)))
        step(control);
    return true;
}

static double change_needed(const struct pairs *pairs, enum change change)
{
    const struct walk *canary = &pairs->canary, *control = &pairs->control;
    bool any = canary->next == 0 || control->next == control->values->count;
    if (any && (change == CHANGE_ABSOLUTE || control->down))
        return -INFINITY;
    if (any)
        return 0;
    double low = bin_at(canary, canary->next - 1).low, high = bin_at(control, control->next).high;
    if (change == CHANGE_ABSOLUTE)
        return low - high;
    /* Only positive ratios are considered, also for negated values. */
    if (control->down)
        return high >= 0 ? -INFINITY : low < 0 ? -(low / high) : 0;
    return low <= 0 ? 0 : high > 0 ? low / high : INFINITY;
}

static double least_change(struct pairs *pairs, enum change change)
{
    double least = INFINITY;
    bool begun = false;
    struct walk *canary = &pairs->canary, *control = &pairs->control;
    find_enough(&canary->witness, pairs->threshold - log(KEPT));
    find_enough(&control->witness, pairs->threshold - log(KEPT));
    do {
        if (says_enough(&canary->witness, canary->passed))
            continue;
        pairs->left = pairs->threshold - says(&canary->witness, canary->passed);
        if (!begun)
            skip_control(pairs);
        begun = true;
        if (!pass_control(pairs))
            continue;
        least = fmin(least, change_needed(pairs, change));
        if (control->next == control->values->count ||
            says_enough(&control->witness, passed_after(control)))
            break; /* including more of the canary only needs more change */
    } while (step(canary));
    return least;
}

struct interval quantiles_sequence(const struct distribution *canary,
                                   const struct distribution *control, double q, enum change change,
                                   double alpha, double growth)
{
    double bounds[2];
    double of_canary = distribution_quantile(canary, q);
    double of_control = distribution_quantile(control, q);
    struct interval unknown = {-INFINITY, INFINITY};
    if (isnan(of_canary) || isnan(of_control) || (change == CHANGE_RELATIVE && !(of_control > 0)))
        return unknown;
    for (int side = SIDE_ABOVE; side <= SIDE_BELOW; side++) {
        struct pairs pairs = {
            .canary = walk_of(canary, (enum side)side, true, q, growth),
            .control = walk_of(control, (enum side)side, false, q, growth),
            .threshold = -log(alpha),
        };
        bounds[side] = least_change(&pairs, change);
    }
    struct interval found = {bounds[SIDE_ABOVE], -bounds[SIDE_BELOW]};
    if (change == CHANGE_ABSOLUTE)
        return found;
    /* Negative ratios are not computed; it is only known that there are some. */
    found.lower = found.lower <= 0 && canary->bins[0].low < 0 ? -INFINITY : found.lower - 1;
    found.upper -= 1;
    return found;
}
