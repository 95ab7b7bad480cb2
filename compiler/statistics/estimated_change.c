/* estimated_change.c - see estimated_change.h. */
#include "estimated_change.h"

#include <math.h>

static const struct estimated_change unknown = {NAN, NAN, NAN, NAN};

static double of_mean(const struct moments *seen)
{
    return seen->variance / seen->n;
}

/* Satterthwaite's, of a sum of two variances of means. */
static double welch_degrees(double of_variant, double variant_n, double of_control,
                            double control_n)
{
    double both = of_variant + of_control;
    return both * both /
           (of_variant * of_variant / (variant_n - 1) + of_control * of_control / (control_n - 1));
}

static bool are_usable(const struct moments *variant, const struct moments *control)
{
    return variant->n >= 2 && control->n >= 2 && isfinite(variant->mean) &&
           isfinite(control->mean) && isfinite(variant->variance) && isfinite(control->variance);
}

struct estimated_change means_change(const struct moments *variant, const struct moments *control,
                                     enum change change)
{
    const struct arm_moments arms[2] = {{.outcome = *variant}, {.outcome = *control}};
    double unused;
    return adjusted_change(&arms[0], &arms[1], change, &unused);
}

/* Four standard errors, beyond which the delta method's interval is within a tenth of Fieller's. */
#define ERRORS_FROM_ZERO 4

bool mean_is_near_zero(const struct moments *control)
{
    return !(fabs(control->mean) > ERRORS_FROM_ZERO * sqrt(of_mean(control)));
}

/* The covariance of the outcome with what was before, over both arms as if they were one. */
static double pooled(double variant_n, double variant_covariance, double variant_gap,
                     double control_n, double control_covariance, double control_gap)
{
    double n = variant_n + control_n;
    double between = variant_n * control_n / n * variant_gap * control_gap;
    return ((variant_n - 1) * variant_covariance + (control_n - 1) * control_covariance + between) /
           (n - 1);
}

static double slope_of(const struct arm_moments *variant, const struct arm_moments *control)
{
    if (!(variant->before.n >= 2) || !(control->before.n >= 2))
        return NAN;
    double n = variant->outcome.n, m = control->outcome.n;
    double before = variant->before.mean - control->before.mean;
    double outcome = variant->outcome.mean - control->outcome.mean;
    double variance =
        pooled(n, variant->before.variance, before, m, control->before.variance, before);
    double covariance = pooled(n, variant->covariance, outcome, m, control->covariance, before);
    return variance > 0 && isfinite(covariance) ? covariance / variance : NAN;
}

/* The variance of a mean of outcomes times `times`, less `slope` times what was before. */
static double adjusted(const struct arm_moments *arm, double times, double slope)
{
    double variance = times * times * arm->outcome.variance;
    if (slope != 0)
        variance += slope * slope * arm->before.variance - 2 * times * slope * arm->covariance;
    return fmax(variance, 0) / arm->outcome.n;
}

struct estimated_change adjusted_change(const struct arm_moments *variant,
                                        const struct arm_moments *control, enum change change,
                                        double *slope)
{
    *slope = slope_of(variant, control);
    if (!are_usable(&variant->outcome, &control->outcome))
        return unknown;
    double used = isnan(*slope) ? 0 : *slope, base = control->outcome.mean;
    double difference = variant->outcome.mean - base;
    if (used != 0)
        difference -= used * (variant->before.mean - control->before.mean);
    double of_variant = adjusted(variant, 1, used), of_control = adjusted(control, 1, used);
    double n = variant->outcome.n, m = control->outcome.n;
    double degrees = welch_degrees(of_variant, n, of_control, m);
    if (change == CHANGE_ABSOLUTE)
        return (struct estimated_change){difference, sqrt(of_variant + of_control), degrees, n + m};
    if (base == 0)
        return unknown;
    /* The gradient of (variant - slope * gap) / control, at the ratio of the means as they are. */
    double ratio = variant->outcome.mean / base;
    double error = sqrt(of_variant + adjusted(control, ratio, used)) / fabs(base);
    return (struct estimated_change){difference / fabs(base), error, degrees, n + m};
}

/* Means of both arms over their parts, and by how much the parts' change less `ratio` times the
 * control differs from that of all. */
