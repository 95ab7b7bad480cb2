/*
 * read_targeting.c - a flag as each environment has it.
 *
 * An environment's keys override the flag's own, key by key: they are read into a copy of the
 * flag's. Problems in what environments inherit are found once per environment, but reported once,
 * because exact repetitions of a diagnostic are dropped.
 */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/percent.h"
#include "draft.h"
#include "read_flag.h"
#include "read_map.h"
#include "read_names.h"
#include "read_rules.h"
#include "read_scalar.h"
#include "read_targeting.h"
#include "read_value_overrides.h"
#include "read_variants.h"
#include "reader.h"

/* A share of the units among the conditions of the flag; or NULL. */
static const struct condition *find_share(const struct targeting *targeting)
{
    const struct canary *canary = targeting->canary;
    const struct condition *found = NULL;
    for (uint32_t i = 0; i < targeting->rule_count && !found; i++)
        found = condition_share_of_flag(targeting->rules[i].condition);
    for (uint32_t i = 0; i < targeting->value_override_count && !found; i++)
        found = condition_share_of_flag(targeting->value_overrides[i].condition);
    for (uint32_t i = 0; canary && i < canary->stage_count && !found; i++)
        found = condition_share_of_flag(canary->stages[i].condition);
    return found;
}

static bool needs_bucket(const struct targeting *targeting, struct span *span, const char **what)
{
    const struct canary *canary = targeting->canary;
    if (targeting->user_list_count) {
        *span = targeting->users[0].span;
        *what = "'users'";
        return true;
    }
    if (targeting->layer && !targeting->layer->bucket_by) {
        *span = targeting->layer_span;
        *what = "'layer'";
        return true;
    }
    for (uint32_t i = 0; i < targeting->holdout_count; i++) {
        if (!targeting->holdouts[i]->bucket_by) {
            *span = targeting->holdouts[i]->name.span;
            *what = "this holdout";
            return true;
        }
    }
    if (targeting->experiment) {
        *span = targeting->experiment->span;
        *what = "'experiment'";
        return true;
    }
    for (uint32_t i = 0; canary && i < canary->stage_count; i++) {
        if (canary->stages[i].percent < PERCENT_ALL && canary->stages[i].percent > 0) {
            *span = canary->stages[i].span;
            *what = "this stage's percentage";
            return true;
        }
    }
    const struct condition *share = find_share(targeting);
    if (share) {
        *span = share->span;
        *what = "this percentage";
    }
    return share;
}

/* An environment that serves a variant outright leaves out the flag's canary or experiment. */
static bool written_together(const struct node *own)
{
    bool block = own && (node_get(own, "canary") || node_get(own, "experiment"));
    bool rule = own && (node_get(own, "rules") || node_get(own, "serve") ||
                        node_get(own, "split") || node_get(own, "percent"));
    return block == rule;
}

static void warn_unreachable_block(struct reader *reader, const struct targeting *targeting,
                                   const struct node *own)
{
    if ((!targeting->canary && !targeting->experiment) || !written_together(own) ||
        faults(reader) > reader->flag_faults)
        return;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        bool everybody =
            !rule->condition && !rule->has_percent && !rule->ranges.count && !rule->split;
        if (!everybody)
            continue;
        struct span span =
            targeting->canary ? targeting->canary->span : targeting->experiment->span;
        diagnose(reader->diagnostics, FF0327, span, "this %s is never reached",
                 targeting->canary ? "canary" : "experiment");
        diagnose_note(reader->diagnostics, rule->span, "this rule decides for everybody");
        diagnose_help(reader->diagnostics, "remove the rule, or say with 'if' whom it is for");
        return;
    }
}

static void finish_environment(struct reader *reader, struct draft *draft, const struct node *own,
                               struct targeting *environment)
{
    struct targeting *targeting = &draft->targeting;
    finish_rules(reader, draft);
    resolve_value_overrides(reader, draft);
    struct span span;
    const char *what;
    if (!targeting->bucket_by && needs_bucket(targeting, &span, &what))
        report_no_bucket(reader, span, what);
    if (draft->default_variant != UINT32_MAX)
        targeting->default_variant = draft->default_variant;
    warn_unreachable_block(reader, targeting, own);
    *environment = *targeting;
}

static void read_listed(struct reader *reader, struct draft *draft)
{
    struct node *list = draft->environments;
    uint32_t count = reader->project->environments.count;
    uint64_t listed = 0;
    warn_duplicates(reader, list->items, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t at = resolve_environment(reader, list->items[i]);
        if (at != UINT32_MAX)
            listed |= UINT64_C(1) << at;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct draft one = *draft;
        one.targeting.enabled &= listed >> i & 1;
        finish_environment(reader, &one, NULL, &draft->flag->environments[i]);
    }
}

/* `serve: on` with the flag's `percent: 10%` reads like "for everybody", but changes nothing. */
static void warn_inherited_percent(struct reader *reader, const struct draft *flag,
                                   const struct draft *environment, const struct node *own)
{
    const struct ramp *percent = &flag->percent;
    const struct entry *serve = find_entry(own, "serve");
    bool is_all = !percent->gradual && percent->from == PERCENT_ALL;
    if (!serve || node_get(own, "percent") || !flag->has_percent || flag->has_split || is_all ||
        !environment->has_serve ||
        environment->serve != (flag->has_serve ? flag->serve : usual_variant(flag)))
        return;
    diagnose(reader->diagnostics, FF0374, serve->value->span,
             "'serve: %s' changes nothing here: the flag's percentage stays", serve->value->text);
    diagnose_note(reader->diagnostics, percent->span, "which is inherited from here");
    diagnose_help(reader->diagnostics, "add 'percent: 100%%' for everybody, or leave 'serve' out");
}

static void read_mapped(struct reader *reader, struct draft *draft)
{
    const struct texts *environments = &reader->project->environments;
    struct node *map = draft->environments;
    for (uint32_t i = 0; map && i < map->count; i++)
        resolve_environment(reader, map->entries[i].key);
    for (uint32_t i = 0; i < environments->count; i++) {
        struct draft one = *draft;
        struct node *own = map ? node_get(map, environments->items[i].text) : NULL;
        if (own && expect_map(reader, own, "a mapping for an environment")) {
            read_environment(reader, own, &one);
            warn_inherited_percent(reader, draft, &one, own);
        }
        finish_environment(reader, &one, own, &draft->flag->environments[i]);
    }
}

void read_targetings(struct reader *reader, struct draft *draft)
{
    struct node *environments = draft->environments;
    if (environments && environments->kind == NODE_LIST)
        read_listed(reader, draft);
    else if (!environments || expect_map(reader, environments, "a list or mapping of environments"))
        read_mapped(reader, draft);
}
