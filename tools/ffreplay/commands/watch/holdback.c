/* holdback.c - see holdback.h. */
#include "holdback.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

static_assert(offsetof(struct holdback, consumer) == 0, "a consumer is the holdback it begins");

static void let_through(struct holdback *holdback, const struct record *record)
{
    for (uint32_t i = 0; i < holdback->analyses->count; i++)
        analysis_take(&holdback->analyses->items[i], record);
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct holdback *holdback = (struct holdback *)consumer;
    struct replay *replay = holdback->replay;
    int64_t ahead = record->event->time - replay->times.now;
    traffic_add(&replay->seen, record->event->time);
    if (ahead > 0 && ahead <= replay->times.lateness) {
        record_copies_add(&holdback->waiting,
                          copy_record(record, replay->layouts[record->log].count));
        return;
    }
    if (ahead > 0) {
        holdback->ahead.lines++;
        holdback->ahead.by = ahead > holdback->ahead.by ? ahead : holdback->ahead.by;
    }
    let_through(holdback, record);
}

/* While a log is being written to, its last line may be incomplete. */
static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

void holdback_open(struct holdback *holdback, struct replay *replay, struct analyses *analyses)
{
    *holdback = (struct holdback){.consumer = {.take = take, .note_incomplete = note_incomplete},
                                  .replay = replay,
                                  .analyses = analyses};
}

void holdback_close(struct holdback *holdback)
{
    record_copies_release(&holdback->waiting);
}

void holdback_release(struct holdback *holdback)
{
    struct record_copies *waiting = &holdback->waiting;
    size_t left = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        struct record_copy *copy = waiting->items[i];
        if (copy->event.time > holdback->replay->times.now) {
            waiting->items[left++] = copy;
            continue;
        }
        let_through(holdback, &copy->record);
        free(copy);
    }
    waiting->count = left;
}
