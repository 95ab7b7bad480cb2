/* read_names.c - declared names: one meaning for each name, and suggestions for unknown ones. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include "read_condition.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"

static const struct {
    const char *noun;
    const char *article; /* including its space */
    enum diagnostic_code unknown;
} declarations_info[DECLARED_COUNT] = {
    {"attribute", "an ", FF0207}, {"segment", "a ", FF0208}, {"layer", "a ", FF0214},
    {"holdout", "a ", FF0215},    {"metric", "a ", FF0217},  {"log", "a ", FF0223},
    {"flag", "a ", FF0211},
};

static bool is_valid_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > 128 || strchr("_.-", name[0]))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == length;
}

static char *lower_name(struct reader *reader, const char *name)
{
    char *lower = arena_copy(reader->arena, name, strlen(name));
    for (char *at = lower; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + ('a' - 'A'));
        else if (*at == ' ')
            *at = '-';
    }
    return lower;
}

static bool check_name_of(struct reader *reader, const struct node *name, const char *article,
                          const char *noun)
{
    if (is_valid_name(name->text))
        return true;
    const char *lower = lower_name(reader, name->text);
    if (name->count > 128)
        diagnose(reader->diagnostics, FF0125, name->span,
                 "a name of %u bytes, more than the limit of 128", name->count);
    else if (!name->count)
        diagnose(reader->diagnostics, FF0125, name->span,
                 "an empty name, expected the name of %s%s", article, noun);
    else
        diagnose(reader->diagnostics, FF0125, name->span, "'%s' cannot be the name of %s%s",
                 name->text, article, noun);
    if (name->count <= 128 && is_valid_name(lower))
        diagnose_help(reader->diagnostics, "write '%s'", lower);
    else
        diagnose_help(
            reader->diagnostics,
            "names are made of a-z, 0-9, '_', '.' and '-', and begin with a letter or digit");
    return false;
}

bool check_name(struct reader *reader, const struct node *name, const char *what)
{
    return check_name_of(reader, name, "", what);
}

static bool is_reserved(enum declared kind, const char *name)
{
    return kind == ATTRIBUTE && words_find(condition_key_words, name) >= 0;
}

void report_twice(struct reader *reader, const char *noun, const struct text *name,
                  struct span first)
{
    diagnose(reader->diagnostics, FF0203, name->span, "%s '%s' is defined twice", noun, name->text);
    diagnose_note(reader->diagnostics, first, "first defined here");
    diagnose_help(reader->diagnostics, "keep one of the two, or give one another name");
}

void declare_all(struct reader *reader, enum declared kind, struct node *section, size_t thing_size)
{
    const char *noun = declarations_info[kind].noun;
    struct declarations *declared = &reader->declared[kind];
    for (uint32_t i = 0; i < section->count; i++) {
        struct node *name = section->entries[i].key;
        check_name_of(reader, name, declarations_info[kind].article, noun);
        if (is_reserved(kind, name->text)) {
            diagnose(reader->diagnostics, FF0126, name->span,
                     "'%s' cannot be the name of an attribute: conditions use the word",
                     name->text);
            diagnose_help(reader->diagnostics, "choose another name");
        }
        struct declaration *declaration = ARENA_NEW(reader->arena, struct declaration);
        struct text *thing = arena_alloc(reader->arena, thing_size);
        *thing = (struct text){name->text, name->span};
        *declaration = (struct declaration){.thing = thing, .body = section->entries[i].value};
        const struct declaration *earlier =
            table_add(&declared->table, reader->arena, name->text, declaration);
        if (earlier) {
            report_twice(reader, noun, thing, ((const struct text *)earlier->thing)->span);
            continue;
        }
        *ARENA_APPEND(reader->arena, declared->items, declared->count) = declaration;
    }
}

#define MOST_LISTED 16

struct declaration *find_declared(struct reader *reader, enum declared kind,
                                  const struct node *name)
{
    const char *noun = declarations_info[kind].noun;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(
            reader, name,
            arena_format(reader->arena, "the name of %s%s", declarations_info[kind].article, noun));
        return NULL;
    }
    struct declarations *declared = &reader->declared[kind];
    struct declaration *found = table_get(&declared->table, name->text);
    if (found)
        found->used = true;
    if (found || reader->incomplete)
        return found;

    diagnose(reader->diagnostics, declarations_info[kind].unknown, name->span, "unknown %s '%s'",
             noun, name->text);
    if (reader->diagnostics->suggestions < MOST_SUGGESTIONS) {
        const char **names = xcalloc(declared->count, sizeof *names);
        for (uint32_t i = 0; i < declared->count; i++)
            names[i] = ((const struct text *)declared->items[i]->thing)->text;
        suggest(reader->diagnostics, name->text, names, declared->count);
        free(names);
    }
    if (!declared->count)
        diagnose_help(reader->diagnostics, "the project declares no %ss: add it under '%ss:'", noun,
                      noun);
    else if (declared->count > MOST_LISTED && !diagnose_helped(reader->diagnostics))
        diagnose_help(reader->diagnostics, "declare it under '%ss:'", noun);
    return NULL;
}

void *resolve(struct reader *reader, enum declared kind, const struct node *name)
{
    struct declaration *found = find_declared(reader, kind, name);
    return found ? found->thing : NULL;
}

uint32_t resolve_environment(struct reader *reader, const struct node *name)
{
    const struct project *project = reader->project;
    if (name->kind != NODE_SCALAR || is_null(name)) {
        expected(reader, name, "the name of an environment");
        return UINT32_MAX;
    }
    uint32_t found = project_environment(project, name->text);
    /* If no environments are declared, that was reported. */
    if (found != UINT32_MAX || reader->incomplete || !project->environments.count)
        return found;
    const char *known[64];
    for (uint32_t i = 0; i < project->environments.count; i++)
        known[i] = project->environments.items[i].text;
    diagnose(reader->diagnostics, FF0218, name->span, "unknown environment '%s'", name->text);
    suggest(reader->diagnostics, name->text, known, project->environments.count);
    return UINT32_MAX;
}

static void report_unused_of(struct reader *reader, enum declared kind, const char *what,
                             const char *help)
{
    const struct declarations *declared = &reader->declared[kind];
    for (uint32_t i = 0; i < declared->count; i++) {
        const struct text *name = declared->items[i]->thing;
        if (declared->items[i]->used)
            continue;
        diagnose(reader->diagnostics, FF0386, name->span, "%s '%s' is never used", what,
                 name->text);
        diagnose_help(reader->diagnostics, "%s", help);
    }
}

void report_unused(struct reader *reader)
{
    report_unused_of(reader, ATTRIBUTE, "attribute", "remove it, or ask for it in a condition");
    report_unused_of(reader, SEGMENT, "segment", "remove it, or name it in a condition");
    report_unused_of(reader, LAYER, "layer", "remove it, or let flags join it");
    report_unused_of(reader, HOLDOUT, "holdout", "remove it, or let flags join it");
    report_unused_of(reader, METRIC, "metric", "remove it, or watch it in a guard");
}
