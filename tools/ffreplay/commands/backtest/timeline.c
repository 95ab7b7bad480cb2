/* timeline.c - see timeline.h. */
#include "timeline.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "tools/ffreplay/metrics/windows.h"

/* How many pieces are read before the files are compared again. */
#define PIECES_AT_ONCE 64

struct timeline_file {
    struct consumer consumer;
    struct timeline *timeline;
    struct stream stream;
    uint32_t field_count;
    bool open, ended;
    bool in_order; /* roughly */
    int64_t newest;
};
static_assert(offsetof(struct timeline_file, consumer) == 0, "a consumer is the file it begins");

/* ----------------------------------------------------------------------------------- waiting -- */

int64_t look_of(int64_t time, int64_t interval)
{
    return window_begin(time - 1, interval) + interval;
}

/* Most records belong to one of the latest looks. */
static struct look_records *look_at(struct timeline *timeline, int64_t look)
{
    size_t at = timeline->waiting_count;
    while (at > 0 && timeline->waiting[at - 1].look > look)
        at--;
    if (at > 0 && timeline->waiting[at - 1].look == look)
        return &timeline->waiting[at - 1];
    if (timeline->waiting_count == timeline->waiting_capacity) {
        timeline->waiting_capacity =
            timeline->waiting_capacity ? timeline->waiting_capacity * 2 : 16;
        timeline->waiting =
            xrealloc(timeline->waiting, timeline->waiting_capacity * sizeof *timeline->waiting);
    }
    memmove(timeline->waiting + at + 1, timeline->waiting + at,
            (timeline->waiting_count - at) * sizeof *timeline->waiting);
    timeline->waiting_count++;
    timeline->waiting[at] = (struct look_records){.look = look};
    return &timeline->waiting[at];
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct timeline_file *file = (struct timeline_file *)consumer;
    struct timeline *timeline = file->timeline;
    int64_t time = record->event->time;
    if (time > timeline->until)
        return;
    timeline->taken++;
    if (time > file->newest)
        file->newest = time;
    if (file->in_order && time < file->newest - timeline->replay->times.lateness) {
        timeline->late++;
        return;
    }
    if (time < timeline->first)
        timeline->first = time;
    if (time > timeline->last)
        timeline->last = time;
    record_copies_add(&look_at(timeline, look_of(time, timeline->interval))->records,
                      copy_record(record, file->field_count));
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

/* ------------------------------------------------------------------------------------- files -- */

static bool open_file(struct timeline *timeline, struct timeline_file *file, const char *argument)
{
    uint32_t log;
    const char *path;
    *file = (struct timeline_file){
        .consumer = {.take = take, .note_incomplete = note_incomplete},
        .timeline = timeline,
        .newest = INT64_MIN,
    };
    if (!replay_find_log(timeline->replay, argument, &log, &path) ||
        !stream_open(&file->stream, timeline->replay,
                     (struct stream_file){.path = path, .shown = path}, log, false,
                     &file->consumer))
        return false;
    const struct layout *layout = &timeline->replay->layouts[log];
    file->open = true;
    file->in_order = layout_framing(layout) != FRAMING_JSON;
    file->field_count = layout->count;
    timeline->sorts |= layout->id != NO_PLACE;
    return true;
}

bool timeline_open(struct timeline *timeline, struct replay *replay, int64_t interval,
                   int64_t until, char **arguments, size_t count)
{
    *timeline = (struct timeline){.replay = replay,
                                  .interval = interval,
                                  .until = until,
                                  .first = INT64_MAX,
                                  .last = INT64_MIN};
    timeline->files = xcalloc(count + 1, sizeof *timeline->files);
    bool opened = true;
    for (; timeline->file_count < count && opened; timeline->file_count++)
        opened = open_file(timeline, &timeline->files[timeline->file_count],
                           arguments[timeline->file_count]);
    return opened;
}

void timeline_close(struct timeline *timeline)
{
    for (uint32_t i = 0; i < timeline->file_count; i++)
        if (timeline->files[i].open)
            stream_close(&timeline->files[i].stream);
    for (size_t i = 0; i < timeline->waiting_count; i++)
        record_copies_release(&timeline->waiting[i].records);
    free(timeline->waiting);
    free(timeline->files);
    *timeline = (struct timeline){0};
}

struct traffic_span timeline_span(const struct timeline *timeline)
{
    struct traffic traffic = TRAFFIC_INIT;
    for (uint32_t i = 0; i < timeline->file_count; i++)
        traffic_join(&traffic, &timeline->files[i].stream.worker.traffic);
    struct traffic_span span = traffic_span(&traffic, INT64_MIN);
    traffic_release(&traffic);
    return span;
}

/* -------------------------------------------------------------------------------------- next -- */

/* Nothing before this can still come from the file. */
static int64_t horizon_of(const struct timeline_file *file)
{
    if (!file->in_order || file->newest == INT64_MIN)
        return INT64_MIN;
    return file->newest - file->timeline->replay->times.lateness;
}

/* The file that is furthest behind; NULL when all have ended. */
static struct timeline_file *last_file(struct timeline *timeline)
{
    struct timeline_file *last = NULL;
    for (uint32_t i = 0; i < timeline->file_count; i++) {
        struct timeline_file *file = &timeline->files[i];
        if (!file->ended && (!last || horizon_of(file) < horizon_of(last)))
            last = file;
    }
    return last;
}

static enum timeline_step hand_out(struct timeline *timeline, struct look_records *records)
{
    *records = timeline->waiting[0];
    timeline->waiting_count--;
    memmove(timeline->waiting, timeline->waiting + 1,
            timeline->waiting_count * sizeof *timeline->waiting);
    if (timeline->sorts)
        record_copies_sort(&records->records);
    return TIMELINE_LOOK;
}

enum timeline_step timeline_next(struct timeline *timeline, struct look_records *records)
{
    for (;;) {
        struct timeline_file *last = last_file(timeline);
        bool waits = timeline->waiting_count > 0;
        if (waits && (!last || timeline->waiting[0].look < horizon_of(last)))
            return hand_out(timeline, records);
        if (!last)
            return TIMELINE_END;
        for (int i = 0; i < PIECES_AT_ONCE && !last->ended; i++)
            last->ended = !stream_step(&last->stream);
        if (last->ended && !stream_is_sound(&last->stream))
            return TIMELINE_FAILED;
    }
}
