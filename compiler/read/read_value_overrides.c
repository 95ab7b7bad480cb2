/*
 * read_value_overrides.c - see read_value_overrides.h. A merge patch of RFC 7396 over a value, by a
 * rule that serves it or for some units whatever serves it, is applied here, to nodes, so that what
 * comes of it is checked like a value that is written. A rule's is applied last.
 */
#include "read_value_overrides.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/diagnostics/diagnose.h"
#include "read_condition.h"
#include "read_json.h"
#include "read_map.h"
#include "read_scalar.h"
#include "read_variants.h"

const struct form value_overrides_form = FORM("mapping", "\"type\": \"object\"");

void read_value_overrides(struct reader *reader, struct node *node, struct rule *rule)
{
    if (expect_map(reader, node, "a mapping of the keys to replace"))
        rule->value_overrides = node;
}

/* ------------------------------------------------------------------------------------- merge -- */

static const struct entry *entry_of(const struct node *map, const char *key)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    return NULL;
}

/* A key that is replaced stays where it is; new ones follow in the order of the patch. */
static struct node *merge(struct reader *reader, struct node *target, struct node *patch)
{
    if (patch->kind != NODE_MAP)
        return patch;
    bool is_map = target && target->kind == NODE_MAP;
    uint32_t most = patch->count + (is_map ? target->count : 0);
    struct node *merged = ARENA_NEW(reader->arena, struct node);
    *merged = *patch;
    merged->entries = ARENA_ARRAY(reader->arena, struct entry, most + 1u);
    merged->count = 0;
    for (uint32_t i = 0; is_map && i < target->count; i++) {
        struct entry entry = target->entries[i];
        const struct entry *own = entry_of(patch, entry.key->text);
        if (own && is_json_null(own->value))
            continue;
        if (own)
            entry = (struct entry){own->key, merge(reader, entry.value, own->value)};
        merged->entries[merged->count++] = entry;
    }
    for (uint32_t i = 0; i < patch->count; i++) {
        const struct entry *own = &patch->entries[i];
        if (is_json_null(own->value) || (is_map && entry_of(target, own->key->text)))
            continue;
        merged->entries[merged->count++] =
            (struct entry){own->key, merge(reader, NULL, own->value)};
    }
    return merged;
}

/* ------------------------------------------------------------------------------------ values -- */

static void check_shape(struct reader *reader, const struct draft *draft,
                        const struct node *replace, const struct node *merged)
{
    const struct node *first = draft->targeting.variants[0].node;
    const struct node *where = merged;
    if (draft->open_shape || !first || same_json_shape(first, merged, &where))
        return;
    diagnose(reader->diagnostics, FF0139, where == merged ? replace->span : where->span,
             "with these 'value_overrides', the value of '%s' has another shape",
             draft->flag->name.text);
    diagnose_note(reader->diagnostics, first->span, "the first value");
    diagnose_help(reader->diagnostics, "replace values by others of their types, or declare "
                                       "'shape: open'");
}

/* By an override of the variant's value and then by a rule, or by either alone. */
static void patch_variant(struct reader *reader, struct draft *draft, uint32_t rule,
                          uint32_t override, uint32_t variant)
{
    struct targeting *targeting = &draft->targeting;
    if (variant >= targeting->variant_count || !targeting->variants[variant].node)
        return;
    const struct variant *whole = &targeting->variants[variant];
    struct node *merged = whole->node, *last = NULL;
    const char **says = NULL;
    if (override != NO_PATCH) {
        last = targeting->value_overrides[override].replace;
        says = &targeting->value_overrides[override].replaces;
        merged = merge(reader, merged, last);
    }
    if (rule != NO_PATCH) {
        last = targeting->rules[rule].value_overrides;
        says = &targeting->rules[rule].replaces;
        merged = merge(reader, merged, last);
    }
    const char *value = read_json(reader, merged);
    if (!value || !whole->string)
        return;
    check_shape(reader, draft, last, merged);
    if (strcmp(value, whole->string) == 0)
        return;
    if (!*says)
        *says = read_json(reader, last);
    *ARENA_APPEND(reader->arena, targeting->patched, targeting->patched_count) =
        (struct patched_value){
            .rule = rule, .override = override, .variant = variant, .value = value};
}

/* So for a rule, and each override of the variant. */
static void patch_by_rule(struct reader *reader, struct draft *draft, uint32_t rule,
                          uint32_t variant)
{
    const struct targeting *targeting = &draft->targeting;
    patch_variant(reader, draft, rule, NO_PATCH, variant);
    for (uint32_t i = 0; i < targeting->value_override_count; i++)
        if (targeting->value_overrides[i].variant == variant)
            patch_variant(reader, draft, rule, i, variant);
}

