/* statistics_power.c - how many units a question needs, and what a given number of units can
 * answer. */
#include "statistics.h"

#include <math.h>

#include "distributions.h"

#define HALVINGS   100
#define MOST_UNITS 1e15

/* n times the variance of the difference of two means, in units of one unit's variance. */
static double spread_of_shares(double canary_share)
{
    return 1 / canary_share + 1 / (1 - canary_share);
}

static bool is_sane(double canary_share, double alpha, double power)
{
    return canary_share > 0 && canary_share < 1 && alpha > 0 && alpha < 1 && power > alpha &&
           power < 1;
}

double means_power(double difference, double standard_deviation, double n, double canary_share,
                   double alpha)
{
    if (!(n > 2) || !is_sane(canary_share, alpha, 0.999999))
        return NAN;
    double degrees = n - 2;
    double shift =
        fabs(difference) / (standard_deviation * sqrt(spread_of_shares(canary_share) / n));
    double bound = student_quantile(1 - alpha / 2, degrees);
    return student_shifted_upper(bound, degrees, shift) +
           (1 - student_shifted_upper(-bound, degrees, shift));
}

typedef double measure_function(const void *data, double x);

/* The least x in [low, high] at which the ascending measure reaches `wanted`; NaN: none. */
static double first_reaching(measure_function *measure, const void *data, double wanted, double low,
                             double high)
{
    if (!(measure(data, high) >= wanted))
        return NAN;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = high / low > 4 ? sqrt(low * high) : low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (measure(data, middle) >= wanted)
            high = middle;
        else
            low = middle;
    }
    return high;
}

struct question {
    double control, difference, standard_deviation, n, canary_share, alpha, power;
    double variance_canary, variance_control;
};

static double power_of_units(const void *data, double n)
{
    const struct question *asked = data;
    return means_power(asked->difference, asked->standard_deviation, n, asked->canary_share,
                       asked->alpha);
}

static double power_of_difference(const void *data, double difference)
{
    const struct question *asked = data;
    return means_power(difference, asked->standard_deviation, asked->n, asked->canary_share,
                       asked->alpha);
}

/* By the normal distribution; Student's t needs a few more. */
static double means_normal_size(double difference, double standard_deviation, double canary_share,
                                double alpha, double power)
{
    double z = normal_quantile(1 - alpha / 2) + normal_quantile(power);
    double ratio = standard_deviation / difference;
    return z * z * ratio * ratio * spread_of_shares(canary_share);
}

double means_sample_size(double difference, double standard_deviation, double canary_share,
                         double alpha, double power)
{
    if (!is_sane(canary_share, alpha, power) || difference == 0 || !(standard_deviation > 0))
        return NAN;
    struct question asked = {.difference = difference,
                             .standard_deviation = standard_deviation,
                             .canary_share = canary_share,
                             .alpha = alpha};
    double about = means_normal_size(difference, standard_deviation, canary_share, alpha, power);
    return first_reaching(power_of_units, &asked, power, fmax(2.001, about / 2), 2 * about + 100);
}

double means_detectable(double standard_deviation, double n, double canary_share, double alpha,
                        double power)
{
    if (!is_sane(canary_share, alpha, power) || !(n > 2) || !(standard_deviation > 0))
        return NAN;
    struct question asked = {.standard_deviation = standard_deviation,
                             .n = n,
                             .canary_share = canary_share,
                             .alpha = alpha};
    double about = sqrt(means_normal_size(1, standard_deviation, canary_share, alpha, power) / n);
    return first_reaching(power_of_difference, &asked, power, about / 4, about * 1000);
}

/* Standard errors of the difference, times sqrt(n): as the test assumes, and the actual one. */
static double error_under_null(double control, double canary, double canary_share)
{
    double pooled = canary_share * canary + (1 - canary_share) * control;
    return sqrt(pooled * (1 - pooled) * spread_of_shares(canary_share));
}

static double error_under_effect(double control, double canary, double canary_share)
{
    return sqrt(canary * (1 - canary) / canary_share +
                control * (1 - control) / (1 - canary_share));
}

