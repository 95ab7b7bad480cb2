/* declare.c - see declare.h. */
#include "declare.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/words.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "compiler/read/foreign.h"
#include "compiler/read/read_files.h"
#include "compiler/read/read_map.h"
#include "compiler/read/read_names.h"
#include "compiler/read/read_project.h"
#include "compiler/read/read_scalar.h"
#include "sections.h"

static size_t find_section(const char *name)
{
    size_t at = 0;
    while (at < SECTION_COUNT && strcmp(sections[at].name, name) != 0)
        at++;
    return at;
}

/* The keys of what a section declares. */
static const struct form *declared_keys(const struct section *section)
{
    const struct form *form = section->form->of[0];
    while (form->kind == FORM_EITHER) {
        size_t at = 0; /* an attribute can be the name of its type */
        while (at < 3 && form->of[at + 1] && form->of[at]->kind != FORM_KEYS &&
               form->of[at]->kind != FORM_EITHER)
            at++;
        form = form->of[at];
    }
    return form;
}

/* Whether it is a key of that form, be it by the name that another system has for it. */
static bool fits_form(const struct form *form, const char *key)
{
    const char *known[FIELD_LIMIT];
    for (size_t i = 0; i < form->field_count; i++) {
        known[i] = form->fields[i].name;
        if (strcmp(known[i], key) == 0)
            return true;
    }
    return foreign_word(key, known, form->field_count, NULL);
}

/* The section whose definitions have all these keys; NULL: none has. */
static const struct section *section_of(const struct node *body)
{
    static const enum declared likeliest[] = {FLAG, METRIC, LOG, SEGMENT, HOLDOUT, LAYER};
    for (size_t i = 0; body->kind == NODE_MAP && i < sizeof likeliest / sizeof *likeliest; i++) {
        const struct form *form = declared_keys(&sections[likeliest[i]]);
        uint32_t fitting = 0;
        while (fitting < body->count && fits_form(form, body->entries[fitting].key->text))
            fitting++;
        if (fitting && fitting == body->count)
            return &sections[likeliest[i]];
    }
    return NULL;
}

static bool is_key_of(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (strcmp(form->fields[i].name, name) == 0)
            return true;
    return false;
}

