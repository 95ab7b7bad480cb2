/* read_map.c - reads mappings by tables of their keys. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include "compiler/base/nearest.h"
#include "foreign.h"
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
    return report_conflict_of(reader, map, first, second, "keep one of them");
}

bool report_conflict_of(struct reader *reader, const struct node *map, const char *first,
                        const char *second, const char *help)
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
    diagnose(reader->diagnostics, FF0109, two->key->span, "'%s' and '%s' cannot be combined",
             one->key->text, two->key->text);
    diagnose_note(reader->diagnostics, one->key->span, "'%s' is given here", one->key->text);
    diagnose_help(reader->diagnostics, "%s", help);
    return true;
}

void report_missing(struct reader *reader, struct span span, const char *what, const char *key,
                    const char *help)
{
    diagnose(reader->diagnostics, FF0106, span, "%s without its '%s'", what, key);
    if (help)
        diagnose_help(reader->diagnostics, "%s", help);
}

static size_t find_field(const struct form *form, const char *name)
{
    size_t at = 0;
    while (at < form->field_count && strcmp(form->fields[at].name, name) != 0)
        at++;
    return at;
}

const char *meant_key(struct reader *reader, const struct node *map, const char *name,
                      const char *const *known, size_t count)
{
    const struct surroundings around = {map, reader->flag ? reader->flag->body : NULL};
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(known[i], name) == 0)
            return known[i];
    }
    const char *ours = foreign_word(name, known, count, &around);
    if (ours || reader->diagnostics->suggestions++ >= MOST_SUGGESTIONS)
        return ours;
    return nearest_name(name, known, count);
}

bool may_mean(struct reader *reader, const struct node *map, const struct form *form,
              const char *key)
{
    const char *known[FIELD_LIMIT];
    for (size_t i = 0; i < form->field_count; i++)
        known[i] = form->fields[i].name;
    for (uint32_t i = 0; i < map->count; i++) {
        const char *name = map->entries[i].key->text;
        if (find_field(form, name) < form->field_count)
            continue;
        const char *meant = meant_key(reader, map, name, known, form->field_count);
        if (!meant || strcmp(meant, key) == 0)
            return true;
    }
    return false;
}

static bool is_foreign(const char *name, const char *meant)
{
    return strcasecmp(name, meant) != 0 && foreign_word(name, &meant, 1, NULL);
}

void help_key(struct reader *reader, const char *name, const char *meant, const char *const *known,
              size_t count)
{
    if (!meant)
        suggest(reader->diagnostics, name, known, count);
    else if (is_foreign(name, meant))
        diagnose_help(reader->diagnostics, "'%s' is called '%s' here", name, meant);
    else
        diagnose_help(reader->diagnostics, "did you mean '%s'?", meant);
    if (meant)
        diagnose_fix(reader->diagnostics, name, meant);
}

void add_unexplained(struct unexplained *keys, const struct node *key)
{
    if (keys->count < UNEXPLAINED_SHOWN)
        keys->shown[keys->count] = key;
    keys->count++;
}

void note_unexplained(struct reader *reader, const struct unexplained *keys)
{
    uint32_t shown = keys->count < UNEXPLAINED_SHOWN ? keys->count : UNEXPLAINED_SHOWN;
    for (uint32_t i = 1; i < shown; i++) {
        const struct node *key = keys->shown[i];
        if (i + 1 == shown && keys->count > shown)
            diagnose_note(reader->diagnostics, key->span,
                          "'%s' is unknown, too, and so are %u more", key->text,
                          keys->count - shown);
        else
            diagnose_note(reader->diagnostics, key->span, "'%s' is unknown, too", key->text);
    }
}

static void report_unknown(struct reader *reader, const struct node *map, const struct node *key,
                           const struct form *form, const char *meant)
{
    const char *known[FIELD_LIMIT];
    for (size_t i = 0; i < form->field_count; i++)
        known[i] = form->fields[i].name;
    diagnose(reader->diagnostics, FF0102, key->span, "unknown key '%s' in %s", key->text,
             form->what);
    const struct entry *entry = find_entry(map, key->text);
    /* A key without a value within braces is the rest of a text that has a comma. */
    if (map->flow && is_null(entry->value) && entry != map->entries)
        diagnose_help(reader->diagnostics,
                      "a plain value in braces ends at the first comma: quote the one before this");
    else
        help_key(reader, key->text, meant, known, form->field_count);
}

