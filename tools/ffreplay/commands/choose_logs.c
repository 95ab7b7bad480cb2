/* choose_logs.c - see choose_logs.h. */
#include "choose_logs.h"

#include "compiler/base/buffer.h"
#include "compiler/cli/messages.h"
#include "compiler/model/flag.h"
#include "tools/ffreplay/canary/analysis.h"

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

static bool looks_back(const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++)
        if (criterion_compares(&criteria->items[i]) && criteria->items[i].versus_before)
            return true;
    return false;
}

static bool canary_looks_back(const struct canary *canary)
{
    bool any = looks_back(&canary->guards) || looks_back(&canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++)
        any |= looks_back(&canary->stages[i].guards) || looks_back(&canary->stages[i].advance_when);
    return any;
}

struct asked_times asked_from_canary(const struct replay *replay)
{
    int64_t now = replay->times.now;
    return (struct asked_times){INT64_MIN, now == INT64_MIN ? INT64_MAX : now,
                                "it is when the stage of a canary began, its 'since'"};
}

void ask_for_canary(struct asked_times *asked, const struct canary *canary)
{
    const int64_t day = INT64_C(24) * 60 * 60 * 1000;
    int64_t from = canary->since;
    if (from == INT64_MIN)
        return;
    if (canary_looks_back(canary))
        from -= day;
    if (asked->from == INT64_MIN || from < asked->from)
        asked->from = from;
}

bool ask_for_whole_canary(struct asked_times *asked, struct project *project,
                          const struct flag *flag, uint32_t environment)
{
    struct past_stages past;
    struct buffer error = {0};
    ask_for_canary(asked, flag->environments[environment].canary);
    bool found = past_stages_find(&past, project, flag, environment, &error);
    if (!found)
        job_error(NULL, "%s", error.bytes);
    else if (past.count > 0 && past.items[0].from < asked->from)
        asked->from = past.items[0].from;
    buffer_release(&error);
    return found;
}
