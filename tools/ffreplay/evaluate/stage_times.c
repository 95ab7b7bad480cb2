/* stage_times.c - see stage_times.h. */
#include "stage_times.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/rollout/experiment_state.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "record.h"
#include "compiler/model/model.h"

static bool state_named(const char *text, enum canary_state *state)
{
    int found = words_find(canary_state_words, text);
    *state = (enum canary_state)found;
    return found >= 0;
}

static bool stage_named(const struct canary *canary, const char *name, uint32_t *stage)
{
    for (*stage = 0; *stage < canary->stage_count; (*stage)++)
        if (strcmp(canary->stages[*stage].name.text, name) == 0)
            return true;
    return false;
}

static void add(struct stage_times *times, struct arena *arena, struct stage_time time)
{
    /* Later entries of the ledger take precedence, whatever the clock said when they were
     * written. */
    while (times->count > 1 && times->items[times->count - 1].from >= time.from)
        times->count--;
    *ARENA_APPEND(arena, times->items, times->count) = time;
}

/* A stage that the policy no longer has is unknown. */
static struct stage_time told(const struct canary *canary, int64_t from, const char *state,
                              const char *stage)
{
    struct stage_time time = {.from = from};
    time.known = state && stage && state_named(state, &time.state) &&
                 stage_named(canary, stage, &time.stage);
    return time;
}

static void add_record(struct stage_times *times, struct arena *arena, const struct canary *canary,
                       const struct recorded *record)
{
    int64_t since;
    if (times->count == 1 && record->since && parse_time(record->since, &since) &&
        strcmp(record->from_state, canary_state_words[CANARY_PENDING]) != 0)
        add(times, arena, told(canary, since, record->from_state, record->from));
    add(times, arena, told(canary, record->time, record->to_state, record->to));
}

static void find_same(struct stage_times *times, const struct canary *canary)
{
    for (uint32_t i = 0; i < times->count; i++) {
        const char *text = stage_time_text(&times->items[i], canary);
        uint32_t *same = &times->items[i].same;
        while (strcmp(stage_time_text(&times->items[*same], canary), text) != 0)
            (*same)++;
    }
}

bool stage_times_read(struct stage_times *times, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error)
{
    struct arena *arena = &project->arena;
    const struct canary *canary = flag->environments[environment].canary;
    const char *name = project->environments.items[environment].text;
    *times = (struct stage_times){0};
    const struct ledger_entries *entries = ledger_look(project->directory, error);
    if (!entries)
        return false;
    struct names_then names;
    names_then_find(&names, entries, flag, arena);
    bool pending = canary->state == CANARY_PENDING;
    add(times, arena,
        (struct stage_time){.from = INT64_MIN, .state = CANARY_PENDING, .known = pending});
    for (uint32_t i = 0; i < entries->count; i++) {
        struct recorded record;
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        if (json && record_parse(&record, json) && record.to_state &&
            record_is_about(&record, called, name))
            add_record(times, arena, canary, &record);
        json_decref(json);
    }
    if (!pending)
        add(times, arena,
            (struct stage_time){canary->since, canary->state, canary->stage, .known = true});
    find_same(times, canary);
    return true;
}

/* ------------------------------------------------------------------------------- experiments -- */

/* False: the entry's state or winner is none that the flag has. */
static bool trial_at(const struct targeting *targeting, const json_t *trial,
                     struct stage_time *time)
{
    const char *state = json_text_at(trial, "state"), *winner = json_text_at(trial, "winner");
    int found = state ? words_find(experiment_state_words, state) : -1;
    time->trial = (enum experiment_state)found;
    time->winner = UINT32_MAX;
    for (uint32_t i = 0; winner && i < targeting->variant_count; i++) {
        const char *name = targeting->variants[i].name.text;
        if (name && strcmp(name, winner) == 0)
            time->winner = i;
    }
    return found >= 0 && (!winner || time->winner != UINT32_MAX);
}

static struct stage_time trial_now(const struct experiment *experiment)
{
    return (struct stage_time){.from = INT64_MIN,
                               .trial = experiment->state,
                               .winner = experiment->has_winner ? experiment->winner : UINT32_MAX};
}

/* False: it is of no time, or of a state or winner that is not known. */
static bool add_trial(struct stage_times *times, struct arena *arena,
                      const struct targeting *targeting, const json_t *entry)
{
    const json_t *trial = json_object_get(entry, "experiment");
    const char *text = json_text_at(entry, "time");
    struct stage_time before = {.from = INT64_MIN}, after = {0};
    if (!text || !parse_time(text, &after.from) ||
        !trial_at(targeting, json_object_get(trial, "from"), &before) ||
        !trial_at(targeting, json_object_get(trial, "to"), &after))
        return false;
    if (times->count == 0)
        add(times, arena, before);
    add(times, arena, after);
    return true;
}

bool trial_times_read(struct stage_times *times, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error)
{
    struct arena *arena = &project->arena;
    const struct targeting *targeting = &flag->environments[environment];
    const struct stage_time now = trial_now(targeting->experiment);
    bool is_known = true;
    *times = (struct stage_times){0};
    struct names_then names = {.count = 0};
    const struct ledger_entries *entries = ledger_look(project->directory, error);
    if (entries)
        names_then_find(&names, entries, flag, arena);
    for (uint32_t i = 0; entries && i < entries->count; i++) {
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        if (json && trial_is_of(json, called, project, flag, environment))
            is_known &= add_trial(times, arena, targeting, json);
        json_decref(json);
    }
    const struct stage_time *last = times->count ? &times->items[times->count - 1] : NULL;
    bool is_as_now = last && last->trial == now.trial && last->winner == now.winner;
    times->trial = !last                   ? TRIAL_NOT_TOLD
                   : is_known && is_as_now ? TRIAL_TOLD
                                           : TRIAL_TOLD_OTHERWISE;
    if (times->trial != TRIAL_TOLD) {
        times->count = 0;
        add(times, arena, now);
    }
    return entries != NULL;
}

const struct stage_time *stage_times_at(const struct stage_times *times, int64_t time)
{
    uint32_t place = times->count - 1;
    while (place > 0 && times->items[place].from > time)
        place--;
    return &times->items[place];
}

const char *stage_time_text(const struct stage_time *time, const struct canary *canary)
{
    if (!time->known)
        return "before";
    bool stands = time->state == CANARY_RUNNING || time->state == CANARY_PAUSED;
    return stands ? canary->stages[time->stage].name.text : canary_state_words[time->state];
}