/* How far something is from the left edge of its file. */
static uint32_t column_of(const struct sources *sources, struct span span)
{
    const char *text = sources->items[span.file].text;
    uint32_t begin = span.begin;
    while (begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r')
        begin--;
    return span.begin - begin;
}

struct block {
    const struct sources *sources;
    struct span first; /* its first key */
};

/* That a line after the block, and less deep, belongs to no key, or follows the end of all. */
static bool is_end_of_block(const struct diagnostic *item, void *data)
{
    const struct block *block = data;
    bool ends = item->code == FF0034 || (item->code == FF0031 && item->note_count);
    return ends && item->span.file == block->first.file && item->span.begin > block->first.begin &&
           column_of(block->sources, item->span) < column_of(block->sources, block->first);
}

/* One cause: a line that is missing above the first key of a block leaves what follows the block
 * where it belongs to nothing. */
static void silence_end_of_block(struct reader *reader, const struct node *key)
{
    struct block block = {&reader->project->sources, key->span};
    diagnostics_silence(reader->diagnostics, is_end_of_block, &block);
}

/* A file whose first section has lost its name: all that is left of it is indented. */
static bool report_headless(struct reader *reader, const struct node *root)
{
    const struct node *first = root->entries[0].key;
    if (column_of(&reader->project->sources, first->span) == 0 || root->flow ||
        find_section(first->text) < SECTION_COUNT)
        return false;
    const struct section *section = section_of(root->entries[0].value);
    const char *name = section                                 ? section->name
                       : is_key_of(&project_form, first->text) ? "project"
                                                               : NULL;
    silence_end_of_block(reader, first);
    diagnose(reader->diagnostics, FF0031, first->span,
             "'%s' is indented, and belongs to nothing above it", first->text);
    if (name)
        diagnose_help(reader->diagnostics, "write '%s:' on a line above it, at the left edge",
                      name);
    else
        diagnose_help(reader->diagnostics, "write the section that it belongs to on a line above "
                                           "it, at the left edge, such as 'flags:'");
    return true;
}

static void report_section(struct reader *reader, const struct node *key, const struct node *body,
                           const char *meant, const char *const *known)
{
    const struct section *section = meant ? NULL : section_of(body);
    diagnose(reader->diagnostics, FF0102, key->span, "unknown section '%s'", key->text);
    if (section)
        diagnose_help(reader->diagnostics,
                      "its keys are those of what stands under '%s:', indented", section->name);
    else
        help_key(reader, key->text, meant, known, SECTION_COUNT);
}

/* Other systems list their definitions: `- key: checkout`. */
static void help_listed(struct reader *reader, const struct node *list)
{
    static const char *const names[] = {"key", "name", "id"};
    const struct node *first = list->kind == NODE_LIST && list->count ? list->items[0] : NULL;
    for (size_t i = 0; first && i < sizeof names / sizeof *names; i++) {
        const struct entry *name = find_entry(first, names[i]);
        if (!name || name->value->kind != NODE_SCALAR || is_null(name->value))
            continue;
        diagnose_help(reader->diagnostics,
                      "its name is the key of a definition: '%s:', and the rest below it",
                      name->value->text);
        return;
    }
}

/* By which an editor finds the schema of a file that is JSON, and cannot say it in a comment. */
static bool names_schema(const struct entry *entry)
{
    return strcmp(entry->key->text, SCHEMA_KEY) == 0 && entry->value->kind == NODE_SCALAR;
}

/* What they hold is missing elsewhere. */
static void report_unknown_sections(struct reader *reader, const struct node *root)
{
    struct unexplained unexplained = {.count = 0};
    const char *known[SECTION_COUNT];
    for (size_t i = 0; i < SECTION_COUNT; i++)
        known[i] = sections[i].name;
    for (uint32_t i = 0; i < root->count; i++) {
        const struct entry *entry = &root->entries[i];
        if (find_section(entry->key->text) < SECTION_COUNT || names_schema(entry))
            continue;
        reader->bucket_broken = reader->overrides_lost = true;
        lose_names(reader, entry);
        const char *meant = meant_key(reader, NULL, entry->key->text, known, SECTION_COUNT);
        if (meant)
            report_section(reader, entry->key, entry->value, meant, known);
        else
            add_unexplained(&unexplained, entry->key);
    }
    if (!unexplained.count || report_headless(reader, root))
        return;
    const struct node *first = unexplained.shown[0];
    report_section(reader, first, find_entry(root, first->text)->value, NULL, known);
    note_unexplained(reader, &unexplained);
}

/* A section can have definitions that are empty, or a word. */
static bool takes(enum declared kind, const struct node *body)
{
    if (body->kind != NODE_SCALAR)
        return body->kind != NODE_LIST;
    if (kind == ATTRIBUTE)
        return words_find(attribute_type_words + 1, body->text) >= 0;
    return is_null(body) && (kind == FLAG || kind == LAYER);
}

/*
 * What stands among the definitions of a section and is none, because a line that should be above
 * it is missing, or one of the two is indented wrongly: a key of a definition, a section, or what
 * belongs into another section.
 */
struct strays {
    struct reader *reader;
    enum declared kind;
    const struct form *form;
    const struct node *above; /* the definition before it, if it is empty */
    bool keys;                /* there was a key before */
    bool told;
};

static void report_stray_key(const struct strays *strays, const struct node *key)
{
    struct diagnostics *diagnostics = strays->reader->diagnostics;
    silence_end_of_block(strays->reader, key);
    diagnose(diagnostics, FF0031, key->span, "'%s' stands where the name of %s is expected",
             key->text, strays->form->what);
    if (strays->above)
        diagnose_help(diagnostics, "indent it deeper than '%s', if it belongs to it",
                      strays->above->text);
    else
        diagnose_help(diagnostics, "write the line that names it above, or indent it more");
}

static void report_stray_body(const struct strays *strays, const struct node *key,
                              const struct section *other)
{
    struct diagnostics *diagnostics = strays->reader->diagnostics;
    diagnose(diagnostics, FF0031, key->span, "'%s' has the keys of %s, and stands under '%s:'",
             key->text, declared_keys(other)->what, sections[strays->kind].name);
    diagnose_help(diagnostics, "write '%s:' on a line above it, at the left edge", other->name);
}

static void report_stray_section(const struct strays *strays, const struct node *key)
{
    struct diagnostics *diagnostics = strays->reader->diagnostics;
    diagnose(diagnostics, FF0031, key->span, "section '%s' is indented: it stands under '%s:'",
             key->text, sections[strays->kind].name);
    diagnose_help(diagnostics, "write '%s:' at the left edge", key->text);
}

/* Reports the first alone. */
static bool is_stray(struct strays *strays, const struct entry *entry)
{
    const struct node *key = entry->key, *body = entry->value;
    bool own_key = is_key_of(strays->form, key->text);
    size_t section = find_section(key->text);
    if (own_key && (strays->keys || !takes(strays->kind, body)) && body->kind != NODE_BROKEN &&
        (strays->keys || body->kind != NODE_MAP)) {
        if (!strays->told)
            report_stray_key(strays, key);
        strays->keys = true;
        return true;
    }
    if (section < SECTION_COUNT && is_null(body) && !takes(strays->kind, body)) {
        if (!strays->told)
            report_stray_section(strays, key);
        if (section < DECLARED_COUNT)
            strays->reader->declared[section].lost = true;
        return true;
    }
    const struct section *other = section_of(body);
    bool fits = !other || other == &sections[strays->kind];
    for (uint32_t i = 0; !fits && i < body->count; i++)
        if (!is_key_of(strays->form, body->entries[i].key->text))
            break;
        else
            fits = i + 1 == body->count;
    if (fits)
        return false;
    if (!strays->told)
        report_stray_body(strays, key, other);
    strays->reader->declared[other - sections].lost = true;
    return true;
}

static void remove_strays(struct reader *reader, enum declared kind, struct node *map)
{
    struct strays strays = {.reader = reader, .kind = kind, .form = declared_keys(&sections[kind])};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        struct entry entry = map->entries[i];
        if (!is_stray(&strays, &entry)) {
            map->entries[kept++] = entry;
            strays.above = is_null(entry.value) ? entry.key : NULL;
            continue;
        }
        if (strays.above && strays.keys)
            lose_names(reader, &map->entries[--kept]);
        strays.above = NULL;
        strays.told = true;
        lose_names(reader, &entry);
        reader->silent++;
        reader->declared[kind].lost = true;
    }
    map->count = kept;
}

