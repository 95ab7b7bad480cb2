/* history_ledger.c - what the ledger says of flags, and which commits have it. See history.h. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "compiler/rollout/freeze.h"
#include "compiler/ledger/ledger.h"
#include "history_parts.h"

#define CLOCKS_APART 300000 /* ms that those of who edits and of who commits may differ by */

/* ----------------------------------------------------------------------------------- reading -- */

static void add_texts(struct arena *arena, const json_t *array, const char ***items,
                      uint32_t *count)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *one = json_string_value(json_array_get(array, i));
        if (one)
            *ARENA_APPEND(arena, *items, *count) = history_kept(arena, one);
    }
}

/* "running in stage early", as the definitions are told. */
static const char *rollout_words(struct arena *arena, const json_t *rollout)
{
    const char *state = json_text_at(rollout, "state"), *stage = json_text_at(rollout, "stage");
    bool staged = state && stage &&
                  (strcmp(state, canary_state_words[CANARY_RUNNING]) == 0 ||
                   strcmp(state, canary_state_words[CANARY_PAUSED]) == 0);
    return staged ? arena_format(arena, "%s in stage %s", state, stage)
                  : history_kept(arena, state);
}

/* "concluded, winner b" */
static const char *experiment_words(struct arena *arena, const json_t *experiment)
{
    const char *state = json_text_at(experiment, "state");
    const char *winner = json_text_at(experiment, "winner");
    return state && winner ? arena_format(arena, "%s, winner %s", state, winner)
                           : history_kept(arena, state);
}

/* Entries that change nothing of what flags mean. */
static bool is_no_change(const char *verdict)
{
    static const char *const others[] = {"step", "acknowledge", "publish", NOTICE_VERDICT};
    for (size_t i = 0; verdict && i < sizeof others / sizeof *others; i++)
        if (strcmp(verdict, others[i]) == 0)
            return true;
    return false;
}

/* The ledger's word for it; the end of a freeze is an entry of a freeze until no time. */
static const char *action_of(const json_t *entry, const char *verdict)
{
    bool thaws = verdict && strcmp(verdict, FREEZE_VERDICT) == 0 && !json_text_at(entry, "until");
    return !verdict ? "change" : thaws ? "freeze lifted" : verdict;
}

static bool concerns(const struct ledger_part *part, const char *flag)
{
    for (uint32_t i = 0; i < part->flag_count; i++)
        if (strcmp(part->flags[i], flag) == 0)
            return true;
    return part->flag && strcmp(part->flag, flag) == 0;
}

static bool is_asked(const struct telling_history *telling, const struct ledger_part *part)
{
    if (!telling->choice->flag_count)
        return true;
    for (uint32_t i = 0; i < telling->alias_count; i++)
        if (concerns(part, telling->aliases[i].name) ||
            (part->former && strcmp(part->former, telling->aliases[i].name) == 0))
            return true;
    return false;
}

static enum happening happening_of(const json_t *change)
{
    int found = words_find(happening_words, json_text_at(change, "what"));
    return found < 0 ? HAPPENED_CHANGED : (enum happening)found;
}

static void read_changes(struct arena *arena, const json_t *array, struct ledger_part *part)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i), *says = json_object_get(item, "says");
        const char *flag = json_text_at(item, "flag");
        if (!flag)
            continue;
        struct entry_change *change = ARENA_APPEND(arena, part->changes, part->change_count);
        *change =
            (struct entry_change){.what = happening_of(item),
                                  .flag = history_kept(arena, flag),
                                  .former = history_kept(arena, json_text_at(item, "former"))};
        add_texts(arena, json_object_get(item, "environments"), &change->environments,
                  &change->environment_count);
        for (size_t j = 0; j < json_array_size(says) && j < MOST_SAID; j++) {
            const json_t *said = json_array_get(says, j);
            const char *what = json_text_at(said, "what");
            if (what)
                *ARENA_APPEND(arena, change->said, change->said_count) = (struct word_change){
                    .what = history_kept(arena, what),
                    .before = history_kept(arena, json_text_at(said, "before")),
                    .after = history_kept(arena, json_text_at(said, "after"))};
        }
        change->found = ARENA_ARRAY(arena, uint64_t, change->said_count + 1u);
    }
}

static uint32_t commit_that_added(const struct telling_history *telling, const char *place)
{
    const uint32_t *commit = table_get(&telling->added, place);
    return commit ? *commit : NOWHERE;
}

