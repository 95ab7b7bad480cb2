/*
 * statistics_group_sequential.c - a planned number of looks: bounds that spend alpha as information
 * accrues (Lan and DeMets 1983), by recursive integration (Armitage, McPherson, Rowe 1969).
 *
 * The score S has independent increments: S at information t is normal with variance t. Its
 * density, among paths that no look has stopped, is carried from look to look on a grid of S.
 */
#include "compiler/base/memory.h"
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#include "distributions.h"

#define REACH    9.0  /* standard deviations: the density beyond is below 1e-18 */
#define STEP     0.04 /* the grid's largest step, in standard deviations of S */
#define FINENESS 10.0 /* least number of steps per standard deviation of an increment */
#define HALVINGS 60
#define NO_BOUND REACH

double alpha_spent(enum spending spending, double alpha, double information)
{
    if (!(information > 0))
        return 0;
    if (information >= 1)
        return alpha;
    if (spending == SPENDING_POCOCK)
        return alpha * log1p((exp(1) - 1) * information);
    return 2 * normal_upper(normal_quantile(1 - alpha / 2) / sqrt(information));
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
        if (!(information[i] > (i > 0 ? information[i - 1] : 0)) || information[i] > 1)
            return false;
    return looks > 0 && looks <= GROUP_SEQUENTIAL_MOST;
}

bool group_sequential_bounds(enum spending spending, double alpha, const double *information,
                             size_t looks, double *bounds)
{
    if (!is_ascending(information, looks) || !(alpha > 0 && alpha < 0.5))
        return false;
    struct grid grid = {0};
    double spent = 0;
    for (size_t k = 0; k < looks; k++) {
        double now = information[k], root = sqrt(now);
        double increment = k > 0 ? now - information[k - 1] : now;
        double total = alpha_spent(spending, alpha, now);
        double bound;
        if (k == 0)
            bound = total > 0 ? fmin(-normal_quantile(total), NO_BOUND) * root : NO_BOUND * root;
        else
            bound = bound_for(&grid, total - spent, sqrt(increment), NO_BOUND * root);
        bounds[k] = bound / root;
        spent = total;
        if (k + 1 == looks)
            break;
        struct grid next;
        grid_init(&next, -REACH * root, bound,
                  step_for(now, fmin(increment, information[k + 1] - now)));
        if (k > 0)
            carry(&grid, &next, sqrt(increment));
        for (size_t i = 0; k == 0 && i < next.count; i++)
            next.mass[i] = normal_density(place(&next, i) / root) / root * simpson(&next, i);
        free(grid.mass);
        grid = next;
    }
    free(grid.mass);
    return true;
}
