/* parsed.c - see parsed.h. */
#include "parsed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/read/read_files.h"
#include "live_text.h"
#include "project.h"
#include "reading.h"

/* A text of an edit, and what is in it. */
struct parsed_edit {
    struct source source; /* with its root */
    uint32_t file;
    struct parsed_edit *next;
};

struct parsed {
    struct project *project; /* whose arena has the nodes; it has no model */
    struct document *documents;
    struct parsed_edit *edits; /* newest first */
    bool incomplete;           /* a directory could not be read; … */
    bool lacks;                /* … or a part of a file */
};

static bool has_code(const struct diagnostics *diagnostics, enum diagnostic_code code)
{
    for (uint32_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].code == code)
            return true;
    return false;
}

struct parsed *parsed_read(const char *directory)
{
    struct parsed *parsed = xcalloc(1, sizeof *parsed);
    parsed->project = project_new();
    struct reader reader = reader_of(parsed->project, INT64_MIN);
    parsed->documents = read_files(&reader, directory);
    parsed->incomplete = has_code(&parsed->project->diagnostics, FF0403);
    parsed->lacks = parsed->incomplete || reader.incomplete;
    const struct sources *sources = &parsed->project->sources;
    for (uint32_t i = 0; i < sources->count && !parsed->project->diagnostics.count; i++)
        sources->items[i].root = parsed->documents[i].root;
    return parsed;
}

void parsed_free(struct parsed *parsed)
{
    if (parsed)
        project_free(parsed->project);
    free(parsed);
}

const struct sources *parsed_sources(const struct parsed *parsed)
{
    return &parsed->project->sources;
}

const char *parsed_directory(const struct parsed *parsed)
{
    return parsed->project->directory;
}

bool parsed_is_complete(const struct parsed *parsed)
{
    return !parsed->lacks;
}

bool parsed_is_whole(const struct parsed *parsed, uint32_t file)
{
    const struct diagnostics *diagnostics = &parsed->project->diagnostics;
    for (uint32_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].span.file == file &&
            diagnostics->items[i].severity == SEVERITY_ERROR)
            return false;
    return true;
}

const struct node *parsed_root(const struct parsed *parsed, uint32_t file)
{
    return parsed->documents[file].root;
}

static const struct node *parse_edit(struct parsed *parsed, struct source *source, uint32_t file)
{
    struct arena *arena = &parsed->project->arena;
    const struct source *old = &parsed->project->sources.items[file];
    for (const struct parsed_edit *edit = parsed->edits; edit; edit = edit->next)
        if (edit->file == file) {
            old = &edit->source;
            break;
        }
    const struct node *root =
        old->root ? yaml_parse_edited(arena, old->root, old, source->text, source->length) : NULL;
    if (root)
        return root;
    struct sources sources = {arena, ARENA_ARRAY(arena, struct source, file + 1u), file + 1u};
    sources.items[file] = *source;
    struct diagnostics diagnostics = {.arena = arena, .sources = &sources};
    bool complete = true;
    root = yaml_read(&sources, file, arena, &diagnostics, &complete);
    return complete && !diagnostics.count ? root : NULL;
}

const struct node *parsed_text(const struct parsed *parsed, const struct file_text *text)
{
    const struct sources *sources = &parsed->project->sources;
    struct parsed *whole = (struct parsed *)(uintptr_t)parsed; /* what is known of it grows */
    uint32_t file = 0;
    while (file < sources->count && strcmp(sources->items[file].name, text->name) != 0)
        file++;
    if (file == sources->count || text->length == 0)
        return NULL;
    for (const struct parsed_edit *edit = parsed->edits; edit; edit = edit->next)
        if (edit->file == file && edit->source.text == text->text)
            return edit->source.root;
    struct arena *arena = &whole->project->arena;
    struct parsed_edit *edit = ARENA_NEW(arena, struct parsed_edit);
    edit->file = file;
    edit->source = (struct source){.path = sources->items[file].path,
                                   .name = sources->items[file].name,
                                   .text = text->text,
                                   .length = text->length};
    edit->source.root = parse_edit(whole, &edit->source, file);
    edit->next = parsed->edits;
    whole->edits = edit;
    return edit->source.root;
}

/* A reading of some flags, or NULL: of all. */
struct part {
    struct arena *arena;
    const struct table *flags;
};

static bool is_wanted(const struct part *part, const char *name)
{
    return !part->flags || table_get(part->flags, name);
}

/* The entries of the flags that are wanted; the tests of these. NULL: there are none. */
static struct node *part_of(const struct part *part, const char *section, const struct node *body)
{
    struct arena *arena = part->arena;
    bool flags = strcmp(section, "flags") == 0, tests = strcmp(section, "tests") == 0;
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *body;
    if (body->kind == NODE_MAP) {
        copy->entries = ARENA_ARRAY(arena, struct entry, body->count + 1u);
        copy->count = 0;
        for (uint32_t i = 0; i < body->count; i++)
            if (!flags || is_wanted(part, body->entries[i].key->text))
                copy->entries[copy->count++] = body->entries[i];
    }
    if (body->kind == NODE_LIST && tests && part->flags) {
        copy->items = ARENA_ARRAY(arena, struct node *, body->count + 1u);
        copy->count = 0;
        for (uint32_t i = 0; i < body->count; i++) {
            const struct node *item = body->items[i];
            const struct node *flag = item->kind == NODE_MAP ? node_get(item, "flag") : NULL;
            if (flag && is_wanted(part, flag->text))
                copy->items[copy->count++] = body->items[i];
        }
    }
    bool none = part->flags && (flags || tests) && body->count && copy->count == 0;
    return none ? NULL : copy;
}

