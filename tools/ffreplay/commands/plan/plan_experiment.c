/* plan_experiment.c - how many units an experiment takes. See plan_page.h. */
#include <math.h>

#include "plan_page.h"

#define SECONDS_A_DAY 86400

static void take_wish(struct experiment *experiment, const struct plan_wish *wish)
{
    if (wish->power > 0)
        experiment->power = wish->power;
    if (wish->mde > 0)
        experiment->mde = wish->mde;
    if (wish->method >= 0) {
        experiment->method = (enum analysis_method)wish->method;
        experiment->asks_method = true;
    }
    if (wish->traffic > 0)
        experiment->units_per_day = (uint64_t)llround(wish->traffic * SECONDS_A_DAY);
    for (size_t i = 0; i < wish->baseline_count; i++)
        if (wish->baselines[i].metric == experiment->primary) {
            experiment->baseline.given = true;
            experiment->baseline.mean = wish->baselines[i].mean;
            experiment->baseline.deviation = wish->baselines[i].deviation;
        }
}

static const char *why_unknown(const struct experiment *experiment)
{
    const struct experiment_baseline *baseline = &experiment->baseline;
    if (!experiment->primary)
        return "it has no primary metric";
    if (!(experiment->mde > 0))
        return "it has no 'mde', the smallest effect to detect: give --mde";
    if (!(experiment->power > 0.5))
        return "a power of a half or less is no better than a coin";
    enum metric_sizing sizing = metric_traits(experiment->primary)->sizing;
    if (sizing == SIZED_BY_NOTHING)
        return "no formula gives the size for such a metric beforehand";
    if (sizing == SIZED_BY_DEVIATION && !(baseline->given && baseline->deviation > 0))
        return "the size of a mean depends on its deviation: give 'baseline', or --baseline "
               "METRIC=MEAN:DEVIATION";
    return "its arms leave no room to compare";
}

/* Whichever effect is asked for. */
static bool can_be_sized(const struct experiment_plan *plan)
{
    struct experiment any = plan->experiment;
    struct targeting targeting = plan->targeting;
    struct sample_size size;
    any.mde = 0.01;
    targeting.experiment = &any;
    return sample_size(&targeting, &size);
}

const int planned_days[PLANNED_SPANS] = {7, 14, 28};

double plan_effect(const struct experiment_plan *plan, int days)
{
    return detectable_effect(&plan->experiment, units_a_day(&plan->targeting) * days);
}

void plan_experiment(struct experiment_plan *plan, const struct plan_wish *wish,
                     const struct flag *flag, uint32_t environment)
{
    plan->flag = flag;
    plan->targeting = flag->environments[environment];
    plan->experiment = *plan->targeting.experiment;
    plan->targeting.experiment = &plan->experiment;
    take_wish(&plan->experiment, wish);
    const struct experiment *experiment = &plan->experiment;
    bool has_deviation =
        experiment->primary && (metric_traits(experiment->primary)->sizing == SIZED_BY_SHARE ||
                                experiment->baseline.deviation > 0);
    bool is_plain = !experiment->baseline.given || has_deviation;
    plan->known = is_plain && sample_size(&plan->targeting, &plan->size);
    plan->finds = is_plain && experiment->baseline.given && units_a_day(&plan->targeting) > 0 &&
                  can_be_sized(plan);
    if (!plan->known)
        plan->unknown = why_unknown(experiment);
}
