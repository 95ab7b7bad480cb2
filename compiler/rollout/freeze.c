/* freeze.c - see freeze.h. */
#include "freeze.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json_read.h"
#include "compiler/ledger/ledger.h"

static char *copy_of(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void take(struct freeze *freeze, const json_t *entry)
{
    const char *verdict = json_text_at(entry, "verdict"), *until = json_text_at(entry, "until");
    if (!verdict || strcmp(verdict, FREEZE_VERDICT) != 0)
        return;
    freeze_release(freeze);
    if (!until || !parse_time(until, &freeze->until))
        return;
    freeze->reason = copy_of(json_text_at(entry, "reason"));
    freeze->actor = copy_of(json_text_at(entry, "actor"));
}

bool freeze_find(const char *directory, int64_t at, struct freeze *freeze, struct buffer *error)
{
    struct ledger_entries entries;
    *freeze = (struct freeze){.until = INT64_MIN};
    if (!ledger_read(directory, &entries, error))
        return false;
    for (uint32_t i = 0; i < entries.count; i++) {
        if (!entries.items[i].is_readable)
            continue;
        json_t *entry = ledger_json(&entries, i, FREEZE_VERDICT);
        if (entry)
            take(freeze, entry);
        json_decref(entry);
    }
    ledger_release(&entries);
    if (freeze->until <= at)
        freeze_release(freeze);
    return true;
}

void freeze_release(struct freeze *freeze)
{
    free(freeze->reason);
    free(freeze->actor);
    *freeze = (struct freeze){.until = INT64_MIN};
}

bool freeze_holds(const char *directory, int64_t at, struct buffer *error)
{
    struct freeze freeze;
    struct buffer ignored = {0};
    bool holds = freeze_find(directory, at, &freeze, &ignored) && freeze.until != INT64_MIN;
    char until[32];
    if (holds) {
        format_time(freeze.until, until, sizeof until);
        terminal_format(error, "flags are frozen until %s, by %s: %s", until,
                        freeze.actor ? freeze.actor : "nobody knows whom",
                        freeze.reason ? freeze.reason : "");
    }
    freeze_release(&freeze);
    buffer_release(&ignored);
    return holds;
}
