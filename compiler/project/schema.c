/* schema.c - see schema.h. */
#include "schema.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/model/operators.h"
#include "compiler/read/read_map.h"
#include "compiler/read/read_operands.h"
#include "sections.h"

/* ------------------------------------------------------------------------------- definitions -- */

#define MOST_DEFINITIONS 64
#define PAGE_WIDTH       100

/* Named forms, each before what it is made of. */
struct definitions {
    const struct form *items[MOST_DEFINITIONS];
    size_t count;
};

static bool is_new(struct definitions *definitions, const struct form *form)
{
    for (size_t i = 0; i < definitions->count; i++)
        if (definitions->items[i] == form)
            return false;
    assert(definitions->count < MOST_DEFINITIONS);
    definitions->items[definitions->count++] = form;
    return true;
}

static void collect(struct definitions *definitions, const struct form *form)
{
    struct form choice;
    if (!form || (form->definition && !is_new(definitions, form)))
        return;
    for (size_t i = 0; i < sizeof form->of / sizeof *form->of; i++)
        collect(definitions, form->of[i]);
    if (form->kind == FORM_TEST) {
        collect(definitions, &other_form);
        collect(definitions, &other_field_form);
    }
    collect(definitions, form->names);
    collect(definitions, form->others);
    for (size_t i = 0; i < form->field_count; i++)
        collect(definitions, field_form(&form->fields[i], &choice));
}

static struct definitions all_definitions(void)
{
    struct definitions definitions = {0};
    for (size_t i = 0; i < SECTION_COUNT; i++)
        collect(&definitions, sections[i].form);
    return definitions;
}

/* ------------------------------------------------------------------------------- JSON Schema -- */

static void write_value(struct buffer *out, const struct form *form, const char *help);
static void write_members(struct buffer *out, const struct form *form);

/* Writes it as a sentence, without links. */
static void write_description(struct buffer *out, const char *help)
{
    struct buffer plain = {0};
    if (!*help)
        return;
    for (const char *at = help; *at; at++) {
        if (at[0] == ']' && at[1] == '(')
            at = strchr(at, ')');
        else if (at[0] != '[' || !strstr(at, "]("))
            buffer_append(&plain, at, 1);
    }
    if (plain.bytes[0] >= 'a' && plain.bytes[0] <= 'z')
        plain.bytes[0] = (char)(plain.bytes[0] - 'a' + 'A');
    json_write_key(out, "description");
    json_write_string(out, plain.bytes);
    buffer_release(&plain);
}

static void write_raw(struct buffer *out, const char *members)
{
    if (*members) {
        json_write_comma(out);
        buffer_append_text(out, members);
    }
}

static void write_number_of(struct buffer *out, const char *key, unsigned number)
{
    if (number > 0) {
        json_write_key(out, key);
        buffer_format(out, "%u", number);
    }
}

static void write_words(struct buffer *out, const char *const *words)
{
    write_raw(out, "\"enum\": [");
    for (; *words; words++) {
        json_write_comma(out);
        json_write_string(out, *words);
    }
    buffer_append_text(out, "]");
}

static void write_alternatives(struct buffer *out, const struct form *form)
{
    write_raw(out, "\"anyOf\": [");
    for (const struct form *const *each = form->of; *each; each++) {
        json_write_comma(out);
        write_value(out, *each, NULL);
    }
    buffer_append_text(out, "]");
}

static void write_list(struct buffer *out, const struct form *form)
{
    write_raw(out, "\"type\": \"array\", \"items\": ");
    write_value(out, form->of[0], NULL);
    write_number_of(out, "minItems", form->least);
    write_number_of(out, "maxItems", form->most);
}

static void write_map(struct buffer *out, const struct form *form)
{
    write_raw(out, "\"type\": \"object\"");
    write_number_of(out, "minProperties", form->least);
    if (form->names) {
        json_write_key(out, "propertyNames");
        write_value(out, form->names, NULL);
    }
    json_write_key(out, "additionalProperties");
    write_value(out, form->of[0], NULL);
}

static void write_needed(struct buffer *out, const struct form *form)
{
    bool any = false;
    for (size_t i = 0; i < form->field_count; i++) {
        if (!field_needed(&form->fields[i]))
            continue;
        if (!any)
            write_raw(out, "\"required\": [");
        any = true;
        json_write_comma(out);
        json_write_string(out, form->fields[i].name);
    }
    if (any)
        buffer_append_text(out, "]");
}

static void write_keys(struct buffer *out, const struct form *form)
{
    struct form choice;
    write_raw(out, "\"type\": \"object\", \"additionalProperties\": ");
    if (form->others)
        write_value(out, form->others, NULL);
    else
        buffer_append_text(out, "false");
    write_needed(out, form);
    write_number_of(out, "minProperties", form->least);
    write_number_of(out, "maxProperties", form->most);
    write_raw(out, "\"properties\": {");
    for (size_t i = 0; i < form->field_count; i++) {
        const struct field *field = &form->fields[i];
        json_write_key(out, field->name);
        write_value(out, field_form(field, &choice), field->help);
    }
    buffer_append_text(out, "}");
}

static void write_operator(struct buffer *out, const struct operator_info *info)
{
    struct buffer help = {0};
    const struct form *map = operand_map(info->form);
    buffer_format(&help, "holds when the attribute %s", info->help);
    json_write_key(out, info->name);
    buffer_append_text(out, "{");
    if (map)
        write_members(out, map);
    else if (operator_compares(info)) {
        buffer_append_text(out, "\"anyOf\": [{");
        buffer_append_text(out, operand_forms[info->form].schema);
        buffer_append_text(out, "}, ");
        write_value(out, &other_form, NULL);
        buffer_append_text(out, ", ");
        write_value(out, &other_field_form, NULL);
        buffer_append_text(out, "]");
    } else
        write_raw(out, operand_forms[info->form].schema);
    write_description(out, help.bytes);
    buffer_append_text(out, "}");
    buffer_release(&help);
}

