/*
 * gen_names.c - what flags, variants and attributes are called in a language.
 *
 * An identifier follows from its own name alone, never from which others there are: two that would
 * be one are refused, not told apart.
 */
#include <string.h>

#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/commands/commands.h"
#include "gen.h"

/* What something may be called instead. */
#define RENAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. "

/* What an identifier was made of. */
struct origin {
    const char *what, *name; /* "flag" */
    struct span span;
};

struct naming {
    struct generation *generation;
    struct table members, types, attributes, all; /* struct origin, by identifier */
    bool *used;                                   /* renames */
    uint32_t refused;
};

bool has_variants(const struct flag *flag)
{
    return flag->type != FFLAG_TYPE_BOOLEAN && flag->environments[0].variant_count > 0 &&
           flag->environments[0].variants[0].name.text;
}

bool is_declared(const struct attribute *attribute)
{
    return !attribute->list;
}

static bool is_c(const struct naming *naming)
{
    return naming->generation->idiom == &idioms[IDIOM_C];
}

/* What it is called instead, or itself. */
static const char *renamed(struct naming *naming, const char *name)
{
    const struct option_texts *renames = &naming->generation->renames;
    size_t length = strlen(name);
    for (size_t i = 0; i < renames->count; i++) {
        const char *rename = renames->items[i];
        if (strncmp(rename, name, length) == 0 && rename[length] == '=') {
            naming->used[i] = true;
            return rename + length + 1;
        }
    }
    return name;
}

static void refuse(struct naming *naming, const char *identifier, const struct origin *first,
                   const struct origin *second)
{
    struct diagnostics *diagnostics = &naming->generation->project->diagnostics;
    const char *language = naming->generation->idiom->scanned; /* its own name first */
    naming->refused++;
    diagnose(diagnostics, FF0770, second->span, "%s '%s' and %s '%s' would both be '%s' in %.*s",
             first->what, first->name, second->what, second->name, identifier,
             (int)strcspn(language, " "), language);
    if (first->span.file != NO_FILE)
        diagnose_note(diagnostics, first->span, "'%s' is defined here", first->name);
    diagnose_help(diagnostics, "call one of them something else: --name '%s=other-name'",
                  second->name);
}

/* Takes an identifier; reports it if it is somebody else's. */
static void claim(struct naming *naming, struct table *scope, const char *identifier,
                  const struct origin *origin)
{
    struct arena *arena = &naming->generation->arena;
    struct origin *kept = ARENA_NEW(arena, struct origin);
    *kept = *origin;
    const struct origin *first = table_add(scope, arena, identifier, kept);
    if (first)
        refuse(naming, identifier, first, origin);
}

/* Names of C are all in one scope: what an identifier is there, behind the prefix. */
static void claim_of_c(struct naming *naming, const char *before, const char *identifier,
                       const struct origin *origin)
{
    struct arena *arena = &naming->generation->arena;
    claim(naming, &naming->all, arena_format(arena, "%s%s", before, identifier), origin);
}

static void name_variants(struct naming *naming, const struct flag *flag, const char *flag_name)
{
    struct generation *generation = naming->generation;
    struct arena *arena = &generation->arena;
    const struct idiom *idiom = generation->idiom;
    const struct targeting *targeting = &flag->environments[0];
    struct table scope = {0};
    const char **names = ARENA_ARRAY(arena, const char *, targeting->variant_count);
    const char *type = idiom_identifier(idiom, NAME_TYPE, flag_name, VARIANT_WORD, arena);
    const struct origin of_flag = {"the variants of flag", flag->name.text, flag->name.span};
    generation->types[flag->index] = type;
    generation->variants[flag->index] = names;
    if (!is_c(naming)) {
        const char *method = idiom_identifier(idiom, NAME_METHOD, flag_name, VARIANT_WORD, arena);
        generation->variant_methods[flag->index] = method;
        claim(naming, &naming->members, method, &of_flag);
        claim(naming, &naming->types, type, &of_flag);
    }
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const struct text *name = &targeting->variants[i].name;
        const char *called = renamed(naming, name->text);
        const struct origin origin = {"variant", name->text, name->span};
        if (is_c(naming)) {
            called = arena_format(arena, "%s-is-%s", flag_name, called);
            names[i] = idiom_identifier(idiom, NAME_VARIANT, called, NULL, arena);
            claim_of_c(naming, "", names[i], &origin);
            continue;
        }
        names[i] = idiom_identifier(idiom, NAME_VARIANT, called, NULL, arena);
        claim(naming, &scope, names[i], &origin);
        if (idiom == &idioms[IDIOM_GO]) /* constants are the package's */
            claim(naming, &naming->types, arena_format(arena, "%s%s", type, names[i]), &origin);
    }
}

