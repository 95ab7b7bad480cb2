/* kept_lines.c - see kept_lines.h. */
#include "kept_lines.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/aggregate/merge_units.h"
#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/aggregate/rows.h"

#define MINUTE INT64_C(60000)

/* A line in memory: what it says follows. */
struct kept {
    struct unit_hash unit;
    struct said_line line;
};

static const struct kept *kept_at(const struct kept_lines *kept, size_t at)
{
    const void *line = kept->lines + at * kept->line_size;
    return line;
}

/* ----------------------------------------------------------------------------------- on disk -- */

static bool write_run(struct kept_lines *kept, const char *path, struct buffer *error)
{
    struct aggregate_writer writer;
    if (!aggregate_create(&writer, path, error))
        return false;
    bool written = aggregate_put(&writer, AGGREGATE_HEAD, kept->runs->head, error);
    for (size_t at = 0; at < kept->count && written;) {
        at = kept_lines_write(kept, at, &writer, error);
        written = at != SIZE_MAX;
    }
    if (written)
        return aggregate_finish(&writer, error);
    aggregate_abandon(&writer);
    return false;
}

/* What is in memory goes to a file. */
static void spill(struct kept_lines *kept)
{
    struct kept_runs *runs = kept->runs;
    struct buffer error = {0};
    kept_lines_sort(kept);
    pthread_mutex_lock(&runs->lock);
    const char *path = kept_runs_add(runs);
    pthread_mutex_unlock(&runs->lock);
    if (path && !write_run(kept, path, &error)) {
        pthread_mutex_lock(&runs->lock);
        if (runs->error.length == 0)
            buffer_append(&runs->error, error.bytes, error.length);
        pthread_mutex_unlock(&runs->lock);
    }
    buffer_release(&error);
    kept->count = 0;
}

/* ------------------------------------------------------------------------------------ taking -- */

static bool is_measured(const struct kept_lines *kept, uint32_t log)
{
    for (uint32_t i = 0; i < kept->measure_count; i++)
        if (kept->measure_logs[i] == log)
            return true;
    return false;
}

static struct kept *new_line(struct kept_lines *kept)
{
    if (kept->count == kept->capacity && kept->count > 0 &&
        kept->capacity * kept->line_size >= KEPT_BYTES)
        spill(kept);
    if (kept->count == kept->capacity) {
        kept->capacity = kept->capacity ? kept->capacity * 2 : 256;
        kept->lines = xrealloc(kept->lines, kept->capacity * kept->line_size);
    }
    void *line = kept->lines + kept->count++ * kept->line_size;
    memset(line, 0, kept->line_size);
    return line;
}

/* `event` is the record's, with the unit that the flag is bucketed by. */
static void keep(struct kept_lines *kept, const struct record *record, const struct event *event)
{
    struct kept *line = new_line(kept);
    uint32_t place = 0;
    line->unit = event->unit;
    line->line.time = event->time;
    line->line.log = record->log;
    input_digest_add(&line->line.digest, record);
    for (uint32_t i = 0; i < kept->measure_count; i++)
        if (kept->measure_logs[i] == record->log)
            said_of(&kept->measures[i], event, &line->line.said[place++]);
}

static void take(struct consumer *consumer, const struct record *record)
{
    struct kept_lines *kept = (struct kept_lines *)consumer;
    if (!is_measured(kept, record->log))
        return;
    struct event event = *record->event;
    uint64_t *left_out = kept->left_out[record->log];
    event.has_unit = line_unit(&kept->keys[record->log], &kept->layouts[record->log], record->event,
                               &event.unit);
    if (record->duplicate)
        left_out[OUTCOME_DOUBLE]++;
    else if (event.time > kept->to)
        left_out[OUTCOME_LATER]++;
    else if (!event.has_unit)
        left_out[OUTCOME_NO_UNIT]++;
    else {
        kept->fractions[record->log] +=
            line_unit_is_fraction(&kept->keys[record->log], record->event);
        keep(kept, record, &event);
    }
}

static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
}

