/* guard.c - see guard.h. */
#include "guard.h"

#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"

#define GUARD_RULE "canary rollback" /* in `instead_of` */

void guard_begin(struct guard *guard, const struct ledger *ledger, const struct guarded *guarded)
{
    const struct emergency emergency = {
        .scope = {.flags = &guarded->flag, .flag_count = 1, .environment = guarded->environment},
        .serve = "default",
        .from = guarded->at,
        .until = INT64_MAX,
        .reason = guarded->reason,
        .by = guarded->by,
        .at = guarded->at};
    const struct entry_head head = {guarded->at, guarded->by, guarded->flag, guarded->environment};
    struct buffer ignored = {0};
    *guard = (struct guard){.ledger = {.directory = ledger->directory, .lock = ledger->lock}};
    emergency_plan(&emergency, &guard->edit);
    guard->edit.flags = ARENA_NEW(&guard->edit.arena, const char *);
    guard->edit.flags[guard->edit.flag_count++] = guarded->flag;
    override_entry(&guard->entry, &head, NULL, &guard->edit, guarded->reason);
    field_text(&guard->entry, "instead_of", GUARD_RULE);
    guard->stands = ledger->lock >= 0 &&
                    override_edit_prepare(&guard->ledger, &guard->edit, &guard->entry, &ignored);
    buffer_release(&ignored);
}

static bool add(struct guard *guard)
{
    const char *directory = guard->ledger.directory;
    struct buffer error = {0};
    enum replaced replaced = override_edit_make(directory, &guard->edit, &error);
    bool added = replaced != REPLACED_NOT && ledger_edited(&guard->ledger, replaced, &error) &&
                 ledger_commit(&guard->ledger, &error);
    if (added)
        print_note("the canary could not be edited; %s/%s holds it back instead", directory,
                   guard->edit.name);
    buffer_release(&error);
    return added;
}

bool guard_end(struct guard *guard, bool needed)
{
    bool added = guard->stands && needed && add(guard);
    if (guard->stands && !needed)
        ledger_drop(&guard->ledger);
    buffer_release(&guard->ledger.tips);
    buffer_release(&guard->ledger.doubt);
    override_edit_release(&guard->edit);
    buffer_release(&guard->entry);
    return added;
}

void guards_drop(struct ledger *ledger, const char *of)
{
    struct arena arena = {0};
    struct buffer ignored = {0};
    const char **names;
    uint32_t count = 0;
    if (!ledger_list_aside(ledger, &arena, &names, &count, &ignored))
        count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct put_aside found;
        if (!ledger_read_aside(ledger, names[i], &found, &ignored))
            continue;
        const char *instead = json_text_at(found.json, "instead_of");
        const char *flag = json_text_at(found.json, "flag");
        if (instead && flag && strcmp(instead, GUARD_RULE) == 0 && strcmp(flag, of) == 0)
            ledger_drop_aside(ledger, names[i]);
        put_aside_release(&found);
    }
    buffer_release(&ignored);
    arena_release(&arena);
}
