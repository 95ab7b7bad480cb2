/* possible.c - see possible.h. The steps are those of docs/evaluation.md, in that order. */
#include "possible.h"

#include <stdlib.h>
#include <string.h>

#include "emergency.h"
#include "fflag/snapshot.h"
#include "compiler/base/memory.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

#define DEEPEST FFS_MAX_DEPTH /* deeper is a mistake, such as a cycle, and may be anything */

/* The variants that some unit may get, and whether earlier steps have decided for all units. */
struct possible {
    struct variant_set variants;
    bool all;
};

static const struct variant_set *possible_below(struct possibilities *possibilities,
                                                const struct flag *flag, uint32_t depth);

static void serve(struct possible *possible, uint32_t variant, bool all)
{
    if (possible->all)
        return;
    variant_set_add(&possible->variants, variant);
    possible->all = all;
}

static void serve_arms(struct possible *possible, const struct arm *arms, uint32_t count)
{
    if (!possible->all)
        variant_set_add_arms(&possible->variants, arms, count);
}

static void add_overrides(struct possible *possible, const struct possibilities *possibilities,
                          const struct flag *flag)
{
    const struct targeting *targeting = &flag->environments[possibilities->environment];
    const struct override *override = NULL;
    while (!possible->all &&
           (override = override_in_force(possibilities->project, flag, possibilities->environment,
                                         possibilities->at, override))) {
        uint32_t served =
            override->serve.text ? override_variant(targeting, override->serve.text) : UINT32_MAX;
        serve(possible, served != UINT32_MAX ? served : targeting->default_variant,
              !override->condition);
    }
}

/* Whether some unit may meet a requirement, and whether some may not. */
static bool may_be_met(struct possibilities *possibilities, const struct requirement *requirement,
                       uint32_t depth, bool *refused)
{
    const struct variant_set *variants =
        possible_below(possibilities, requirement->flag, depth + 1);
    *refused = variant_set_exceeds(variants, requirement->variants);
    return variant_set_meets(variants, requirement->variants);
}

static void add_requirements(struct possible *possible, struct possibilities *possibilities,
                             const struct targeting *targeting, uint32_t depth)
{
    for (uint32_t i = 0; i < targeting->requirement_count && !possible->all; i++) {
        bool refused;
        bool met = may_be_met(possibilities, &targeting->requirements[i], depth, &refused);
        if (refused || !met)
            serve(possible, targeting->default_variant, !met);
    }
}

static void add_rules(struct possible *possible, const struct targeting *targeting)
{
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (rule_is_for_nobody(rule))
            continue;
        /* A split lets units without a key pass. */
        if (rule->split)
            serve_arms(possible, rule->arms, rule->arm_count);
        else
            serve(possible, rule->serve, !rule->condition && !rule_samples(rule));
    }
}

static void add_canary(struct possible *possible, const struct canary *canary)
{
    const struct stage *stage = &canary->stages[canary->stage];
    if (canary->state == CANARY_PENDING || canary->state == CANARY_ROLLED_BACK)
        return;
    if (canary->state == CANARY_COMPLETE || canary->instant)
        serve(possible, canary->serve, true);
    else if (stage->percent)
        serve(possible, canary->serve, stage->percent == PERCENT_ALL && !stage->condition);
}

static void add_experiment(struct possible *possible, const struct experiment *experiment)
{
    if (experiment->state == EXPERIMENT_RUNNING && experiment->traffic)
        serve_arms(possible, experiment->arms, experiment->arm_count);
    else if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner)
        serve(possible, experiment->winner, true);
}

static void add_targeting(struct possible *possible, const struct targeting *targeting)
{
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        serve(possible, targeting->users[i].variant, false);
    if (targeting->holdout_count || targeting_shares_layer(targeting))
        serve(possible, targeting->default_variant, false);
    for (uint32_t i = 0; targeting_keeps(targeting) && i < targeting->variant_count; i++)
        serve(possible, i, false);
    add_rules(possible, targeting);
    if (targeting->canary)
        add_canary(possible, targeting->canary);
    if (targeting->experiment)
        add_experiment(possible, targeting->experiment);
}

static const struct variant_set *possible_below(struct possibilities *possibilities,
                                                const struct flag *flag, uint32_t depth)
{
    static const struct variant_set none;
    const struct targeting *targeting = &flag->environments[possibilities->environment];
    struct variant_set *known = &possibilities->variants[flag->index];
    struct possible possible = {.all = false};
    if (!variant_set_equal(known, &none))
        return known;
    variant_set_fill(known); /* the answer for other flags in the same cycle */
    if (flag->faulty || depth > DEEPEST)
        return known;
    add_overrides(&possible, possibilities, flag);
    if (!targeting->enabled)
        serve(&possible, targeting->default_variant, true);
    add_requirements(&possible, possibilities, targeting, depth);
    add_targeting(&possible, targeting);
    serve(&possible, targeting->default_variant, true);
    *known = possible.variants;
    return known;
}

void possibilities_init(struct possibilities *possibilities, const struct project *project,
                        uint32_t environment, int64_t at)
{
    *possibilities = (struct possibilities){
        .project = project,
        .environment = environment,
        .at = at,
        .variants = xcalloc(project->flag_count, sizeof *possibilities->variants)};
}

void possibilities_release(struct possibilities *possibilities)
{
    free(possibilities->variants);
    possibilities->variants = NULL;
}

const struct requirement *first_requirement(struct possibilities *possibilities,
                                            const struct flag *flag, enum met met)
{
    const struct targeting *targeting = &flag->environments[possibilities->environment];
    for (uint32_t i = 0; i < targeting->requirement_count; i++) {
        bool refused;
        bool is_met = may_be_met(possibilities, &targeting->requirements[i], 0, &refused);
        if (met == MET_BY_SOME ? is_met && refused : !is_met)
            return &targeting->requirements[i];
    }
    return NULL;
}
