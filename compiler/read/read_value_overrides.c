/*
 * read_value_overrides.c - see read_value_overrides.h. A rule's `value_overrides` is a merge patch
 * of RFC 7396 over the value that it serves, and is applied here, to nodes, so that what comes of
 * it is checked like a value that is written.
 */
#include "read_value_overrides.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/diagnostics/diagnose.h"
#include "read_json.h"
#include "read_map.h"
#include "read_scalar.h"

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

static void check_shape(struct reader *reader, const struct draft *draft, const struct rule *rule,
                        const struct node *merged)
{
    const struct node *first = draft->targeting.variants[0].node;
    const struct node *where = merged;
    if (draft->open_shape || !first || same_json_shape(first, merged, &where))
        return;
    diagnose(reader->diagnostics, FF0139,
             where == merged ? rule->value_overrides->span : where->span,
             "with these 'value_overrides', the value of '%s' has another shape",
             draft->flag->name.text);
    diagnose_note(reader->diagnostics, first->span, "the first value");
    diagnose_help(reader->diagnostics, "replace values by others of their types, or declare "
                                       "'shape: open'");
}

static void patch_variant(struct reader *reader, struct draft *draft, uint32_t at, uint32_t variant)
{
    struct targeting *targeting = &draft->targeting;
    const struct rule *rule = &targeting->rules[at];
    if (variant >= targeting->variant_count || !targeting->variants[variant].node)
        return;
    const struct variant *whole = &targeting->variants[variant];
    struct node *merged = merge(reader, whole->node, rule->value_overrides);
    const char *value = read_json(reader, merged);
    if (!value || !whole->string)
        return;
    check_shape(reader, draft, rule, merged);
    if (strcmp(value, whole->string) != 0)
        *ARENA_APPEND(reader->arena, targeting->patched, targeting->patched_count) =
            (struct patched_value){.rule = at, .variant = variant, .value = value};
}

static bool has_values(struct reader *reader, const struct draft *draft, const struct rule *rule)
{
    bool any = rule->split || rule->serve < draft->targeting.variant_count;
    if (draft->type_broken || !draft->targeting.variant_count)
        return false;
    if (draft->flag->type != FFLAG_TYPE_JSON) {
        diagnose(reader->diagnostics, FF0364, rule->value_overrides->span,
                 "'value_overrides' has no meaning for a flag of type %s",
                 flag_type_words[draft->flag->type]);
        diagnose_help(reader->diagnostics, "only values of json flags have parts; serve a variant "
                                           "with the value that is meant");
        return false;
    }
    if (!any && rule->serve != UINT32_MAX) {
        diagnose(reader->diagnostics, FF0364, rule->value_overrides->span,
                 "'value_overrides' has no meaning beside 'serve: none', which has no value");
        diagnose_help(reader->diagnostics, "name the variant whose value is meant");
    }
    return any;
}

void resolve_value_overrides(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    targeting->patched = NULL;
    targeting->patched_count = 0;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        if (!rule->value_overrides || !has_values(reader, draft, rule))
            continue;
        if (!rule->split)
            patch_variant(reader, draft, i, rule->serve);
        for (uint32_t j = 0; rule->split && j < rule->arm_count; j++)
            if (patched_variant(targeting, i, rule->arms[j].variant) == rule->arms[j].variant)
                patch_variant(reader, draft, i, rule->arms[j].variant);
        if (targeting->variant_count + targeting->patched_count <= MOST_VARIANTS)
            continue;
        diagnose(reader->diagnostics, FF0307, rule->value_overrides->span,
                 "more than %d values of '%s', counting those that 'value_overrides' makes",
                 MOST_VARIANTS, draft->flag->name.text);
        return;
    }
}
