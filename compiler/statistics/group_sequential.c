/*
 * group_sequential.c - see group_sequential.h: by recursive integration (Armitage, McPherson and
 * Rowe 1969).
 *
 * The score S has independent increments: S at information t is normal with variance t. Its
 * density, among paths that no look has stopped, is carried from look to look on a grid of S.
 */
#include "group_sequential.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "distributions.h"

#define REACH          9.0  /* standard deviations: the density beyond is below 1e-18 */
#define STEP           0.04 /* the grid's largest step, in standard deviations of S */
#define FINENESS       10.0 /* least number of steps per standard deviation of an increment */
#define NO_BOUND       REACH
#define BOUND_ERROR    1e-12 /* of a bound, in standard deviations of S */
#define LEVEL_ERROR    1e-10 /* of a level, in standard errors */
#define STEPS_MOST     100
#define DENSITIES_MOST 32 /* from one on */
#define LEAST_LEVEL    1e-16
#define MOST_LEVEL     0.4999

/* What the last of these looks has been given of alpha: O'Brien and Fleming's, two-sided. */
static double alpha_spent(double alpha, double information)
{
    if (!(information > 0))
        return 0;
    if (information >= 1)
        return alpha;
    return 2 * normal_upper(-normal_quantile(alpha / 2) / sqrt(information));
}

static double normal_density(double x)
{
    return exp(-x * x / 2) / sqrt(2 * M_PI);
}

/* Simpson's rule over [from, from + step * (count - 1)], count odd: densities times weights. */
struct grid {
    double from, step;
    size_t count;
    double *mass;
};

static double simpson(const struct grid *grid, size_t i)
{
    double weight = i == 0 || i + 1 == grid->count ? 1 : i % 2 ? 4 : 2;
    return weight * grid->step / 3;
}

static void grid_init(struct grid *grid, double from, double to, double step)
{
    size_t intervals = (size_t)ceil((to - from) / step);
    intervals += intervals % 2;
    grid->from = from;
    grid->step = (to - from) / (double)intervals;
    grid->count = intervals + 1;
    grid->mass = xcalloc(grid->count, sizeof *grid->mass);
}

static double place(const struct grid *grid, size_t i)
{
    return grid->from + grid->step * (double)i;
}

/* The first grid point that is not below `low`; the number of points if all are. */
static size_t first_at_least(const struct grid *grid, double low)
{
    double i = ceil((low - grid->from) / grid->step);
    return i <= 0 ? 0 : i >= (double)grid->count ? grid->count : (size_t)i;
}

/* The probability of being above `bound` one increment of standard deviation `sd` later. */
static double chance_above(const struct grid *grid, double bound, double sd)
{
    double sum = 0;
    for (size_t i = first_at_least(grid, bound - REACH * sd); i < grid->count; i++)
        sum += grid->mass[i] * normal_upper((bound - place(grid, i)) / sd);
    return sum;
}

typedef double falling(const void *context, double at);

/* Where it falls to zero, from at least that at `low`, by false position (Illinois: Dowell and
 * Jarratt 1971). */
static double crossing(falling *value, const void *context, double low, double high, double error)
{
    double above = value(context, low), below = value(context, high), last = low;
    if (!(above > 0) || !(below < 0))
        return above > 0 ? high : low;
    int side = 0;
    for (int i = 0; i < STEPS_MOST && high - low > error; i++) {
        double middle = low + (high - low) * (above / (above - below));
        double there = value(context, middle);
        if (there > 0) {
            low = middle;
            above = there;
            below = side > 0 ? below / 2 : below;
            side = 1;
        } else {
            high = middle;
            below = there;
            above = side < 0 ? above / 2 : above;
            side = -1;
        }
        if (there == 0 || fabs(middle - last) <= error)
            return middle;
        last = middle;
    }
    return high;
}

struct sought_bound {
    const struct grid *grid;
    double chance, sd;
};

/* In logarithms, which are nearly a parabola; of no chance at all, the least number's. */
static double chance_too_high(const void *context, double bound)
{
    const struct sought_bound *sought = context;
    return log(fmax(chance_above(sought->grid, bound, sought->sd), DBL_MIN)) - log(sought->chance);
}

static double bound_for(const struct grid *grid, double chance, double sd, double most)
{
    struct sought_bound sought = {grid, fmax(chance, DBL_MIN), sd};
    return crossing(chance_too_high, &sought, -most, most, BOUND_ERROR * most);
}

static double step_for(double information, double increment)
{
    return fmin(STEP * sqrt(information), sqrt(increment) / FINENESS);
}

/* The sum of masses, each by the normal density that it has `to` one increment later. Densities of
 * even steps have ratios of even ratios; they begin anew before rounding adds up. */
static double density_at(const struct grid *grid, double to, double sd)
{
    double sum = 0, step = grid->step / sd, shrinks = exp(-step * step);
    size_t end = first_at_least(grid, to + REACH * sd);
    for (size_t i = first_at_least(grid, to - REACH * sd); i < end;) {
        double distance = (to - place(grid, i)) / sd, density = normal_density(distance);
        double ratio = exp(step * (distance - step / 2));
        for (size_t stop = i + DENSITIES_MOST < end ? i + DENSITIES_MOST : end; i < stop; i++) {
            sum += grid->mass[i] * density;
            density *= ratio;
            ratio *= shrinks;
        }
    }
    return sum / sd;
}

