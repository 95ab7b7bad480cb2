/* model.c - see model.h. */
#include "model.h"

#include <string.h>

#include "compiler/base/percent.h"

const struct flag *project_flag(const struct project *project, const char *name)
{
    uint32_t low = 0, high = project->flag_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(project->flags[middle]->name.text, name);
        if (order == 0)
            return project->flags[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

uint32_t project_environment(const struct project *project, const char *name)
{
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (strcmp(project->environments.items[i].text, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

const struct override *project_override(const struct project *project, const char *name)
{
    for (uint32_t i = 0; i < project->override_count; i++) {
        const struct override *override = project->overrides[i];
        if ((override->id.text && strcmp(override->id.text, name) == 0) ||
            strcmp(override->name, name) == 0)
            return override;
    }
    return NULL;
}

bool rule_samples(const struct rule *rule)
{
    bool share = rule->has_percent && (rule->percent.gradual || rule->percent.from < PERCENT_ALL);
    return share || rule->ranges.count > 0;
}

bool rule_is_for_nobody(const struct rule *rule)
{
    return rule->has_percent && !rule->percent.gradual && rule->percent.from == 0;
}

const char *rule_salt(const struct targeting *targeting, const struct rule *rule)
{
    return rule->salt ? rule->salt : targeting->salt;
}

uint32_t targeting_variant(const struct targeting *targeting, const char *name)
{
    for (uint32_t i = 0; i <= targeting->variant_count && targeting->variants; i++) {
        const char *own = targeting->variants[i].name.text;
        if (own && strcmp(own, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

uint32_t override_variant(const struct targeting *targeting, const char *serve)
{
    return strcmp(serve, "default") == 0 ? targeting->default_variant
                                         : targeting_variant(targeting, serve);
}

bool targeting_serves_none(const struct targeting *targeting)
{
    struct variant_set served = {{0}};
    variant_set_add(&served, targeting->default_variant);
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        variant_set_add(&served, targeting->users[i].variant);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        variant_set_add(&served, rule->split ? UINT32_MAX : rule->serve);
        variant_set_add_arms(&served, rule->arms, rule->arm_count);
    }
    return variant_set_has(&served, targeting->variant_count);
}

void variant_set_add_arms(struct variant_set *set, const struct arm *arms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (arms[i].percent)
            variant_set_add(set, arms[i].variant);
}

bool is_whole_arm(const struct arm *arms, uint32_t count, uint32_t *variant)
{
    for (uint32_t i = 0; i < count; i++)
        if (arms[i].percent >= PERCENT_ALL) {
            *variant = arms[i].variant;
            return true;
        }
    return false;
}

enum fflag_reason targeting_reason(bool sampled, const struct condition *condition)
{
    return sampled     ? FFLAG_REASON_SPLIT
           : condition ? FFLAG_REASON_TARGETING_MATCH
                       : FFLAG_REASON_STATIC;
}
