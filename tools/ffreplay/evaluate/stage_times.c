/* stage_times.c - see stage_times.h. */
#include "stage_times.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/rollout/ledger.h"
#include "compiler/base/calendar.h"
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
    bool pending = canary->state == CANARY_PENDING;
    add(times, arena,
        (struct stage_time){.from = INT64_MIN, .state = CANARY_PENDING, .known = pending});
    for (uint32_t i = 0; i < entries->count; i++) {
        struct recorded record;
        json_t *json = ledger_json(entries, i, flag->name.text);
        if (json && record_parse(&record, json) && record.to_state &&
            record_is_about(&record, flag->name.text, name))
            add_record(times, arena, canary, &record);
        json_decref(json);
    }
    if (!pending)
        add(times, arena,
            (struct stage_time){canary->since, canary->state, canary->stage, .known = true});
    find_same(times, canary);
    return true;
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
