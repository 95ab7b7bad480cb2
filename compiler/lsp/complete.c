/* complete.c - what may be written at the cursor: keys, words, names, operators and variants. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/base/table.h"
#include "compiler/files/edit.h"
#include "compiler/files/yaml.h"
#include "compiler/model/operators.h"
#include "compiler/project/sections.h"
#include "compiler/read/read_map.h"
#include "grammar.h"
#include "names.h"
#include "server.h"

#define MOST_ITEMS 1000u

/* The protocol's kinds of items. */
enum { ITEM_FIELD = 5, ITEM_OPERATOR = 24, ITEM_WORD = 12, ITEM_NAME = 18 };

struct completing {
    struct server *server;
    const struct workspace_file *file;
    const struct cursor *cursor;
    struct buffer *out;
    struct arena arena;
    struct table seen;
    uint32_t count;
    const char *detail; /* of names */
    bool key;           /* they are keys */
};

/* What is typed so far is a prefix, or a part: editors filter what they get. */
static bool fits(const struct completing *completing, const char *label)
{
    size_t typed = strlen(completing->cursor->text);
    return typed == 0 || strcasestr(label, completing->cursor->text) ||
           strncasecmp(label, completing->cursor->text, 1) == 0;
}

static void put(struct completing *completing, const char *label, int kind, const char *detail,
                const char *help, bool colon)
{
    struct buffer text = {0};
    struct buffer *out = completing->out;
    if (completing->count >= MOST_ITEMS || !*label || !fits(completing, label) ||
        table_add(&completing->seen, &completing->arena,
                  arena_copy(&completing->arena, label, strlen(label)), completing))
        return;
    completing->count++;
    edit_write_text(label, &text);
    if (colon && !completing->cursor->followed)
        buffer_append_text(&text, ": ");
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "label", label);
    field_integer(out, "kind", kind);
    if (detail && *detail)
        field_text(out, "detail", detail);
    if (help && *help)
        field_text(out, "documentation", help);
    field_object(out, "textEdit");
    server_range(completing->server, completing->file, completing->cursor->begin,
                 completing->cursor->end, "range", out);
    field_text(out, "newText", text.bytes);
    buffer_append_text(out, "}}");
    buffer_release(&text);
}

/* Help of the reference, without its links. */
static const char *plain(struct completing *completing, const char *help)
{
    struct buffer text = {0};
    for (const char *at = help; *at; at++) {
        if (at[0] == ']' && at[1] == '(')
            at = strchr(at, ')');
        else if (at[0] != '[' || !strstr(at, "]("))
            buffer_append(&text, at, 1);
    }
    const char *copy = arena_copy(&completing->arena, text.bytes ? text.bytes : "", text.length);
    buffer_release(&text);
    return copy;
}

/* ------------------------------------------------------------------------------------- names -- */

static void put_name(const char *name, const struct node *body, void *user)
{
    struct completing *completing = user;
    const struct node *description =
        body && body->kind == NODE_MAP ? node_get(body, "description") : NULL;
    put(completing, name, ITEM_NAME, completing->detail,
        description && description->kind == NODE_SCALAR ? description->text : NULL,
        completing->key);
}

static void put_variants(struct completing *completing, const struct name *name)
{
    const struct name flag = {NAMED_FLAG, name->flag, NULL};
    struct name_place place;
    uint32_t before = completing->count;
    names_each(&completing->server->workspace, name, put_name, completing);
    if (completing->count == before && name->flag &&
        name_find(&completing->server->workspace, &flag, &place)) {
        put_name("on", NULL, completing);
        put_name("off", NULL, completing);
    }
    if (!completing->key)
        put(completing, "none", ITEM_WORD, "no variant: the caller's own default", NULL, false);
}