static void name_flag(struct naming *naming, const struct flag *flag)
{
    struct generation *generation = naming->generation;
    const char *name = renamed(naming, flag->name.text);
    const char *method =
        idiom_identifier(generation->idiom, NAME_METHOD, name, NULL, &generation->arena);
    const struct origin origin = {"flag", flag->name.text, flag->name.span};
    generation->methods[flag->index] = method;
    if (is_c(naming))
        claim_of_c(naming, "get_", method, &origin);
    else
        claim(naming, &naming->members, method, &origin);
    if (has_variants(flag))
        name_variants(naming, flag, name);
}

static void name_attribute(struct naming *naming, uint32_t index)
{
    struct generation *generation = naming->generation;
    const struct text *text = &generation->project->attributes[index]->name;
    const char *name = idiom_identifier(generation->idiom, NAME_ATTRIBUTE,
                                        renamed(naming, text->text), NULL, &generation->arena);
    const struct origin origin = {"attribute", text->text, text->span};
    generation->attributes[index] = name;
    if (is_c(naming))
        claim_of_c(naming, "set_", name, &origin);
    else
        claim(naming, &naming->attributes, name, &origin);
}

static int check_renames(const struct naming *naming)
{
    const struct option_texts *renames = &naming->generation->renames;
    for (size_t i = 0; i < renames->count; i++) {
        const char *rename = renames->items[i];
        const char *end = strchr(rename, '=');
        bool sound = end && end != rename && end[1] && !end[1 + strspn(end + 1, RENAME_BYTES)];
        if (!sound)
            return usage_error(&gen_command, "--name takes NAME=IDENTIFIER, not '%s'", rename);
        if (!naming->used[i])
            return job_error(&gen_command,
                             "--name '%s' is of no flag, variant or attribute that is written",
                             rename);
    }
    return EXIT_FINE;
}

int name_all(struct generation *generation)
{
    struct arena *arena = &generation->arena;
    const struct project *project = generation->project;
    struct naming naming = {.generation = generation};
    uint32_t flags = project->flag_count + 1u;
    naming.used = ARENA_ARRAY(arena, bool, generation->renames.count + 1u);
    generation->methods = ARENA_ARRAY(arena, const char *, flags);
    generation->variant_methods = ARENA_ARRAY(arena, const char *, flags);
    generation->types = ARENA_ARRAY(arena, const char *, flags);
    generation->variants = ARENA_ARRAY(arena, const char **, flags);
    generation->attributes = ARENA_ARRAY(arena, const char *, project->attribute_count + 1u);
    if (is_c(&naming)) {
        const struct origin own = {"the header's own", "find", NO_SPAN};
        claim_of_c(&naming, "", "find", &own);
        claim_of_c(&naming, "", "handles", &own);
    }
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (generation->selected[i])
            name_flag(&naming, project->flags[i]);
    for (uint32_t i = 0; i < project->attribute_count; i++)
        if (is_declared(project->attributes[i]))
            name_attribute(&naming, i);
    int status = check_renames(&naming);
    return status != EXIT_FINE ? status : naming.refused ? EXIT_INPUT : EXIT_FINE;
}
