/* sample_size.c - see sample_size.h. */
#include "sample_size.h"

#include <math.h>

#include "compiler/base/percent.h"
#include "compiler/model/metric.h"
#include "compiler/statistics/mean_sequence.h"
#include "compiler/statistics/sizing.h"

/* The distribution of the control. */
struct population {
    double mean, deviation;
    bool is_share;
};

static double percent_share(uint32_t percent)
{
    return (double)percent / PERCENT_ALL;
}

static double arm_share(const struct experiment *experiment, uint32_t variant)
{
    for (uint32_t i = 0; i < experiment->arm_count; i++) {
        if (experiment->arms[i].variant == variant)
            return percent_share(experiment->arms[i].percent);
    }
    return 0;
}

/* The smallest share of a variant that is compared with control; 0 if there is none. */
static double smallest_treatment(const struct experiment *experiment)
{
    uint32_t least = 0;
    for (uint32_t i = 0; i < experiment->arm_count; i++) {
        uint32_t percent = experiment->arms[i].percent;
        if (experiment->arms[i].variant != experiment->control && percent > 0 &&
            (least == 0 || percent < least))
            least = percent;
    }
    return percent_share(least);
}

uint32_t treatment_count(const struct experiment *experiment)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        count +=
            experiment->arms[i].variant != experiment->control && experiment->arms[i].percent > 0;
    return count;
}

/* Each variant is another chance of a false positive, so it gets its part of alpha (Bonferroni). */
struct question {
    struct planned_test test;
    double taking_part; /* of the experiment's units, those in control and the variant */
    enum analysis_method method;
    double inflation;         /* ANALYSIS_GROUP_SEQUENTIAL */
    enum share_method common; /* how a share is judged that is not rare */
};

#define DEFAULT_LOOKS 5

/* By ranks, a test takes at most 1.16 times the units of a t-test. */
enum analysis_method method_of_primary(const struct experiment *experiment)
{
    switch (experiment->asks_method ? METRIC_AS_EXPERIMENT : experiment->primary->method) {
    case METRIC_SEQUENTIAL:
        return ANALYSIS_SEQUENTIAL;
    case METRIC_FIXED:
    case METRIC_MANN_WHITNEY:
        return ANALYSIS_FIXED;
    case METRIC_GROUP_SEQUENTIAL:
        return ANALYSIS_GROUP_SEQUENTIAL;
    case METRIC_BAYESIAN:
        return ANALYSIS_BAYESIAN;
    case METRIC_AS_EXPERIMENT:
        break;
    }
    return experiment->method;
}

static double power_of_primary(const struct experiment *experiment)
{
    return 1 - (1 - experiment->power) / (experiment->guards.count + 1);
}

static struct question question_of(const struct experiment *experiment)
{
    double control = arm_share(experiment, experiment->control);
    double treatment = smallest_treatment(experiment);
    double alpha = experiment->alpha / treatment_count(experiment);
    struct question asked = {.test = planned_test(treatment / (control + treatment), alpha,
                                                  power_of_primary(experiment)),
                             .taking_part = control + treatment,
                             .method = method_of_primary(experiment),
                             .inflation = 1,
                             .common = experiment->stratify.text
                                           ? SHARE_AS_MEAN
                                           : share_method_of_common(treatment, control)};
    if (asked.method == ANALYSIS_GROUP_SEQUENTIAL)
        asked.inflation = group_sequential_inflation(
            &asked.test, experiment->looks > 0 ? experiment->looks : DEFAULT_LOOKS);
    return asked;
}

/* Units of a pair of arms until the rarer of events and others is seen often enough in each. */
static double units_until_common(const struct planned_test *test, double control, double treatment)
{
    double of_treatment = test->canary_share * fmin(treatment, 1 - treatment);
    double of_control = (1 - test->canary_share) * fmin(control, 1 - control);
    return SHARE_COMMON_EVENTS / fmin(of_treatment, of_control);
}

static double sequential_units(const struct question *asked, const struct population *control,
                               double difference, enum share_method *judged)
{
    const struct planned_test *test = &asked->test;
    double treatment = control->mean + difference;
    double variance = control->deviation * control->deviation;
    double treated = control->is_share ? treatment * (1 - treatment) : variance;
    *judged = control->is_share ? asked->common : SHARE_AS_MEAN;
    double units = *judged == SHARE_BY_TWO_SHARES
                       ? two_shares_sample_size(test, control->mean, treatment)
                       : mixture_sample_size(test, difference, treated, variance);
    if (!control->is_share)
        return fmax(units, MEANS_BURN_IN / fmin(test->canary_share, 1 - test->canary_share));
    double common = units_until_common(test, control->mean, treatment);
    if (units >= common)
        return units;
    double exact = e_process_sample_size(test, control->mean, treatment);
    if (exact > common)
        return common;
    *judged = SHARE_BY_COUNTS;
    return exact;
}