static void read_entry(struct telling_history *telling, const json_t *entry, const char *place)
{
    struct arena *arena = telling->arena;
    const json_t *override = json_object_get(entry, "override");
    const char *verdict = json_text_at(entry, "verdict"), *time = json_text_at(entry, "time");
    const char *environment = json_text_at(entry, "environment");
    struct ledger_part part = {.flag = history_kept(arena, json_text_at(entry, "flag")),
                               .former = history_kept(arena, json_text_at(entry, "renamed_from")),
                               .action = history_kept(arena, action_of(entry, verdict)),
                               .who = history_kept(arena, json_text_at(entry, "actor")),
                               .reason = history_kept(arena, json_text_at(entry, "reason")),
                               .place = history_kept(arena, place),
                               .from = rollout_words(arena, json_object_get(entry, "from")),
                               .to = rollout_words(arena, json_object_get(entry, "to")),
                               .override = history_kept(arena, json_text_at(override, "id")),
                               .serve = history_kept(arena, json_text_at(override, "serve")),
                               .lifts = verdict && strcmp(verdict, "lift") == 0};
    if (!time || !parse_time(time, &part.time) || is_no_change(verdict))
        return;
    add_texts(arena, json_object_get(entry, "flags"), &part.flags, &part.flag_count);
    if (!is_asked(telling, &part))
        return;
    if (environment)
        *ARENA_APPEND(arena, part.environments, part.environment_count) =
            history_kept(arena, environment);
    add_texts(arena, json_object_get(entry, "also"), &part.environments, &part.environment_count);
    if (!environment)
        add_texts(arena, json_object_get(override, "environments"), &part.environments,
                  &part.environment_count);
    const json_t *experiment = json_object_get(entry, "experiment");
    part.subject = part.from && part.to ? "canary" : NULL;
    if (!part.subject && experiment) {
        part.from = experiment_words(arena, json_object_get(experiment, "from"));
        part.to = experiment_words(arena, json_object_get(experiment, "to"));
        part.subject = part.from && part.to ? "experiment" : NULL;
    }
    read_changes(arena, json_object_get(entry, "changes"), &part);
    part.approved = history_kept(arena, json_text_at(json_object_get(entry, "to"), "approved"));
    part.commit = commit_that_added(telling, place);
    *ARENA_APPEND(arena, telling->entries, telling->entry_count) = part;
}

/* By time, and where that is the same, by the order of the ledger, which read_all() turned. */
static int newest_first(const void *left, const void *right)
{
    const struct ledger_part *a = left, *b = right;
    return (a->time < b->time) - (a->time > b->time);
}

void find_entries(struct telling_history *telling)
{
    struct ledger_entries entries = {.items = NULL};
    struct buffer error = {0};
    const char *only = telling->alias_count == 1 ? telling->aliases[0].name : NULL;
    if (ledger_read(telling->project->directory, &entries, &error))
        for (uint32_t i = entries.count; i-- > 0;) {
            json_t *entry = ledger_json(&entries, i, only);
            if (entry)
                read_entry(telling, entry, entries.items[i].place);
            json_decref(entry);
        }
    else
        telling->history->truncated = true;
    ledger_release(&entries);
    buffer_release(&error);
    if (telling->entry_count)
        qsort(telling->entries, telling->entry_count, sizeof *telling->entries, newest_first);
}

/* ---------------------------------------------------------------------------------- matching -- */

static bool is_in(const struct ledger_part *part, const char *environment)
{
    for (uint32_t i = 0; i < part->environment_count && environment; i++)
        if (strcmp(part->environments[i], environment) == 0)
            return true;
    return part->environment_count == 0 || !environment;
}

static bool is_found_in(const struct ledger_part *part, const char *environment)
{
    for (uint32_t i = 0; i < part->found_count; i++)
        if (strcmp(part->found_in[i], environment) == 0)
            return true;
    return false;
}

/* "running in stage early" of "running in stage early, instant". */
static bool says(const char *said, const char *words)
{
    size_t length = words ? strlen(words) : 0;
    return said && words && strncmp(said, words, length) == 0 &&
           (said[length] == '\0' || said[length] == ',');
}

static bool concerns_raw(const struct ledger_part *part, const struct raw_change *raw)
{
    return concerns(part, raw->flag) || (raw->former && concerns(part, raw->former));
}

