/* plan_experiment.c - how many units an experiment takes. See plan_page.h. */
#include <math.h>

#include "plan_page.h"

#define SECONDS_A_DAY 86400

static void take_wish(struct experiment *experiment, const struct plan_wish *wish)
{
    if (wish->power > 0)
        experiment->power = wish->power;
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
        return "it has no 'mde', the least effect that it is to find";
    if (!(experiment->power > 0.5))
        return "a power of a half or less is that of a coin";
    enum metric_sizing sizing = metric_traits(experiment->primary)->sizing;
    if (sizing == SIZED_BY_NOTHING)
        return "of such a metric, no formula tells the size beforehand";
    if (sizing == SIZED_BY_DEVIATION && !(baseline->given && baseline->deviation > 0))
        return "the size of a mean depends on its deviation: give 'baseline', or --baseline "
               "METRIC=MEAN:DEVIATION";
    return "its arms leave no room to compare";
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
    plan->known = (!experiment->baseline.given || has_deviation) &&
                  sample_size(&plan->targeting, &plan->size);
    if (!plan->known)
        plan->unknown = why_unknown(experiment);
}
