/* two_shares.c - see two_shares.h. */
#include "two_shares.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Shares of all events, evenly apart as log odds, from one in a thousand to all but that. */
#define BASES      34
#define BASE_FIRST -7.0
#define BASE_LAST  7.0
/* Log odds ratios, of either sign; most of the stake lies around 0.12. */
static const double effects[] = {0.02, 0.04, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8};
#define EFFECTS ((int)(sizeof effects / sizeof *effects))

#define HALVINGS 42

static double with_odds(double share, double log_ratio)
{
    double times = exp(log_ratio);
    return share * times / (1 - share + share * times);
}

/* Of all, these two make up `base`, weighted by how units are assigned. */
static struct two_shares_bet bet_at(double assigned, double base, double effect)
{
    double low = 0, high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        double all = assigned * with_odds(middle, effect) + (1 - assigned) * middle;
        *(all > base ? &high : &low) = middle;
    }
    double control = (low + high) / 2;
    return (struct two_shares_bet){.variant = with_odds(control, effect), .control = control};
}

static_assert(BASES * EFFECTS * 2 == TWO_SHARES_BETS, "of either sign, around each share");

void two_shares_bets_make(struct two_shares_bets *bets, double assigned)
{
    struct two_shares_bet *bet = bets->items;
    double weights = 0;
    for (int i = 0; i < EFFECTS; i++)
        weights += exp(-fabs(log(effects[i] / 0.12)) / 1.2);
    bets->assigned = assigned;
    for (int i = 0; i < BASES; i++) {
        double odds = BASE_FIRST + (BASE_LAST - BASE_FIRST) * i / (BASES - 1);
        for (int j = 0; j < 2 * EFFECTS; j++, bet++) {
            double size = effects[j / 2];
            *bet = bet_at(assigned, 1 / (1 + exp(-odds)), j % 2 ? -size : size);
            bet->log_weight = -fabs(log(size / 0.12)) / 1.2 - log(weights) - log(2) - log(BASES);
        }
    }
}

/* A hypothesis: the variant's share is `times` the control's, and `more`. */
struct line {
    double times, more;
};

static struct line line_of(enum change change, double size)
{
    return change == CHANGE_ABSOLUTE ? (struct line){1, size} : (struct line){1 + size, 0};
}

static double slope_of(double share, double tried)
{
    return share / tried - (1 - share) / (1 - tried);
}

/* The control's share on the line that the bet can least be told from: there the expected score is
 * 0, which falls as the share rises. */
static double nearest(const struct two_shares_bet *bet, double assigned, struct line line)
{
    double low = fmax(0, -line.more / line.times), high = fmin(1, (1 - line.more) / line.times);
    if (line.times == 1 && line.more == 0)
        return assigned * bet->variant + (1 - assigned) * bet->control;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        double score =
            (1 - assigned) * slope_of(bet->control, middle) +
            assigned * line.times * slope_of(bet->variant, line.times * middle + line.more);
        *(score > 0 ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static double log_ratio(struct proportion seen, double bet, double null)
{
    double events = seen.events, others = seen.n - seen.events;
    return (events > 0 ? events * log(bet / null) : 0) +
           (others > 0 ? others * log((1 - bet) / (1 - null)) : 0);
}

/* Of those of the bets that `takes` has, their mean. */
struct mixture {
    double largest, sum, weight;
};

static void add(struct mixture *mixture, double log_e, double log_weight)
{
    double term = log_e + log_weight;
    if (isnan(term))
        return;
    if (term > mixture->largest) {
        mixture->sum = mixture->sum * exp(mixture->largest - term) + 1;
        mixture->largest = term;
    } else {
        mixture->sum += exp(term - mixture->largest);
    }
}

static bool is_possible(struct line line)
{
    return line.times > 0 &&
           fmax(0, -line.more / line.times) < fmin(1, (1 - line.more) / line.times);
}

/* `side`: bets beyond the line on that side only; NULL: all. */
static double log_e_of(const struct two_shares *seen, const struct two_shares_bets *bets,
                       struct line line, const enum side *side)
{
    struct mixture mixture = {-INFINITY, 0, 0};
    if (!is_possible(line))
        return INFINITY;
    for (int i = 0; i < TWO_SHARES_BETS; i++) {
        const struct two_shares_bet *bet = &bets->items[i];
        double beyond = bet->variant - line.times * bet->control - line.more;
        if (side && (*side == SIDE_ABOVE ? beyond <= 0 : beyond >= 0))
            continue;
        double control = nearest(bet, seen->assigned, line);
        mixture.weight += exp(bet->log_weight);
        add(&mixture,
            log_ratio(seen->variant, bet->variant, line.times * control + line.more) +
                log_ratio(seen->control, bet->control, control),
            bet->log_weight);
    }
    return mixture.weight > 0 ? mixture.largest + log(mixture.sum) - log(mixture.weight) : 0;
}

static bool is_usable(const struct two_shares *seen)
{
    return seen->assigned > 0 && seen->assigned < 1;
}

double two_shares_log_e_by(const struct two_shares_bets *bets, const struct two_shares *seen)
{
    return log_e_of(seen, bets, line_of(CHANGE_ABSOLUTE, 0), NULL);
}

double two_shares_log_e(const struct two_shares *seen)
{
    struct two_shares_bets bets;
    if (!is_usable(seen))
        return 0;
    two_shares_bets_make(&bets, seen->assigned);
    return two_shares_log_e_by(&bets, seen);
}

double two_shares_log_e_beyond(const struct two_shares *seen, enum change change, enum side side,
                               double margin)
{
    struct two_shares_bets bets;
    if (!is_usable(seen))
        return 0;
    two_shares_bets_make(&bets, seen->assigned);
    return log_e_of(seen, &bets, line_of(change, margin), &side);
}

/* Where the e-value reaches 1 / alpha, between a change that is not rejected and a farther one. */
static double edge(const struct two_shares *seen, const struct two_shares_bets *bets,
                   enum change change, double within, double beyond, double alpha)
{
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (within + beyond) / 2;
        bool rejected = log_e_of(seen, bets, line_of(change, middle), NULL) >= -log(alpha);
        *(rejected ? &beyond : &within) = middle;
    }
    return beyond;
}

#define TIMES_MOST 1e6

struct interval two_shares_interval(const struct two_shares *seen, enum change change, double alpha)
{
    struct two_shares_bets bets;
    struct interval unknown = {-INFINITY, INFINITY};
    if (!is_usable(seen) || !(seen->variant.n > 0) || !(seen->control.n > 0))
        return unknown;
    double variant = seen->variant.events / seen->variant.n;
    double control = seen->control.events / seen->control.n;
    if (change == CHANGE_RELATIVE && !(control > 0))
        return unknown;
    double found = change == CHANGE_ABSOLUTE ? variant - control : variant / control - 1;
    double farthest = change == CHANGE_ABSOLUTE ? 1 : TIMES_MOST;
    two_shares_bets_make(&bets, seen->assigned);
    return (struct interval){edge(seen, &bets, change, found, -1, alpha),
                             edge(seen, &bets, change, found, farthest, alpha)};
}
