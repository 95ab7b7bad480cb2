/* former_names.c - see former_names.h. */
#include "former_names.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "ledger.h"

void told_renames_add(struct told_renames *told, const json_t *entry, uint32_t number,
                      struct arena *arena)
{
    const char *to = json_text_at(entry, "flag"), *from = json_text_at(entry, "renamed_from");
    if (to && from)
        *ARENA_APPEND(arena, told->items, told->count) = (struct told_rename){
            arena_format(arena, "%s", from), arena_format(arena, "%s", to), number};
}

struct told_renames told_renames(const struct ledger_entries *entries, struct arena *arena)
{
    struct told_renames told = {.entries = entries->count};
    for (uint32_t i = 0; i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, "renamed_from");
        told_renames_add(&told, entry, i, arena);
        json_decref(entry);
    }
    return told;
}

/* The newest of the first `*before` that renames something to the name, or from it to another. */
static const struct told_rename *find_rename(const struct told_renames *told, const char *name,
                                             uint32_t *before)
{
    while (*before > 0) {
        const struct told_rename *rename = &told->items[--*before];
        if (strcmp(rename->to, name) == 0 || strcmp(rename->from, name) == 0)
            return rename;
    }
    return NULL;
}

void names_then_find(struct names_then *names, const struct ledger_entries *entries,
                     const struct flag *flag, struct arena *arena)
{
    const struct told_renames told = told_renames(entries, arena);
    const char *name = flag->name.text;
    uint32_t before = told.count;
    names->count = 0;
    while (name && names->count < 1 + FORMER_NAMES_MOST) {
        const struct told_rename *rename = find_rename(&told, name, &before);
        bool takes = rename && strcmp(rename->to, name) == 0;
        names->items[names->count].name = name;
        names->items[names->count++].from = rename ? rename->entry + (takes ? 0 : 1) : 0;
        name = takes ? rename->from : NULL;
    }
}

struct last_name last_name(const struct told_renames *told, const char *name, uint32_t entry)
{
    for (uint32_t i = 0; i < told->count; i++) {
        const struct told_rename *rename = &told->items[i];
        if (rename->entry <= entry)
            continue;
        if (strcmp(rename->from, name) == 0)
            name = rename->to;
        else if (strcmp(rename->to, name) == 0)
            return (struct last_name){name, rename->entry};
    }
    return (struct last_name){name, told->entries};
}

bool is_last_name(struct last_name a, struct last_name b)
{
    return a.until == b.until && strcmp(a.name, b.name) == 0;
}

const struct told_rename *renamed_away(const struct told_renames *told, const char *name)
{
    uint32_t before = told->count;
    const struct told_rename *rename = find_rename(told, name, &before);
    return rename && strcmp(rename->from, name) == 0 ? rename : NULL;
}

/*
 * What the entry calls it if it is about it. NULL: nothing. An entry from before a rename means the
 * flag by its former name, whoever has that now; and by a name that it took over from another flag,
 * an entry from before that means the other one.
 */
static const char *name_then(const struct names_then *names, uint32_t entry)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (entry >= names->items[i].from)
            return names->items[i].name;
    return NULL;
}

json_t *ledger_json_of(const struct ledger_entries *entries, uint32_t entry,
                       const struct names_then *names, const char **called)
{
    *called = name_then(names, entry);
    return *called ? ledger_json(entries, entry, *called) : NULL;
}

const char *const *former_names(const struct project *project, const struct flag *flag,
                                struct arena *arena, uint32_t *count)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    const char **names = ARENA_ARRAY(arena, const char *, FORMER_NAMES_MOST);
    struct names_then then = {.count = 0};
    *count = 0;
    if (entries)
        names_then_find(&then, entries, flag, arena);
    for (uint32_t i = 1; i < then.count && !project_flag(project, then.items[i].name); i++)
        names[(*count)++] = then.items[i].name;
    buffer_release(&error);
    return names;
}
