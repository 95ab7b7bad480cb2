/*
 * running.h - mean, variance and skewness of values that come one by one (Welford; Pébay 2008).
 */
#ifndef SIMULATE_RUNNING_H
#define SIMULATE_RUNNING_H

#include <math.h>

#include "compiler/statistics/moments.h"

struct running {
    double n, mean, squares, cubes; /* sums of deviations from the mean */
};

static inline void running_add(struct running *running, double value)
{
    double before = running->n++;
    double delta = value - running->mean, part = delta / running->n;
    running->mean += part;
    running->cubes += delta * part * part * before * (running->n - 2) - 3 * part * running->squares;
    running->squares += delta * part * before;
}

static inline struct moments running_moments(const struct running *running)
{
    double variance = running->squares / (running->n - 1);
    return (struct moments){
        .n = running->n,
        .mean = running->mean,
        .variance = variance,
        .skewness = variance > 0 ? running->cubes / running->n / pow(variance, 1.5) : 0};
}

#endif
