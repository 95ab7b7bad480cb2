/* sample_size.c - see sample_size.h. */
#include "sample_size.h"

#include <math.h>

#include "compiler/base/percent.h"
#include "compiler/model/metric.h"

/* The distribution of the control. */
struct population {
    double mean, deviation;
    bool is_share;
};

static double percent_share(uint32_t percent)
{
    return (double)percent / PERCENT_ALL;
}

/* How many standard deviations a normal value exceeds with this probability. */
static double normal_quantile(double probability)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(middle / sqrt(2)) > probability)
            low = middle;
        else
            high = middle;
    }
    return high;
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

/* An experiment's question, in standard errors and shares. */
struct question {
    double bound, luck; /* how far a difference must exceed zero; what the wanted power adds */
    double control, treatment;
};

/* Each variant is another chance of a false positive, so it gets its part of alpha (Bonferroni). */
static struct question question_of(const struct experiment *experiment)
{
    double alpha = experiment->alpha / treatment_count(experiment);
    return (struct question){.bound = normal_quantile(alpha / 2),
                             .luck = normal_quantile(1 - experiment->power),
                             .control = arm_share(experiment, experiment->control),
                             .treatment = smallest_treatment(experiment)};
}

/* In the whole experiment. The test assumes equal shares; under the effect they differ. */
static double units_of_shares(const struct question *asked, double control, double treatment)
{
    if (treatment < 0 || treatment > 1)
        return INFINITY;
    double pooled = (asked->control * control + asked->treatment * treatment) /
                    (asked->control + asked->treatment);
    double same = pooled * (1 - pooled) * (1 / asked->control + 1 / asked->treatment);
    double apart =
        control * (1 - control) / asked->control + treatment * (1 - treatment) / asked->treatment;
    double reach = (asked->bound * sqrt(same) + asked->luck * sqrt(apart)) / (treatment - control);
    return reach * reach;
}

/* Likewise; Student's t needs bound² / 2 more units, over two arms, than the normal
 * distribution. */
static double units_of_means(const struct question *asked, double deviation, double difference)
{
    double reach = (asked->bound + asked->luck) * deviation / difference;
    return reach * reach * (1 / asked->control + 1 / asked->treatment) +
           asked->bound * asked->bound / 2 / (asked->control + asked->treatment);
}

/* Units to detect a difference; infinite if the variant's share would not be one. */
static double units_for(const struct question *asked, const struct population *control,
                        double difference)
{
    return control->is_share ? units_of_shares(asked, control->mean, control->mean + difference)
                             : units_of_means(asked, control->deviation, difference);
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
    if (units_at_baseline(experiment, high) > all)
        return NAN;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (units_at_baseline(experiment, middle) > all)
            low = middle;
        else
            high = middle;
    }
    return high;
}
