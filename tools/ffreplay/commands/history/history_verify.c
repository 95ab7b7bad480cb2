/*
 * history_verify.c - whether the ledger is as it was written: the content of every entry matches
 * its name, and every entry that another one follows exists. See history.h.
 *
 * One cause is one break. An entry that follows a damaged one is not at fault, and the parents that
 * a damaged entry names are ignored.
 */
#include <string.h>

#include "compiler/base/arena.h"
#include "history.h"

struct verifying {
    const struct ledger_entries *entries;
    const struct recorded *records;
    struct arena *arena;
    struct ledger_breaks *breaks;
};

static void add_break(struct verifying *verifying, const struct ledger_entry *entry,
                      const char *hash, const char *what)
{
    struct ledger_breaks *breaks = verifying->breaks;
    struct ledger_break *added = ARENA_APPEND(verifying->arena, breaks->items, breaks->count);
    added->place = entry->place;
    added->what = what;
    memcpy(added->hash, hash, LEDGER_HASH);
}

/* ----------------------------------------------------------------------------------- entries -- */

/* NULL if it is intact. */
static const char *fault_of_entry(struct verifying *verifying, const struct ledger_entry *entry,
                                  const struct recorded *record)
{
    if (entry->problem)
        return arena_format(verifying->arena, "this entry cannot be read: %s", entry->problem);
    if (!*entry->named)
        return "no entry has such a name";
    if (memcmp(entry->named, entry->hash, LEDGER_DIGITS) != 0)
        return arena_format(verifying->arena, "this entry was changed: its hash begins with %.*s",
                            LEDGER_DIGITS, entry->hash);
    if (!record->json)
        return "this is no entry of a ledger";
    int64_t seconds = record->time / 1000 - (record->time % 1000 < 0);
    if (seconds * 1000 != entry->time)
        return "this entry has another time than its name";
    const json_t *parents = json_object_get(record->json, "parents");
    if (!json_is_array(parents) || json_array_size(parents) != entry->parent_count)
        return "this entry does not name those it follows";
    return NULL;
}

/* Several entries may follow a missing one. */
static bool is_known(const struct ledger_breaks *breaks, const char *hash)
{
    for (size_t i = 0; i < breaks->count; i++)
        if (strcmp(breaks->items[i].hash, hash) == 0)
            return true;
    return false;
}

static void verify_entry(struct verifying *verifying, uint32_t index)
{
    const struct ledger_entry *entry = &verifying->entries->items[index];
    const char *fault = fault_of_entry(verifying, entry, &verifying->records[index]);
    if (fault) {
        add_break(verifying, entry, entry->hash, fault);
        return;
    }
    for (uint32_t i = 0; i < entry->parent_count; i++)
        if (entry->parent_places[i] == UINT32_MAX &&
            !is_known(verifying->breaks, entry->parents[i]))
            add_break(verifying, entry, entry->parents[i],
                      arena_format(verifying->arena,
                                   "the entry %.*s, which this one follows, is missing",
                                   LEDGER_DIGITS, entry->parents[i]));
}

/* ------------------------------------------------------------------------------ ledger.jsonl -- */

/* Why a line does not follow the line with that hash ("": there is none); NULL if it does. */
static const char *fault_of_line(const struct recorded *record, const char *previous)
{
    const json_t *claimed = json_object_get(record->json, "previous");
    if (!claimed)
        return "this line does not name the one it follows";
    if (!*previous)
        return json_is_null(claimed) ? NULL : "lines before this one are missing";
    if (json_is_null(claimed))
        return "this line is written as if it were the first";
    if (json_is_string(claimed) && strcmp(json_string_value(claimed), previous) == 0)
        return NULL;
    return "the previous line is not the one that this one was written after";
}

/* `after_rubbish`: the previous line is unreadable, and may be the one that this line follows. */
static void verify_lines(struct verifying *verifying)
{
    const char *previous = "";
    bool after_rubbish = false;
    for (uint32_t i = 0; i < verifying->entries->count; i++) {
        const struct ledger_entry *entry = &verifying->entries->items[i];
        const struct recorded *record = &verifying->records[i];
        if (!entry->is_old)
            break;
        if (entry->is_cut || !record->json) {
            add_break(verifying, entry, entry->hash,
                      entry->is_cut ? "this line is cut short" : "this is no line of a ledger");
            after_rubbish = true;
            continue;
        }
        const char *fault = after_rubbish ? NULL : fault_of_line(record, previous);
        if (fault)
            add_break(verifying, entry, entry->hash, fault);
        previous = entry->hash;
        after_rubbish = false;
    }
}

/* ------------------------------------------------------------------------------ acknowledged -- */

static const struct recorded *find_acknowledgement(const struct verifying *verifying,
                                                   const char *hash)
{
    for (uint32_t i = 0; i < verifying->entries->count; i++) {
        const struct recorded *record = &verifying->records[i];
        size_t index;
        const json_t *item;
        json_array_foreach((json_t *)(uintptr_t)record->acknowledges, index, item)
        {
            if (json_is_string(item) && strcmp(json_string_value(item), hash) == 0)
                return record;
        }
    }
    return NULL;
}

/* Every entry is checked, so none can acknowledge in secret; one that was changed is itself a
 * break. */
void history_verify(const struct ledger_entries *entries, const struct recorded *records,
                    struct arena *arena, struct ledger_breaks *breaks)
{
    struct verifying verifying = {entries, records, arena, breaks};
    *breaks = (struct ledger_breaks){0};
    verify_lines(&verifying);
    for (uint32_t i = 0; i < entries->count; i++)
        if (!entries->items[i].is_old)
            verify_entry(&verifying, i);
    for (size_t i = 0; i < breaks->count; i++) {
        breaks->items[i].acknowledged = find_acknowledgement(&verifying, breaks->items[i].hash);
        breaks->open += !breaks->items[i].acknowledged;
    }
}