static void put_names(struct completing *completing, uint32_t named, const char *flag)
{
    for (int kind = NAMED_FLAG; kind < NAMED_COUNT; kind++) {
        const struct name like = {(enum named)kind, "", flag};
        completing->detail = named_words[kind];
        if (!grammar_names(named, (enum named)kind))
            continue;
        if (kind == NAMED_VARIANT)
            put_variants(completing, &like);
        else
            names_each(&completing->server->workspace, &like, put_name, completing);
    }
}

/* -------------------------------------------------------------------------------------- keys -- */

static void put_sections(struct completing *completing)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        put(completing, sections[i].name, ITEM_FIELD, NULL, sections[i].help, true);
}

static void put_fields(struct completing *completing, const struct form *form)
{
    for (size_t i = 0; i < form->field_count; i++) {
        struct form choice;
        const struct field *field = &form->fields[i];
        const struct form *takes = field_form(field, &choice);
        put(completing, field->name, ITEM_FIELD,
            takes->takes ? plain(completing, takes->takes) : NULL, plain(completing, field->help),
            true);
    }
}

static void put_operators(struct completing *completing)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        put(completing, operators[i].name, ITEM_OPERATOR, operand_forms[operators[i].form].words,
            operators[i].help, true);
}

static void put_keys(struct completing *completing, const struct grammar_place *place,
                     const char *flag)
{
    uint32_t named = 0;
    completing->key = true;
    if (completing->cursor->depth == 0)
        put_sections(completing);
    for (uint32_t i = 0; i < place->count; i++) {
        const struct form *form = place->forms[i];
        if (form->kind == FORM_KEYS)
            put_fields(completing, form);
        if (form->kind == FORM_TEST)
            put_operators(completing);
        if (form->kind == FORM_MAP || (form->kind == FORM_KEYS && form->others))
            named |= 1u << form->keys_named;
    }
    if (place->of_fields)
        named &= ~(1u << NAMED_ATTRIBUTE);
    put_names(completing, named, flag);
}

/* ------------------------------------------------------------------------------------ values -- */

static void put_words(struct completing *completing, const char *const *words)
{
    for (; words && *words; words++)
        put(completing, *words, ITEM_WORD, NULL, NULL, false);
}

static void put_values(struct completing *completing, const struct grammar_place *place,
                       const char *flag)
{
    static const char *const truths[] = {"true", "false", NULL};
    struct form choice;
    completing->key = false;
    const struct form *form = place->field ? field_form(place->field, &choice) : NULL;
    if (form && form->kind == FORM_CHOICE)
        put_words(completing, form->words);
    for (uint32_t i = 0; i < place->count; i++) {
        if (place->forms[i]->kind == FORM_CHOICE)
            put_words(completing, place->forms[i]->words);
        if (place->forms[i] == &boolean_form)
            put_words(completing, truths);
    }
    put_names(completing, place->named, flag);
}

bool answer_completion(struct server *server, const json_t *params, struct buffer *result)
{
    struct cursor cursor;
    struct workspace_file file;
    struct completing completing = {
        .server = server, .file = &file, .cursor = &cursor, .out = result};
    if (!server_cursor(server, params, &file, &cursor, &completing.arena) ||
        cursor.at == CURSOR_NOWHERE) {
        arena_release(&completing.arena);
        return true;
    }
    const struct grammar_place place = grammar_below(cursor.steps, cursor.depth);
    const struct name name = name_at(&cursor, file.root, &completing.arena);
    buffer_append_text(result, "{");
    field_array(result, "items");
    if (cursor.at == CURSOR_KEY || cursor.at == CURSOR_ITEM)
        put_keys(&completing, &place, name.flag);
    if (cursor.at == CURSOR_VALUE || cursor.at == CURSOR_ITEM)
        put_values(&completing, &place, name.flag);
    buffer_append_text(result, "]");
    field_truth(result, "isIncomplete", completing.count >= MOST_ITEMS);
    buffer_append_text(result, "}");
    arena_release(&completing.arena);
    return true;
}
