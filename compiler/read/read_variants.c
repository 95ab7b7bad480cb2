/* read_variants.c - a flag's variants and their values. */
#include <stdio.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "fflag/snapshot.h"
#include "draft.h"
#include "read_flag.h"
#include "read_json.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"

const char *const shape_words[] = {"same", "open", NULL};

static bool read_variant_value(struct reader *reader, const struct draft *draft, struct node *node,
                               struct variant *variant)
{
    struct text text;
    variant->span = node->span;
    if (draft->type_broken)
        return false;
    switch (draft->flag->type) {
    case FFLAG_TYPE_BOOLEAN:
        return read_boolean(reader, node, &variant->boolean);
    case FFLAG_TYPE_STRING:
        if (!read_text(reader, node, &text))
            return false;
        variant->string = text.text;
        return true;
    case FFLAG_TYPE_INTEGER:
        return read_integer(reader, node, &variant->integer);
    case FFLAG_TYPE_NUMBER:
        return read_number(reader, node, &variant->number);
    case FFLAG_TYPE_JSON:
        variant->string = read_json(reader, node);
        return variant->string;
    }
    return false;
}

static void boolean_variants(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    struct span span = draft->flag->name.span;
    targeting->variants = ARENA_ARRAY(reader->arena, struct variant, 2);
    targeting->variants[0] = (struct variant){.name = {"on", span}, .span = span, .boolean = true};
    targeting->variants[1] = (struct variant){.name = {"off", span}, .span = span};
    targeting->variant_count = 2;
}

static void check_shape(struct reader *reader, const struct draft *draft, const struct node *first,
                        const struct node *second)
{
    const struct node *where = second;
    if (draft->flag->type != FFLAG_TYPE_JSON || draft->open_shape ||
        same_json_shape(first, second, &where))
        return;
    diagnose(reader->diagnostics, FF0139, where->span,
             "this value of '%s' has a different shape from the first", draft->flag->name.text);
    diagnose_note(reader->diagnostics, first->span, "the first value");
    diagnose_help(reader->diagnostics, "give all values the same keys and types, or declare "
                                       "'shape: open'");
}

static void help_type(struct reader *reader, struct draft *draft, const struct node *value)
{
    /* Usually the type was forgotten: a flag is boolean by default. */
    if (node_get(draft->node, "type") || value->kind == NODE_BROKEN)
        return;
    draft->type_broken = true;
    diagnose_help(reader->diagnostics, "a flag is boolean unless it says 'type: string', "
                                       "integer, number or json");
}

static void read_variant_map(struct reader *reader, struct node *map, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    if (!expect_map(reader, map, "a mapping of variant to value"))
        return;
    if (!map->count) {
        diagnose(reader->diagnostics, FF0144, map->span, "no variant in 'variants'");
        diagnose_help(reader->diagnostics, "name at least one: variants: {on: true, off: false}");
    }
    if (map->count > MOST_VARIANTS) {
        diagnose(reader->diagnostics, FF0307, map->entries[MOST_VARIANTS].key->span,
                 "%u variants, expected at most %d", map->count, MOST_VARIANTS);
        return;
    }
    targeting->variants = ARENA_ARRAY(reader->arena, struct variant, map->count);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        struct variant *variant = &targeting->variants[targeting->variant_count++];
        check_name(reader, entry->key, "a variant");
        variant->name = (struct text){entry->key->text, entry->key->span};
        bool read = read_variant_value(reader, draft, entry->value, variant);
        if (!read && !draft->type_broken && diagnose_is(reader->diagnostics, FF0111))
            help_type(reader, draft, entry->value);
        if (read && i)
            check_shape(reader, draft, map->entries[0].value, entry->value);
    }
}

static void read_type(struct reader *reader, struct draft *draft)
{
    struct node *type_node = node_get(draft->node, "type");
    unsigned type = 0;
    if (type_node && !read_choice(reader, type_node, flag_type_words + FFLAG_TYPE_BOOLEAN, &type)) {
        draft->type_broken = true;
    }
    draft->type_broken |= !type_node && may_mean(reader, draft->node, &flag_form, "type");
    draft->flag->type = (enum fflag_type)(type + FFLAG_TYPE_BOOLEAN);

    struct node *shape_node = node_get(draft->node, "shape");
    unsigned shape = 0;
    if (shape_node && read_choice(reader, shape_node, shape_words, &shape))
        draft->open_shape = shape == 1;
    if (shape_node && draft->flag->type != FFLAG_TYPE_JSON && !draft->type_broken) {
        diagnose(reader->diagnostics, FF0364, find_entry(draft->node, "shape")->key->span,
                 "'shape' has no meaning for a flag of type %s",
                 flag_type_words[draft->flag->type]);
        diagnose_help(reader->diagnostics, "only json flags have a shape");
    }
}