static void add_section(struct reader *reader, struct found_sections *found,
                        const struct entry *entry, bool complete)
{
    size_t at = find_section(entry->key->text);
    /* A section whose entries are all commented out is empty. What ended in a mistake may not have
     * come to what it was to be. */
    if (at == SECTION_COUNT || is_null(entry->value) ||
        (!complete && entry->value->kind == NODE_SCALAR))
        return;
    if (at < DECLARED_COUNT && entry->value->kind == NODE_MAP) {
        remove_strays(reader, (enum declared)at, entry->value);
        declare_all(reader, (enum declared)at, entry->value, sections[at].thing_size);
    } else if (at < DECLARED_COUNT) {
        expect_map(reader, entry->value,
                   arena_format(reader->arena, "a mapping of %s", sections[at].name));
        help_listed(reader, entry->value);
        reader->declared[at].lost = true;
    } else if (strcmp(sections[at].name, "project") == 0) {
        *ARENA_APPEND(reader->arena, found->projects, found->project_count) = entry->value;
    } else if (strcmp(sections[at].name, "overrides") == 0) {
        *ARENA_APPEND(reader->arena, found->overrides, found->override_count) = entry->value;
    } else {
        *ARENA_APPEND(reader->arena, found->tests, found->test_count) = entry->value;
    }
}

void declare_file(struct reader *reader, const struct document *document,
                  struct found_sections *found)
{
    struct node *root = document->root;
    bool complete = document->complete;
    if (!root || is_null(root) || (!complete && root->kind != NODE_MAP) ||
        !expect_map(reader, root, "a mapping of sections")) {
        reader->overrides_lost |= root && root->kind == NODE_LIST;
        return;
    }
    report_unknown_sections(reader, root);
    for (uint32_t i = 0; i < root->count; i++)
        add_section(reader, found, &root->entries[i], complete);
}
