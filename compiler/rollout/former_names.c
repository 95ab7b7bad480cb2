/* former_names.c - see former_names.h. */
#include "former_names.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "ledger.h"

/* What the newest entry before `*before` that renames to it says; NULL: none does. */
static const char *renamed_from(const struct ledger_entries *entries, const char *name,
                                uint32_t *before, struct arena *arena)
{
    const char *former = NULL;
    while (*before > 0 && !former) {
        json_t *entry = ledger_json(entries, --*before, name);
        const char *now = json_text_at(entry, "flag"), *old = json_text_at(entry, "renamed_from");
        if (now && old && strcmp(now, name) == 0)
            former = arena_format(arena, "%s", old);
        json_decref(entry);
    }
    return former;
}

const char *const *former_names(const struct project *project, const struct flag *flag,
                                struct arena *arena, uint32_t *count)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    const char **names = ARENA_ARRAY(arena, const char *, FORMER_NAMES_MOST), *name;
    uint32_t before = entries ? entries->count : 0;
    *count = 0;
    for (name = flag->name.text; *count < FORMER_NAMES_MOST; names[(*count)++] = name) {
        name = before > 0 ? renamed_from(entries, name, &before, arena) : NULL;
        if (!name || project_flag(project, name))
            break;
    }
    buffer_release(&error);
    return names;
}
