/* inputs.c - see inputs.h. */
#include "inputs.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "tools/ffreplay/aggregate/row.h"

static struct input *input_at(struct inputs *inputs, uint32_t source)
{
    if (source >= inputs->count) {
        inputs->items = xrealloc(inputs->items, (source + 1u) * sizeof *inputs->items);
        while (inputs->count <= source)
            inputs->items[inputs->count++] = (struct input){{0, 0}, 0};
    }
    return &inputs->items[source];
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct inputs *inputs = (struct inputs *)consumer;
    struct input *input = input_at(inputs, record->event->source);
    int64_t time = record->event->time, now = inputs->replay->times.now;
    input_digest_add(&input->digest, record);
    input->records++;
    if (now != INT64_MIN && time > now)
        inputs->cut = time < inputs->cut ? time : inputs->cut;
    else if (time > inputs->last)
        inputs->last = time;
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

static struct consumer *fork_inputs(struct consumer *consumer)
{
    struct inputs *fork = xcalloc(1, sizeof *fork);
    inputs_begin(fork, ((struct inputs *)consumer)->replay);
    return &fork->consumer;
}

static void join_inputs(struct consumer *consumer, struct consumer *forked)
{
    struct inputs *inputs = (struct inputs *)consumer, *fork = (struct inputs *)forked;
    for (uint32_t i = 0; i < fork->count; i++) {
        struct input *input = input_at(inputs, i);
        input_digest_join(&input->digest, &fork->items[i].digest);
        input->records += fork->items[i].records;
    }
    inputs->last = fork->last > inputs->last ? fork->last : inputs->last;
    inputs->cut = fork->cut < inputs->cut ? fork->cut : inputs->cut;
    inputs_release(fork);
    free(fork);
}

static_assert(offsetof(struct inputs, consumer) == 0, "a consumer is what it begins");

void inputs_begin(struct inputs *inputs, const struct replay *replay)
{
    *inputs = (struct inputs){.consumer = {take, note_incomplete, fork_inputs, join_inputs},
                              .replay = replay,
                              .last = INT64_MIN,
                              .cut = INT64_MAX};
}

void inputs_release(struct inputs *inputs)
{
    free(inputs->items);
    inputs->items = NULL;
    inputs->count = 0;
}

static json_t *input_row(const struct inputs *inputs, uint32_t source)
{
    json_t *row = json_object();
    row_put_count(row, "copies", 1);
    row_put_count(row, "lines", inputs->items[source].records);
    row_put_text(row, "name", inputs->replay->sources[source].path);
    return row;
}

void inputs_put(const struct inputs *inputs, struct rows *rows)
{
    struct buffer key = {0};
    for (uint32_t i = 0; i < inputs->count; i++) {
        char hex[INPUT_DIGEST_TEXT];
        if (inputs->items[i].records == 0)
            continue;
        input_digest_text(&inputs->items[i].digest, hex);
        KEY(&key, "input", hex);
        rows_add(rows, key.bytes, input_row(inputs, i));
    }
    json_t *used = json_object();
    row_put_time(used, "last", inputs->last);
    row_put_time(used, "cut", inputs->cut);
    rows_add(rows, "time/used", used);
    buffer_release(&key);
}
