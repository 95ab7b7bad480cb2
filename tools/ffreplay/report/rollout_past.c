/* rollout_past.c - see rollout_past.h. */
#include "rollout_past.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "tools/ffreplay/evaluate/record.h"

static const char *kept(struct arena *arena, const char *text)
{
    return text ? arena_format(arena, "%s", text) : NULL;
}

static void add(struct rollout_past *past, struct arena *arena, const struct recorded *record)
{
    bool starts = record->to_state && strcmp(record->verdict, "start") == 0;
    if (starts)
        past->count = 0;
    struct rollout_change *change = ARENA_APPEND(arena, past->items, past->count);
    *change = (struct rollout_change){
        .at = record->time,
        .actor = kept(arena, record->actor),
        .verdict = kept(arena, record->verdict),
        .rule = kept(arena, record->rule),
        .reason = kept(arena, record->reason),
        .from = kept(arena, record->from),
        .to = kept(arena, record->to),
        .from_state = kept(arena, record->from_state),
        .to_state = kept(arena, record->to_state),
        .since = INT64_MIN,
        .override = kept(arena, json_text_at(record->override, "id")),
    };
    if (record->since && !parse_time(record->since, &change->since))
        change->since = INT64_MIN;
}

bool rollout_past_read(struct rollout_past *past, const struct project *project,
                       const struct flag *flag, uint32_t environment, struct arena *arena,
                       struct buffer *error)
{
    const char *name = project->environments.items[environment].text;
    const struct ledger_entries *entries = ledger_look(project->directory, error);
    *past = (struct rollout_past){0};
    if (!entries)
        return false;
    struct names_then names;
    names_then_find(&names, entries, flag, arena);
    for (uint32_t i = 0; i < entries->count; i++) {
        struct recorded record;
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        if (json && record_parse(&record, json) && (record.to_state || record.override) &&
            record_is_about(&record, called, name))
            add(past, arena, &record);
        json_decref(json);
    }
    return true;
}

static bool is_over(enum canary_state state)
{
    return state == CANARY_ROLLED_BACK || state == CANARY_COMPLETE;
}

const struct rollout_change *rollout_past_end(const struct rollout_past *past,
                                              const struct flag *flag, uint32_t environment)
{
    const struct canary *canary = flag->environments[environment].canary;
    if (!canary || !is_over(canary->state))
        return NULL;
    for (uint32_t i = past->count; i-- > 0;) {
        const struct rollout_change *change = &past->items[i];
        if (change->to_state)
            return strcmp(change->to_state, canary_state_words[canary->state]) == 0 ? change : NULL;
    }
    return NULL;
}

bool rollout_put_back(const struct rollout_change *end, const struct flag *flag,
                      uint32_t environment)
{
    struct canary *canary = flag->environments[environment].canary;
    int state = words_find(canary_state_words, end->from_state);
    for (uint32_t i = 0; state >= 0 && i < canary->stage_count; i++)
        if (strcmp(canary->stages[i].name.text, end->from) == 0) {
            canary->state = (enum canary_state)state;
            canary->stage = i;
            canary->since = end->since;
            return true;
        }
    return false;
}
