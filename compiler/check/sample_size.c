/* sample_size.c - see sample_size.h. */
#include "sample_size.h"

#include <math.h>

#include "compiler/base/percent.h"
#include "compiler/model/metric.h"
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
};

static struct question question_of(const struct experiment *experiment)
{
    double control = arm_share(experiment, experiment->control);
    double treatment = smallest_treatment(experiment);
    double alpha = experiment->alpha / treatment_count(experiment);
    return (struct question){
        .test = planned_test(treatment / (control + treatment), alpha, experiment->power),
        .taking_part = control + treatment};
}

/* In the whole experiment, to detect a difference; infinite if the variant would be no share. */
static double units_for(const struct question *asked, const struct population *control,
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

/* For an improvement, the purpose of a variant; for the opposite if there is no room for one. */
static double units_at_baseline(const struct experiment *experiment, double effect)
{
    struct population control = baseline_of(experiment);
    double difference = control.mean * effect;
    if (experiment->primary->lower_is_better)
        difference = -difference;
    struct question asked = question_of(experiment);
    double units = units_for(&asked, &control, difference);
    return isinf(units) ? units_for(&asked, &control, -difference) : units;
}

static double units_at_best(const struct experiment *experiment)
{
    enum { STEPS = 10000 };
    struct question asked = question_of(experiment);
    double fewest = INFINITY;
    for (int i = 1; i <= STEPS; i++) {
        struct population control = share_of((double)i / STEPS);
        double difference = control.mean * experiment->mde;
        fewest = fmin(fewest, units_for(&asked, &control, difference));
        fewest = fmin(fewest, units_for(&asked, &control, -difference));
    }
    return fewest;
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
    double all =
        is_certain ? units_at_baseline(experiment, experiment->mde) : units_at_best(experiment);
    double daily = units_a_day(targeting);
    *size = (struct sample_size){.units = ceil(all * smallest_arm(experiment)),
                                 .all = ceil(all),
                                 .days = daily > 0 ? ceil(all / daily) : NAN,
                                 .is_certain = is_certain};
    return isfinite(all);
}

double detectable_effect(const struct experiment *experiment, double all)
{
    double low = 0, high = 0.99;
    if (!(units_at_baseline(experiment, high) <= all))
        return NAN;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (units_at_baseline(experiment, middle) <= all)
            high = middle;
        else
            low = middle;
    }
    return high;
}