/*
 * The keys of a mapping that another system calls so: that it was copied from there is one cause,
 * in this mapping and in all others that have them.
 */
struct foreign_keys {
    struct {
        const struct node *key;
        const char *meant;
    } items[FIELD_LIMIT];
    uint32_t count;
};

static void add_foreign(struct reader *reader, struct foreign_keys *keys, const struct node *key,
                        const struct form *form, const char *meant)
{
    if (!is_repeated(reader, FF0102, key->span, key->text, form->what) &&
        keys->count < FIELD_LIMIT) {
        keys->items[keys->count].key = key;
        keys->items[keys->count].meant = meant;
        keys->count++;
    }
}

static void report_foreign(struct reader *reader, const struct node *map,
                           const struct foreign_keys *keys, const struct form *form)
{
    if (!keys->count)
        return;
    report_unknown(reader, map, keys->items[0].key, form, keys->items[0].meant);
    for (uint32_t i = 1; i < keys->count; i++)
        diagnose_note(reader->diagnostics, keys->items[i].key->span, "'%s' is called '%s' here",
                      keys->items[i].key->text, keys->items[i].meant);
}

/*
 * The keys that were meant, as bits; all of them where that is not known of one, since then nothing
 * can be said to be missing.
 */
static uint64_t report_unknown_keys(struct reader *reader, const struct node *map,
                                    const struct form *form)
{
    uint64_t all = 0;
    struct unexplained unexplained = {.count = 0};
    struct foreign_keys foreign = {.count = 0};
    const char *known[FIELD_LIMIT];
    for (size_t i = 0; i < form->field_count; i++)
        known[i] = form->fields[i].name;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        if (find_field(form, entry->key->text) < form->field_count)
            continue;
        lose_names(reader, entry);
        const char *meant = meant_key(reader, map, entry->key->text, known, form->field_count);
        if (!meant) {
            const char *of = arena_format(reader->arena, "%u %s", reader->definition, form->what);
            all = UINT64_MAX;
            if (!is_repeated(reader, FF0102, entry->key->span, entry->key->text, of))
                add_unexplained(&unexplained, entry->key);
            continue;
        }
        all |= UINT64_C(1) << find_field(form, meant);
        if (is_foreign(entry->key->text, meant))
            add_foreign(reader, &foreign, entry->key, form, meant);
        else
            report_unknown(reader, map, entry->key, form, meant);
    }
    report_foreign(reader, map, &foreign, form);
    if (unexplained.count) {
        report_unknown(reader, map, unexplained.shown[0], form, NULL);
        note_unexplained(reader, &unexplained);
    }
    return all;
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
            check_name(reader, value, NAME_WORD, NULL);
        break;
    case FIELD_FREE:
        if (read_text(reader, value, place))
            check_name(reader, value, NAME_FREE, NULL);
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
        [FIELD_TEXT] = &text_form,       [FIELD_PLACED] = &text_form,
        [FIELD_NAME] = &name_form,       [FIELD_FREE] = &free_name_form,
        [FIELD_TEXTS] = &texts_form,     [FIELD_BOOLEAN] = &boolean_form,
        [FIELD_NUMBER] = &number_form,   [FIELD_COUNT] = &count_form,
        [FIELD_PERCENT] = &percent_form, [FIELD_DURATION] = &duration_form,
        [FIELD_TIME] = &time_form,       [FIELD_PROGRAM] = &program_form,
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
    uint64_t meant = report_unknown_keys(reader, map, form);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        size_t at = find_field(form, entry->key->text);
        if (at == form->field_count)
            continue;
        given |= UINT64_C(1) << at;
        reader->key = entry->key;
        read_field(reader, &fields[at], entry->value, target);
    }
    for (size_t i = 0; i < form->field_count; i++)
        if (fields[i].missing && !((given | meant) & UINT64_C(1) << i))
            report_missing(reader, place, form->what, fields[i].name,
                           missing_help(reader, &fields[i]));
    return given;
}