static int64_t time_of(const struct telling_history *telling, uint32_t commit)
{
    return commit == WORK_TREE ? INT64_MAX : telling->commits[commit].committed + CLOCKS_APART;
}

/* The newest entry up to that one's time that ends where the words say. */
static struct ledger_part *find_step(struct telling_history *telling, const struct raw_change *raw,
                                     uint32_t from, const char *subject, const char *to)
{
    for (uint32_t i = from; i < telling->entry_count; i++) {
        struct ledger_part *part = &telling->entries[i];
        if (part->subject && strcmp(part->subject, subject) == 0 &&
            part->time <= time_of(telling, raw->commit) && concerns_raw(part, raw) &&
            is_in(part, raw->environment) && !is_found_in(part, raw->environment) &&
            says(to, part->to))
            return part;
    }
    return NULL;
}

static bool is_older(uint32_t commit, uint32_t than)
{
    return commit != WORK_TREE && (than == WORK_TREE || commit > than);
}

/* Whether an older commit, up to the one that the entry came with, has the same: then the entry is
 * of that one. */
static bool happened_before(const struct telling_history *telling, const struct ledger_part *part,
                            const struct raw_change *raw)
{
    for (uint32_t i = 0; i < telling->raw_count; i++) {
        const struct raw_change *other = &telling->raws[i];
        if (other->what == raw->what && other->flag && strcmp(other->flag, raw->flag) == 0 &&
            is_older(other->commit, raw->commit) && !is_older(other->commit, part->commit))
            return true;
    }
    return false;
}

/* An entry goes along with any commit; what it is about may come with a later one. */
static bool may_come_with(const struct telling_history *telling, const struct ledger_part *part,
                          const struct raw_change *raw)
{
    return part->commit == NOWHERE || part->commit == raw->commit ||
           (is_older(part->commit, raw->commit) && !happened_before(telling, part, raw));
}

static void mark_found(struct telling_history *telling, struct ledger_part *part,
                       const struct raw_change *raw)
{
    *ARENA_APPEND(telling->arena, part->found_in, part->found_count) = raw->environment;
    if (may_come_with(telling, part, raw))
        part->commit = raw->commit;
}

/* A commit may have several steps of a canary or an experiment, and something that was done by hand
 * before them. True if the ledger says all of it. */
