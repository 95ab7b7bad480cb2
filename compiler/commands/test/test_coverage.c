/*
 * test_coverage.c - which rules, variants, value overrides and stages the tests reach.
 *
 * A rule that several environments inherit is written once and counts once; reaching it in one of
 * them is enough. Rules that can never decide, such as those at 0 %, do not count, nor do variants
 * that nothing but an override serves: so much for a kill switch's `off`. Nor do overrides: nobody
 * writes a test first in an emergency.
 */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

struct builder {
    struct test_run *run;
    const struct flag *flag;
    uint64_t environment;
};

/* What an answer tells of an item that it reaches: for a variant its number, else a name too. */
static const char *answer_key(struct coverage *coverage, const struct flag *flag, const char *name,
                              uint32_t variant)
{
    coverage->key.length = 0;
    buffer_format(&coverage->key, "%u %u %s", flag->index, variant, name ? name : "");
    return coverage->key.bytes;
}

/* Those that one answer may reach: the same by name, at several places. */
static struct covered *first_of(struct coverage *coverage, const struct flag *flag,
                                const char *name, uint32_t variant)
{
    return table_get(&coverage->answers, answer_key(coverage, flag, name, variant));
}

static void add(struct builder *builder, enum covered_kind kind, const char *name, uint32_t variant,
                struct span span)
{
    struct coverage *coverage = &builder->run->coverage;
    const char *answer = kind == COVERED_VARIANT ? NULL : name;
    struct covered *first = first_of(coverage, builder->flag, answer, variant);
    for (struct covered *known = first; known; known = known->next) {
        if (known->kind == kind && known->span.file == span.file &&
            known->span.begin == span.begin) {
            known->environments |= builder->environment;
            return;
        }
    }
    struct covered *item = ARENA_NEW(&builder->run->arena, struct covered);
    *item = (struct covered){.flag = builder->flag,
                             .kind = kind,
                             .name = name,
                             .variant = variant,
                             .span = span,
                             .environments = builder->environment};
    *ARENA_APPEND(&builder->run->arena, coverage->items, coverage->count) = item;
    if (first) {
        item->next = first->next;
        first->next = item;
        return;
    }
    const char *key = arena_copy(&builder->run->arena, coverage->key.bytes, coverage->key.length);
    table_add(&coverage->answers, &builder->run->arena, key, item);
}

static void add_variant(struct builder *builder, const struct targeting *targeting,
                        uint32_t variant)
{
    const struct variant *declared = &targeting->variants[variant];
    add(builder, COVERED_VARIANT, declared->name.text, variant, declared->span);
}

static void add_canary(struct builder *builder, const struct canary *canary)
{
    uint32_t from = canary->instant ? canary->stage_count - 1 : 0;
    for (uint32_t i = from; i < canary->stage_count; i++) {
        const struct stage *stage = &canary->stages[i];
        if (stage->percent)
            add(builder, COVERED_STAGE,
                arena_format(&builder->run->arena, "canary:%s", stage->name.text), UINT32_MAX,
                stage->span);
    }
}

/* Its place among those of its variant, as `ffc trace` has it. */
static const char *parts_name(struct arena *arena, const struct targeting *targeting,
                              uint32_t override)
{
    const struct value_override *overrides = targeting->value_overrides;
    uint32_t place = 0, variant = overrides[override].variant;
    for (uint32_t i = 0; i < override; i++)
        place += overrides[i].variant == variant;
    const char *name = targeting->variants[variant].name.text;
    return arena_format(arena, name ? "value_overrides[%u] of %s" : "value_overrides[%u]", place,
                        name);
}

/* Those of the variants that somebody may get, if they change the value. */
static void add_parts(struct builder *builder, const struct targeting *targeting,
                      const struct variant_set *variants)
{
    for (uint32_t i = 0; i < targeting->value_override_count; i++) {
        const struct value_override *override = &targeting->value_overrides[i];
        if (override->replaces && variant_set_has(variants, override->variant))
            add(builder, COVERED_PARTS, parts_name(&builder->run->arena, targeting, i), UINT32_MAX,
                override->span);
    }
}

static bool decides_for_all(const struct rule *rule)
{
    return !rule_samples(rule) && !rule->condition && !rule->split;
}

