/* division.c - see division.h. */
#include "division.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

/* Lines from an override's time are left out. */
static bool is_asked_alone(const struct targeting *targeting)
{
    return targeting->enabled && targeting->user_list_count == 0 && !targeting->layer &&
           targeting->holdout_count == 0 && targeting->requirement_count == 0;
}

/* The split's arms, where a variant may have several, as one for each. */
static const struct arm *by_variant(struct arena *arena, const struct rule *rule, uint32_t *count)
{
    struct arm *arms = NULL;
    *count = 0;
    for (uint32_t i = 0; i < rule->arm_count; i++) {
        uint32_t at = 0;
        while (at < *count && arms[at].variant != rule->arms[i].variant)
            at++;
        if (at < *count)
            arms[at].percent += rule->arms[i].percent;
        else
            *ARENA_APPEND(arena, arms, *count) = rule->arms[i];
    }
    return arms;
}

static struct division of_experiment(const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    return (struct division){experiment->arms, experiment->arm_count, "experiment",
                             is_asked_alone(targeting) && targeting->rule_count == 0 &&
                                 !experiment->condition && experiment->traffic == PERCENT_ALL};
}

struct division division_while_it_ran(struct arena *arena, const struct flag *flag,
                                      uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    return targeting->experiment && targeting->experiment->state == EXPERIMENT_CONCLUDED
               ? of_experiment(targeting)
               : division_of(arena, flag, environment);
}

struct division division_of(struct arena *arena, const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    const struct experiment *experiment = targeting->experiment;
    bool alone = is_asked_alone(targeting);
    if (experiment && experiment->state == EXPERIMENT_RUNNING)
        return of_experiment(targeting);
    const struct rule *split = NULL;
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        if (targeting->rules[i].split) {
            if (split)
                return (struct division){0};
            split = &targeting->rules[i];
        }
    if (!split)
        return (struct division){0};
    uint32_t count;
    const struct arm *arms = by_variant(arena, split, &count);
    return (struct division){arms, count, split->name.text,
                             alone && split == targeting->rules && !split->condition &&
                                 !rule_samples(split)};
}

uint32_t division_arm(const struct division *division, const struct served *served)
{
    if (division->count == 0 || served->kind != SERVED_VARIANT)
        return NO_ARM;
    bool is_in = served->evaluated ? served->reason == FFLAG_REASON_SPLIT && served->rule &&
                                         strcmp(served->rule, division->rule) == 0
                                   : division->is_all;
    for (uint32_t i = 0; is_in && i < division->count; i++)
        if (division->arms[i].variant == served->variant)
            return i;
    return NO_ARM;
}
