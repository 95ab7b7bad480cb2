/*
 * project.c - turns a directory of definition files into a project.
 *
 * First pass: read every file and declare every name. Second pass: read the bodies in an order in
 * which whatever they refer to is known: attributes, the variants of flags, conditions, the rest.
 * Last, the checks that need all of it.
 */
#include "project.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/words.h"
#include "compiler/base/table.h"
#include "compiler/check/check.h"
#include "live_text.h"
#include "parsed.h"
#include "sections.h"
#include "compiler/model/model.h"
#include "compiler/read/foreign.h"
#include "compiler/read/read_canary.h"
#include "compiler/read/read_checks.h"
#include "compiler/read/read_criteria.h"
#include "compiler/read/read_files.h"
#include "compiler/read/read_flag.h"
#include "compiler/read/read_map.h"
#include "compiler/read/read_metrics.h"
#include "compiler/read/read_names.h"
#include "compiler/read/read_naming.h"
#include "compiler/read/read_overrides.h"
#include "compiler/read/read_project.h"
#include "compiler/read/read_scalar.h"
#include "compiler/read/read_tests.h"
#include "compiler/read/policy_file.h"

#define MOST_ATTRIBUTES FFLAG_CONTEXT_SLOTS

/* ---------------------------------------------------------------------------------- sections -- */

static size_t find_section(const char *name)
{
    size_t at = 0;
    while (at < SECTION_COUNT && strcmp(sections[at].name, name) != 0)
        at++;
    return at;
}

struct found_sections {
    struct node **projects;
    uint32_t project_count;
    struct node **overrides;
    uint32_t override_count;
    struct node **tests;
    uint32_t test_count;
};

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

static void declare_file(struct reader *reader, const struct document *document,
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

static void read_project_sections(struct reader *reader, const struct found_sections *found)
{
    for (uint32_t i = 1; i < found->project_count; i++) {
        diagnose(reader->diagnostics, FF0203, found->projects[i]->span,
                 "section 'project' is given twice");
        diagnose_note(reader->diagnostics, found->projects[0]->span, "first given here");
        diagnose_help(reader->diagnostics, "keep one of the two");
    }
    if (found->project_count)
        read_project_section(reader, found->projects[0]);
    if (reader->project->environments.count || reader->incomplete || reader->diagnostics->errors)
        return;
    struct span span = found->project_count ? found->projects[0]->span : NO_SPAN;
    diagnose(reader->diagnostics, FF0376, span, "the project declares no environments");
    diagnose_help(reader->diagnostics,
                  "name them: project: {name: NAME, environments: [production]}");
}

/* ------------------------------------------------------------------------------------ bodies -- */

typedef void read_body(struct reader *reader, struct declaration *declaration);

static void read_bodies(struct reader *reader, enum declared kind, read_body *read)
{
    for (uint32_t i = 0; i < reader->declared[kind].count; i++) {
        reader->definition++;
        read(reader, reader->declared[kind].items[i]);
    }
}

/* A metric with errors may have been misread. */
static void read_metric_bodies(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->declared[METRIC].count; i++) {
        struct declaration *declaration = reader->declared[METRIC].items[i];
        uint32_t before = faults(reader);
        reader->definition++;
        read_metric(reader, declaration);
        ((struct metric *)declaration->thing)->faulty = faults(reader) > before;
    }
}

/* A flag with errors may have been misread. */
static void read_flag_bodies(struct reader *reader, read_body *read)
{
    for (uint32_t i = 0; i < reader->declared[FLAG].count; i++) {
        struct declaration *declaration = reader->declared[FLAG].items[i];
        struct flag *flag = declaration->thing;
        uint32_t before = reader->flag_faults = faults(reader);
        reader->definition++;
        reader->flag = declaration;
        read(reader, declaration);
        reader->flag = NULL;
        flag->faulty |= faults(reader) > before || declaration->body->kind != NODE_MAP;
    }
}

static void *collect(struct reader *reader, enum declared kind, uint32_t *count)
{
    const struct declarations *declared = &reader->declared[kind];
    void **things = ARENA_ARRAY(reader->arena, void *, declared->count);
    for (uint32_t i = 0; i < declared->count; i++)
        things[i] = declared->items[i]->thing;
    *count = declared->count;
    return things;
}

static int compare_flags(const void *left, const void *right)
{
    const struct flag *const *a = left, *const *b = right;
    return strcmp((*a)->name.text, (*b)->name.text);
}

static void collect_all(struct reader *reader)
{
    struct project *project = reader->project;
    project->attributes = collect(reader, ATTRIBUTE, &project->attribute_count);
    project->segments = collect(reader, SEGMENT, &project->segment_count);
    project->layers = collect(reader, LAYER, &project->layer_count);
    project->holdouts = collect(reader, HOLDOUT, &project->holdout_count);
    project->metrics = collect(reader, METRIC, &project->metric_count);
    project->logs = collect(reader, LOG, &project->log_count);
    project->flags = collect(reader, FLAG, &project->flag_count);
    if (project->flag_count)
        qsort(project->flags, project->flag_count, sizeof *project->flags, compare_flags);
    for (uint32_t i = 0; i < project->flag_count; i++)
        project->flags[i]->index = i;
    for (uint32_t i = 0; i < project->segment_count; i++)
        project->segments[i]->index = i;
    if (project->attribute_count > MOST_ATTRIBUTES) {
        diagnose(reader->diagnostics, FF0383, project->attributes[MOST_ATTRIBUTES]->name.span,
                 "%u attributes, expected at most %d", project->attribute_count, MOST_ATTRIBUTES);
        diagnose_help(reader->diagnostics,
                      "a context has no room for more; remove those that no rule reads");
    }
}