static_assert(offsetof(struct kept_lines, consumer) == 0, "a consumer is what it begins");

static struct consumer *fork_kept(struct consumer *consumer)
{
    const struct kept_lines *kept = (const struct kept_lines *)consumer;
    struct kept_lines *fork = xcalloc(1, sizeof *fork);
    *fork = *kept;
    kept_lines_init(fork);
    return &fork->consumer;
}

static void join_kept(struct consumer *consumer, struct consumer *other)
{
    struct kept_lines *kept = (struct kept_lines *)consumer, *fork = (struct kept_lines *)other;
    for (uint32_t i = 0; i < kept->log_count; i++) {
        kept->fractions[i] += fork->fractions[i];
        for (uint32_t cause = 0; cause < OUTCOME_LEFT_OUT_CAUSES; cause++)
            kept->left_out[i][cause] += fork->left_out[i][cause];
    }
    for (size_t i = 0; i < fork->count; i++)
        memcpy(new_line(kept), kept_at(fork, i), kept->line_size);
    kept_lines_release(fork);
    free(fork);
}

void kept_lines_init(struct kept_lines *kept)
{
    uint32_t most = 0;
    for (uint32_t log = 0; log < kept->log_count; log++) {
        uint32_t of_log = 0;
        for (uint32_t i = 0; i < kept->measure_count; i++)
            of_log += kept->measure_logs[i] == log;
        most = of_log > most ? of_log : most;
    }
    kept->consumer = (struct consumer){take, note_incomplete, fork_kept, join_kept};
    kept->line_size = sizeof(struct kept) + most * sizeof(struct said);
    kept->left_out = xcalloc((size_t)kept->log_count + 1, sizeof *kept->left_out);
    kept->fractions = xcalloc((size_t)kept->log_count + 1, sizeof *kept->fractions);
    kept->lines = NULL;
    kept->count = kept->capacity = 0;
}

void kept_lines_release(struct kept_lines *kept)
{
    free(kept->left_out);
    free(kept->fractions);
    free(kept->lines);
    kept->left_out = NULL;
    kept->fractions = NULL;
    kept->lines = NULL;
    kept->count = kept->capacity = 0;
}

/* ----------------------------------------------------------------------------------- sorting -- */

static int64_t minute_of(int64_t time)
{
    return time / MINUTE - (time % MINUTE < 0);
}

static int by_place(const void *left, const void *right, void *context)
{
    const struct kept_lines *kept = context;
    const struct kept *a = left, *b = right;
    if (a->unit.high != b->unit.high)
        return a->unit.high < b->unit.high ? -1 : 1;
    if (a->unit.low != b->unit.low)
        return a->unit.low < b->unit.low ? -1 : 1;
    uint32_t ranks[] = {kept->ranks[a->line.log], kept->ranks[b->line.log]};
    if (ranks[0] != ranks[1])
        return ranks[0] < ranks[1] ? -1 : 1;
    return (a->line.time > b->line.time) - (a->line.time < b->line.time);
}

void kept_lines_sort(struct kept_lines *kept)
{
    if (kept->count > 1)
        qsort_r(kept->lines, kept->count, kept->line_size, by_place, kept);
}

struct unit_hash kept_lines_unit(const struct kept_lines *kept, size_t at)
{
    return kept_at(kept, at)->unit;
}

/* -------------------------------------------------------------------------------------- rows -- */

static json_t *number_text(double number)
{
    struct buffer text = {0};
    json_write_number(&text, number);
    json_t *value = json_string(text.bytes);
    buffer_release(&text);
    if (!value)
        out_of_memory();
    return value;
}

/* What said_read() reads. */
static json_t *said_value(const struct said *said)
{
    switch (said->state) {
    case NUMBER_ABSENT:
        return NULL;
    case NUMBER_UNREADABLE:
        return json_null();
    case NUMBER_GIVEN:
        break;
    }
    if (said->denominator == 0 && (said->hit || said->number == 0))
        return json_integer(said->hit);
    if (said->denominator == 0)
        return number_text(said->number);
    json_t *pair = json_array();
    json_array_append_new(pair, number_text(said->number));
    json_array_append_new(pair, number_text(said->denominator));
    return pair;
}

