/*
 * two_shares.h - two shares of units that chance assigned with a known share, compared at every
 * look: Turner, Ly and Grünwald's e-process (Generic E-variables for exact sequential k-sample
 * tests that allow for optional stopping, J. Statist. Plann. Inference 2024), mixed over bets.
 *
 * A bet is a share of events in each arm. It is paid by the likelihood ratio of what was seen,
 * with it and with the shares of the hypothesis that are nearest to it: those that it could
 * least be told from, were units assigned so. Whatever the shares are that the hypothesis
 * allows, each unit multiplies the stake by 1 or less on average, so Ville's inequality holds at
 * all looks together. Bets are fixed beforehand: no count chooses them.
 *
 * Exact, if `assigned` is the share that units were assigned by. Beside the asymptotic sequence of
 * a difference of means, it finds more where one arm is small, and less where both are alike.
 */
#ifndef FFC_TWO_SHARES_H
#define FFC_TWO_SHARES_H

#include "interval.h"
#include "proportion.h"

#define TWO_SHARES_BETS 680

/* A share of events in each arm, and how much of the stake is on them. */
struct two_shares_bet {
    double variant, control, log_weight;
};
struct two_shares_bets {
    struct two_shares_bet items[TWO_SHARES_BETS];
    double assigned; /* the share of units that they are for */
};
/* For a share above 0 and below 1, once for all counts. Cost: a tenth of a millisecond and more. */
void two_shares_bets_make(struct two_shares_bets *bets, double assigned);

/* Units of either arm, and the share of both arms' that were assigned to the variant. */
struct two_shares {
    struct proportion variant, control;
    double assigned;
};

/* The logarithm of the e-value against no change. Cost: some hundred bets. */
double two_shares_log_e(const struct two_shares *seen);
/* The same, of bets that are made, for the share that they are for. */
double two_shares_log_e_by(const struct two_shares_bets *bets, const struct two_shares *seen);
/* Against a change that is at most `margin` (SIDE_ABOVE: more was seen), or at least. */
double two_shares_log_e_beyond(const struct two_shares *seen, enum change change, enum side side,
                               double margin);
/* The changes whose e-value is less than 1 / alpha. Cost: a hundred times the above. */
struct interval two_shares_interval(const struct two_shares *seen, enum change change,
                                    double alpha);

#endif
