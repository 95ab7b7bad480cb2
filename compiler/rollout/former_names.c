/* former_names.c - see former_names.h. */
#include "former_names.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "ledger.h"

/* The newest entry before `*before` that renames something to the name, or from it to another.
 * `*former`: what it was called until then; NULL: another flag gave the name up. */
static bool find_rename(const struct ledger_entries *entries, const char *name, uint32_t *before,
                        const char **former, struct arena *arena)
{
    bool found = false;
    *former = NULL;
    while (*before > 0 && !found) {
        json_t *entry = ledger_json(entries, --*before, "renamed_from");
        const char *now = json_text_at(entry, "flag"), *old = json_text_at(entry, "renamed_from");
        bool takes = now && old && strcmp(now, name) == 0;
        found = takes || (now && old && strcmp(old, name) == 0);
        if (takes)
            *former = arena_format(arena, "%s", old);
        json_decref(entry);
    }
    return found;
}

void names_then_find(struct names_then *names, const struct ledger_entries *entries,
                     const struct flag *flag, struct arena *arena)
{
    const char *name = flag->name.text;
    uint32_t before = entries->count;
    names->count = 0;
    while (name && names->count < 1 + FORMER_NAMES_MOST) {
        const char *former;
        bool found = find_rename(entries, name, &before, &former, arena);
        names->items[names->count].name = name;
        names->items[names->count++].from = found ? before + (former ? 0 : 1) : 0;
        name = former;
    }
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