/* In the whole experiment, to detect a difference; infinite if the variant would be no share. */
static double fixed_units_for(const struct question *asked, const struct population *control,
                              double difference)
{
    double treatment = control->mean + difference;
    if (control->is_share && (treatment < 0 || treatment > 1))
        return INFINITY;
    double pair = control->is_share
                      ? proportions_sample_size(&asked->test, control->mean, treatment)
                      : means_sample_size(&asked->test, difference, control->deviation);
    return pair / asked->taking_part;
}

static double units_for(const struct question *asked, const struct population *control,
                        double difference, enum share_method *judged)
{
    double fixed = fixed_units_for(asked, control, difference);
    *judged = SHARE_AS_MEAN;
    if (!isfinite(fixed))
        return fixed;
    switch (asked->method) {
    case ANALYSIS_SEQUENTIAL:
        return sequential_units(asked, control, difference, judged) / asked->taking_part;
    case ANALYSIS_GROUP_SEQUENTIAL:
        return fixed * asked->inflation;
    case ANALYSIS_FIXED:
    case ANALYSIS_BAYESIAN:
        break;
    }
    return fixed;
}

static struct population share_of(double rate)
{
    return (struct population){rate, sqrt(rate * (1 - rate)), true};
}

static struct population baseline_of(const struct experiment *experiment)
{
    const struct experiment_baseline *baseline = &experiment->baseline;
    return metric_traits(experiment->primary)->sizing == SIZED_BY_SHARE
               ? share_of(baseline->mean)
               : (struct population){baseline->mean, baseline->deviation, false};
}

/* What is to be found, and where. */
struct target {
    struct population control;
    double difference;
};

/* An improvement, the purpose of a variant; the opposite if there is no room for one. */
static struct target target_at_baseline(const struct experiment *experiment,
                                        const struct question *asked, double effect)
{
    struct population control = baseline_of(experiment);
    double difference = control.mean * effect;
    if (experiment->primary->lower_is_better)
        difference = -difference;
    if (isinf(fixed_units_for(asked, &control, difference)))
        difference = -difference;
    return (struct target){control, difference};
}

static struct target target_at_best(const struct experiment *experiment,
                                    const struct question *asked)
{
    enum { STEPS = 10000 };
    struct target best = {0};
    double fewest = INFINITY;
    for (int i = 1; i <= 2 * STEPS; i++) {
        struct population control = share_of((double)((i + 1) / 2) / STEPS);
        double difference = control.mean * experiment->mde * (i % 2 ? 1 : -1);
        double units = fixed_units_for(asked, &control, difference);
        if (units < fewest) {
            fewest = units;
            best = (struct target){control, difference};
        }
    }
    return best;
}

double units_a_day(const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    double in_layer =
        targeting->layer ? percent_share(targeting->layer_to - targeting->layer_from) : 1;
    return (double)experiment->units_per_day * in_layer * percent_share(experiment->traffic);
}

static double smallest_arm(const struct experiment *experiment)
{
    return fmin(arm_share(experiment, experiment->control), smallest_treatment(experiment));
}

bool sample_size(const struct targeting *targeting, struct sample_size *size)
{
    const struct experiment *experiment = targeting->experiment;
    const struct metric *primary = experiment->primary;
    if (!primary || experiment->mde <= 0 || experiment->power <= 0.5 ||
        !(smallest_arm(experiment) > 0))
        return false;
    bool is_certain = experiment->baseline.given;
    if (!is_certain && metric_traits(primary)->sizing != SIZED_BY_SHARE)
        return false;
    struct question asked = question_of(experiment);
    struct target target = is_certain ? target_at_baseline(experiment, &asked, experiment->mde)
                                      : target_at_best(experiment, &asked);
    enum share_method judged;
    double all = units_for(&asked, &target.control, target.difference, &judged);
    double fixed = fixed_units_for(&asked, &target.control, target.difference);
    double daily = units_a_day(targeting);
    *size = (struct sample_size){.units = ceil(all * smallest_arm(experiment)),
                                 .all = ceil(all),
                                 .days = daily > 0 ? ceil(all / daily) : NAN,
                                 .is_certain = is_certain,
                                 .fixed = ceil(fixed),
                                 .power = power_of_primary(experiment),
                                 .judged = judged};
    return isfinite(all);
}

static bool is_found(const struct experiment *experiment, const struct question *asked,
                     double effect, double all)
{
    enum share_method judged;
    struct target target = target_at_baseline(experiment, asked, effect);
    return units_for(asked, &target.control, target.difference, &judged) <= all;
}

double detectable_effect(const struct experiment *experiment, double all)
{
    double low = 0, high = 0.99;
    struct question asked = question_of(experiment);
    if (!is_found(experiment, &asked, high, all))
        return NAN;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(is_found(experiment, &asked, middle, all) ? &high : &low) = middle;
    }
    return high;
}