static void read_all(struct reader *reader, const struct found_sections *found)
{
    /* Declarations come before whatever refers to them. */
    read_bodies(reader, ATTRIBUTE, read_attribute);
    read_project_sections(reader, found);
    collect_all(reader);
    read_bodies(reader, LAYER, read_layer);
    read_bodies(reader, HOLDOUT, read_holdout);
    read_flag_bodies(reader, read_flag_head);
    read_bodies(reader, SEGMENT, read_segment);
    read_bodies(reader, LOG, read_log);
    read_metric_bodies(reader);
    read_bodies(reader, ROLLOUT, read_rollout);
    read_flag_bodies(reader, read_flag);
    settle_thresholds(reader);
    for (uint32_t i = 0; i < found->override_count; i++)
        read_overrides(reader, found->overrides[i]);
    order_overrides(reader);
    for (uint32_t i = 0; i < found->test_count; i++)
        read_tests_section(reader, found->tests[i]);
    report_repeated(reader);
    review_names(reader);
}

/* What is only warned of. */
enum proofs {
    PROOFS_NONE,
    PROOFS_OF_CONDITIONS, /* of each flag by itself */
    PROOFS_ALL            /* and what nothing uses */
};

static void check_all(struct reader *reader, enum proofs proofs)
{
    const struct checker checker = {.project = reader->project,
                                    .arena = reader->arena,
                                    .diagnostics = reader->diagnostics,
                                    .now = reader->now,
                                    .incomplete = reader->incomplete};
    settle_segments(reader->project);
    check_segments(&checker);
    check_requirements(&checker);
    check_layers(&checker);
    check_users(&checker);
    check_sticky(&checker);
    check_overrides(&checker);
    check_expiry(&checker);
    check_fields(&checker);
    check_criteria(&checker);
    check_experiments(&checker);
    check_tests(&checker);
    /* What errors leave out might use a name, or decide. */
    if (reader->diagnostics->errors || proofs == PROOFS_NONE)
        return;
    check_conditions(&checker);
    if (proofs == PROOFS_ALL) {
        report_unused(reader);
        check_unused(&checker);
    }
}

static void read_and_check(struct reader *reader, const struct found_sections *found,
                           enum proofs proofs)
{
    read_all(reader, found);
    check_all(reader, proofs);
}

static struct project *new_project(void)
{
    struct project *project = xcalloc(1, sizeof *project);
    project->sources.arena = project->diagnostics.arena = &project->arena;
    project->diagnostics.sources = &project->sources;
    project->directory = ".";
    project->name = "";
    project->automatic = true;
    project->default_environment = UINT32_MAX;
    return project;
}

static struct reader reader_of(struct project *project, int64_t now)
{
    return (struct reader){.project = project,
                           .arena = &project->arena,
                           .diagnostics = &project->diagnostics,
                           .now = now};
}

static void read_documents(struct reader *reader, const struct document *documents,
                           enum proofs proofs)
{
    struct found_sections found = {0};
    uint32_t count = reader->project->sources.count;
    for (uint32_t file = 0; file < count; file++)
        declare_file(reader, &documents[file], &found);
    if (!reader->diagnostics->errors || found.project_count || reader->declared[FLAG].count)
        read_and_check(reader, &found, proofs);
    apply_checks(reader, documents, count);
    diagnostics_sort(reader->diagnostics);
}

static struct project *load(const char *directory, int64_t now, struct policy_file *policy,
                            enum proofs proofs)
{
    struct project *project = new_project();
    struct reader reader = reader_of(project, now);
    reader.policy = policy;
    const struct document *documents = read_files(&reader, directory);
    if (project->sources.count) {
        read_documents(&reader, documents, proofs);
        return project;
    }
    diagnose(&project->diagnostics, FF0404, NO_SPAN, "no definition files below '%s'",
             project->directory);
    diagnose_help(&project->diagnostics, "definitions are files named *.yaml; name another "
                                         "directory with -C DIR");
    return project;
}

struct project *project_load(const char *directory, int64_t now)
{
    return load(directory, now, NULL, PROOFS_ALL);
}

struct project *project_load_policy(const char *directory, int64_t now, struct policy_file *policy)
{
    return load(directory, now, policy, PROOFS_ALL);
}

struct project *project_load_unproved(const char *directory, int64_t now)
{
    return load(directory, now, NULL, PROOFS_NONE);
}

struct project *project_load_text(const char *name, const char *text, size_t length, int64_t now)
{
    struct project *project = new_project();
    struct reader reader = reader_of(project, now);
    const struct document *document = read_text_as_file(&reader, name, text, length);
    read_documents(&reader, document, PROOFS_ALL);
    return project;
}

void project_free(struct project *project)
{
    if (!project)
        return;
    arena_release(&project->arena);
    free(project);
}

/* ------------------------------------------------------------------- parsed once, read often -- */

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
    parsed->project = new_project();
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
    struct project *project = new_project();
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
