/*
 * mean_sequence.c - means at every look: the asymptotic confidence sequence.
 *
 * One formula with several names: the normal mixture, mSPRT with a narrowing mixture, the
 * sequential mode of experiment platforms; docs/statistics.md has the references. It is valid for
 * many units: guards exclude the first few, and arms that have shown no spread.
 */
#include "mean_sequence.h"

#include <math.h>
#include <stdbool.h>

#define TUNED_FOR 5000 /* the number of units, of both arms, at which the bound is tightest */

double mixture_width(double n, double alpha)
{
    return n * (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / TUNED_FOR;
}

double sequence_multiplier(double n, double alpha)
{
    double w = mixture_width(n, 2 * alpha);
    return sqrt(2 * (w + 1) * log1p(sqrt(w + 1) / (2 * alpha)) / w);
}

static const struct interval unknown = {-INFINITY, INFINITY};

static bool is_usable(const struct moments *seen, double growth)
{
    return seen->n * growth >= MEANS_BURN_IN &&
           seen->n * (1 - seen->idle) * growth >= MEANS_LEAST_BUSY && isfinite(seen->mean) &&
           isfinite(seen->variance);
}

/*
 * Side by side, a heavy tail affects both arms alike. In separate periods, a few values that have
 * not shown the tail yet pass for a lower mean, with false confidence. So there must be enough of
 * them to bring the mean's own skewness down to a seventh.
 */
#define UNITS_A_SKEWNESS_SQUARED 50

double means_wanted(const struct moments *seen)
{
    double skewed = UNITS_A_SKEWNESS_SQUARED * seen->skewness * seen->skewness;
    return fmax(MEANS_BURN_IN, skewed);
}

static struct interval around(double center, double reach)
{
    return (struct interval){center - reach, center + reach};
}

/*
 * The ratios r for which canary - r * control is not shown to differ from zero (Fieller), so that
 * nothing is ever divided by an uncertain mean.
 */
static struct interval ratio_within(const struct moments *canary, const struct moments *control,
                                    double variance_canary, double variance_control, double reach)
{
    double squared = reach * reach;
    double slack = control->mean * control->mean - squared * variance_control;
    if (!(control->mean > 0) || !(slack > 0))
        return unknown;
    double middle = canary->mean * control->mean / slack;
    double inner = control->mean * control->mean * variance_canary +
                   canary->mean * canary->mean * variance_control -
                   squared * variance_canary * variance_control;
    double half = reach * sqrt(fmax(inner, 0)) / slack;
    return (struct interval){middle - half - 1, middle + half - 1};
}

/*
 * A few values from a heavy-tailed distribution have not shown the tail yet: their mean is too low,
 * and so is their variance. So the smaller arm is assumed to vary at least as much as the larger
 * one does; and if its mean is higher, at least as much as the larger one would, scaled to that
 * mean.
 */
static double believed(const struct moments *seen, const struct moments *other)
{
    if (seen->n > other->n && seen->variance > 0)
        return seen->variance;
    double scale = seen->mean > other->mean && other->mean > 0 ? seen->mean / other->mean : 1;
    return fmax(seen->variance, scale * scale * other->variance);
}

struct interval means_sequence(const struct moments *canary, const struct moments *control,
                               enum change change, double alpha, double growth)
{
    if (!is_usable(canary, growth) || !is_usable(control, growth))
        return unknown;
    double of_canary = believed(canary, control) / (canary->n * growth);
    double of_control = believed(control, canary) / (control->n * growth);
    if (!(of_canary > 0) || !(of_control > 0))
        return unknown;
    double reach = sequence_multiplier((canary->n + control->n) * growth, alpha);
    if (change == CHANGE_RELATIVE)
        return ratio_within(canary, control, of_canary, of_control, reach);
    return around(canary->mean - control->mean, reach * sqrt(of_canary + of_control));
}

struct interval mean_sequence(const struct moments *seen, double alpha, double growth)
{
    double n = seen->n * growth;
    if (!is_usable(seen, growth) || !(seen->variance > 0) || n < means_wanted(seen))
        return unknown;
    double reach = sequence_multiplier(n, alpha);
    return around(seen->mean, reach * sqrt(seen->variance / n));
}

struct interval means_apart_sequence(const struct moments *canary, const struct moments *control,
                                     enum change change, double alpha, double growth)
{
    struct interval of_canary = mean_sequence(canary, alpha / 2, growth);
    struct interval of_control = mean_sequence(control, alpha / 2, growth);
    if (change == CHANGE_ABSOLUTE)
        return (struct interval){of_canary.lower - of_control.upper,
                                 of_canary.upper - of_control.lower};
    if (!(of_control.lower > 0))
        return unknown;
    return (struct interval){
        of_canary.lower / (of_canary.lower > 0 ? of_control.upper : of_control.lower) - 1,
        of_canary.upper / (of_canary.upper > 0 ? of_control.lower : of_control.upper) - 1,
    };
}
