/*
 * test_coverage.c - which rules, variants and stages the tests reach.
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
    uint32_t first; /* among the flag's items */
    uint64_t environment;
};

static bool same_name(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void add(struct builder *builder, enum covered_kind kind, const char *name, uint32_t variant,
                struct span span)
{
    struct coverage *coverage = &builder->run->coverage;
    for (uint32_t i = builder->first; i < coverage->count; i++) {
        struct covered *known = &coverage->items[i];
        if (known->kind == kind && known->variant == variant && known->span.file == span.file &&
            known->span.begin == span.begin && same_name(known->name, name)) {
            known->environments |= builder->environment;
            return;
        }
    }
    struct covered *item = ARENA_APPEND(&builder->run->arena, coverage->items, coverage->count);
    *item = (struct covered){.flag = builder->flag,
                             .kind = kind,
                             .name = name,
                             .variant = variant,
                             .span = span,
                             .environments = builder->environment};
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
    bool shared = targeting->layer && (targeting->layer_from || targeting->layer_to < PERCENT_ALL);
    if (targeting->requirement_count || targeting->holdout_count || shared)
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
    struct coverage *coverage = &run->coverage;
    bool *wanted = xcalloc(project->flag_count + 1u, sizeof *wanted);
    for (uint32_t i = 0; i < run->trial_count; i++)
        wanted[run->trials[i].test->flag->index] = true;
    coverage->first = ARENA_ARRAY(&run->arena, uint32_t, project->flag_count + 1u);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[i];
        coverage->first[i] = coverage->count;
        for (uint32_t at = 0; (all || wanted[i]) && at < project->environments.count; at++) {
            struct builder builder = {run, flag, coverage->first[i], UINT64_C(1) << at};
            add_targeting(&builder, &flag->environments[at]);
        }
    }
    coverage->first[project->flag_count] = coverage->count;
    free(wanted);
}

static bool is_reached(const struct covered *item, uint32_t environment, const fflag_result *result)
{
    uint32_t variant = served_variant(&item->flag->environments[environment], result);
    if (!(item->environments >> environment & 1))
        return false;
    if (item->kind == COVERED_VARIANT)
        return item->variant == variant;
    return result->rule && !strcmp(item->name, result->rule) &&
           (item->variant == UINT32_MAX || item->variant == variant);
}

void coverage_reach(struct coverage *coverage, const struct flag *flag, uint32_t environment,
                    const fflag_result *result)
{
    if (result->error)
        return;
    for (uint32_t i = coverage->first[flag->index]; i < coverage->first[flag->index + 1]; i++) {
        struct covered *item = &coverage->items[i];
        item->reached |= is_reached(item, environment, result);
    }
}

static int compare_places(const void *left, const void *right)
{
    const struct covered *a = left, *b = right;
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
        coverage->reached += coverage->items[i].reached;
    if (coverage->count)
        qsort(coverage->items, coverage->count, sizeof *coverage->items, compare_places);
}

const char *const covered_kind_words[] = WORDS(COVERED_KINDS);
