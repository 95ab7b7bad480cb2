/* history.c - see history.h. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/table.h"
#include "history_parts.h"

const char *const happening_words[] = WORDS(HAPPENINGS);

/* Whether the history is to have that flag, by one of its names. */
static bool is_asked_for(const struct telling_history *telling, const char *flag)
{
    for (uint32_t i = 0; flag && i < telling->alias_count; i++)
        if (strcmp(telling->aliases[i].name, flag) == 0)
            return true;
    return flag && !telling->choice->flag_count;
}

/* A change of an environment that says all, in place of those of each that say the same. */
static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool says_the_same(const struct flag_change *change, const struct raw_change *raw)
{
    return change->what == raw->what &&
           word_changes_are_same(change->said, change->said_count, raw->said, raw->said_count);
}

static void fill_source(const struct telling_history *telling, struct flag_change *change,
                        const struct ledger_part *entry, uint32_t at)
{
    const struct commit *commit = at < NOWHERE ? &telling->commits[at] : NULL;
    change->is_committed = at != WORK_TREE;
    change->time = entry ? entry->time : commit ? commit->time : INT64_MAX;
    change->commit = commit ? commit->short_id : NULL;
    change->action = entry ? entry->action : NULL;
    change->who = entry ? entry->who : commit ? commit->author : NULL;
    change->reason = entry ? entry->reason : commit ? commit->subject : NULL;
    change->entry = entry ? entry->place : NULL;
}

/* What says nothing any more, for the ledger says it. */
static bool is_empty(const struct raw_change *raw)
{
    return raw->said_count == 0 && (raw->override || raw->what == HAPPENED_CHANGED);
}

static void add_raw(const struct telling_history *telling, uint32_t index, uint32_t first)
{
    const struct raw_change *raw = &telling->raws[index];
    struct history *history = telling->history;
    for (uint32_t i = first; i < history->count; i++) {
        struct flag_change *change = &history->items[i];
        const char *entry = raw->entry ? raw->entry->place : NULL;
        if (raw->override || !is_same(change->flag, raw->flag) || change->override ||
            !is_same(change->entry, entry) || !says_the_same(change, raw) ||
            !change->environment_count != !raw->environment)
            continue;
        *ARENA_APPEND(telling->arena, change->environments, change->environment_count) =
            raw->environment;
        return;
    }
    struct flag_change *change = ARENA_APPEND(telling->arena, history->items, history->count);
    *change = (struct flag_change){.what = raw->what,
                                   .flag = raw->flag,
                                   .former = raw->former,
                                   .override = raw->override,
                                   .said = raw->said,
                                   .said_count = raw->said_count,
                                   .unreadable = raw->unreadable};
    fill_source(telling, change, raw->entry, raw->commit);
    if (raw->environment)
        *ARENA_APPEND(telling->arena, change->environments, change->environment_count) =
            raw->environment;
}

static void add_raws(const struct telling_history *telling)
{
    uint32_t first = 0, commit = 0;
    const char *flag = NULL;
    for (uint32_t i = 0; i < telling->raw_count; i++) {
        const struct raw_change *raw = &telling->raws[i];
        if (i == 0 || raw->commit != commit || !is_same(flag, raw->flag))
            first = telling->history->count;
        commit = raw->commit;
        flag = raw->flag;
        if (!is_empty(raw))
            add_raw(telling, i, first);
    }
}

/* What an edit's entry says of each flag. */
static void add_entry_changes(const struct telling_history *telling,
                              const struct ledger_part *entry)
{
    struct history *history = telling->history;
    for (uint32_t i = 0; i < entry->change_count; i++) {
        const struct entry_change *change = &entry->changes[i];
        if (!is_asked_for(telling, change->flag) && !is_asked_for(telling, change->former))
            continue;
        struct flag_change *added = ARENA_APPEND(telling->arena, history->items, history->count);
        *added = (struct flag_change){.what = change->what,
                                      .flag = change->flag,
                                      .former = change->former,
                                      .environments = change->environments,
                                      .environment_count = change->environment_count,
                                      .said = change->said,
                                      .said_count = change->said_count};
        fill_source(telling, added, entry, entry->commit);
    }
}

