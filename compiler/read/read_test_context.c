/*
 * read_test_context.c - the contexts of tests.
 *
 * Once its values are checked against their attributes, a context becomes the JSON object that `ffc
 * eval -c` would take, of the attributes' names: it may be nested, this is not.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/scalar.h"
#include "draft.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"
#include "test_subject.h"

/* ------------------------------------------------------------------------------------ values -- */

static bool write_strings(struct reader *reader, const struct node *node, struct buffer *out)
{
    if (!expect_list(reader, node, "a list of texts")) {
        if (node->kind == NODE_SCALAR && !is_null(node))
            diagnose_help(reader->diagnostics, "put it in brackets: a list may have one entry");
        return false;
    }
    buffer_append(out, "[", 1);
    for (uint32_t i = 0; i < node->count; i++) {
        struct text text;
        if (!read_text(reader, node->items[i], &text))
            return false;
        json_write_comma(out);
        json_write_string(out, text.text);
    }
    buffer_append(out, "]", 1);
    return true;
}

/* As a setter of the library judges it, of a type that has other text than values. */
static bool is_valid(const struct attribute *attribute, const char *text)
{
    enum fflag_attribute_type type = attribute->type;
    struct buffer canonical = {0};
    struct network network;
    int64_t time;
    bool exact, valid = false;
    if (type == FFLAG_ATTRIBUTE_VERSION)
        valid = is_version(text + (*text == 'V'), attribute->scheme, &canonical);
    else if (type == FFLAG_ATTRIBUTE_TIME)
        valid = parse_time(text, &time);
    else if (type == FFLAG_ATTRIBUTE_IP)
        valid = !strchr(text, '/') && parse_network(text, &network, &exact);
    buffer_release(&canonical);
    return valid;
}

static bool check_form(struct reader *reader, const struct attribute *attribute,
                       const struct node *node)
{
    const char *version;
    struct network network;
    int64_t time;
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_VERSION:
        return read_version(reader, node, attribute->scheme, &version);
    case FFLAG_ATTRIBUTE_TIME:
        return read_time(reader, node, &time);
    case FFLAG_ATTRIBUTE_IP:
        if (!read_network(reader, node, &network))
            return false;
        if (memcmp(network.first, network.last, sizeof network.first) == 0 &&
            !strchr(node->text, '/'))
            return true;
        diagnose(reader->diagnostics, FF0123, node->span, "'%s' is a block of addresses, not one",
                 node->text);
        diagnose_help(reader->diagnostics, "a context has one address: 192.0.2.7");
        return false;
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_NUMBER:
    case FFLAG_ATTRIBUTE_BOOLEAN:
    case FFLAG_ATTRIBUTE_STRINGS:
        return true;
    }
    return true;
}

static const struct form invalid_value_form = FORM("text", "\"type\": \"string\"");
static const struct field invalid_fields[] = {
    READ("invalid", read_later, invalid_value_form, "text that is not a value of the type",
         .needed = true, .missing = "say which text: {invalid: latest}"),
};
static const struct form invalid_form =
    KEYS(NULL, "an invalid value", "`{invalid: text}`", invalid_fields);

/* A service may be given anything; what a flag makes of that can only be tested if a test can say
 * it, and say that it is meant. */
static bool write_invalid(struct reader *reader, const struct attribute *attribute,
                          struct node *node, struct buffer *out)
{
    uint32_t before = reader->diagnostics->errors;
    read_fields(reader, node, &invalid_form, node->span, NULL);
    const struct node *value = node_get(node, "invalid");
    struct text text;
    if (reader->diagnostics->errors != before || !read_text(reader, value, &text))
        return false;
    if (is_valid(attribute, text.text)) {
        diagnose(reader->diagnostics, FF0523, value->span, "'%s' is a valid %s", text.text,
                 attribute_type_words[attribute->type]);
        diagnose_help(reader->diagnostics, "write it alone: %s: %s", attribute->name.text,
                      text.text);
        return false;
    }
    json_write_string(out, text.text);
    return true;
}

static bool has_invalid_values(enum fflag_attribute_type type)
{
    return type == FFLAG_ATTRIBUTE_VERSION || type == FFLAG_ATTRIBUTE_TIME ||
           type == FFLAG_ATTRIBUTE_IP;
}

static bool write_context_value(struct reader *reader, const struct attribute *attribute,
                                struct node *node, struct buffer *out)
{
    struct text text;
    bool boolean;
    double number;
    if (node->kind == NODE_MAP && has_invalid_values(attribute->type))
        return write_invalid(reader, attribute, node, out);
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        if (!read_number(reader, node, &number))
            return false;
        json_write_number(out, number);
        return true;
    case FFLAG_ATTRIBUTE_BOOLEAN:
        if (!read_boolean(reader, node, &boolean))
            return false;
        buffer_append_text(out, boolean ? "true" : "false");
        return true;
    case FFLAG_ATTRIBUTE_STRINGS:
        return write_strings(reader, node, out);
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_TIME:
    case FFLAG_ATTRIBUTE_IP:
        break;
    }
    if (!read_text(reader, node, &text) || !check_form(reader, attribute, node))
        return false;
    check_choice(reader, attribute, node, false);
    json_write_string(out, text.text);
    return true;
}

/* ---------------------------------------------------------------------------------- contexts -- */

static bool is_invalid_value(const struct node *node)
{
    return node->count == 1 && strcmp(node->entries[0].key->text, "invalid") == 0;
}

