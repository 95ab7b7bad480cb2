/*
 * sketch.h - quantiles of a stream with a guaranteed relative error.
 *
 * A DDSketch (Masson, Rim, Lee, VLDB 2019) whose buckets divide each power of two evenly, so that a
 * value's bucket is the upper bits of its double: no logarithm, hence the same bucket on every
 * machine. Counts are integers and no bucket is ever collapsed: the order of insertion leaves no
 * trace, and the guarantee holds for every quantile and sign (of normal doubles). Memory follows
 * the spread of the values, about 0.5 KiB for a factor of two at 1 %.
 */
#ifndef FFREPLAY_SKETCH_H
#define FFREPLAY_SKETCH_H

#include <stdint.h>
#include <string.h>

#include "bins.h"

/* Counts of consecutive buckets. */
struct sketch_side {
    uint64_t *counts;
    uint32_t first; /* the bucket of counts[0] */
    uint32_t size;
};

struct sketch {
    unsigned bits; /* buckets a power of two: 2^bits */
    uint64_t count;
    uint64_t zeros;
    struct sketch_side positive;
    struct sketch_side negative;
};

#define SKETCH_BEST_ACCURACY 0.0001

/* `accuracy` is the greatest relative error: SKETCH_BEST_ACCURACY to below 1. */
void sketch_init(struct sketch *sketch, double accuracy);
void sketch_release(struct sketch *sketch);

#define SKETCH_MANTISSA_BITS 52

/* Makes room for the bucket. */
void sketch_reserve(struct sketch_side *side, uint32_t bucket);

/* Of a number, whatever its sign. */
static inline uint32_t sketch_bucket(const struct sketch *sketch, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (uint32_t)((bits & INT64_MAX) >> (SKETCH_MANTISSA_BITS - sketch->bits));
}

/* `number` is finite. */
static inline void sketch_add(struct sketch *sketch, double number)
{
    sketch->count++;
    if (number == 0) {
        sketch->zeros++;
        return;
    }
    struct sketch_side *side = number < 0 ? &sketch->negative : &sketch->positive;
    uint32_t bucket = sketch_bucket(sketch, number);
    if (bucket - side->first >= side->size)
        sketch_reserve(side, bucket);
    side->counts[bucket - side->first]++;
}
/* Both have the same accuracy. */
void sketch_merge(struct sketch *sketch, const struct sketch *other);

/* The value of quantile_rank(), within the accuracy. The sketch is not empty. */
double sketch_quantile(const struct sketch *sketch, double q);

/* How many numbers lie in buckets below that of `number`, and how many in those and it. */
struct sketch_split {
    uint64_t below, upto;
};
struct sketch_split sketch_split(const struct sketch *sketch, double number);

/* The buckets that hold something, ascending, in memory that the caller frees. Returns how many. */
size_t sketch_bins(const struct sketch *sketch, struct bin **bins);

#endif
