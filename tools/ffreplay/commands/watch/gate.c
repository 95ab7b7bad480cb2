/* gate.c - see gate.h. */
#include "gate.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

static_assert(offsetof(struct gate, taker) == 0, "a taker is the gate it begins");

static void let_through(struct gate *gate, const struct record *record)
{
    for (uint32_t i = 0; i < gate->analyses->count; i++)
        analysis_take(&gate->analyses->items[i], record);
}

static void take(struct taker *taker, const struct record *record)
{
    struct gate *gate = (struct gate *)taker;
    struct replay *replay = gate->replay;
    int64_t ahead = record->event->time - replay->times.now;
    traffic_add(&replay->seen, record->event->time);
    if (ahead > 0 && ahead <= replay->times.lateness) {
        kept_list_add(&gate->waiting, keep_record(record, replay->layouts[record->log].count));
        return;
    }
    if (ahead > 0) {
        gate->ahead.lines++;
        gate->ahead.by = ahead > gate->ahead.by ? ahead : gate->ahead.by;
    }
    let_through(gate, record);
}

/* Nothing ends within a line while it is written to. */
static void note_incomplete(struct taker *taker, uint32_t log)
{
    (void)taker;
    (void)log;
}

void gate_open(struct gate *gate, struct replay *replay, struct analyses *analyses)
{
    *gate = (struct gate){.taker = {.take = take, .note_incomplete = note_incomplete},
                          .replay = replay,
                          .analyses = analyses};
}

void gate_close(struct gate *gate)
{
    kept_list_release(&gate->waiting);
}

void gate_pass(struct gate *gate)
{
    struct kept_list *waiting = &gate->waiting;
    size_t left = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        struct kept *kept = waiting->items[i];
        if (kept->event.time > gate->replay->times.now) {
            waiting->items[left++] = kept;
            continue;
        }
        let_through(gate, &kept->record);
        free(kept);
    }
    waiting->count = left;
}
