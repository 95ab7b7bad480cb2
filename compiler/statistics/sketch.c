/* sketch.c - see sketch.h. */
#include "sketch.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

#define GROWTH 64u /* buckets added at an end, at least */

void sketch_init(struct sketch *sketch, double accuracy)
{
    memset(sketch, 0, sizeof *sketch);
    /* Of the n equal parts of a power of two, the lowest is [1, 1 + 1/n); its harmonic mean is off
     * by at most 1 / (2n + 1) of the value. */
    while (1.0 / (double)((UINT64_C(2) << sketch->bits) + 1) > accuracy)
        sketch->bits++;
}

void sketch_release(struct sketch *sketch)
{
    free(sketch->positive.counts);
    free(sketch->negative.counts);
    memset(sketch, 0, sizeof *sketch);
}

/* Makes room for buckets [first, last]. */
static void reserve(struct sketch_side *side, uint32_t first, uint32_t last)
{
    uint32_t old_end = side->first + side->size;
    if (side->size && first >= side->first && last < old_end)
        return;
    uint32_t begin = first, end = last + 1;
    if (side->size) {
        /* Growing by half keeps copying cheap when values drift. */
        uint32_t spare = side->size / 2 + GROWTH;
        begin = first < side->first ? (first > spare ? first - spare : 0) : side->first;
        end = last >= old_end ? last + spare : old_end;
    }
    uint64_t *counts = xcalloc(end - begin, sizeof *counts);
    if (side->size)
        memcpy(counts + (side->first - begin), side->counts, side->size * sizeof *counts);
    free(side->counts);
    side->counts = counts;
    side->first = begin;
    side->size = end - begin;
}

void sketch_reserve(struct sketch_side *side, uint32_t bucket)
{
    reserve(side, bucket, bucket);
}

static void merge_side(struct sketch_side *side, const struct sketch_side *other)
{
    if (!other->size)
        return;
    reserve(side, other->first, other->first + other->size - 1);
    for (uint32_t i = 0; i < other->size; i++)
        side->counts[other->first - side->first + i] += other->counts[i];
}

void sketch_merge(struct sketch *sketch, const struct sketch *other)
{
    sketch->count += other->count;
    sketch->zeros += other->zeros;
    merge_side(&sketch->positive, &other->positive);
    merge_side(&sketch->negative, &other->negative);
}

/* Where a bucket begins: its number is the upper bits of that double. */
static double begin_of(const struct sketch *sketch, uint32_t bucket)
{
    uint64_t bits = (uint64_t)bucket << (SKETCH_MANTISSA_BITS - sketch->bits);
    double begin;
    memcpy(&begin, &bits, sizeof begin);
    return begin;
}

/* The harmonic mean of a bucket's ends, whose relative error is the same towards both. */
static double representative(const struct sketch *sketch, uint32_t bucket)
{
    double low = begin_of(sketch, bucket), high = begin_of(sketch, bucket + 1);
    /* The topmost bucket ends at infinity; the lowest begins at zero. */
    if (high - low > low || low == 0)
        return low;
    return low + (high - low) * (low / (low + high));
}

double sketch_quantile(const struct sketch *sketch, double q)
{
    uint64_t rank = quantile_rank(q, sketch->count);
    uint64_t seen = 0;
    for (uint32_t i = sketch->negative.size; i-- > 0;) {
        seen += sketch->negative.counts[i];
        if (seen > rank)
            return -representative(sketch, sketch->negative.first + i);
    }
    seen += sketch->zeros;
    if (seen > rank)
        return 0;
    for (uint32_t i = 0; i < sketch->positive.size; i++) {
        seen += sketch->positive.counts[i];
        if (seen > rank)
            return representative(sketch, sketch->positive.first + i);
    }
    return 0; /* unreachable: the counts add up to `count` */
}

/* How many values a side has in buckets before `bucket`, and in it. */
static struct sketch_split split_side(const struct sketch_side *side, uint32_t bucket)
{
    struct sketch_split split = {0, 0};
    for (uint32_t i = 0; i < side->size && side->first + i <= bucket; i++) {
        split.below += side->first + i < bucket ? side->counts[i] : 0;
        split.upto += side->counts[i];
    }
    return split;
}

struct sketch_split sketch_split(const struct sketch *sketch, double number)
{
    struct sketch_split negative = split_side(&sketch->negative, UINT32_MAX);
    if (number == 0)
        return (struct sketch_split){negative.upto, negative.upto + sketch->zeros};
    uint32_t bucket = sketch_bucket(sketch, number);
    if (number < 0) { /* further from zero is less */
        struct sketch_split nearer = split_side(&sketch->negative, bucket);
        return (struct sketch_split){negative.upto - nearer.upto, negative.upto - nearer.below};
    }
    struct sketch_split split = split_side(&sketch->positive, bucket);
    uint64_t less = negative.upto + sketch->zeros;
    return (struct sketch_split){less + split.below, less + split.upto};
}

size_t sketch_bins(const struct sketch *sketch, struct bin **bins)
{
    size_t most = (size_t)sketch->negative.size + sketch->positive.size + 1, count = 0;
    *bins = xcalloc(most, sizeof **bins);
    for (uint32_t i = sketch->negative.size; i-- > 0;) {
        uint32_t bucket = sketch->negative.first + i;
        if (sketch->negative.counts[i] > 0)
            (*bins)[count++] =
                (struct bin){-begin_of(sketch, bucket + 1), -begin_of(sketch, bucket),
                             (double)sketch->negative.counts[i]};
    }
    if (sketch->zeros > 0)
        (*bins)[count++] = (struct bin){0, 0, (double)sketch->zeros};
    for (uint32_t i = 0; i < sketch->positive.size; i++) {
        uint32_t bucket = sketch->positive.first + i;
        if (sketch->positive.counts[i] > 0)
            (*bins)[count++] = (struct bin){begin_of(sketch, bucket), begin_of(sketch, bucket + 1),
                                            (double)sketch->positive.counts[i]};
    }
    return count;
}