void read_variants(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    read_type(reader, draft);
    const struct entry *value = find_entry(draft->node, "value");
    struct node *variants = node_get(draft->node, "variants");
    draft->no_variants = !value && !variants &&
                         (may_mean(reader, draft->node, &flag_form, "value") ||
                          may_mean(reader, draft->node, &flag_form, "variants"));
    uint32_t before = reader->diagnostics->errors;
    if (value) {
        draft->has_value = true;
        draft->value_span = value->key->span;
        targeting->variants = ARENA_NEW(reader->arena, struct variant);
        targeting->variant_count = 1;
        read_variant_value(reader, draft, value->value, targeting->variants);
        if (reader->diagnostics->errors == before + 1)
            help_type(reader, draft, value->value);
    } else if (variants) {
        read_variant_map(reader, variants, draft);
    } else if (draft->type_broken || draft->no_variants) {
        return;
    } else if (draft->flag->type == FFLAG_TYPE_BOOLEAN) {
        boolean_variants(reader, draft);
    } else {
        report_missing(reader, draft->flag->name.span, "a flag that is not boolean", "variants",
                       "name its variants and their values, or give a plain 'value'");
    }
}

static struct variant *own_variants(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    struct variant *copy = ARENA_ARRAY(reader->arena, struct variant, targeting->variant_count);
    if (targeting->variant_count)
        memcpy(copy, targeting->variants, targeting->variant_count * sizeof *copy);
    return targeting->variants = copy;
}

void read_environment_variants(struct reader *reader, struct node *node, struct draft *draft)
{
    if (draft->has_value || !expect_map(reader, node, "a mapping of variant to value"))
        return;
    struct variant *variants = own_variants(reader, draft);
    const struct node *declared = node_get(draft->node, "variants");
    for (uint32_t i = 0; i < node->count; i++) {
        uint32_t at = resolve_variant(reader, draft, node->entries[i].key);
        if (at == UINT32_MAX)
            continue;
        struct node *value = node->entries[i].value;
        bool sound = read_variant_value(reader, draft, value, &variants[at]);
        if (sound && declared && declared->kind == NODE_MAP && declared->count)
            check_shape(reader, draft, declared->entries[0].value, value);
    }
}

void read_environment_value(struct reader *reader, struct node *node, struct draft *draft)
{
    if (draft->no_variants)
        return;
    if (!draft->has_value) {
        diagnose(reader->diagnostics, FF0109, node->span,
                 "'value' in an environment of '%s', which has variants", draft->flag->name.text);
        diagnose_note(reader->diagnostics, draft->flag->name.span, "'%s' is defined here",
                      draft->flag->name.text);
        diagnose_help(
            reader->diagnostics,
            "say which variant it serves: 'serve', or give the flag a 'value' instead of variants");
        return;
    }
    struct variant *variants = own_variants(reader, draft);
    if (read_variant_value(reader, draft, node, &variants[0]))
        check_shape(reader, draft, node_get(draft->node, "value"), node);
}

/* --------------------------------------------------------------------------------- resolving -- */

static uint32_t find_variant(const struct draft *draft, const char *name)
{
    const struct targeting *targeting = &draft->targeting;
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const char *own = targeting->variants[i].name.text;
        if (own && strcmp(own, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

uint32_t usual_variant(const struct draft *draft)
{
    return draft->flag->type == FFLAG_TYPE_BOOLEAN ? find_variant(draft, "on") : UINT32_MAX;
}

uint32_t resolve_variant(struct reader *reader, const struct draft *draft, const struct node *name)
{
    const struct targeting *targeting = &draft->targeting;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(reader, name, "the name of a variant");
        return UINT32_MAX;
    }
    uint32_t found = find_variant(draft, name->text);
    /* If the flag's variants could not be read, that was reported. */
    if (found != UINT32_MAX || !targeting->variant_count)
        return found;
    if (draft->has_value) {
        diagnose(reader->diagnostics, FF0212, name->span,
                 "unknown variant '%s': '%s' is a plain value and has none", name->text,
                 draft->flag->name.text);
        diagnose_note(reader->diagnostics, draft->value_span, "its value is declared here");
        return UINT32_MAX;
    }
    const char *known[MOST_VARIANTS];
    for (uint32_t i = 0; i < targeting->variant_count; i++)
        known[i] = targeting->variants[i].name.text;
    diagnose(reader->diagnostics, FF0212, name->span, "unknown variant '%s' of flag '%s'",
             name->text, draft->flag->name.text);
    suggest(reader->diagnostics, name->text, known, targeting->variant_count);
    uint32_t percent;
    if (parse_percent(name->text, &percent))
        diagnose_help(reader->diagnostics,
                      "'serve' names a variant; a share of the units is 'percent: %s'", name->text);
    if (strcmp(name->text, "true") == 0 && find_variant(draft, "on") != UINT32_MAX)
        diagnose_help(reader->diagnostics, "variants are named, not their values: write 'on'");
    if (strcmp(name->text, "false") == 0 && find_variant(draft, "off") != UINT32_MAX)
        diagnose_help(reader->diagnostics, "variants are named, not their values: write 'off'");
    return UINT32_MAX;
}

uint64_t resolve_variants(struct reader *reader, const struct draft *draft, struct node *names)
{
    struct node **items;
    uint32_t count;
    uint64_t bits = 0;
    if (!read_items(reader, names, "the name of a variant, or a list of them", &items, &count))
        return 0;
    if (!count) {
        diagnose(reader->diagnostics, FF0144, names->span, "no variant in this list");
        diagnose_help(reader->diagnostics, "name at least one variant of '%s'",
                      draft->flag->name.text);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t variant = resolve_variant(reader, draft, items[i]);
        if (variant != UINT32_MAX)
            bits |= UINT64_C(1) << variant;
    }
    return bits;
}
