/* choose_logs.c - see choose_logs.h. */
#include "choose_logs.h"

#include "compiler/model/flag.h"

static void concern_criteria(struct replay *replay, const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++)
        replay_concerns(replay, criteria->items[i].metric);
}

static void concern_canary(struct replay *replay, const struct canary *canary)
{
    concern_criteria(replay, &canary->guards);
    concern_criteria(replay, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        concern_criteria(replay, &canary->stages[i].guards);
        concern_criteria(replay, &canary->stages[i].advance_when);
    }
}

static void concern_experiment(struct replay *replay, const struct experiment *experiment)
{
    concern_criteria(replay, &experiment->guards);
    if (experiment->primary)
        replay_concerns(replay, experiment->primary);
    for (uint32_t i = 0; i < experiment->metric_count; i++)
        replay_concerns(replay, experiment->metrics[i]);
}

void choose_logs(struct replay *replay, const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    if (targeting->canary)
        concern_canary(replay, targeting->canary);
    if (targeting->experiment)
        concern_experiment(replay, targeting->experiment);
}
