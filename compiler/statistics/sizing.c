/* sizing.c - see sizing.h. */
#include "sizing.h"

#include <math.h>
#include <stdbool.h>

#include "count_sequence.h"
#include "distributions.h"
#include "group_sequential.h"
#include "mixture_sequence.h"
#include "two_shares.h"

struct planned_test planned_test(double canary_share, double alpha, double power)
{
    bool is_sane =
        canary_share > 0 && canary_share < 1 && alpha > 0 && alpha < 1 && power >= 0.5 && power < 1;
    return is_sane ? (struct planned_test){normal_quantile(1 - alpha / 2), normal_quantile(power),
                                           canary_share, alpha}
                   : (struct planned_test){NAN, NAN, NAN, NAN};
}

/* The test takes both to be the same; what it finds is not. */
double proportions_sample_size(const struct planned_test *test, double control, double canary)
{
    double of_canary = test->canary_share, of_control = 1 - of_canary;
    double pooled = of_canary * canary + of_control * control;
    double same = pooled * (1 - pooled) * (1 / of_canary + 1 / of_control);
    double apart = canary * (1 - canary) / of_canary + control * (1 - control) / of_control;
    double reach = (test->bound * sqrt(same) + test->luck * sqrt(apart)) / (canary - control);
    return reach * reach;
}

double means_sample_size(const struct planned_test *test, double difference,
                         double standard_deviation)
{
    double reach = (test->bound + test->luck) * standard_deviation / difference;
    return reach * reach * (1 / test->canary_share + 1 / (1 - test->canary_share)) +
           test->bound * test->bound / 2;
}

/* -------------------------------------------------------------------------------- every look -- */

#define MOST_UNITS 1e15

/* Whether so many units show the difference, for all but the unluckiest. */
typedef bool shows_function(const void *asked, double units);

static double least_units(shows_function *shows, const void *asked)
{
    double low = log(2), high = log(MOST_UNITS);
    if (!shows(asked, MOST_UNITS))
        return NAN;
    for (int i = 0; i < 70; i++) {
        double middle = (low + high) / 2;
        *(shows(asked, exp(middle)) ? &high : &low) = middle;
    }
    return exp(high);
}

struct planned_difference {
    const struct planned_test *test;
    double difference; /* above 0 */
    double canary_variance, control_variance;
    double control; /* of a proportion */
    enum side side; /* of the true difference */
    const struct two_shares_bets *bets;
};

static struct planned_difference between_shares(const struct planned_test *test, double control,
                                                double canary)
{
    return (struct planned_difference){.test = test,
                                       .difference = fabs(canary - control),
                                       .canary_variance = canary * (1 - canary),
                                       .control_variance = control * (1 - control),
                                       .control = control,
                                       .side = canary > control ? SIDE_ABOVE : SIDE_BELOW};
}

static double error_of(const struct planned_difference *asked, double units)
{
    double share = asked->test->canary_share;
    return sqrt((asked->canary_variance / share + asked->control_variance / (1 - share)) / units);
}

static bool mixture_shows(const void *given, double units)
{
    const struct planned_difference *asked = given;
    double error = error_of(asked, units);
    const struct estimated_change change = {asked->difference, error, NAN, units};
    struct interval interval = mixture_sequence_interval(&change, asked->test->alpha);
    return interval.lower >= asked->test->luck * error;
}

double mixture_sample_size(const struct planned_test *test, double difference,
                           double canary_variance, double control_variance)
{
    const struct planned_difference asked = {.test = test,
                                             .difference = fabs(difference),
                                             .canary_variance = canary_variance,
                                             .control_variance = control_variance};
    return least_units(mixture_shows, &asked);
}

/* What all but the unluckiest see of two proportions; false: no difference at all. */
static bool seen_by_most(const struct planned_difference *asked, double units,
                         struct stratum *stratum)
{
    double left = asked->difference - asked->test->luck * error_of(asked, units);
    double share = asked->test->canary_share, control = asked->control;
    double canary = asked->side == SIDE_ABOVE ? control + left : control - left;
    *stratum = (struct stratum){{units * share, units * share * canary},
                                {units * (1 - share), units * (1 - share) * control}};
    return left > 0;
}

static bool two_shares_show(const void *given, double units)
{
    const struct planned_difference *asked = given;
    struct stratum seen;
    if (!seen_by_most(asked, units, &seen))
        return false;
    const struct two_shares shares = {seen.canary, seen.control, asked->test->canary_share};
    return two_shares_log_e_by(asked->bets, &shares) >= -log(asked->test->alpha);
}

double two_shares_sample_size(const struct planned_test *test, double control, double canary)
{
    struct two_shares_bets bets;
    if (isnan(test->canary_share))
        return NAN;
    two_shares_bets_make(&bets, test->canary_share);
    struct planned_difference asked = between_shares(test, control, canary);
    asked.bets = &bets;
    return least_units(two_shares_show, &asked);
}

/* Each side has half of the level, as in an analysis. */
static bool e_process_shows(const void *given, double units)
{
    const struct planned_difference *asked = given;
    struct stratum stratum;
    if (!seen_by_most(asked, units, &stratum))
        return false;
    const struct null_hypothesis null = {.side = asked->side, .ratio = 1, .bounded = true};
    return side_by_side_log_e(&stratum, 1, &null, 1) >= log(2 / asked->test->alpha);
}

double e_process_sample_size(const struct planned_test *test, double control, double canary)
{
    const struct planned_difference asked = between_shares(test, control, canary);
    return least_units(e_process_shows, &asked);
}

/* --------------------------------------------------------------------------------- few looks -- */

double group_sequential_inflation(const struct planned_test *test, size_t looks)
{
    double information[GROUP_LOOKS_MOST], bounds[GROUP_LOOKS_MOST];
    double power = 1 - normal_upper(test->luck), once = test->bound + test->luck;
    if (looks < 1 || looks > GROUP_LOOKS_MOST || !isfinite(once))
        return NAN;
    for (size_t i = 0; i < looks; i++)
        information[i] = (double)(i + 1) / (double)looks;
    if (!group_sequential_all_bounds(information, looks, test->alpha / 2, bounds))
        return NAN;
    double low = once, high = 1.2 * once;
    for (int i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        bool finds = group_sequential_power(information, bounds, looks, middle) >= power;
        *(finds ? &high : &low) = middle;
    }
    return high * high / (once * once);
}
