/* peer_methods.h - tests of other systems, by what they have published, for comparing. */
#ifndef PEER_METHODS_H
#define PEER_METHODS_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "compiler/statistics/moments.h"

/*
 * GrowthBook's sequential mode (docs.growthbook.io/statistics/sequential; gbstats): the half-width
 * of an asymptotic sequence that is tuned for N* = 5000 units, around the relative lift with its
 * delta-method variance, which is what it shows first, or the difference.
 */
static inline bool growthbook_shows(const struct moments *variant, const struct moments *control,
                                    bool relative, double alpha)
{
    double tuned = 5000, n = variant->n + control->n, lift = variant->mean - control->mean;
    double rho = sqrt((-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuned);
    double variance = variant->variance / variant->n + control->variance / control->n;
    if (relative) {
        double mean = control->mean, ratio = variant->mean / mean;
        lift /= mean;
        variance = variant->variance / (variant->n * mean * mean) +
                   control->variance / control->n * ratio * ratio / (mean * mean);
    }
    double spread = n * rho * rho + 1;
    double half =
        sqrt(n * variance) * sqrt(2 * spread / (n * n * rho * rho) * log(sqrt(spread) / alpha));
    return variance > 0 && isfinite(lift) && fabs(lift) > half;
}

/*
 * Spotify's (confidence, its sequential bound solver): a group sequential z test that spends
 * alpha t^2 by share t of the units (Kim and DeMets 1987), at every one of the looks, of which it
 * knows how many there will be. Bounds by the recursion of Armitage, McPherson and Rowe, on a grid
 * of its own.
 */
#define GRID       4001
#define WIDE       8.0 /* standard deviations at the end */
#define MOST_LOOKS 100

static inline void spotify_bounds(uint32_t looks, double alpha, double *bounds)
{
    static double mass[GRID], next[GRID], reach[GRID];
    double step = 2 * WIDE / (GRID - 1), width = sqrt(1.0 / looks), spent = 0;
    int window = (int)ceil(8 * width / step);
    for (int i = 0; i <= window && i < GRID; i++)
        reach[i] = exp(-pow(i * step / width, 2) / 2) / (sqrt(2 * M_PI) * width) * step;
    for (int i = 0; i < GRID; i++)
        mass[i] = i == (GRID - 1) / 2;
    for (uint32_t look = 1; look <= looks; look++) {
        double t = (double)look / looks, spend = alpha * t * t - spent, above = 0, top;
        int i = GRID - 1;
        for (int to = 0; to < GRID; to++) {
            next[to] = 0;
            for (int from = to - window < 0 ? 0 : to - window; from <= to + window && from < GRID;
                 from++)
                next[to] += mass[from] * reach[abs(to - from)];
        }
        while (i > 0 && above + next[i] < spend)
            above += next[i--];
        /* Of the point where it is reached, the part that it takes. */
        top = -WIDE + step * (i + 0.5 - (spend - above) / next[i]);
        bounds[look - 1] = top / sqrt(t);
        next[i] *= 1 - (spend - above) / next[i];
        for (int j = 0; j < GRID; j++)
            mass[j] = j <= i ? next[j] : 0;
        spent += spend;
    }
}

/* At one of so many looks, by the two-sided test. */
static inline bool spotify_shows(const struct moments *variant, const struct moments *control,
                                 uint32_t looks, uint32_t look, double alpha)
{
    static double bounds[MOST_LOOKS], alpha_of_bounds;
    static uint32_t looks_of_bounds;
    assert(looks <= MOST_LOOKS);
    if (looks_of_bounds != looks || alpha_of_bounds < alpha || alpha_of_bounds > alpha) {
        spotify_bounds(looks, alpha / 2, bounds);
        looks_of_bounds = looks;
        alpha_of_bounds = alpha;
    }
    double error = sqrt(variant->variance / variant->n + control->variance / control->n);
    return error > 0 && fabs(variant->mean - control->mean) / error > bounds[look - 1];
}

#endif
