/* read_naming.c - see read_naming.h. */
#include "read_naming.h"

#include <string.h>

#include "compiler/base/appearance.h"
#include "compiler/base/arena.h"
#include "compiler/base/name.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/regex/regex.h"
#include "draft.h"
#include "fflag/snapshot.h"
#include "read_map.h"
#include "read_names.h"
#include "read_pattern.h"
#include "read_scalar.h"
#include "reader.h"

/* ---------------------------------------------------------------------------------- patterns -- */

/* A pattern of conditions matches anywhere in a text; this one has to match a whole name. */
static void read_rule(struct reader *reader, struct node *node, struct naming *naming)
{
    struct operand operand = {.automaton = NULL};
    struct regex_problem problem;
    struct text text;
    if (!read_text(reader, node, &text) || !read_pattern(reader, node, false, &operand))
        return;
    const char *whole = arena_format(reader->arena, "^(?:%s)$", text.text);
    naming->pattern = text;
    naming->whole = regex_compile(reader->arena, whole, strlen(whole), false, &problem);
    if (!naming->whole)
        diagnose(reader->diagnostics, problem.code, node->span, "%s", problem.message);
}

#define READ_RULE(kind, function)                                                \
    static void function(struct reader *reader, struct node *node, void *target) \
    {                                                                            \
        read_rule(reader, node, &((struct naming *)target)[kind]);               \
    }
READ_RULE(NAMING_FLAGS, read_flags)
READ_RULE(NAMING_ATTRIBUTES, read_attributes)
READ_RULE(NAMING_VARIANTS, read_variants)
READ_RULE(NAMING_SEGMENTS, read_segments)

static const struct form rule_form = ALIAS("pattern", text_form);
static const struct field naming_fields[] = {
    READ("flags", read_flags, rule_form, "what the whole name of a flag must match"),
    READ("attributes", read_attributes, rule_form, "likewise, of an attribute"),
    READ("variants", read_variants, rule_form, "of a variant"),
    READ("segments", read_segments, rule_form, "of a segment"),
};
const struct form naming_form =
    KEYS("naming", "the names of a project", "`{flags, attributes, variants, segments}`, patterns",
         naming_fields, .reference = REFERENCE_NONE);

void read_naming(struct reader *reader, struct node *node)
{
    read_fields(reader, node, &naming_form, node->span, reader->naming);
}

/* ------------------------------------------------------------------------------------ review -- */

struct review {
    struct reader *reader;
    const struct naming *naming;
    const char *noun;   /* "flag" */
    struct table table; /* appearance to the first struct node or text that has it */
};

static void check_pattern(const struct review *review, const struct text *name)
{
    const struct naming *naming = review->naming;
    struct diagnostics *diagnostics = review->reader->diagnostics;
    if (!naming->whole ||
        ffs_automaton_matches(naming->whole->table, name->text, strlen(name->text)))
        return;
    diagnose(diagnostics, FF0133, name->span, "the %s '%s' does not match '%s'", review->noun,
             name->text, naming->pattern.text);
    diagnose_note(diagnostics, naming->pattern.span,
                  "the project has no other names of %ss: the whole name must match", review->noun);
}

static void check_appearance(struct review *review, const struct text *name)
{
    struct reader *reader = review->reader;
    const char *appearance = appearance_of(reader->arena, name->text);
    const struct text *other =
        table_add(&review->table, reader->arena, appearance, (void *)(uintptr_t)name);
    if (!other || strcmp(other->text, name->text) == 0)
        return;
    if (differs_only_in_case(other->text, name->text))
        diagnose(reader->diagnostics, FF0135, name->span,
                 "the %s '%s' differs from '%s' in case or encoding only", review->noun, name->text,
                 other->text);
    else
        diagnose(reader->diagnostics, FF0135, name->span,
                 "the %s '%s' looks like '%s', and is another", review->noun, name->text,
                 other->text);
    diagnose_note(reader->diagnostics, other->span, "'%s' is here", other->text);
    diagnose_help(reader->diagnostics,
                  "rename one of them, or spell it the same where one is meant");
}

/* What is plain looks like itself: if all names are, no two look alike. */
static void review_all(struct review *review, const struct text *const *names, uint32_t count)
{
    bool plain = true;
    for (uint32_t i = 0; i < count; i++) {
        plain &= appearance_is_plain(names[i]->text);
        check_pattern(review, names[i]);
    }
    for (uint32_t i = 0; !plain && i < count; i++)
        check_appearance(review, names[i]);
}

static void review_declared(struct reader *reader, enum declared kind, enum naming_kind naming,
                            const char *noun)
{
    const struct declarations *declared = &reader->declared[kind];
    struct review review = {.reader = reader, .naming = &reader->naming[naming], .noun = noun};
    const struct text **names =
        ARENA_ARRAY(reader->arena, const struct text *, declared->count + 1u);
    uint32_t count = 0;
    for (uint32_t i = 0; i < declared->count; i++)
        if (!declared->items[i]->misnamed)
            names[count++] = declared->items[i]->thing;
    review_all(&review, names, count);
}

/* As they are written: what a flag has without saying so is not the project's choice. */
static void review_variants(struct reader *reader, const struct draft *draft)
{
    const struct node *map = draft && draft->node ? node_get(draft->node, "variants") : NULL;
    struct review review = {
        .reader = reader, .naming = &reader->naming[NAMING_VARIANTS], .noun = "variant"};
    if (!map || map->kind != NODE_MAP)
        return;
    bool plain = !review.naming->whole;
    for (uint32_t i = 0; plain && i < map->count; i++)
        plain = appearance_is_plain(map->entries[i].key->text);
    if (plain)
        return;
    const struct text **names = ARENA_ARRAY(reader->arena, const struct text *, map->count + 1u);
    for (uint32_t i = 0; i < map->count; i++) {
        struct text *name = ARENA_NEW(reader->arena, struct text);
        *name = (struct text){map->entries[i].key->text, map->entries[i].key->span};
        names[i] = name;
    }
    review_all(&review, names, map->count);
}

void review_names(struct reader *reader)
{
    const struct declarations *flags = &reader->declared[FLAG];
    review_declared(reader, FLAG, NAMING_FLAGS, "flag");
    review_declared(reader, ATTRIBUTE, NAMING_ATTRIBUTES, "attribute");
    review_declared(reader, SEGMENT, NAMING_SEGMENTS, "segment");
    for (uint32_t i = 0; i < flags->count; i++)
        review_variants(reader, flags->items[i]->draft);
}
