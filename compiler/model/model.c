/* model.c - see model.h. */
#include "model.h"

#include <string.h>

#include "compiler/base/percent.h"
#include "compiler/base/table.h"

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

const struct attribute *project_attribute(const struct project *project, const char *name)
{
    for (uint32_t i = 0; i < project->attribute_count; i++)
        if (strcmp(project->attributes[i]->name.text, name) == 0)
            return project->attributes[i];
    return NULL;
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

const struct attribute *key_attribute(const struct unit_key *key)
{
    bool ready = key && key->count == 1 && key->parts[0]->type != FFLAG_ATTRIBUTE_BOOLEAN;
    return ready ? key->parts[0] : NULL;
}

bool key_is_private(const struct unit_key *key)
{
    bool found = false;
    for (uint32_t i = 0; key && i < key->count; i++)
        found |= key->parts[i]->is_private;
    return found;
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

struct split rule_split(const struct targeting *targeting, const struct rule *rule)
{
    return (struct split){.by = rule->by,
                          .salt = rule_salt(targeting, rule),
                          .suffix = rule->keep.given ? "" : SPLIT_SUFFIX,
                          .arms = rule->arms,
                          .arm_count = rule->arm_count};
}

struct split experiment_split(const struct targeting *targeting)
{
    return (struct split){.by = targeting->bucket_by,
                          .salt = targeting->salt,
                          .suffix = SPLIT_SUFFIX,
                          .arms = targeting->experiment->arms,
                          .arm_count = targeting->experiment->arm_count};
}

uint32_t targeting_variant(const struct targeting *targeting, const char *name)
{
    if (targeting->variant_numbers) {
        uintptr_t number = (uintptr_t)table_get(targeting->variant_numbers, name);
        if (number)
            return (uint32_t)(number - 1);
        return strcmp(name, NO_VARIANT_NAME) == 0 ? targeting->variant_count : UINT32_MAX;
    }
    for (uint32_t i = 0; i <= targeting->variant_count && targeting->variants; i++) {
        const char *own = targeting->variants[i].name.text;
        if (own && strcmp(own, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

bool has_value_override(const struct targeting *targeting, uint32_t variant)
{
    for (uint32_t i = 0; i < targeting->value_override_count; i++)
        if (targeting->value_overrides[i].variant == variant)
            return true;
    return false;
}

uint32_t patched_variant(const struct targeting *targeting, uint32_t rule, uint32_t override,
                         uint32_t variant)
{
    if (rule != NO_PATCH && !targeting->rules[rule].value_overrides)
        rule = NO_PATCH;
    for (uint32_t i = 0; i < targeting->patched_count; i++) {
        const struct patched_value *patched = &targeting->patched[i];
        if (patched->rule == rule && patched->override == override && patched->variant == variant)
            return targeting->variant_count + 1 + i;
    }
    return variant;
}

uint32_t declared_variant(const struct targeting *targeting, uint32_t number)
{
    uint32_t patched = number - targeting->variant_count;
    if (number < targeting->variant_count)
        return number;
    return patched < targeting->patched_count ? targeting->patched[patched].variant
                                              : targeting->variant_count;
}

uint32_t replacing_override(const struct targeting *targeting, uint32_t number)
{
    uint32_t patched = number - targeting->variant_count;
    bool replaced = number >= targeting->variant_count && patched < targeting->patched_count;
    return replaced ? targeting->patched[patched].override : NO_PATCH;
}

uint32_t override_variant(const struct targeting *targeting, const char *serve)
{
    return strcmp(serve, "default") == 0 ? targeting->default_variant
                                         : targeting_variant(targeting, serve);
}

bool targeting_shares_layer(const struct targeting *targeting)
{
    return targeting->layer && (targeting->layer_from > 0 || targeting->layer_to < PERCENT_ALL);
}

bool targeting_keeps(const struct targeting *targeting)
{
    return targeting->sticky &&
           (!targeting->experiment || targeting->experiment->state == EXPERIMENT_RUNNING);
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

bool condition_samples(const struct condition *condition)
{
    if (!condition)
        return false;
    if (condition->kind == CONDITION_PERCENT)
        return condition->share.percent > 0 && condition->share.percent < PERCENT_ALL;
    if (condition->kind == CONDITION_SEGMENT)
        return condition->segment->samples;
    for (uint32_t i = 0; i < condition->child_count; i++)
        if (condition_samples(condition->children[i]))
            return true;
    return false;
}

const struct condition *condition_share_of_flag(const struct condition *condition)
{
    const struct condition *found = NULL;
    if (condition && condition->kind == CONDITION_PERCENT)
        return condition->share.by || !condition_samples(condition) ? NULL : condition;
    for (uint32_t i = 0; condition && i < condition->child_count && !found; i++)
        found = condition_share_of_flag(condition->children[i]);
    return found;
}

/* Deeper than any that compiles. */
#define DEEPEST_SEGMENT 1000

struct settling {
    struct project *project;
    bool *settled;
};

static void settle_used(const struct settling *settling, const struct condition *condition,
                        uint32_t depth);

/* A circle, which is reported, ends where it began. */
static void settle_segment(const struct settling *settling, uint32_t index, uint32_t depth)
{
    struct segment *segment = settling->project->segments[index];
    if (settling->settled[index] || depth > DEEPEST_SEGMENT)
        return;
    settling->settled[index] = true;
    settle_used(settling, segment->condition, depth + 1);
    segment->samples = condition_samples(segment->condition);
}

static void settle_used(const struct settling *settling, const struct condition *condition,
                        uint32_t depth)
{
    if (condition && condition->kind == CONDITION_SEGMENT)
        settle_segment(settling, condition->segment->index, depth);
    for (uint32_t i = 0; condition && i < condition->child_count; i++)
        settle_used(settling, condition->children[i], depth);
}

void settle_segments(struct project *project)
{
    const struct settling settling = {
        project, ARENA_ARRAY(&project->arena, bool, project->segment_count + 1)};
    for (uint32_t i = 0; i < project->segment_count; i++)
        settle_segment(&settling, i, 0);
}

enum fflag_reason targeting_reason(bool sampled, const struct condition *condition)
{
    return sampled || condition_samples(condition) ? FFLAG_REASON_SPLIT
           : condition                             ? FFLAG_REASON_TARGETING_MATCH
                                                   : FFLAG_REASON_STATIC;
}
