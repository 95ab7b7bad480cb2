/* worker.c - see worker.h. */
#include "worker.h"

#include "tools/ffreplay/logs/unit_set.h"

static bool is_duplicate(const struct worker *worker, const struct event *event)
{
    if (!worker->ids)
        return false;
    if (worker->noted)
        return block_ids_next(worker->noted, event->place.part);
    const struct value *id = &event->values[worker->records.layout->id];
    if (!value_identifies(id))
        return false;
    return !unit_set_add(worker->ids, unit_hash_of(id->text, id->length));
}

void worker_note_id(void *context, struct record *record)
{
    struct worker *worker = context;
    const struct event *event = record->event;
    block_ids_note(worker->noted, event->place.part, &event->values[worker->records.layout->id]);
}

void worker_take_bad(void *context, int64_t time, uint64_t lines)
{
    struct worker *worker = context;
    for (uint64_t i = 0; i < lines; i++)
        traffic_add(&worker->bad, time);
}

void worker_take(void *context, struct record *record)
{
    struct worker *worker = context;
    traffic_add(&worker->traffic, record->event->time);
    record->duplicate = is_duplicate(worker, record->event);
    for (uint32_t i = 0; i < worker->consumer_count; i++)
        worker->consumers[i]->take(worker->consumers[i], record);
}
