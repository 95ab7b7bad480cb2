/* bins.h - values in bins, ascending: those of a sketch, or one for each value. */
#ifndef FFC_BINS_H
#define FFC_BINS_H

#include <stddef.h>
#include <stdint.h>

/* A stretch of values, in which `count` lie; a value of its own has low == high. */
struct bin {
    double low, high;
    double count;
};

/* Ascending, not overlapping; empty ones may be left out. */
struct distribution {
    const struct bin *bins;
    size_t count;
};

double bins_total(const struct distribution *values); /* of all counts */

/*
 * The rank, from 0, of a quantile of so many values: floor(q * (count - 1)), where q is the decimal
 * that it was written as, of up to twelve places. As a double, 0.29 is less than that, and of 101
 * values it would be the one before.
 */
uint64_t quantile_rank(double q, uint64_t count);
double distribution_quantile(const struct distribution *values, double q);

#endif
