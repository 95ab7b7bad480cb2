/*
 * interval.h - what inference answers with: bounds, of a change, on a side.
 *
 * All of this folder is pure functions of sufficient statistics: no state, no input or output, no
 * memory kept, and the same numbers give the same bits. docs/statistics.md has for each the
 * question it answers, its formula, its reference and what it assumes.
 *
 * Results that cannot be computed are NaN, and unknown bounds infinite: never a plausible number.
 */
#ifndef FFC_INTERVAL_H
#define FFC_INTERVAL_H

struct interval {
    double lower, upper;
};

/* The direction of a deviation: up, or down. */
enum side { SIDE_ABOVE, SIDE_BELOW };
static inline enum side side_opposite(enum side side)
{
    return side == SIDE_ABOVE ? SIDE_BELOW : SIDE_ABOVE;
}

/* How a change is expressed: canary - control, or canary / control - 1. */
enum change { CHANGE_ABSOLUTE, CHANGE_RELATIVE };

#endif
