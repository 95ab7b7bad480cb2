/* read_map.c - reads mappings by tables of their keys. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"

#include <assert.h>
#include <string.h>
#include "read_hooks.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"

const struct entry *find_entry(const struct node *map, const char *key)
{
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    }
    return NULL;
}

bool report_conflict(struct reader *reader, const struct node *map, const char *first,
                     const char *second)
{
    const struct entry *one = find_entry(map, first);
    const struct entry *two = find_entry(map, second);
    if (!one || !two)
        return false;
    if (two->key->span.begin < one->key->span.begin) {
        const struct entry *swapped = one;
        one = two;
        two = swapped;
    }
    diagnose(reader->diagnostics, FF0109, two->key->span, "'%s' and '%s' cannot stand together",
             one->key->text, two->key->text);
    diagnose_note(reader->diagnostics, one->key->span, "'%s' is given here", one->key->text);
    diagnose_help(reader->diagnostics, "keep one of them");
    return true;
}

void report_missing(struct reader *reader, struct span span, const char *what, const char *key,
                    const char *help)
{
    diagnose(reader->diagnostics, FF0106, span, "%s without its '%s'", what, key);
    if (help)
        diagnose_help(reader->diagnostics, "%s", help);
}

static void report_unknown(struct reader *reader, const struct node *map, const struct entry *entry,
                           const struct form *form)
{
    const struct node *key = entry->key;
    const char *known[FIELD_LIMIT];
    for (size_t i = 0; i < form->field_count; i++)
        known[i] = form->fields[i].name;
    diagnose(reader->diagnostics, FF0102, key->span, "unknown key '%s' in %s", key->text,
             form->what);
    /* In braces, a key without a value is the rest of a text that contains a comma. */
    if (map->flow && is_null(entry->value) && entry != map->entries)
        diagnose_help(reader->diagnostics,
                      "a plain value in braces ends at the first comma: quote the one before this");
    else
        suggest(reader->diagnostics, key->text, known, form->field_count);
}

static void read_field(struct reader *reader, const struct field *field, struct node *value,
                       void *target)
{
    void *place = (char *)target + field->offset;
    struct text text = {0};
    switch (field->kind) {
    case FIELD_TEXT:
        if (read_text(reader, value, &text))
            *(const char **)place = text.text;
        break;
    case FIELD_PLACED:
        read_text(reader, value, place);
        break;
    case FIELD_NAME:
        if (read_text(reader, value, place))
            check_name(reader, value, field->name);
        break;
    case FIELD_TEXTS:
        read_texts(reader, value, place);
        break;
    case FIELD_BOOLEAN:
        read_boolean(reader, value, place);
        break;
    case FIELD_NUMBER:
        read_number(reader, value, place);
        break;
    case FIELD_COUNT:
        read_count(reader, value, place);
        break;
    case FIELD_PERCENT:
        read_percent(reader, value, place);
        break;
    case FIELD_DURATION:
        read_duration(reader, value, place);
        break;
    case FIELD_TIME:
        read_time(reader, value, place);
        break;
    case FIELD_PROGRAM:
        read_program(reader, value, place);
        break;
    case FIELD_CHOICE:
        read_choice(reader, value, field->choices, place);
        break;
    case FIELD_READ:
        field->read(reader, value, target);
        break;
    }
}

bool field_needed(const struct field *field)
{
    return field->needed || field->missing;
}

const struct form *field_form(const struct field *field, struct form *choice)
{
    static const struct form *const forms[] = {
        [FIELD_TEXT] = &text_form,         [FIELD_PLACED] = &text_form,
        [FIELD_NAME] = &name_form,         [FIELD_TEXTS] = &texts_form,
        [FIELD_BOOLEAN] = &boolean_form,   [FIELD_NUMBER] = &number_form,
        [FIELD_COUNT] = &count_form,       [FIELD_PERCENT] = &percent_form,
        [FIELD_DURATION] = &duration_form, [FIELD_TIME] = &time_form,
        [FIELD_PROGRAM] = &program_form,
    };
    if (field->form)
        return field->form;
    if (field->kind != FIELD_CHOICE)
        return forms[field->kind];
    *choice = (struct form){.kind = FORM_CHOICE, .words = field->choices};
    return choice;
}

/* For a choice, lists the words to choose from. */
static const char *missing_help(struct reader *reader, const struct field *field)
{
    struct form choice;
    return *field->missing ? field->missing
                           : choices_help(reader, field_form(field, &choice)->words);
}

uint64_t read_fields(struct reader *reader, struct node *map, const struct form *form,
                     struct span place, void *target)
{
    assert(form->field_count <= FIELD_LIMIT);
    const struct field *fields = form->fields;
    uint64_t given = 0;
    if (map->kind != NODE_MAP) {
        expected(reader, map, arena_format(reader->arena, "a mapping for %s", form->what));
        return 0;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        size_t at = 0;
        while (at < form->field_count && strcmp(fields[at].name, entry->key->text) != 0)
            at++;
        if (at == form->field_count) {
            report_unknown(reader, map, entry, form);
            continue;
        }
        given |= UINT64_C(1) << at;
        reader->key = entry->key;
        read_field(reader, &fields[at], entry->value, target);
    }
    for (size_t i = 0; i < form->field_count; i++)
        if (fields[i].missing && !(given & UINT64_C(1) << i))
            report_missing(reader, place, form->what, fields[i].name,
                           missing_help(reader, &fields[i]));
    return given;
}