double proportions_sample_size(double control, double canary, double canary_share, double alpha,
                               double power)
{
    if (!is_sane(canary_share, alpha, power) || control == canary)
        return NAN;
    double reach =
        normal_quantile(1 - alpha / 2) * error_under_null(control, canary, canary_share) +
        normal_quantile(power) * error_under_effect(control, canary, canary_share);
    return reach * reach / ((canary - control) * (canary - control));
}

double proportions_power(double control, double canary, double n, double canary_share, double alpha)
{
    if (!is_sane(canary_share, alpha, 0.999999) || !(n > 0))
        return NAN;
    double bound = normal_quantile(1 - alpha / 2) * error_under_null(control, canary, canary_share);
    double error = error_under_effect(control, canary, canary_share);
    return normal_lower((fabs(canary - control) * sqrt(n) - bound) / error);
}

static double closeness(const void *data, double difference)
{
    const struct question *asked = data;
    return -proportions_sample_size(asked->control, asked->control + difference,
                                    asked->canary_share, asked->alpha, asked->power);
}

double proportions_detectable(double control, double n, double canary_share, double alpha,
                              double power)
{
    if (!is_sane(canary_share, alpha, power) || !(control >= 0 && control < 1) || !(n > 0))
        return NAN;
    struct question asked = {
        .control = control, .canary_share = canary_share, .alpha = alpha, .power = power};
    return first_reaching(closeness, &asked, -n, 1e-12, 1 - control);
}

/* How much of the difference remains after the bound, and after bad luck at the wanted power. */
static double slack_of_units(const void *data, double n)
{
    const struct question *asked = data;
    double error = sqrt((asked->variance_canary / asked->canary_share +
                         asked->variance_control / (1 - asked->canary_share)) /
                        n);
    return fabs(asked->difference) -
           error * (sequence_multiplier_one_sided(n, asked->alpha, SEQUENCE_TUNED_FOR) +
                    normal_quantile(asked->power));
}

double means_sequence_size(double difference, double variance_canary, double variance_control,
                           double canary_share, double alpha, double power)
{
    if (!is_sane(canary_share, alpha, power) || difference == 0)
        return NAN;
    struct question asked = {.difference = difference,
                             .variance_canary = variance_canary,
                             .variance_control = variance_control,
                             .canary_share = canary_share,
                             .alpha = alpha,
                             .power = power};
    return first_reaching(slack_of_units, &asked, 0, MEANS_BURN_IN, MOST_UNITS);
}

struct proportions_question {
    struct proportion control, canary; /* per unit of both arms together: n is the arm's share */
    enum side side;
    double ratio, difference, power;
};

/* The evidence if the canary is as lucky as it may be at the wanted power. */
static double evidence_of_units(const void *data, double n)
{
    const struct proportions_question *asked = data;
    double p = asked->canary.events, q = asked->control.events;
    double error = sqrt(p * (1 - p) / (n * asked->canary.n) + q * (1 - q) / (n * asked->control.n));
    double luck = normal_quantile(asked->power) * error;
    double seen = asked->side == SIDE_ABOVE ? p - luck : p + luck;
    struct stratum stratum = {
        {n * asked->canary.n, n * asked->canary.n * fmin(fmax(seen, 0), 1)},
        {n * asked->control.n, n * asked->control.n * q},
    };
    return proportions_log_e(&stratum, 1, asked->side, asked->ratio, asked->difference);
}

double proportions_sequence_size(double control, double canary, enum change change, double margin,
                                 double canary_share, double alpha, double power)
{
    struct proportions_question asked = {
        .control = {1 - canary_share, control},
        .canary = {canary_share, canary},
        .ratio = change == CHANGE_RELATIVE ? 1 + margin : 1,
        .difference = change == CHANGE_RELATIVE ? 0 : margin,
        .power = power,
    };
    double margined = asked.ratio * control + asked.difference;
    if (!is_sane(canary_share, alpha, power) || !(control >= 0 && control <= 1) ||
        !(canary >= 0 && canary <= 1) || canary == margined)
        return NAN;
    asked.side = canary > margined ? SIDE_ABOVE : SIDE_BELOW;
    return first_reaching(evidence_of_units, &asked, -log(alpha), 1, MOST_UNITS);
}