struct standardized {
    double variant, control, before; /* `before`: of the variant, less the control's */
    double of_variant, of_control;   /* variances of these means */
};

static double share_of(const struct arm_strata *strata, size_t part, double all)
{
    return (strata->variant[part].outcome.n + strata->control[part].outcome.n) / all;
}

static double before_gap(const struct arm_strata *strata, size_t part)
{
    return strata->variant[part].before.mean - strata->control[part].before.mean;
}

/* The variance of the control's mean is that of `times` it, as in adjusted(). */
static struct standardized standardize(const struct arm_strata *strata, double all, double slope,
                                       double times)
{
    struct standardized sum = {0};
    for (size_t i = 0; i < strata->count; i++) {
        double share = share_of(strata, i, all);
        sum.variant += share * strata->variant[i].outcome.mean;
        sum.control += share * strata->control[i].outcome.mean;
        sum.before += slope != 0 ? share * before_gap(strata, i) : 0;
        sum.of_variant += share * share * adjusted(&strata->variant[i], 1, slope);
        sum.of_control += share * share * adjusted(&strata->control[i], times, slope);
    }
    return sum;
}

/* What the shares' being estimates adds, where each part counts as its change less that of all. */
static double of_shares(const struct arm_strata *strata, const struct standardized *mean,
                        double all, double slope, double times)
{
    double variance = 0;
    for (size_t i = 0; i < strata->count; i++) {
        double off = strata->variant[i].outcome.mean - mean->variant -
                     times * (strata->control[i].outcome.mean - mean->control);
        off -= slope != 0 ? slope * before_gap(strata, i) - slope * mean->before : 0;
        variance += share_of(strata, i, all) * off * off / all;
    }
    return variance;
}

struct estimated_change stratified_change(const struct arm_strata *strata,
                                          const struct arm_moments *variant,
                                          const struct arm_moments *control, enum change change,
                                          double *slope)
{
    struct estimated_change whole = adjusted_change(variant, control, change, slope);
    double used = isnan(*slope) ? 0 : *slope, all = variant->outcome.n + control->outcome.n;
    for (size_t i = 0; i < strata->count; i++)
        if (!are_usable(&strata->variant[i].outcome, &strata->control[i].outcome))
            return unknown;
    struct standardized mean = standardize(strata, all, used, 1);
    double base = mean.control, difference = mean.variant - base - used * mean.before, times = 1;
    if (change == CHANGE_RELATIVE) {
        if (base == 0)
            return unknown;
        times = mean.variant / base;
        mean = standardize(strata, all, used, times);
        difference /= fabs(base);
    }
    double error =
        sqrt(mean.of_variant + mean.of_control + of_shares(strata, &mean, all, used, times));
    error /= change == CHANGE_RELATIVE ? fabs(base) : 1;
    return (struct estimated_change){difference, error, whole.degrees, all};
}

/* (variant - ratio control - slope gap)^2 <= errors^2 times its variance, as a quadratic inequality
 * in the ratio: square ratio^2 - 2 half ratio + rest <= 0. */
struct interval fieller_interval(const struct arm_moments *variant,
                                 const struct arm_moments *control, double errors)
{
    double slope = slope_of(variant, control), used = isnan(slope) ? 0 : slope;
    double base = control->outcome.mean, n = control->outcome.n, squared = errors * errors;
    double seen = variant->outcome.mean, covariance = 0;
    if (used != 0) {
        seen -= used * (variant->before.mean - control->before.mean);
        covariance = used * control->covariance / n;
    }
    double error = adjusted(variant, 1, used) + adjusted(control, 0, used);
    double square = base * base - squared * control->outcome.variance / n;
    double half = seen * base - squared * covariance;
    double rest = seen * seen - squared * error;
    if (!(square > 0) || !isfinite(error) || !isfinite(squared))
        return (struct interval){-INFINITY, INFINITY};
    double root = sqrt(fmax(half * half - square * rest, 0));
    struct interval ratios = {(half - root) / square, (half + root) / square};
    if (base < 0) /* relative to its size, as everywhere */
        return (struct interval){1 - ratios.upper, 1 - ratios.lower};
    return (struct interval){ratios.lower - 1, ratios.upper - 1};
}