static void write_test(struct buffer *out)
{
    static const struct form values_form = {.kind = FORM_LIST, .of = {&scalar_form}};
    write_raw(out, "\"anyOf\": [");
    write_value(out, &scalar_form, NULL);
    buffer_append_text(out, ", ");
    write_value(out, &values_form, NULL);
    buffer_append_text(out, ", {\"type\": \"object\", \"additionalProperties\": false, "
                            "\"minProperties\": 1, \"properties\": {");
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        write_operator(out, &operators[i]);
    json_write_key(out, "ignore_case");
    write_value(out, &boolean_form, "folds ASCII case of the string operators beside it");
    buffer_append_text(out, "}}]");
}

static void write_members(struct buffer *out, const struct form *form)
{
    switch (form->kind) {
    case FORM_JSON:
        write_raw(out, form->json);
        break;
    case FORM_CHOICE:
        write_words(out, form->words);
        break;
    case FORM_ALIAS:
        write_members(out, form->of[0]);
        break;
    case FORM_EITHER:
        write_alternatives(out, form);
        break;
    case FORM_LIST:
        write_list(out, form);
        break;
    case FORM_MAP:
        write_map(out, form);
        break;
    case FORM_KEYS:
        write_keys(out, form);
        break;
    case FORM_TEST:
        write_test(out);
        break;
    }
}

static void write_value(struct buffer *out, const struct form *form, const char *help)
{
    while (form->kind == FORM_ALIAS && !form->definition)
        form = form->of[0];
    buffer_append_text(out, "{");
    if (form->definition)
        buffer_format(out, "\"$ref\": \"#/definitions/%s\"", form->definition);
    else
        write_members(out, form);
    if (help || (form->help && !form->definition))
        write_description(out, help ? help : form->help);
    buffer_append_text(out, "}");
}

static void write_definition(struct buffer *out, const struct form *form)
{
    json_write_key(out, form->definition);
    buffer_append_text(out, "{");
    write_members(out, form);
    if (form->help)
        write_description(out, form->help);
    buffer_append_text(out, "}");
}

static void indent(struct buffer *out, struct buffer *compact)
{
    json_t *json = json_loadb(compact->bytes, compact->length, 0, NULL);
    assert(json);
    char *text = json_dumps(json, JSON_INDENT(2));
    buffer_append_text(out, text);
    buffer_append_text(out, "\n");
    free(text);
    json_decref(json);
}

void write_schema(struct buffer *out)
{
    struct buffer compact = {0};
    const struct definitions definitions = all_definitions();
    buffer_append_text(
        &compact,
        "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", "
        "\"$id\": \"https://ffc.invalid/schema/definitions-1.json\", "
        "\"title\": \"ffc definitions, language version 1\", "
        "\"description\": \"One file of a project: any file may hold any section. `ffc check` "
        "tests what a schema cannot express: that names resolve, that shares add up.\", "
        "\"type\": \"object\", \"additionalProperties\": false, "
        "\"properties\": {\"" SCHEMA_KEY "\": {\"type\": \"string\", \"description\": "
        "\"Where this schema is, for editors\"}");
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        json_write_key(&compact, sections[i].name);
        write_value(&compact, sections[i].form, sections[i].help);
    }
    buffer_append_text(&compact, "}, \"definitions\": {");
    for (size_t i = 0; i < definitions.count; i++)
        write_definition(&compact, definitions.items[i]);
    buffer_append_text(&compact, "}}");
    indent(out, &compact);
    buffer_release(&compact);
}

/* --------------------------------------------------------------------------------- reference -- */

static void write_row(struct buffer *out, const struct field *field)
{
    struct form choice;
    const struct form *form = field_form(field, &choice);
    buffer_format(out, "| `%s` | %s", field->name, form->takes ? form->takes : "");
    for (size_t i = 0; form->kind == FORM_CHOICE && form->words[i]; i++)
        buffer_format(out, "%s`%s`", i ? " " : "", form->words[i]);
    buffer_format(out, " | %s%s |\n", field_needed(field) ? "needed; " : "", field->help);
}

/* Wrapped like the rest of the document. */
static void write_names(struct buffer *out, const struct form *form)
{
    size_t begin = out->length;
    for (size_t i = 0; i < form->field_count; i++) {
        size_t width = out->length - begin, more = strlen(form->fields[i].name) + 3;
        bool wraps = width + more > PAGE_WIDTH;
        buffer_format(out, "%s`%s`", i == 0 ? "" : wraps ? "\n" : " ", form->fields[i].name);
        if (wraps)
            begin = out->length - more + 1;
    }
    buffer_append_text(out, "\n\n");
}

static void write_table(struct buffer *out, const struct form *form)
{
    buffer_format(out, "<!-- the keys of %s -->\n", form->what);
    if (form->reference == REFERENCE_NAMES) {
        write_names(out, form);
        return;
    }
    buffer_append_text(out, "| key | takes | means |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < form->field_count; i++)
        write_row(out, &form->fields[i]);
    buffer_append_text(out, "\n");
}

void write_key_tables(struct buffer *out)
{
    const struct definitions definitions = all_definitions();
    for (size_t i = 0; i < definitions.count; i++) {
        const struct form *form = definitions.items[i];
        if (form->kind == FORM_KEYS && form->reference != REFERENCE_NONE)
            write_table(out, form);
    }
}
