/* worker.c - see worker.h. */
#include "worker.h"

#include <string.h>

#include "tools/ffreplay/logs/unit_set.h"

void log_times_init(struct log_times *times)
{
    *times = (struct log_times){.earliest = INT64_MAX};
}

int64_t log_times_newest(const struct log_times *times, uint32_t place)
{
    return place < times->latest_count ? times->latest[times->latest_count - 1 - place] : INT64_MIN;
}

/* Most logs ascend, so that a time is most often later than all before it. */
static void note_newest(struct log_times *times, int64_t time)
{
    if (time <= log_times_newest(times, NEWEST_COUNT - 1))
        return;
    if (times->latest_count == NEWEST_ROOM) {
        memcpy(times->latest, times->latest + NEWEST_ROOM - NEWEST_COUNT,
               NEWEST_COUNT * sizeof *times->latest);
        times->latest_count = NEWEST_COUNT;
    }
    uint32_t place = times->latest_count++;
    for (; place > 0 && times->latest[place - 1] > time; place--)
        times->latest[place] = times->latest[place - 1];
    times->latest[place] = time;
}

void log_times_add(struct log_times *times, int64_t time)
{
    times->timed++;
    if (time < times->earliest)
        times->earliest = time;
    note_newest(times, time);
}

void log_times_join(struct log_times *times, const struct log_times *other)
{
    times->timed += other->timed;
    if (other->earliest < times->earliest)
        times->earliest = other->earliest;
    for (uint32_t i = 0; i < NEWEST_COUNT && i < other->latest_count; i++)
        note_newest(times, log_times_newest(other, i));
}

static bool is_duplicate(const struct worker *worker, const struct event *event)
{
    if (!worker->ids)
        return false;
    const struct value *id = &event->values[worker->records.layout->id];
    if (id->kind != VALUE_STRING && id->kind != VALUE_NUMBER)
        return false;
    return !unit_set_add(worker->ids, unit_hash_of(id->text, id->length), false);
}

void worker_take(void *context, struct record *record)
{
    struct worker *worker = context;
    log_times_add(&worker->times, record->event->time);
    record->duplicate = is_duplicate(worker, record->event);
    for (uint32_t i = 0; i < worker->taker_count; i++)
        worker->takers[i]->take(worker->takers[i], record);
}