/* Makes `next` what remains of `grid` after an increment, below the end of `next`. */
static void carry(const struct grid *grid, struct grid *next, double sd)
{
    for (size_t j = 0; j < next->count; j++)
        next->mass[j] = density_at(grid, place(next, j), sd) * simpson(next, j);
}

static bool is_ascending(const double *information, size_t looks)
{
    for (size_t i = 0; i < looks; i++)
        if (!(information[i] > (i > 0 ? information[i - 1] : 0)) ||
            (information[i] >= 1 && i + 1 < looks))
            return false;
    return looks > 0 && looks <= GROUP_LOOKS_MOST;
}

/* The density after a look, below its bound. */
static struct grid after_look(const struct grid *before, size_t look, double now, double increment,
                              double bound, double next_increment)
{
    struct grid grid;
    double root = sqrt(now);
    grid_init(&grid, -REACH * root, bound, step_for(now, fmin(increment, next_increment)));
    if (look > 0)
        carry(before, &grid, sqrt(increment));
    else
        for (size_t i = 0; i < grid.count; i++)
            grid.mass[i] = normal_density(place(&grid, i) / root) / root * simpson(&grid, i);
    return grid;
}

bool group_sequential_all_bounds(const double *information, size_t looks, double alpha,
                                 double *bounds)
{
    if (!is_ascending(information, looks) || !(alpha > 0 && alpha < 0.5))
        return false;
    struct grid grid = {0};
    double spent = 0, before = 0;
    for (size_t k = 0; k < looks; k++) {
        double now = fmin(information[k], 1), increment = now - before;
        double total = alpha_spent(alpha, now), most = NO_BOUND * sqrt(now);
        double bound = k > 0       ? bound_for(&grid, total - spent, sqrt(increment), most)
                       : total > 0 ? fmin(-normal_quantile(total) * sqrt(now), most)
                                   : most;
        if (k + 1 < looks) {
            struct grid next =
                after_look(&grid, k, now, increment, bound, fmin(information[k + 1], 1) - now);
            free(grid.mass);
            grid = next;
        }
        bounds[k] = bound / sqrt(now);
        spent = total;
        before = now;
    }
    free(grid.mass);
    return true;
}

double group_sequential_bound(const double *information, size_t looks, double alpha)
{
    double bounds[GROUP_LOOKS_MOST];
    return group_sequential_all_bounds(information, looks, alpha, bounds) ? bounds[looks - 1] : NAN;
}

/* The score less its drift has the increments that it has without one, and bounds that fall. */
double group_sequential_power(const double *information, const double *bounds, size_t looks,
                              double drift)
{
    struct grid grid = {0};
    double found = 0, before = 0;
    for (size_t k = 0; k < looks; k++) {
        double now = fmin(information[k], 1), increment = now - before, root = sqrt(now);
        double bound = fmax(bounds[k] * root - drift * now, -REACH * root + STEP * root);
        found += k > 0 ? chance_above(&grid, bound, sqrt(increment)) : normal_upper(bound / root);
        if (k + 1 < looks) {
            struct grid next =
                after_look(&grid, k, now, increment, bound, fmin(information[k + 1], 1) - now);
            free(grid.mass);
            grid = next;
        }
        before = now;
    }
    free(grid.mass);
    return found;
}

struct interval group_sequential_bounds(const struct estimated_change *change,
                                        const double *information, size_t looks, double alpha)
{
    double reach = change->error * group_sequential_bound(information, looks, alpha);
    if (!(change->error > 0) || !isfinite(reach))
        return (struct interval){-INFINITY, INFINITY};
    return (struct interval){change->value - reach, change->value + reach};
}

struct sought_level {
    const double *information;
    size_t looks;
    double errors;
};

/* By the standard errors that a level is at a single look: the bound is nearly a line in those. */
static double bound_too_low(const void *context, double errors)
{
    const struct sought_level *sought = context;
    return sought->errors -
           group_sequential_bound(sought->information, sought->looks, normal_upper(errors));
}

/* The least one-sided level at which so many standard errors are beyond the bound; 1: none. */
static double least_level(const double *information, size_t looks, double errors)
{
    if (isnan(errors) || !is_ascending(information, looks))
        return NAN;
    struct sought_level sought = {information, looks, errors};
    double most = -normal_quantile(LEAST_LEVEL), least = -normal_quantile(MOST_LEVEL);
    if (!(bound_too_low(&sought, least) > 0))
        return 1;
    return normal_upper(crossing(bound_too_low, &sought, least, most, LEVEL_ERROR));
}

double group_sequential_p(const struct estimated_change *change, const double *information,
                          size_t looks)
{
    if (!(change->error > 0))
        return NAN;
    return fmin(1, 2 * least_level(information, looks, fabs(change->value) / change->error));
}

double group_sequential_p_within(const struct estimated_change *change, const double *information,
                                 size_t looks, enum side side, double margin)
{
    if (!(change->error > 0))
        return NAN;
    return least_level(information, looks, errors_within(change, side, margin));
}
