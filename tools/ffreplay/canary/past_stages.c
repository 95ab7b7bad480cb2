/* past_stages.c - see past_stages.h. */
#include "past_stages.h"

#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/evaluate/stage_times.h"

/* ----------------------------------------------------------------------------------- finding -- */

static bool is_served(const struct stage_time *time)
{
    return time->known && (time->state == CANARY_RUNNING || time->state == CANARY_PAUSED);
}

/* What ended it, or was before it began. */
static bool is_another_rollout(const struct stage_time *time)
{
    return time->known && !is_served(time);
}

static void add(struct past_stages *past, struct arena *arena, int64_t from, int64_t to,
                uint32_t stage)
{
    struct past_stage *last = past->count ? &past->items[past->count - 1] : NULL;
    if (from >= to)
        return;
    if (last && last->stage == stage && last->to == from)
        last->to = to;
    else
        *ARENA_APPEND(arena, past->items, past->count) =
            (struct past_stage){.from = from, .to = to, .stage = stage};
}

bool past_stages_find(struct past_stages *past, struct project *project, const struct flag *flag,
                      uint32_t environment, struct buffer *error)
{
    const struct canary *canary = flag->environments[environment].canary;
    struct stage_times times;
    *past = (struct past_stages){0};
    if (canary->since == INT64_MIN || canary->instant || canary->state == CANARY_PENDING)
        return true;
    if (!stage_times_read(&times, project, flag, environment, error))
        return false;
    for (uint32_t i = 0; i + 1 < times.count && times.items[i].from < canary->since; i++) {
        const struct stage_time *time = &times.items[i];
        int64_t to = time[1].from < canary->since ? time[1].from : canary->since;
        if (is_another_rollout(time))
            past->count = 0;
        else if (is_served(time) && time->from != INT64_MIN)
            add(past, &project->arena, time->from, to, time->stage);
    }
    if (past->count > PAST_STAGES_MOST) {
        past->left_out = past->count - PAST_STAGES_MOST;
        past->count = PAST_STAGES_MOST;
        memmove(past->items, past->items + past->left_out, past->count * sizeof *past->items);
    }
    return true;
}

/* --------------------------------------------------------------------------------- preparing -- */

/* The model's canary stands in the stage while its snapshots are compiled. */
static bool open_subject(struct past_stage *stage, const struct subject *now,
                         struct project *project, const struct served_record *record)
{
    struct canary *canary = now->canary;
    enum canary_state state = canary->state;
    uint32_t at = canary->stage;
    struct served_record quiet = *record;
    quiet.is_quiet = true;
    stage->subject = (struct subject){.flag = now->flag,
                                      .environment = now->environment,
                                      .targeting = now->targeting,
                                      .canary = canary,
                                      .stage = stage->stage};
    canary->stage = stage->stage;
    canary->state = CANARY_RUNNING;
    bool opened = subject_open(&stage->subject, project, &quiet);
    canary->stage = at;
    canary->state = state;
    return opened;
}

/* Who is control is known there only by what the line is bucketed by. */
static bool can_tell(const struct subject *subject, const struct layout *layout)
{
    return subject->takes_everybody || layout->variant != NO_PLACE ||
           layout->log->context_count == 0 ||
           !log_lacks(layout->log, subject->targeting->bucket_by);
}

static bool prepare_stage(struct past_stage *stage, const struct analysis *analysis,
                          struct project *project, struct layout *layouts,
                          const struct served_record *record)
{
    if (!open_subject(stage, &analysis->subject, project, record))
        return false;
    stage->assigners = ARENA_ARRAY(&project->arena, struct assigner, analysis->log_count + 1);
    for (uint32_t log = 0; log < analysis->log_count; log++)
        if (analysis->assigners[log].layout && can_tell(&stage->subject, &layouts[log]) &&
            !assigner_prepare(&stage->assigners[log], &stage->subject, &layouts[log]))
            return false;
    series_init(&stage->series, analysis->columns, 2 * analysis->accumulator_count,
                analysis->times->window);
    return true;
}

bool past_stages_prepare(struct analysis *analysis, struct project *project, struct layout *layouts,
                         const struct served_record *record)
{
    for (uint32_t i = 0; i < analysis->past.count; i++)
        if (!prepare_stage(&analysis->past.items[i], analysis, project, layouts, record))
            return false;
    return true;
}

void past_stages_forget(struct past_stages *past)
{
    for (uint32_t i = 0; i < past->count; i++)
        series_release(&past->items[i].series);
}

void past_stages_release(struct past_stages *past)
{
    past_stages_forget(past);
    for (uint32_t i = 0; i < past->count; i++)
        subject_close(&past->items[i].subject);
    *past = (struct past_stages){0};
}

/* --------------------------------------------------------------------------------- gathering -- */

static struct past_stage *stage_at(const struct past_stages *past, int64_t time)
{
    for (uint32_t i = past->count; i-- > 0;)
        if (time >= past->items[i].from && time < past->items[i].to)
            return &past->items[i];
    return NULL;
}

void past_stages_take(struct analysis *analysis, const struct record *record)
{
    const struct event *event = record->event;
    struct past_stage *stage = stage_at(&analysis->past, event->time);
    struct assigner *assigner = stage ? &stage->assigners[record->log] : NULL;
    if (!assigner || !assigner->layout || record->duplicate)
        return;
    enum assignment group = assign(assigner, event, PAST_AS_SERVED);
    if (group == ASSIGNED_CANARY || group == ASSIGNED_CONTROL)
        analysis_gather_series(analysis, &stage->series, assigner, record, group);
}

void past_stages_fork(struct analysis *fork, const struct analysis *of)
{
    struct past_stages *past = &fork->past;
    past->items = xcalloc(of->past.count + 1, sizeof *past->items);
    for (uint32_t i = 0; i < past->count; i++) {
        struct past_stage *stage = &past->items[i];
        *stage = of->past.items[i];
        stage->assigners = xcalloc(fork->log_count + 1, sizeof *stage->assigners);
        for (uint32_t log = 0; log < fork->log_count; log++) {
            stage->assigners[log] = of->past.items[i].assigners[log];
            stage->assigners[log].subject = &stage->subject;
            stage->assigners[log].cursor = NULL;
            stage->assigners[log].origins = (struct origins){.before_edit = 0};
        }
        series_init(&stage->series, fork->columns, 2 * fork->accumulator_count,
                    fork->times->window);
    }
}

void past_stages_join(struct past_stages *past, struct past_stages *fork, uint32_t log_count)
{
    for (uint32_t i = 0; i < past->count; i++) {
        struct past_stage *stage = &past->items[i], *other = &fork->items[i];
        series_merge(&stage->series, &other->series);
        for (uint32_t log = 0; log < log_count; log++)
            origins_join(&stage->assigners[log].origins, &other->assigners[log].origins);
    }
}

void past_stages_free_fork(struct past_stages *fork)
{
    past_stages_forget(fork);
    for (uint32_t i = 0; i < fork->count; i++)
        free(fork->items[i].assigners);
    free(fork->items);
    *fork = (struct past_stages){0};
}

struct origins past_stage_origins(const struct past_stage *stage, uint32_t log_count)
{
    struct origins origins = {.before_edit = 0};
    for (uint32_t log = 0; log < log_count; log++)
        origins_join(&origins, &stage->assigners[log].origins);
    return origins;
}