static bool match_steps(struct telling_history *telling, struct raw_change *raw,
                        struct word_change *said)
{
    struct ledger_part *part =
        said->before && said->after ? find_step(telling, raw, 0, said->what, said->after) : NULL;
    while (part) {
        mark_found(telling, part, raw);
        said->after = part->from;
        if (says(said->before, part->from))
            return true;
        part = find_step(telling, raw, (uint32_t)(part - telling->entries) + 1, said->what,
                         part->from);
    }
    return false;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether the entry says that it became that, or that it was that; once for each
 * environment. */
enum side { SIDE_AFTER, SIDE_BEFORE };
static const struct word_change *take_said(const struct entry_change *change,
                                           const struct raw_change *raw, const char *what,
                                           enum side side, const char *words)
{
    uint32_t environment = 0;
    while (environment < change->environment_count && raw->environment &&
           strcmp(change->environments[environment], raw->environment) != 0)
        environment++;
    if ((!change->environment_count != !raw->environment) ||
        (raw->environment && environment == change->environment_count) || environment >= 64 ||
        (strcmp(change->flag, raw->flag) != 0 && !is_same(change->flag, raw->former)))
        return NULL;
    for (uint32_t i = 0; i < change->said_count; i++)
        if (!(change->found[i] >> environment & 1) && strcmp(change->said[i].what, what) == 0 &&
            is_same(side == SIDE_AFTER ? change->said[i].after : change->said[i].before, words)) {
            change->found[i] |= UINT64_C(1) << environment;
            return &change->said[i];
        }
    return NULL;
}

static const struct word_change *take_of_part(const struct telling_history *telling,
                                              struct ledger_part *part,
                                              const struct raw_change *raw, const char *what,
                                              enum side side, const char *words)
{
    for (uint32_t i = 0; i < part->change_count; i++) {
        const struct word_change *found = take_said(&part->changes[i], raw, what, side, words);
        if (found) {
            if (may_come_with(telling, part, raw))
                part->commit = raw->commit;
            return found;
        }
    }
    return NULL;
}

/* From what the commit left, back through the edits that led there, newest first. True: to what was
 * before it. */
static bool match_back(struct telling_history *telling, const struct raw_change *raw,
                       struct word_change *said)
{
    for (uint32_t i = 0; i < telling->entry_count; i++) {
        struct ledger_part *part = &telling->entries[i];
        const struct word_change *found =
            part->time <= time_of(telling, raw->commit)
                ? take_of_part(telling, part, raw, said->what, SIDE_AFTER, said->after)
                : NULL;
        if (found && is_same(said->before, found->before))
            return true;
        if (found)
            said->after = found->before;
    }
    return false;
}

/* From what was before the commit, through the edits that came with it, oldest first: what was done
 * by hand after them is left. */
static void match_forth(struct telling_history *telling, const struct raw_change *raw,
                        struct word_change *said)
{
    for (uint32_t i = telling->entry_count; i-- > 0;) {
        struct ledger_part *part = &telling->entries[i];
        bool with_it =
            part->commit == NOWHERE ? raw->commit == WORK_TREE : may_come_with(telling, part, raw);
        const struct word_change *found =
            with_it ? take_of_part(telling, part, raw, said->what, SIDE_BEFORE, said->before)
                    : NULL;
        if (found)
            said->before = found->after;
    }
}

/* As of steps: a commit may have several edits of a thing, and others by hand. */
static bool match_edits(struct telling_history *telling, const struct raw_change *raw,
                        struct word_change *said)
{
    if (match_back(telling, raw, said))
        return true;
    match_forth(telling, raw, said);
    return false;
}

static bool match_override(struct telling_history *telling, const struct raw_change *raw)
{
    if (raw->what != HAPPENED_NEW && raw->what != HAPPENED_GONE)
        return false;
    for (uint32_t i = 0; i < telling->entry_count; i++) {
        struct ledger_part *part = &telling->entries[i];
        if (!part->override || part->lifts != (raw->what == HAPPENED_GONE) ||
            strncmp(raw->override, "override:", 9) != 0 ||
            strcmp(raw->override + 9, part->override) != 0 ||
            part->time > time_of(telling, raw->commit))
            continue;
        if (part->commit == NOWHERE)
            part->commit = raw->commit;
        return true;
    }
    return false;
}

/* Whether the entry says that the flag came, went or got another name. */
static bool says_happened(const struct ledger_part *part, const struct raw_change *raw)
{
    for (uint32_t i = 0; i < part->change_count && raw->what != HAPPENED_CHANGED; i++)
        if (part->changes[i].what == raw->what && strcmp(part->changes[i].flag, raw->flag) == 0)
            return true;
    return false;
}

/* Any other entry that came with the commit: what it did is what the commit changed. One that says
 * itself what it did is not asked for anything else. */
static bool is_edit_of(const struct telling_history *telling, const struct ledger_part *part,
                       const struct raw_change *raw)
{
    if (part->subject || part->override || !concerns_raw(part, raw) ||
        !is_in(part, raw->environment))
        return false;
    if (!part->change_count)
        return part->commit == raw->commit;
    return says_happened(part, raw) &&
           (part->commit == raw->commit || part->time <= time_of(telling, raw->commit)) &&
           may_come_with(telling, part, raw);
}

static struct ledger_part *find_edit(struct telling_history *telling, const struct raw_change *raw)
{
    for (uint32_t i = 0; i < telling->entry_count && raw->flag; i++)
        if (is_edit_of(telling, &telling->entries[i], raw))
            return &telling->entries[i];
    return NULL;
}

static void match(struct telling_history *telling, struct raw_change *raw)
{
    if (raw->override) {
        if (match_override(telling, raw))
            raw->said_count = 0;
        return;
    }
    uint32_t kept = 0, count = raw->said_count;
    for (uint32_t i = 0; i < count; i++)
        if ((!raw->environment || !match_steps(telling, raw, &raw->said[i])) &&
            !match_edits(telling, raw, &raw->said[i]))
            raw->said[kept++] = raw->said[i];
    raw->said_count = kept;
    if (count && !kept)
        return;
    raw->entry = find_edit(telling, raw);
    if (raw->entry)
        raw->entry->is_told = true;
}

/* Newest first, as an entry is of the newest commit that it can be of. */
void match_entries(struct telling_history *telling)
{
    for (uint32_t i = 0; i < telling->raw_count; i++)
        match(telling, &telling->raws[i]);
}
