/*
 * group_sequential.c - see group_sequential.h: by recursive integration (Armitage, McPherson and
 * Rowe 1969).
 *
 * The score S has independent increments: S at information t is normal with variance t. Its
 * density, among paths that no look has stopped, is carried from look to look on a grid of S.
 */
#include "group_sequential.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "distributions.h"

#define REACH          9.0  /* standard deviations: the density beyond is below 1e-18 */
#define STEP           0.04 /* the grid's largest step, in standard deviations of S */
#define FINENESS       10.0 /* least number of steps per standard deviation of an increment */
#define HALVINGS       60
#define LEVEL_HALVINGS 36
#define NO_BOUND       REACH

double alpha_spent(double alpha, double information)
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

/* The probability of being above `bound` one increment of standard deviation `sd` later. */
static double chance_above(const struct grid *grid, double bound, double sd)
{
    double sum = 0;
    for (size_t i = 0; i < grid->count; i++)
        sum += grid->mass[i] * normal_upper((bound - place(grid, i)) / sd);
    return sum;
}

static double bound_for(const struct grid *grid, double chance, double sd, double most)
{
    double low = -most, high = most;
    if (chance_above(grid, most, sd) >= chance)
        return most;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (chance_above(grid, middle, sd) > chance)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double step_for(double information, double increment)
{
    return fmin(STEP * sqrt(information), sqrt(increment) / FINENESS);
}

/* The first grid point that is not below `low`; the number of points if all are. */
static size_t first_at_least(const struct grid *grid, double low)
{
    double i = ceil((low - grid->from) / grid->step);
    return i <= 0 ? 0 : i >= (double)grid->count ? grid->count : (size_t)i;
}

/* Makes `next` what remains of `grid` after an increment, below the end of `next`. */
static void carry(const struct grid *grid, struct grid *next, double sd)
{
    for (size_t j = 0; j < next->count; j++) {
        double to = place(next, j), sum = 0;
        size_t end = first_at_least(grid, to + REACH * sd);
        for (size_t i = first_at_least(grid, to - REACH * sd); i < end; i++)
            sum += grid->mass[i] * normal_density((to - place(grid, i)) / sd);
        next->mass[j] = sum / sd * simpson(next, j);
    }
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

/* The least one-sided level at which so many standard errors are beyond the bound; 1: none. */
static double least_level(const double *information, size_t looks, double errors)
{
    if (isnan(errors) || !is_ascending(information, looks))
        return NAN;
    double low = log(1e-16), high = log(0.4999);
    if (!(errors > group_sequential_bound(information, looks, exp(high))))
        return 1;
    for (int i = 0; i < LEVEL_HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (errors > group_sequential_bound(information, looks, exp(middle)))
            high = middle;
        else
            low = middle;
    }
    return exp(high);
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
    double beyond = side == SIDE_ABOVE ? margin - change->value : change->value - margin;
    return least_level(information, looks, beyond / change->error);
}
