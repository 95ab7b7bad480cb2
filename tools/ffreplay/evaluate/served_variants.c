/* served_variants.c - see served_variants.h. */
#include "served_variants.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"

static void add_rules(struct variant_set *served, const struct targeting *targeting)
{
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        variant_set_add(served, targeting->users[i].variant);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (rule->split)
            variant_set_add_arms(served, rule->arms, rule->arm_count);
        else
            variant_set_add(served, rule->serve);
    }
}

static void add_overrides(struct variant_set *served, const struct project *project,
                          const struct flag *flag, uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    const struct selection *overrides = overrides_of(project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (override->environments >> environment & 1)
            variant_set_add(served, override_variant(targeting, override->serve.text));
    }
}

static void add_canary(struct variant_set *served, const struct canary *canary)
{
    bool running = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
    bool somebody = canary->instant || canary->stages[canary->stage].percent > 0;
    if (canary->state == CANARY_COMPLETE || (running && somebody))
        variant_set_add(served, canary->serve);
}

static void add_experiment(struct variant_set *served, const struct experiment *experiment)
{
    if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner)
        variant_set_add(served, experiment->winner);
    if (experiment->state == EXPERIMENT_RUNNING && experiment->traffic > 0)
        variant_set_add_arms(served, experiment->arms, experiment->arm_count);
}

struct variant_set served_variants(const struct project *project, const struct flag *flag,
                                   uint32_t environment)
{
    const struct targeting *targeting = &flag->environments[environment];
    struct variant_set served = {{0}};
    variant_set_add(&served, targeting->default_variant);
    add_rules(&served, targeting);
    add_overrides(&served, project, flag, environment);
    for (uint32_t i = 0; targeting_keeps(targeting) && i < targeting->variant_count; i++)
        variant_set_add(&served, i);
    if (targeting->canary)
        add_canary(&served, targeting->canary);
    if (targeting->experiment)
        add_experiment(&served, targeting->experiment);
    return served;
}

static bool is_boolean_text(const struct value *value, bool *boolean)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *boolean = i < 3;
        if (value_spells(value, words[i]))
            return true;
    }
    return false;
}

uint32_t variant_of_value(const struct flag *flag, const struct targeting *targeting,
                          const struct value *logged)
{
    uint32_t found = UINT32_MAX;
    bool boolean;
    if (flag->type != FFLAG_TYPE_BOOLEAN || !is_boolean_text(logged, &boolean))
        return UINT32_MAX;
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        if (targeting->variants[i].boolean != boolean)
            continue;
        if (found != UINT32_MAX)
            return UINT32_MAX;
        found = i;
    }
    return found;
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