/* Sections lose what is in the wrong place when they are read, so each reading has its own. NULL:
 * nothing of it is wanted. */
static struct node *copy_root(const struct part *part, const struct node *root)
{
    struct arena *arena = part->arena;
    if (!root || root->kind != NODE_MAP)
        return (struct node *)(uintptr_t)root;
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *root;
    copy->entries = ARENA_ARRAY(arena, struct entry, root->count + 1u);
    copy->count = 0;
    for (uint32_t i = 0; i < root->count; i++) {
        const struct entry *entry = &root->entries[i];
        struct node *body = part_of(part, entry->key->text, entry->value);
        if (body)
            copy->entries[copy->count++] = (struct entry){entry->key, body};
    }
    return copy->count || !root->count ? copy : NULL;
}

static void copy_sources(struct project *project, const struct parsed *parsed)
{
    const struct sources *from = &parsed->project->sources;
    project->sources.items = ARENA_FILLED(&project->arena, struct source, from->count);
    project->sources.count = from->count;
    for (uint32_t i = 0; i < from->count; i++) {
        struct source *source = &project->sources.items[i];
        *source = from->items[i];
        source->line_starts = NULL;
        source->line_count = source->last_offset = source->last_line = source->last_column = 0;
    }
}

static uint32_t place_text_of(struct project *project, const struct file_text *text)
{
    struct sources *sources = &project->sources;
    uint32_t file = 0;
    while (file < sources->count && strcmp(sources->items[file].name, text->name) != 0)
        file++;
    if (file == sources->count) {
        struct source *source = ARENA_APPEND(&project->arena, sources->items, sources->count);
        bool here = strcmp(project->directory, ".") == 0;
        source->name = arena_format(&project->arena, "%s", text->name);
        source->path = here
                           ? source->name
                           : arena_format(&project->arena, "%s/%s", project->directory, text->name);
    }
    sources->items[file].text = text->text ? text->text : "";
    sources->items[file].length = text->text ? text->length : 0;
    sources->items[file].root = NULL;
    return file;
}

static struct document document_of(struct project *project, const struct parsed *parsed,
                                   const struct file_text *text, uint32_t file)
{
    struct document document = {.complete = true};
    if (text->live) {
        assert(!text->text || text->live->file == file);
        diagnostics_append(&project->diagnostics, &text->live->diagnostics);
        return text->live->document;
    }
    const struct node *root = text->text ? parsed_text(parsed, text) : NULL;
    if (root)
        document.root = (struct node *)(uintptr_t)root;
    else if (project->sources.items[file].length)
        document.root = yaml_read(&project->sources, file, &project->arena, &project->diagnostics,
                                  &document.complete);
    return document;
}

/* What was reported of files that are not replaced. */
static void take_reports(struct project *project, const struct parsed *parsed, const bool *replaced)
{
    const struct diagnostics *from = &parsed->project->diagnostics;
    struct diagnostics kept = *from;
    kept.items = ARENA_ARRAY(&project->arena, struct diagnostic, from->count + 1u);
    kept.count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct diagnostic *item = &from->items[i];
        if (item->span.file == NO_FILE || !replaced[item->span.file]) {
            kept.items[kept.count++] = *item;
        } else if (item->severity == SEVERITY_ERROR) {
            kept.errors--;
        } else {
            kept.warnings--;
        }
    }
    diagnostics_append(&project->diagnostics, &kept);
}

struct project *parsed_project(const struct parsed *parsed, const struct parsed_view *view)
{
    struct project *project = project_new();
    struct reader reader = reader_of(project, view->now);
    project->directory = arena_format(&project->arena, "%s", parsed->project->directory);
    copy_sources(project, parsed);
    uint32_t before = project->sources.count;
    uint32_t *files = ARENA_ARRAY(&project->arena, uint32_t, view->text_count + 1u);
    for (uint32_t i = 0; i < view->text_count; i++)
        files[i] = place_text_of(project, &view->texts[i]);
    uint32_t count = project->sources.count;
    bool *replaced = ARENA_ARRAY(&project->arena, bool, count + 1u);
    struct document *documents = ARENA_ARRAY(&project->arena, struct document, count + 1u);
    for (uint32_t i = 0; i < before; i++)
        documents[i] = parsed->documents[i];
    for (uint32_t i = 0; i < view->text_count; i++) {
        replaced[files[i]] = true;
        documents[files[i]] = document_of(project, parsed, &view->texts[i], files[i]);
    }
    take_reports(project, parsed, replaced);
    struct table wanted = {0};
    for (uint32_t i = 0; i < view->flag_count; i++)
        table_add(&wanted, &project->arena, view->flags[i], project);
    const struct part part = {&project->arena, view->flags ? &wanted : NULL};
    reader.incomplete = parsed->incomplete || (view->flags && !view->closed);
    for (uint32_t i = 0; i < count; i++) {
        reader.incomplete |= !documents[i].complete;
        documents[i].root = copy_root(&part, documents[i].root);
    }
    read_documents(&reader, documents,
                   !view->flags   ? PROOFS_ALL
                   : view->closed ? PROOFS_OF_CONDITIONS
                                  : PROOFS_NONE);
    return project;
}
