/* selection.c - see selection.h. */
#include "selection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/match.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "model.h"

/* Fewer patterns without a literal beginning are held against every flag: sorting costs more. */
#define FEW_PATTERNS 16

/* A name from one of its bytes on. */
struct suffix {
    const char *text;
    uint32_t flag;
};

struct tagged {
    uint32_t *flags;
    uint32_t count;
    uint32_t taken; /* the number of the last override that named it */
};

struct selecting {
    struct arena *arena;
    struct flag *const *flags;
    uint32_t flag_count;
    uint32_t *taken;                 /* by flag: the number of the last override that took it */
    uint32_t number;                 /* of the override whose flags are looked for, from 1 on */
    struct selected_flags *selected; /* its flags */
    struct table tags;               /* to struct tagged */
    struct suffix *suffixes;         /* of all names, sorted; NULL: not needed so far */
    size_t suffix_count;
    uint32_t unsorted; /* patterns that were held against every flag */
};

static void take(struct selecting *selecting, uint32_t flag)
{
    struct selected_flags *selected = selecting->selected;
    if (selecting->taken[flag] == selecting->number)
        return;
    selecting->taken[flag] = selecting->number;
    *ARENA_APPEND(selecting->arena, selected->items, selected->count) = flag;
}

/* --------------------------------------------------------------------------- by tag, by kind -- */

static void collect_tags(struct selecting *selecting)
{
    for (uint32_t i = 0; i < selecting->flag_count; i++) {
        const struct texts *tags = &selecting->flags[i]->tags;
        for (uint32_t j = 0; j < tags->count; j++) {
            struct tagged *tagged = table_get(&selecting->tags, tags->items[j].text);
            if (!tagged) {
                tagged = ARENA_NEW(selecting->arena, struct tagged);
                table_add(&selecting->tags, selecting->arena, tags->items[j].text, tagged);
            }
            *ARENA_APPEND(selecting->arena, tagged->flags, tagged->count) = i;
        }
    }
}

static void take_tags(struct selecting *selecting, const struct texts *tags)
{
    if (tags->count && !selecting->tags.count)
        collect_tags(selecting);
    for (uint32_t i = 0; i < tags->count; i++) {
        struct tagged *tagged = table_get(&selecting->tags, tags->items[i].text);
        if (!tagged || tagged->taken == selecting->number)
            continue;
        tagged->taken = selecting->number;
        for (uint32_t j = 0; j < tagged->count; j++)
            take(selecting, tagged->flags[j]);
    }
}

static void take_kinds(struct selecting *selecting, const struct texts *kinds)
{
    uint32_t asked = 0;
    for (uint32_t i = 0; i < kinds->count; i++)
        for (uint32_t kind = 0; flag_kind_words[kind]; kind++)
            asked |= (uint32_t)(strcmp(kinds->items[i].text, flag_kind_words[kind]) == 0) << kind;
    for (uint32_t i = 0; asked && i < selecting->flag_count; i++)
        if (asked >> selecting->flags[i]->kind & 1)
            take(selecting, i);
}

/* ----------------------------------------------------------------------------------- by name -- */

/* A run of bytes of a pattern that every name it matches has: the longest. */
struct literal {
    const char *text;
    size_t length;
    bool first, whole; /* names begin with it; it is all there is */
};

static struct literal longest_literal(const char *pattern)
{
    struct literal longest = {pattern, 0, false, false};
    for (const char *at = pattern; *at;) {
        size_t length = strcspn(at, "*?[\\");
        if (length > longest.length)
            longest = (struct literal){at, length, at == pattern, at == pattern && !at[length]};
        at += length;
        if (*at == '\\')
            at += 1 + (at[1] != '\0');
        else if (*at == '[') {
            at += 1 + (at[1] == '!');
            /* The first character of a set may be its ']'. */
            do
                at += 1 + (*at == '\\' && at[1]);
            while (*at && *at != ']');
            at += *at == ']';
        } else if (*at)
            at++;
    }
    return longest;
}

static int compare_suffixes(const void *left, const void *right)
{
    const struct suffix *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static void sort_suffixes(struct selecting *selecting)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < selecting->flag_count; i++)
        bytes += strlen(selecting->flags[i]->name.text);
    selecting->suffixes = xcalloc(bytes + 1, sizeof *selecting->suffixes);
    for (uint32_t i = 0; i < selecting->flag_count; i++)
        for (const char *at = selecting->flags[i]->name.text; *at; at++)
            selecting->suffixes[selecting->suffix_count++] = (struct suffix){at, i};
    qsort(selecting->suffixes, selecting->suffix_count, sizeof *selecting->suffixes,
          compare_suffixes);
}

