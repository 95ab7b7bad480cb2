/* renames.c - see renames.h. */
#include "renames.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json_read.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "compiler/ledger/ledger.h"

#define MOST_NAMES 32 /* that a flag had, one after the other */

bool has_its_salt(const struct project *before, const struct flag *old, const struct project *after,
                  const struct flag *new)
{
    bool any = false;
    for (uint32_t i = 0; i < after->environments.count; i++) {
        uint32_t from = project_environment(before, after->environments.items[i].text);
        if (from == UINT32_MAX)
            continue;
        if (strcmp(new->environments[i].salt, old->environments[from].salt) != 0)
            return false;
        any = true;
    }
    return any && new->type == old->type;
}

/* A flag that only one of the two versions has. */
struct single {
    const struct flag *flag;
    struct single *other; /* what it is in the other version */
    bool is_several;      /* it could be more than one */
};

struct singles {
    struct single *items;
    uint32_t count;
};

static struct singles only_in(const struct project *project, const struct project *other,
                              struct arena *arena)
{
    struct singles found = {.items = NULL};
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (!project_flag(other, project->flags[i]->name.text))
            *ARENA_APPEND(arena, found.items, found.count) =
                (struct single){.flag = project->flags[i]};
    return found;
}

/* One of `gone` by the salt that it has in the first environment of both versions. */
struct salted {
    struct single *single;
    struct salted *next;
};

static bool first_shared(const struct project *before, const struct project *after, uint32_t *old,
                         uint32_t *new)
{
    for (*new = 0; *new < after->environments.count; ++*new)
        if ((*old = project_environment(before, after->environments.items[*new].text)) !=
            UINT32_MAX)
            return true;
    return false;
}

static void pair_up(struct single *gone, struct single *came)
{
    gone->is_several |= gone->other != NULL;
    came->is_several |= came->other != NULL;
    gone->other = came;
    came->other = gone;
}

static void find_by_salt(const struct project *before, const struct singles *gone,
                         const struct project *after, const struct singles *came,
                         struct arena *arena)
{
    struct table salts = {.slots = NULL};
    uint32_t old, new;
    if (!first_shared(before, after, &old, &new))
        return;
    for (uint32_t i = 0; i < gone->count; i++) {
        const char *salt = gone->items[i].flag->environments[old].salt;
        struct salted *salted = ARENA_NEW(arena, struct salted);
        struct salted *first = table_get(&salts, salt);
        *salted = (struct salted){&gone->items[i], first ? first->next : NULL};
        if (first)
            first->next = salted;
        else
            table_add(&salts, arena, salt, salted);
    }
    for (uint32_t i = 0; i < came->count; i++) {
        const struct flag *flag = came->items[i].flag;
        struct salted *salted = table_get(&salts, flag->environments[new].salt);
        for (; salted; salted = salted->next)
            if (has_its_salt(before, salted->single->flag, after, flag))
                pair_up(salted->single, &came->items[i]);
    }
}

static struct single *single_named(const struct singles *singles, const char *name)
{
    for (uint32_t i = 0; i < singles->count; i++)
        if (strcmp(singles->items[i].flag->name.text, name) == 0)
            return &singles->items[i];
    return NULL;
}

/* Every rename that the ledger has, by the new name: the newest one of each. */
static bool read_ledger(const char *directory, struct arena *arena, struct table *formers)
{
    struct ledger_entries entries = {.items = NULL};
    struct buffer error = {0};
    bool read = ledger_read(directory, &entries, &error);
    for (uint32_t i = entries.count; read && i-- > 0;) {
        json_t *entry = ledger_json(&entries, i, "renamed_from");
        const char *name = json_text_at(entry, "flag"), *old = json_text_at(entry, "renamed_from");
        if (name && old)
            table_add(formers, arena, arena_copy(arena, name, strlen(name)),
                      arena_copy(arena, old, strlen(old)));
        json_decref(entry);
    }
    ledger_release(&entries);
    buffer_release(&error);
    return read;
}

/* What the ledger says goes before what salts do, which several flags may share. */
static void find_by_ledger(const char *directory, const struct singles *gone,
                           const struct singles *came, struct arena *arena)
{
    struct table formers = {.slots = NULL};
    if (!read_ledger(directory, arena, &formers))
        return;
    for (uint32_t i = 0; i < came->count; i++) {
        struct single *single = &came->items[i], *old = NULL;
        const char *name = single->flag->name.text;
        for (int step = 0; step < MOST_NAMES && name && !old; step++) {
            name = table_get(&formers, name);
            old = name ? single_named(gone, name) : NULL;
        }
        bool is_paired = single->other && !single->is_several && !single->other->is_several;
        if (!old || is_paired || (old->other && !old->is_several))
            continue;
        single->other = old;
        old->other = single;
        single->is_several = old->is_several = false;
    }
}

struct rename *find_renames(const struct project *before, const struct project *after,
                            const char *ledger, struct arena *arena, uint32_t *count)
{
    struct rename *renames = NULL;
    struct singles gone = only_in(before, after, arena), came = only_in(after, before, arena);
    uint32_t open = 0;
    *count = 0;
    if (gone.count == 0 || came.count == 0)
        return NULL;
    find_by_salt(before, &gone, after, &came, arena);
    for (uint32_t i = 0; i < came.count; i++)
        open += !came.items[i].other || came.items[i].is_several || came.items[i].other->is_several;
    if (open && ledger)
        find_by_ledger(ledger, &gone, &came, arena);
    for (uint32_t i = 0; i < came.count; i++) {
        const struct single *new = &came.items[i], *old = new->other;
        if (old && old->other == new && !new->is_several && !old->is_several)
            *ARENA_APPEND(arena, renames, *count) = (struct rename){
                arena_copy(arena, old->flag->name.text, strlen(old->flag->name.text)),
                new->flag->name.text};
    }
    return renames;
}

static int compare_name(const void *name, const void *rename)
{
    return strcmp(name, ((const struct rename *)rename)->name);
}

const char *former_name(const struct rename *renames, uint32_t count, const char *name)
{
    const struct rename *found =
        count ? bsearch(name, renames, count, sizeof *renames, compare_name) : NULL;
    return found ? found->former : NULL;
}

static int compare_flags(const void *left, const void *right)
{
    const struct flag *const *a = left, *const *b = right;
    return strcmp((*a)->name.text, (*b)->name.text);
}

void call_by_new_names(struct project *before, const struct rename *renames, uint32_t count)
{
    struct table names = {.slots = NULL};
    for (uint32_t i = 0; i < count; i++)
        table_add(&names, &before->arena, renames[i].former, (void *)(uintptr_t)renames[i].name);
    for (uint32_t i = 0; count && i < before->flag_count; i++) {
        const char *name = table_get(&names, before->flags[i]->name.text);
        if (name)
            before->flags[i]->name.text = name;
    }
    qsort(before->flags, before->flag_count, sizeof *before->flags, compare_flags);
    struct selection *selected =
        ARENA_ARRAY(&before->arena, struct selection, before->flag_count + 1u);
    for (uint32_t i = 0; i < before->flag_count; i++) {
        selected[i] = *overrides_of(before, before->flags[i]);
        before->flags[i]->index = i;
    }
    before->selected = selected;
}
