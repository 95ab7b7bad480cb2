/* sample_ratio.c - see sample_ratio.h. */
#include "sample_ratio.h"

#include <math.h>

#include "count_sequence.h"
#include "distributions.h"
#include "proportion.h"

/* Those with a weight. */
struct arms {
    double count, units, weight;
};

static struct arms all_arms(const double *observed, const double *weights, size_t count)
{
    struct arms arms = {0, 0, 0};
    for (size_t i = 0; i < count; i++) {
        arms.count += weights[i] > 0;
        arms.units += weights[i] > 0 ? observed[i] : 0;
        arms.weight += weights[i];
    }
    return arms;
}

struct goodness_of_fit goodness_of_fit(const double *observed, const double *weights, size_t count)
{
    struct arms arms = all_arms(observed, weights, count);
    struct goodness_of_fit fit = {NAN, NAN, arms.count - 1, 0};
    double statistic = 0;
    for (size_t i = 0; i < count; i++) {
        double expected = arms.units * weights[i] / arms.weight;
        if (weights[i] > 0)
            statistic += (observed[i] - expected) * (observed[i] - expected) / expected;
        else
            fit.leaked += observed[i];
    }
    if (arms.count < 2)
        return fit;
    fit.statistic = statistic;
    fit.p = chi_square_upper(statistic, (uint32_t)fit.degrees);
    return fit;
}

struct sample_ratio sample_ratio(const double *observed, const double *weights, size_t count)
{
    struct arms arms = all_arms(observed, weights, count);
    struct sample_ratio found = {goodness_of_fit(observed, weights, count), NAN};
    if (arms.count < 2 || arms.units < SAMPLE_RATIO_LEAST * arms.count) {
        found.fit.statistic = found.fit.p = NAN;
        return found;
    }
    /* The mean of e-values is one: of each arm, for having too many, and too few. */
    double e = 0;
    for (size_t i = 0; i < count; i++) {
        struct proportion arm = {arms.units, observed[i]};
        double wanted = weights[i] / arms.weight;
        if (weights[i] > 0)
            e += (exp(proportion_log_e(arm, SIDE_ABOVE, wanted)) +
                  exp(proportion_log_e(arm, SIDE_BELOW, wanted))) /
                 (2 * arms.count);
    }
    found.anytime_p = fmin(1, 1 / e);
    return found;
}

#define CONCENTRATION 100

double sample_ratio_log_e(const double *observed, const double *weights, size_t count)
{
    struct arms arms = all_arms(observed, weights, count);
    double log_e = lgamma(CONCENTRATION) - lgamma(CONCENTRATION + arms.units);
    for (size_t i = 0; i < count; i++) {
        double share = weights[i] / arms.weight, own = CONCENTRATION * share;
        if (weights[i] > 0)
            log_e += lgamma(own + observed[i]) - lgamma(own) - observed[i] * log(share);
    }
    return log_e;
}