static bool next_entry(void *object, void **at, struct descent_member *member)
{
    const struct node *map = object;
    struct entry *entry = *at ? (struct entry *)*at + 1 : map->entries;
    if (!map->count || entry == map->entries + map->count)
        return false;
    struct node *value = entry->value;
    *at = entry;
    *member = (struct descent_member){.key = entry->key->text,
                                      .kind = value->kind != NODE_MAP   ? MEMBER_VALUE
                                              : is_invalid_value(value) ? MEMBER_EITHER
                                                                        : MEMBER_OBJECT,
                                      .value = entry,
                                      .object = value};
    return true;
}

/* Setting an attribute in a test does not count as use; a rule does. */
static const struct attribute *find_attribute(struct reader *reader, const struct node *name)
{
    struct declaration *known = table_get(&reader->declared[ATTRIBUTE].table, name->text);
    bool used = known && known->used;
    const struct attribute *attribute = resolve(reader, ATTRIBUTE, name);
    if (known)
        known->used = used;
    return attribute;
}

/* The entry's key, as the name that it and those above it make. */
static const struct attribute *attribute_at(struct reader *reader, const struct entry *entry,
                                            const char *path)
{
    struct node name = *entry->key;
    name.text = arena_copy(reader->arena, path, strlen(path));
    name.count = (uint32_t)strlen(path);
    return find_attribute(reader, &name);
}

static void report_unknown(void *context, const char *path, const struct descent_member *member)
{
    attribute_at(context, member->value, path);
}

static void report_no_object(void *context, const char *path, const char *below,
                             const struct descent_member *member)
{
    struct reader *reader = context;
    const struct entry *entry = member->value;
    const struct node *value = entry->value;
    if (value->kind == NODE_BROKEN || is_null(value))
        return;
    diagnose(reader->diagnostics, FF0594, value->span,
             "expected a mapping, in which '%s' is, found %s", below,
             value->kind == NODE_LIST ? "a list" : "a value");
    const struct declaration *known = table_get(&reader->declared[ATTRIBUTE].table, below);
    const struct attribute *attribute = known->thing;
    diagnose_note(reader->diagnostics, attribute->name.span, "'%s' is declared here", below);
    diagnose_help(reader->diagnostics, "'%s' is no attribute itself: write %s: {%s: …}", path,
                  entry->key->text, below + strlen(path) + 1);
}

static void report_again(void *context, const char *name, const struct descent_member *member)
{
    struct reader *reader = context;
    const struct entry *entry = member->value;
    diagnose(reader->diagnostics, FF0593, entry->key->span,
             "attribute '%s' is given twice: the value of the longer key counts", name);
    diagnose_help(reader->diagnostics, "give it once, nested or by its whole name");
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void descend_to_attributes(struct reader *reader, struct descent *descent)
{
    const struct declarations *declared = &reader->declared[ATTRIBUTE];
    const char **names = ARENA_ARRAY(reader->arena, const char *, declared->count + 1);
    for (uint32_t i = 0; i < declared->count; i++)
        names[i] = ((const struct attribute *)declared->items[i]->thing)->name.text;
    qsort(names, declared->count, sizeof *names, compare_names);
    descent_init(descent, names, declared->count);
    descent->next = next_entry;
    descent->context = reader;
    descent->unknown = report_unknown;
    descent->no_object = report_no_object;
    descent->twice = report_again;
}

static void write_context(struct reader *reader, const struct descent *descent, struct buffer *json)
{
    buffer_append(json, "{", 1);
    for (size_t i = 0; i < descent->value_count; i++) {
        const struct entry *entry = descent->values[i].value;
        const struct attribute *attribute =
            attribute_at(reader, entry, descent->names[descent->values[i].name]);
        if (!attribute || !attribute->type)
            continue;
        size_t before = json->length;
        json_write_key(json, attribute->name.text);
        if (is_null(entry->value))
            buffer_append_text(json, "null");
        else if (!write_context_value(reader, attribute, entry->value, json))
            json->length = before;
    }
    buffer_append(json, "}", 1);
}

static void add_context(struct reader *reader, struct test_subject *subject, struct node *node)
{
    if (!expect_map(reader, node, "a mapping of attributes for a context"))
        return;
    struct buffer json = {0};
    descent_find(subject->attributes, node);
    write_context(reader, subject->attributes, &json);
    struct test_context *context =
        ARENA_APPEND(reader->arena, subject->test->contexts, subject->test->context_count);
    context->json = arena_copy(reader->arena, json.bytes, json.length);
    context->span = node->span;
    buffer_release(&json);
}

void read_contexts(struct reader *reader, struct test_subject *subject)
{
    struct node *one = node_get(subject->node, "context");
    const struct node *many = node_get(subject->node, "contexts");
    descent_clear(subject->attributes);
    if (one && !is_null(one))
        add_context(reader, subject, one);
    if (many && expect_list(reader, many, "a list of contexts")) {
        if (!many->count) {
            diagnose(reader->diagnostics, FF0144, many->span, "no context in 'contexts'");
            diagnose_help(reader->diagnostics, "list at least one: [{user_id: u1}]");
        }
        for (uint32_t i = 0; i < many->count; i++)
            add_context(reader, subject, many->items[i]);
    }
    if (!subject->test->context_count) {
        struct test_context *context =
            ARENA_APPEND(reader->arena, subject->test->contexts, subject->test->context_count);
        *context = (struct test_context){"{}", subject->node->span};
    }
}

static const struct form context_value_form = {
    .kind = FORM_EITHER,
    .of = {&scalar_form, &texts_form, &invalid_form, &test_context_form, &null_form}};
const struct form test_context_form = {.definition = "context",
                                       .kind = FORM_MAP,
                                       .takes = "mapping of attribute to value",
                                       .of = {&context_value_form},
                                       .keys_named = NAMED_ATTRIBUTE};
const struct form test_contexts_form = {
    .kind = FORM_LIST, .takes = "list of those", .of = {&test_context_form}};