static void match(struct selecting *selecting, const char *pattern, uint32_t flag)
{
    if (match_name(pattern, selecting->flags[flag]->name.text))
        take(selecting, flag);
}

/* The first name, of those sorted, that is not below the literal. */
static uint32_t first_flag(const struct selecting *selecting, const struct literal *literal)
{
    uint32_t low = 0, high = selecting->flag_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *name = selecting->flags[middle]->name.text;
        if (strncmp(name, literal->text, literal->length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t first_suffix(const struct selecting *selecting, const struct literal *literal)
{
    size_t low = 0, high = selecting->suffix_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(selecting->suffixes[middle].text, literal->text, literal->length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool begins(const char *text, const struct literal *literal)
{
    return strncmp(text, literal->text, literal->length) == 0;
}

static void take_pattern(struct selecting *selecting, const char *pattern)
{
    const struct literal literal = longest_literal(pattern);
    if (literal.first) {
        /* The literal itself comes before whatever it begins. */
        uint32_t first = first_flag(selecting, &literal);
        uint32_t end =
            literal.whole && first < selecting->flag_count ? first + 1 : selecting->flag_count;
        for (uint32_t i = first; i < end && begins(selecting->flags[i]->name.text, &literal); i++)
            match(selecting, pattern, i);
        return;
    }
    if (!literal.length || selecting->unsorted < FEW_PATTERNS) {
        selecting->unsorted += literal.length > 0;
        for (uint32_t i = 0; i < selecting->flag_count; i++)
            match(selecting, pattern, i);
        return;
    }
    if (!selecting->suffixes)
        sort_suffixes(selecting);
    for (size_t i = first_suffix(selecting, &literal);
         i < selecting->suffix_count && begins(selecting->suffixes[i].text, &literal); i++)
        match(selecting, pattern, selecting->suffixes[i].flag);
}

/* --------------------------------------------------------------------------------------- all -- */

static void take_all(struct selecting *selecting, const struct override *override)
{
    if (override->all) {
        for (uint32_t i = 0; i < selecting->flag_count; i++)
            take(selecting, i);
        return;
    }
    for (uint32_t i = 0; i < override->flags.count; i++)
        take_pattern(selecting, override->flags.items[i].text);
    take_tags(selecting, &override->tags);
    take_kinds(selecting, &override->kinds);
}

struct selected_flags *select_flags(struct arena *arena, struct flag *const *flags,
                                    uint32_t flag_count, struct override *const *overrides,
                                    uint32_t override_count)
{
    struct selected_flags *selected =
        ARENA_ARRAY(arena, struct selected_flags, override_count + 1u);
    struct selecting selecting = {.arena = arena,
                                  .flags = flags,
                                  .flag_count = flag_count,
                                  .taken = xcalloc(flag_count + 1u, sizeof(uint32_t))};
    for (uint32_t i = 0; i < override_count; i++) {
        selecting.number = i + 1;
        selecting.selected = &selected[i];
        take_all(&selecting, overrides[i]);
    }
    free(selecting.suffixes);
    free(selecting.taken);
    return selected;
}

struct selection *select_overrides(struct arena *arena, struct flag *const *flags,
                                   uint32_t flag_count, struct override *const *overrides,
                                   uint32_t override_count)
{
    const struct selected_flags *selected =
        select_flags(arena, flags, flag_count, overrides, override_count);
    struct selection *selections = ARENA_ARRAY(arena, struct selection, flag_count + 1u);
    for (uint32_t i = 0; i < override_count; i++)
        for (uint32_t j = 0; j < selected[i].count; j++) {
            struct selection *of = &selections[selected[i].items[j]];
            *ARENA_APPEND(arena, of->items, of->count) = overrides[i];
        }
    return selections;
}

void project_select(struct project *project, struct arena *arena)
{
    project->selected = project->override_count
                            ? select_overrides(arena, project->flags, project->flag_count,
                                               project->overrides, project->override_count)
                            : NULL;
}

const struct selection *overrides_of(const struct project *project, const struct flag *flag)
{
    static const struct selection none = {NULL, 0};
    assert(project->selected || !project->override_count);
    return project->selected ? &project->selected[flag->index] : &none;
}
