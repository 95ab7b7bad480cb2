/* grammar.c - see grammar.h. */
#include "grammar.h"

#include <string.h>

#include "compiler/model/operators.h"
#include "compiler/project/sections.h"
#include "compiler/read/read_map.h"
#include "compiler/read/read_operands.h"

static void add(struct grammar_place *place, const struct form *form)
{
    if (!form || place->count == MOST_FORMS)
        return;
    place->named |= 1u << form->named;
    place->of_fields |= form->of_fields;
    switch (form->kind) {
    case FORM_ALIAS:
        add(place, form->of[0]);
        return;
    case FORM_EITHER:
        for (size_t i = 0; i < sizeof form->of / sizeof *form->of && form->of[i]; i++)
            add(place, form->of[i]);
        return;
    case FORM_JSON:
    case FORM_CHOICE:
    case FORM_LIST:
    case FORM_MAP:
    case FORM_KEYS:
    case FORM_TEST:
        place->forms[place->count++] = form;
        return;
    }
}

struct grammar_place grammar_top(void)
{
    static const struct form top_form = {.kind = FORM_MAP}; /* of sections */
    return (struct grammar_place){.forms = {&top_form}, .count = 1};
}

static bool is_top(const struct grammar_place *place)
{
    return place->count == 1 && place->forms[0]->kind == FORM_MAP && !place->forms[0]->of[0];
}

static void add_section(struct grammar_place *found, const char *key)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (strcmp(sections[i].name, key) == 0) {
            add(found, sections[i].form);
            found->section = sections[i].help;
        }
}

static const struct field *field_of(const struct form *form, const char *key)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (strcmp(form->fields[i].name, key) == 0)
            return &form->fields[i];
    return NULL;
}

static void add_field(struct grammar_place *found, const struct field *field)
{
    struct form choice;
    const struct form *form = field_form(field, &choice);
    found->field = field;
    if (form != &choice) /* the words of a choice are the field's */
        add(found, form);
}

static void add_key(struct grammar_place *found, const struct form *form, const char *key)
{
    const struct field *field = form->kind == FORM_KEYS ? field_of(form, key) : NULL;
    const struct operator_info *info = form->kind == FORM_TEST ? operator_find(key) : NULL;
    if (field) {
        add_field(found, field);
    } else if (form->kind == FORM_KEYS && form->others) {
        add(found, form->others);
        found->key_named |= 1u << form->keys_named;
    } else if (form->kind == FORM_MAP) {
        add(found, form->of[0]);
        found->key_named |= 1u << form->keys_named;
    } else if (info) {
        found->operator_ = info;
        add(found, operand_map(info->form));
        add(found, operator_compares(info) ? &other_form : NULL);
    }
}

struct grammar_place grammar_key(const struct grammar_place *place, const char *key)
{
    struct grammar_place found = {.of_fields = place->of_fields};
    if (is_top(place))
        add_section(&found, key);
    for (uint32_t i = 0; !is_top(place) && i < place->count; i++)
        add_key(&found, place->forms[i], key);
    return found;
}

struct grammar_place grammar_item(const struct grammar_place *place)
{
    struct grammar_place found = {.of_fields = place->of_fields, .named = place->named};
    for (uint32_t i = 0; i < place->count; i++)
        if (place->forms[i]->kind == FORM_LIST)
            add(&found, place->forms[i]->of[0]);
    return found;
}

struct grammar_place grammar_below(const char *const *steps, uint32_t count)
{
    struct grammar_place place = grammar_top();
    for (uint32_t i = 0; i < count; i++)
        place = steps[i] ? grammar_key(&place, steps[i]) : grammar_item(&place);
    return place;
}
