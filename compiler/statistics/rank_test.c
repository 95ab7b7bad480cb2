/* rank_test.c - see rank_test.h. */
#include "rank_test.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "distributions.h"

/* ------------------------------------------------------------------------------------- ranks -- */

/* The sum of t³ - t over runs of t equal values; with `other`, of both arms' values together. */
static double ties_of(struct sorted_values one, struct sorted_values other)
{
    double ties = 0;
    size_t i = 0, j = 0;
    while (i < one.count || j < other.count) {
        bool first = j == other.count || (i < one.count && one.values[i] <= other.values[j]);
        double value = first ? one.values[i] : other.values[j], run = 0;
        for (; i < one.count && one.values[i] == value; i++)
            run++;
        for (; j < other.count && other.values[j] == value; j++)
            run++;
        ties += run * run * run - run;
    }
    return ties;
}

/* Of u, where ties make it smaller. */
static double deviation_of(double variant, double control, double ties)
{
    double all = variant + control;
    return sqrt(fmax(0, variant * control / 12 * (all + 1 - ties / (all * (all - 1)))));
}

static double u_of(struct sorted_values variant, struct sorted_values control)
{
    double u = 0;
    size_t below = 0, upto = 0;
    for (size_t i = 0; i < variant.count; i++) {
        while (below < control.count && control.values[below] < variant.values[i])
            below++;
        while (upto < control.count && control.values[upto] <= variant.values[i])
            upto++;
        u += ((double)below + (double)upto) / 2;
    }
    return u;
}

static bool are_few(struct sorted_values variant, struct sorted_values control)
{
    return variant.count < RANK_TEST_EXACT_LEAST && control.count < RANK_TEST_EXACT_LEAST;
}

struct rank_sum rank_sum(struct sorted_values variant, struct sorted_values control)
{
    double n = (double)variant.count, m = (double)control.count;
    double ties = ties_of(variant, control), u = u_of(variant, control);
    return (struct rank_sum){.u = u,
                             .superiority = u / (n * m),
                             .deviation = deviation_of(n, m, ties),
                             .is_exact = ties == 0 && are_few(variant, control)};
}

/* ------------------------------------------------------------------------------------- exact -- */

/*
 * How likely each u is, from 0 to n m, without ties, in memory that the caller frees: the largest
 * of all values is the variant's with probability n / (n + m), and then above all m of the
 * control's. Every term is positive, so nothing is lost.
 */
static double *exact_chances(size_t n, size_t m)
{
    size_t places = n * m + 1;
    double *now = xcalloc((n + 1) * places, sizeof *now);
    for (size_t i = 0; i <= n; i++)
        now[i * places] = 1; /* with no control, u is 0 */
    for (size_t j = 1; j <= m; j++)
        for (size_t i = 1; i <= n; i++) {
            double *row = now + i * places;
            const double *fewer = row - places;
            double share = (double)i / (double)(i + j);
            for (size_t u = i * j + 1; u-- > 0;)
                row[u] = (1 - share) * row[u] + (u >= j ? share * fewer[u - j] : 0);
        }
    memmove(now, now + n * places, places * sizeof *now);
    return now;
}

static double exact_lower(size_t n, size_t m, double most)
{
    double *chances = exact_chances(n, m), lower = 0;
    for (size_t u = 0; u <= n * m && (double)u <= most; u++)
        lower += chances[u];
    free(chances);
    return lower;
}

/* ----------------------------------------------------------------------------------------- p -- */

/* That u is at least this, where nothing differs. */
static double upper_p(struct sorted_values variant, struct sorted_values control,
                      const struct rank_sum *sum)
{
    double n = (double)variant.count, m = (double)control.count;
    if (sum->is_exact) /* u is as likely as its mirror image */
        return exact_lower(variant.count, control.count, n * m - sum->u);
    return sum->deviation > 0 ? normal_upper((sum->u - n * m / 2 - 0.5) / sum->deviation) : 1;
}

double rank_p(struct sorted_values variant, struct sorted_values control)
{
    struct rank_sum sum = rank_sum(variant, control);
    double pairs = (double)variant.count * (double)control.count;
    sum.u = fmax(sum.u, pairs - sum.u);
    return fmin(1, 2 * upper_p(variant, control, &sum));
}

double rank_p_within(struct sorted_values variant, struct sorted_values control, enum side side,
                     double margin)
{
    double *moved = xcalloc(control.count + 1, sizeof *moved);
    for (size_t i = 0; i < control.count; i++)
        moved[i] = control.values[i] + margin;
    struct sorted_values at_margin = {moved, control.count};
    struct rank_sum sum = rank_sum(variant, at_margin);
    if (side == SIDE_ABOVE)
        sum.u = (double)variant.count * (double)control.count - sum.u;
    double p = upper_p(variant, at_margin, &sum);
    free(moved);
    return p;
}

/* ------------------------------------------------------------------------------------- shift -- */

/* Doubles in their order, as integers. */
static uint64_t key_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double number_of(uint64_t key)
{
    uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Pairs whose difference is at most that. Differences fall as the control's values rise. */
static double pairs_upto(struct sorted_values variant, struct sorted_values control, double most)
{
    double pairs = 0;
    size_t from = 0; /* the first of the control whose difference is small enough */
    for (size_t i = 0; i < variant.count; i++) {
        while (from < control.count && variant.values[i] - control.values[from] > most)
            from++;
        pairs += (double)(control.count - from);
    }
    return pairs;
}

/* The rank-th smallest difference of all pairs, from 1 on. */
static double difference_at(struct sorted_values variant, struct sorted_values control, double rank)
{
    uint64_t low = key_of(variant.values[0] - control.values[control.count - 1]);
    uint64_t high = key_of(variant.values[variant.count - 1] - control.values[0]);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (pairs_upto(variant, control, number_of(middle)) >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return number_of(low) + 0.0; /* not -0 */
}

double rank_shift(struct sorted_values variant, struct sorted_values control)
{
    double pairs = (double)variant.count * (double)control.count, half = floor((pairs + 1) / 2);
    double lower = difference_at(variant, control, half);
    if (2 * half - 1 == pairs)
        return lower;
    return lower + (difference_at(variant, control, half + 1) - lower) / 2;
}

/* The greatest k for which k - 1 or fewer pairs on one side have a probability of at most alpha; 0:
 * not even none. The bounds are the k-th differences from either end. */
static double rank_of_bound(struct sorted_values variant, struct sorted_values control,
                            double alpha)
{
    const struct sorted_values none = {NULL, 0};
    double n = (double)variant.count, m = (double)control.count;
    /* At a shift that is no difference of a pair, only each arm's own values are tied. */
    double ties = ties_of(variant, none) + ties_of(control, none), k = 0;
    if (ties == 0 && are_few(variant, control)) {
        double *chances = exact_chances(variant.count, control.count), lower = chances[0];
        while (lower <= alpha)
            lower += chances[(size_t)++k];
        free(chances);
        return k;
    }
    double reach = normal_quantile(1 - alpha) * deviation_of(n, m, ties);
    return fmax(0, ceil(n * m / 2 - 0.5 - reach));
}

struct interval rank_shift_bounds(struct sorted_values variant, struct sorted_values control,
                                  double alpha)
{
    double pairs = (double)variant.count * (double)control.count;
    double rank = rank_of_bound(variant, control, alpha);
    if (!(rank >= 1))
        return (struct interval){-INFINITY, INFINITY};
    return (struct interval){difference_at(variant, control, rank),
                             difference_at(variant, control, pairs + 1 - rank)};
}
