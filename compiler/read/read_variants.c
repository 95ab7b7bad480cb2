/* read_variants.c - a flag's variants and their values. */
#include <stdio.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "compiler/base/table.h"
#include "fflag/snapshot.h"
#include "draft.h"
#include "read_flag.h"
#include "read_json.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"

#define FEW_VARIANTS 16 /* so few need no table */

const char *const shape_words[] = {"same", "open", NULL};

static bool read_variant_value(struct reader *reader, const struct draft *draft, struct node *node,
                               struct variant *variant)
{
    struct text text;
    variant->span = node->span;
    variant->node = node;
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

/* With one more for no variant, which has the name after the last: see struct targeting. */
static struct variant *new_variants(struct reader *reader, const struct draft *draft,
                                    uint32_t count)
{
    struct variant *variants = ARENA_ARRAY(reader->arena, struct variant, count + 1u);
    struct span span = draft->flag->name.span;
    variants[count] = (struct variant){.name = {NO_VARIANT_NAME, span}, .span = span};
    return variants;
}

static void boolean_variants(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    struct span span = draft->flag->name.span;
    targeting->variants = new_variants(reader, draft, 2);
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

/* Whether it has the form of a name, however reserved. */
static bool check_variant_name(struct reader *reader, const struct node *name)
{
    bool none = strcmp(name->text, NO_VARIANT_NAME) == 0;
    if (!check_name(reader, name, NAME_FREE, "a variant"))
        return false;
    if (!none && strcmp(name->text, "default") != 0)
        return true;
    diagnose(reader->diagnostics, FF0126, name->span, "'%s' cannot be the name of a variant",
             name->text);
    diagnose_help(reader->diagnostics,
                  none ? "'none' leaves the value to the caller; choose another name"
                       : "an override serves 'default', whatever that is; choose another name");
    return true;
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
    targeting->variants = new_variants(reader, draft, map->count);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        struct variant *variant = &targeting->variants[targeting->variant_count++];
        bool named = check_variant_name(reader, entry->key);
        draft->variants_lost |= !named;
        if (!named && is_null(entry->value)) /* `{on true}` */
            entry->value->kind = NODE_BROKEN;
        variant->name = (struct text){entry->key->text, entry->key->span};
        bool read = read_variant_value(reader, draft, entry->value, variant);
        if (!read && !draft->type_broken && diagnose_is(reader->diagnostics, FF0111))
            help_type(reader, draft, entry->value);
        if (read && i && !draft->variants_lost)
            check_shape(reader, draft, map->entries[0].value, entry->value);
    }
    if (map->count <= FEW_VARIANTS)
        return;
    /* Flags with many variants name most of them somewhere. */
    struct table *numbers = ARENA_NEW(reader->arena, struct table);
    for (uint32_t i = 0; i < map->count; i++)
        table_add(numbers, reader->arena, map->entries[i].key->text, (void *)(uintptr_t)(i + 1));
    targeting->variant_numbers = numbers;
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
        targeting->variants = new_variants(reader, draft, 1);
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
    struct variant *copy = new_variants(reader, draft, targeting->variant_count);
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
        if (at == UINT32_MAX || at == draft->targeting.variant_count) {
            check_variant_name(reader, node->entries[i].key);
            continue;
        }
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

uint32_t usual_variant(const struct draft *draft)
{
    return draft->flag->type == FFLAG_TYPE_BOOLEAN ? targeting_variant(&draft->targeting, "on")
                                                   : UINT32_MAX;
}

uint32_t resolve_variant(struct reader *reader, const struct draft *draft, const struct node *name)
{
    const struct targeting *targeting = &draft->targeting;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(reader, name, "the name of a variant");
        return UINT32_MAX;
    }
    uint32_t found = draft->has_value ? UINT32_MAX : targeting_variant(targeting, name->text);
    if (found != UINT32_MAX)
        return found;
    /* If the flag's variants could not be read, that was reported. */
    if (!targeting->variant_count || draft->variants_lost) {
        reader->silent++;
        return UINT32_MAX;
    }
    if (is_repeated(reader, FF0212, name->span, name->text, draft->flag->name.text))
        return UINT32_MAX;
    if (draft->has_value) {
        diagnose(reader->diagnostics, FF0212, name->span,
                 "unknown variant '%s': '%s' is a plain value and has none", name->text,
                 draft->flag->name.text);
        diagnose_note(reader->diagnostics, draft->value_span, "its value is declared here");
        suspect_doubled(reader, &draft->flag->name);
        return UINT32_MAX;
    }
    uint32_t count = suggestible(reader->diagnostics, targeting->variant_count);
    const char **known = ARENA_ARRAY(reader->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        known[i] = targeting->variants[i].name.text;
    diagnose(reader->diagnostics, FF0212, name->span, "unknown variant '%s' of flag '%s'",
             name->text, draft->flag->name.text);
    if (!suggest(reader->diagnostics, name->text, known, count))
        suspect_doubled(reader, &draft->flag->name);
    uint32_t percent;
    if (parse_percent(name->text, &percent))
        diagnose_help(reader->diagnostics,
                      "'serve' names a variant; a share of the units is 'percent: %s'", name->text);
    if (strcmp(name->text, "true") == 0 && targeting_variant(targeting, "on") != UINT32_MAX)
        diagnose_help(reader->diagnostics, "variants are named, not their values: write 'on'");
    if (strcmp(name->text, "false") == 0 && targeting_variant(targeting, "off") != UINT32_MAX)
        diagnose_help(reader->diagnostics, "variants are named, not their values: write 'off'");
    return UINT32_MAX;
}

bool compare_variant(struct reader *reader, const struct draft *draft, uint32_t variant,
                     struct span span, const char *what)
{
    if (variant == UINT32_MAX || variant != draft->targeting.variant_count)
        return true;
    diagnose(reader->diagnostics, FF0309, span, "'none', where %s needs a variant", what);
    diagnose_help(reader->diagnostics,
                  "nobody knows what the caller's default does: make its value a variant");
    return false;
}

uint32_t resolve_compared(struct reader *reader, const struct draft *draft, const struct node *name,
                          const char *what)
{
    uint32_t variant = resolve_variant(reader, draft, name);
    return compare_variant(reader, draft, variant, name->span, what) ? variant : UINT32_MAX;
}

const struct variant_set *resolve_variants(struct reader *reader, const struct draft *draft,
                                           struct node *names)
{
    struct node **items;
    uint32_t count;
    struct variant_set *set = NULL;
    if (!read_items(reader, names, "the name of a variant, or a list of them", &items, &count))
        return NULL;
    if (!count) {
        diagnose(reader->diagnostics, FF0144, names->span, "no variant in this list");
        diagnose_help(reader->diagnostics, "name at least one variant of '%s'",
                      draft->flag->name.text);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t variant = resolve_variant(reader, draft, items[i]);
        if (variant == UINT32_MAX)
            continue;
        if (!set)
            set = ARENA_NEW(reader->arena, struct variant_set);
        variant_set_add(set, variant);
    }
    return set;
}
