/* worker.c - see worker.h. */
#include "worker.h"

#include <string.h>

#include "tools/ffreplay/logs/unit_set.h"

void log_times_init(struct log_times *times)
{
    *times = (struct log_times){.earliest = INT64_MAX};
    for (int i = 0; i < NEWEST_COUNT; i++)
        times->newest[i] = INT64_MIN;
}

/* Most logs ascend, so that a time is most often later than all before it. */
static void note_newest(struct log_times *times, int64_t time)
{
    if (time <= times->newest[NEWEST_COUNT - 1])
        return;
    size_t place = 0;
    while (times->newest[place] >= time)
        place++;
    memmove(&times->newest[place + 1], &times->newest[place],
            (NEWEST_COUNT - 1 - place) * sizeof *times->newest);
    times->newest[place] = time;
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
    for (int i = 0; i < NEWEST_COUNT; i++)
        note_newest(times, other->newest[i]);
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