static bool is_json(struct reader *reader, const struct draft *draft, struct span span)
{
    if (draft->type_broken || !draft->targeting.variant_count)
        return false;
    if (draft->flag->type == FFLAG_TYPE_JSON)
        return true;
    diagnose(reader->diagnostics, FF0364, span,
             "'value_overrides' has no meaning for a flag of type %s",
             flag_type_words[draft->flag->type]);
    diagnose_help(reader->diagnostics, "only values of json flags have parts; serve a variant with "
                                       "the value that is meant");
    return false;
}

static bool has_values(struct reader *reader, const struct draft *draft, const struct rule *rule)
{
    bool any = rule->split || rule->serve < draft->targeting.variant_count;
    if (!is_json(reader, draft, rule->value_overrides->span))
        return false;
    if (!any && rule->serve != UINT32_MAX) {
        diagnose(reader->diagnostics, FF0364, rule->value_overrides->span,
                 "'value_overrides' has no meaning beside 'serve: none', which has no value");
        diagnose_help(reader->diagnostics, "name the variant whose value is meant");
    }
    return any;
}

static bool is_few(struct reader *reader, const struct draft *draft, struct span span)
{
    if (draft->targeting.variant_count + draft->targeting.patched_count <= MOST_VARIANTS)
        return true;
    diagnose(reader->diagnostics, FF0307, span,
             "more than %d values of '%s', counting those that 'value_overrides' makes",
             MOST_VARIANTS, draft->flag->name.text);
    return false;
}

static bool resolve_of_variants(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    for (uint32_t i = 0; i < targeting->value_override_count; i++) {
        const struct value_override *override = &targeting->value_overrides[i];
        if (i == 0 && !is_json(reader, draft, override->span)) {
            targeting->value_override_count = 0;
            return true;
        }
        patch_variant(reader, draft, NO_PATCH, i, override->variant);
        if (!is_few(reader, draft, override->span))
            return false;
    }
    return true;
}

void resolve_value_overrides(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    targeting->patched = NULL;
    targeting->patched_count = 0;
    if (!resolve_of_variants(reader, draft))
        return;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (!rule->value_overrides || !has_values(reader, draft, rule))
            continue;
        if (!rule->split)
            patch_by_rule(reader, draft, i, rule->serve);
        for (uint32_t j = 0; rule->split && j < rule->arm_count; j++)
            if (patched_variant(targeting, i, NO_PATCH, rule->arms[j].variant) ==
                rule->arms[j].variant)
                patch_by_rule(reader, draft, i, rule->arms[j].variant);
        if (!is_few(reader, draft, rule->value_overrides->span))
            return;
    }
}

/* ---------------------------------------------------------------------------- of any server -- */

static void read_override_if(struct reader *reader, struct node *node, void *target)
{
    ((struct value_override *)target)->condition = read_audience(reader, node);
}

static void read_replace(struct reader *reader, struct node *node, void *target)
{
    if (expect_map(reader, node, "a mapping of the keys to replace"))
        ((struct value_override *)target)->replace = node;
}

static const struct field override_fields[] = {
    READ("if", read_override_if, condition_form, "the units that get other parts",
         .missing = "say whom it is for; for everybody, change the value of the variant"),
    READ("replace", read_replace, value_overrides_form, "these parts, a merge patch",
         .missing = "write the keys to replace: {replace: {limit: 5}}"),
};
static const struct form override_form =
    KEYS("value_override", "a value override", "value override", override_fields);
static const struct form overrides_form = {.kind = FORM_LIST, .of = {&override_form}};
const struct form variant_overrides_form = {.kind = FORM_MAP,
                                            .takes =
                                                "mapping of variant to list of `{if, replace}`",
                                            .of = {&overrides_form}};

static void read_overrides_of(struct reader *reader, struct draft *draft, uint32_t variant,
                              struct node *list)
{
    struct targeting *targeting = &draft->targeting;
    if (!expect_list(reader, list, "a list of {if, replace}"))
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        struct node *node = list->items[i];
        struct value_override override = {.variant = variant, .span = node->span};
        if (!expect_map(reader, node, "{if, replace}"))
            continue;
        read_fields(reader, node, &override_form, node->span, &override);
        if (override.condition && override.replace && variant < targeting->variant_count)
            *ARENA_APPEND(reader->arena, targeting->value_overrides,
                          targeting->value_override_count) = override;
    }
}

void read_variant_overrides(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    struct targeting *targeting = &draft->targeting;
    targeting->value_overrides = NULL;
    targeting->value_override_count = 0;
    targeting->value_overrides_span = node->span;
    if (draft->has_value || !expect_map(reader, node, "a mapping of variant to value overrides"))
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        uint32_t variant = resolve_variant(reader, draft, entry->key);
        if (variant == targeting->variant_count && targeting->variant_count > 0) {
            diagnose(reader->diagnostics, FF0364, entry->key->span,
                     "'value_overrides' has no meaning for 'none', which has no value");
            diagnose_help(reader->diagnostics, "name the variant whose value is meant");
        }
        read_overrides_of(reader, draft, variant, entry->value);
    }
}