/* In any state of its canary or experiment, which a test may assume. */
static void add_block(struct variant_set *set, const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    if (targeting->canary)
        variant_set_add(set, targeting->canary->serve);
    if (experiment)
        variant_set_add_arms(set, experiment->arms, experiment->arm_count);
    if (experiment && experiment->has_winner)
        variant_set_add(set, experiment->winner);
}

/* The variants that somebody may get. */
static struct variant_set servable(const struct targeting *targeting)
{
    struct variant_set set = {{0}};
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        variant_set_add(&set, targeting->users[i].variant);
    if (targeting->requirement_count || targeting->holdout_count ||
        targeting_shares_layer(targeting))
        variant_set_add(&set, targeting->default_variant);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (rule_is_for_nobody(rule))
            continue;
        if (rule->split)
            variant_set_add_arms(&set, rule->arms, rule->arm_count);
        else
            variant_set_add(&set, rule->serve);
        if (decides_for_all(rule))
            return set;
    }
    add_block(&set, targeting);
    variant_set_add(&set, targeting->default_variant);
    return set;
}

static void add_targeting(struct builder *builder, const struct targeting *targeting)
{
    if (!targeting->enabled) {
        add_variant(builder, targeting, targeting->default_variant);
        return;
    }
    struct variant_set variants = servable(targeting);
    for (uint32_t i = 0; i <= targeting->variant_count; i++)
        if (variant_set_has(&variants, i))
            add_variant(builder, targeting, i);
    add_parts(builder, targeting, &variants);
    for (uint32_t i = 0; i < targeting->user_list_count; i++)
        add(builder, COVERED_RULE, "users", targeting->users[i].variant, targeting->users[i].span);
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (!rule_is_for_nobody(rule))
            add(builder, COVERED_RULE, rule->name.text, UINT32_MAX, rule->span);
    }
    if (targeting->canary)
        add_canary(builder, targeting->canary);
    if (targeting->experiment)
        add(builder, COVERED_RULE, "experiment", UINT32_MAX, targeting->experiment->span);
}

void coverage_init(struct test_run *run, bool all)
{
    const struct project *project = run->project;
    bool *wanted = xcalloc(project->flag_count + 1u, sizeof *wanted);
    for (uint32_t i = 0; i < run->trial_count; i++)
        wanted[run->trials[i].test->flag->index] = true;
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        for (uint32_t at = 0; (all || wanted[i]) && at < project->environments.count; at++) {
            struct builder builder = {run, flag, UINT64_C(1) << at};
            add_targeting(&builder, &flag->environments[at]);
        }
    }
    free(wanted);
}

static void reach(struct covered *first, uint32_t environment)
{
    for (struct covered *item = first; item; item = item->next)
        item->reached |= item->environments >> environment & 1;
}

void coverage_reach(struct test_run *run, const struct flag *flag, uint32_t environment,
                    const fflag_result *result)
{
    struct coverage *coverage = &run->coverage;
    if (result->error)
        return;
    const struct targeting *targeting = &flag->environments[environment];
    uint32_t variant = served_variant(targeting, result);
    reach(first_of(coverage, flag, NULL, variant), environment);
    uint32_t override = replacing_override(targeting, result->variant_index);
    if (override != NO_PATCH)
        reach(first_of(coverage, flag, parts_name(&run->arena, targeting, override), UINT32_MAX),
              environment);
    if (!result->rule)
        return;
    reach(first_of(coverage, flag, result->rule, variant), environment);
    reach(first_of(coverage, flag, result->rule, UINT32_MAX), environment);
}

static int compare_places(const void *left, const void *right)
{
    const struct covered *a = *(struct covered *const *)left;
    const struct covered *b = *(struct covered *const *)right;
    if (a->reached != b->reached)
        return a->reached ? 1 : -1;
    if (a->span.file != b->span.file)
        return a->span.file < b->span.file ? -1 : 1;
    if (a->span.begin != b->span.begin)
        return a->span.begin < b->span.begin ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->variant < b->variant ? -1 : a->variant > b->variant;
}

void coverage_finish(struct coverage *coverage)
{
    for (uint32_t i = 0; i < coverage->count; i++)
        coverage->reached += coverage->items[i]->reached;
    buffer_release(&coverage->key);
    if (coverage->count)
        qsort(coverage->items, coverage->count, sizeof *coverage->items, compare_places);
}

const char *const covered_kind_words[] = WORDS(COVERED_KINDS);
