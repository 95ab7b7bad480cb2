/* served_variants.c - see served_variants.h. */
#include "served_variants.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"

static uint64_t bit(uint32_t variant)
{
    return UINT64_C(1) << variant;
}

static uint64_t by_arms(const struct arm *arms, uint32_t count)
{
    uint64_t served = 0;
    for (uint32_t i = 0; i < count; i++)
        if (arms[i].percent > 0)
            served |= bit(arms[i].variant);
    return served;
}

static uint64_t by_rules(const struct targeting *targeting)
{
    uint64_t served = 0;
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        served |= bit(targeting->users[i].variant);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        served |= rule->split ? by_arms(rule->arms, rule->arm_count) : bit(rule->serve);
    }
    return served;
}

static uint64_t by_overrides(const struct project *project, const struct flag *flag,
                             uint32_t environment)
{
    uint64_t served = 0;
    const struct targeting *targeting = &flag->environments[environment];
    for (uint32_t i = 0; i < project->override_count; i++) {
        const struct override *override = project->overrides[i];
        if (!(override->environments & bit(environment)) || !override_selects(override, flag))
            continue;
        for (uint32_t j = 0; j < targeting->variant_count; j++)
            if (targeting->variants[j].name.text &&
                strcmp(targeting->variants[j].name.text, override->serve.text) == 0)
                served |= bit(j);
    }
    return served;
}

static uint64_t by_canary(const struct canary *canary)
{
    bool running = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
    bool somebody = canary->instant || canary->stages[canary->stage].percent > 0;
    return canary->state == CANARY_COMPLETE || (running && somebody) ? bit(canary->serve) : 0;
}

static uint64_t by_experiment(const struct experiment *experiment)
{
    if (experiment->state == EXPERIMENT_CONCLUDED)
        return experiment->has_winner ? bit(experiment->winner) : 0;
    bool running = experiment->state == EXPERIMENT_RUNNING && experiment->traffic > 0;
    return running ? by_arms(experiment->arms, experiment->arm_count) : 0;
}

uint64_t served_variants(const struct project *project, const struct flag *flag,
                         uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    return bit(targeting->default_variant) | by_rules(targeting) |
           by_overrides(project, flag, environment) |
           (targeting->canary ? by_canary(targeting->canary) : 0) |
           (targeting->experiment ? by_experiment(targeting->experiment) : 0);
}

/* ----------------------------------------------------------------------------------- unknown -- */

void unknown_variants_join(struct unknown_variants *unknown, const struct unknown_variants *other)
{
    if (other->lines > 0 && (unknown->lines == 0 || strcmp(other->least, unknown->least) < 0))
        memcpy(unknown->least, other->least, sizeof unknown->least);
    unknown->lines += other->lines;
}

void unknown_variants_add(struct unknown_variants *unknown, const struct value *name)
{
    struct unknown_variants one = {.lines = 1};
    terminal_copy(one.least, sizeof one.least, name->text, name->length);
    unknown_variants_join(unknown, &one);
}

const char *unknown_variants_text(const struct unknown_variants *unknown, struct arena *arena)
{
    if (unknown->lines == 0)
        return NULL;
    return arena_format(arena, "%" PRIu64 " %s a variant that the flag does not have, as '%s'",
                        unknown->lines, unknown->lines == 1 ? "line names" : "lines name",
                        unknown->least);
}