static bool number_read(const json_t *value, double *number)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    *number = text ? strtod(text, &end) : 0;
    return text && end != text && !*end && isfinite(*number) && strlen(text) <= 32;
}

bool said_read(const json_t *value, struct said *said)
{
    *said = (struct said){.state = NUMBER_GIVEN};
    if (json_is_null(value)) {
        said->state = NUMBER_UNREADABLE;
        return true;
    }
    if (json_is_integer(value)) {
        said->hit = json_integer_value(value) == 1;
        return said->hit || json_integer_value(value) == 0;
    }
    if (json_is_string(value))
        return number_read(value, &said->number);
    return json_is_array(value) && json_array_size(value) == 2 &&
           number_read(json_array_get(value, 0), &said->number) &&
           number_read(json_array_get(value, 1), &said->denominator);
}

struct said said_of_pair(const struct unit_pair *pair)
{
    struct said said = {.state = NUMBER_GIVEN};
    switch (pair->kind) {
    case SAID_NOTHING:
        said.state = NUMBER_UNREADABLE;
        break;
    case SAID_TRUTH:
        said.hit = *pair->text.at == '1';
        break;
    case SAID_TWO:
        said.denominator = line_text_number(pair->second);
        said.number = line_text_number(pair->text);
        break;
    case SAID_NUMBER:
        said.number = line_text_number(pair->text);
        break;
    }
    return said;
}

void kept_unit_key(struct buffer *key, const char *prefix, struct unit_hash unit)
{
    char hex[UNIT_TEXT];
    unit_text(unit, hex);
    key->length = 0;
    buffer_format(key, "%s/%s", prefix, hex);
}

static json_t *line_value(const struct kept_lines *kept, const struct said_line *line)
{
    json_t *said = json_object(), *digest = json_object(), *value = json_array();
    uint32_t place = 0;
    for (uint32_t i = 0; i < kept->measure_count; i++) {
        if (kept->measure_logs[i] != line->log)
            continue;
        json_t *number = said_value(&line->said[place++]);
        if (number)
            json_object_set_new(said, kept->measures[i].metric->name.text, number);
    }
    row_put_digest(digest, "it", &line->digest);
    json_array_append_new(value, json_integer(line->time));
    json_array_append_new(value, json_integer(1));
    json_array_append(value, json_object_get(digest, "it"));
    json_array_append_new(value, said);
    json_decref(digest);
    return value;
}

static bool same_row(const struct kept *a, const struct kept *b)
{
    return a->unit.high == b->unit.high && a->unit.low == b->unit.low &&
           a->line.log == b->line.log && minute_of(a->line.time) == minute_of(b->line.time);
}

size_t kept_lines_write(const struct kept_lines *kept, size_t at, struct aggregate_writer *writer,
                        struct buffer *error)
{
    struct unit_hash unit = kept_lines_unit(kept, at);
    struct buffer key = {0};
    bool written = true;
    while (at < kept->count && written) {
        const struct kept *first = kept_at(kept, at);
        char minute[32];
        if (first->unit.high != unit.high || first->unit.low != unit.low)
            break;
        json_t *row = json_object(), *lines = json_array();
        for (; at < kept->count && same_row(first, kept_at(kept, at)); at++)
            json_array_append_new(lines, line_value(kept, &kept_at(kept, at)->line));
        lines_settle(lines);
        json_object_set_new(row, "said", lines);
        format_time(minute_of(first->line.time) * MINUTE, minute, sizeof minute);
        kept_unit_key(&key, kept->prefix, unit);
        key_add(&key, kept->layouts[first->line.log].log->name.text);
        buffer_format(&key, "/%.16s", minute);
        written = aggregate_put(writer, key.bytes, row, error);
        json_decref(row);
    }
    buffer_release(&key);
    return written ? at : SIZE_MAX;
}