static void add_entry(const struct telling_history *telling, const struct ledger_part *entry)
{
    struct history *history = telling->history;
    struct arena *arena = telling->arena;
    if (entry->change_count) {
        add_entry_changes(telling, entry);
        return;
    }
    struct flag_change *change = ARENA_APPEND(arena, history->items, history->count);
    *change = (struct flag_change){.what = HAPPENED_CHANGED,
                                   .flag = entry->flag,
                                   .flags = entry->flags,
                                   .flag_count = entry->flag_count,
                                   .environments = entry->environments,
                                   .environment_count = entry->environment_count};
    fill_source(telling, change, entry, entry->commit);
    struct word_change said = {.what = NULL};
    if (entry->subject && strcmp(entry->from, entry->to) != 0)
        said =
            (struct word_change){.what = entry->subject, .before = entry->from, .after = entry->to};
    else if (entry->subject && entry->approved)
        said = (struct word_change){.what = "approved stage", .after = entry->approved};
    else if (entry->override && entry->lifts)
        said = (struct word_change){.what = arena_format(arena, "override:%s", entry->override),
                                    .before = "yes"};
    else if (entry->override)
        said = (struct word_change){.what = arena_format(arena, "override:%s", entry->override),
                                    .after = entry->serve};
    if (said.what)
        *ARENA_APPEND(arena, change->said, change->said_count) = said;
}

/* ---------------------------------------------------------------------------------- choosing -- */

static bool is_chosen(const struct history_choice *choice, const struct flag_change *change)
{
    bool here = !choice->environment || change->environment_count == 0;
    for (uint32_t i = 0; i < change->environment_count && !here; i++)
        here = strcmp(change->environments[i], choice->environment) == 0;
    return here && change->time >= choice->since && change->time <= choice->until;
}

struct placed {
    struct flag_change change;
    int64_t time; /* that it is ordered by */
    uint32_t place;
};

static int newest_first(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    int order = (a->time < b->time) - (a->time > b->time);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/*
 * Of commits, the newest of their entries: git knows seconds, so what a commit has that no entry
 * tells may seem to be older than the entries that it came after.
 */
static struct table newest_entries(const struct telling_history *telling)
{
    struct table newest = {0};
    for (uint32_t i = 0; i < telling->history->count; i++) {
        const struct flag_change *change = &telling->history->items[i];
        if (!change->entry || !change->commit)
            continue;
        int64_t *time = table_get(&newest, change->commit);
        if (!time) {
            time = ARENA_NEW(telling->arena, int64_t);
            *time = change->time;
            table_add(&newest, telling->arena, change->commit, time);
        }
        if (*time < change->time)
            *time = change->time;
    }
    return newest;
}

static int64_t time_in_order(const struct table *newest, const struct flag_change *change)
{
    const int64_t *entry =
        change->commit && !change->entry ? table_get(newest, change->commit) : NULL;
    return entry && *entry > change->time ? *entry + 1 : change->time;
}

static void put_in_order(struct telling_history *telling)
{
    struct history *history = telling->history;
    struct placed *placed = ARENA_ARRAY(telling->arena, struct placed, history->count + 1);
    const struct table newest = newest_entries(telling);
    uint32_t count = 0;
    for (uint32_t i = 0; i < history->count; i++)
        if (is_chosen(telling->choice, &history->items[i])) {
            placed[count] =
                (struct placed){history->items[i], time_in_order(&newest, &history->items[i]), i};
            count++;
        }
    if (count)
        qsort(placed, count, sizeof *placed, newest_first);
    if (count > telling->choice->most)
        count = telling->choice->most;
    for (uint32_t i = 0; i < count; i++)
        history->items[i] = placed[i].change;
    history->count = count;
}

struct history flag_history(const struct project *project, const struct history_choice *choice,
                            struct arena *arena)
{
    struct history history = {.count = 0};
    struct telling_history telling = {
        .project = project, .choice = choice, .arena = arena, .history = &history};
    for (uint32_t i = 0; i < choice->flag_count; i++)
        *ARENA_APPEND(arena, telling.aliases, telling.alias_count) =
            (struct alias){choice->flags[i], 0};
    find_committed(&telling);
    find_entries(&telling);
    match_entries(&telling);
    add_raws(&telling);
    for (uint32_t i = 0; i < telling.entry_count; i++)
        if (!telling.entries[i].is_told)
            add_entry(&telling, &telling.entries[i]);
    put_in_order(&telling);
    return history;
}
