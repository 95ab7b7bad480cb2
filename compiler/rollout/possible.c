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
    uint64_t variants;
    bool all;
};

static uint64_t possible_below(struct possibilities *possibilities, const struct flag *flag,
                               uint32_t depth);

static void serve(struct possible *possible, uint64_t variants, bool all)
{
    if (possible->all)
        return;
    possible->variants |= variants;
    possible->all = all;
}

static uint64_t bit(uint32_t variant)
{
    return UINT64_C(1) << (variant & (MOST_VARIANTS - 1));
}

static uint64_t arm_bits(const struct arm *arms, uint32_t count)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++)
        bits |= arms[i].percent ? bit(arms[i].variant) : 0;
    return bits;
}

static void add_overrides(struct possible *possible, const struct possibilities *possibilities,
                          const struct flag *flag)
{
    const struct targeting *targeting = &flag->environments[possibilities->environment];
    const struct override *override = NULL;
    while (!possible->all &&
           (override = override_in_force(possibilities->project, flag, possibilities->environment,
                                         possibilities->at, override))) {
        uint64_t served = bit(targeting->default_variant);
        for (uint32_t i = 0; i < targeting->variant_count; i++)
            if (targeting->variants[i].name.text && override->serve.text &&
                strcmp(targeting->variants[i].name.text, override->serve.text) == 0)
                served = bit(i);
        serve(possible, served, !override->condition);
    }
}

/* The variants that the required flag may serve, split into accepted and refused. */
static uint64_t accepted(struct possibilities *possibilities, const struct requirement *requirement,
                         uint32_t depth, uint64_t *refused)
{
    uint64_t variants = possible_below(possibilities, requirement->flag, depth + 1);
    *refused = variants & ~requirement->variants;
    return variants & requirement->variants;
}

static void add_requirements(struct possible *possible, struct possibilities *possibilities,
                             const struct targeting *targeting, uint32_t depth)
{
    for (uint32_t i = 0; i < targeting->requirement_count && !possible->all; i++) {
        uint64_t refused;
        bool met = accepted(possibilities, &targeting->requirements[i], depth, &refused);
        if (refused || !met)
            serve(possible, bit(targeting->default_variant), !met);
    }
}

static void add_rules(struct possible *possible, const struct targeting *targeting)
{
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (rule_is_for_nobody(rule))
            continue;
        /* A split lets units without a key pass. */
        serve(possible, rule->split ? arm_bits(rule->arms, rule->arm_count) : bit(rule->serve),
              !rule->condition && !rule->split && !rule_samples(rule));
    }
}

static void add_canary(struct possible *possible, const struct canary *canary)
{
    const struct stage *stage = &canary->stages[canary->stage];
    if (canary->state == CANARY_PENDING || canary->state == CANARY_ROLLED_BACK)
        return;
    if (canary->state == CANARY_COMPLETE || canary->instant)
        serve(possible, bit(canary->serve), true);
    else if (stage->percent)
        serve(possible, bit(canary->serve), stage->percent == PERCENT_ALL && !stage->condition);
}

static void add_experiment(struct possible *possible, const struct experiment *experiment)
{
    if (experiment->state == EXPERIMENT_RUNNING && experiment->traffic)
        serve(possible, arm_bits(experiment->arms, experiment->arm_count), false);
    else if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner)
        serve(possible, bit(experiment->winner), true);
}

static void add_targeting(struct possible *possible, const struct targeting *targeting)
{
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        serve(possible, bit(targeting->users[i].variant), false);
    bool shared = targeting->layer && (targeting->layer_from || targeting->layer_to < PERCENT_ALL);
    if (targeting->holdout_count || shared)
        serve(possible, bit(targeting->default_variant), false);
    add_rules(possible, targeting);
    if (targeting->canary)
        add_canary(possible, targeting->canary);
    if (targeting->experiment)
        add_experiment(possible, targeting->experiment);
}

static uint64_t possible_below(struct possibilities *possibilities, const struct flag *flag,
                               uint32_t depth)
{
    const struct targeting *targeting = &flag->environments[possibilities->environment];
    uint64_t *known = &possibilities->variants[flag->index];
    struct possible possible = {0};
    if (flag->faulty || depth > DEEPEST)
        return UINT64_MAX;
    if (*known)
        return *known;
    *known = UINT64_MAX; /* the answer for other flags in the same cycle */
    add_overrides(&possible, possibilities, flag);
    if (!targeting->enabled)
        serve(&possible, bit(targeting->default_variant), true);
    add_requirements(&possible, possibilities, targeting, depth);
    add_targeting(&possible, targeting);
    serve(&possible, bit(targeting->default_variant), true);
    *known = possible.variants;
    return possible.variants;
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
        uint64_t refused;
        bool is_met = accepted(possibilities, &targeting->requirements[i], 0, &refused);
        if (met == MET_BY_SOME ? is_met && refused : !is_met)
            return &targeting->requirements[i];
    }
    return NULL;
}
