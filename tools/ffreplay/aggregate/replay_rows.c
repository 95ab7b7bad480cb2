/* replay_rows.c - see replay_rows.h. */
#include "replay_rows.h"

#include <stdio.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/escape.h"
#include "compiler/model/model.h"

static const char *const traffic_names[] = {"bad", "seen"};

static const struct log *log_at(const struct replay *replay, uint32_t log)
{
    return replay->project->logs[log];
}

/* ----------------------------------------------------------------------------------- writing -- */

static void put_fields(json_t *row, const struct log_counts *counts, const struct layout *layout)
{
    json_t *fields = json_object();
    for (uint32_t place = 0; place < layout->count && place < 64; place++)
        row_put_truth(fields, layout->paths[place], counts->fields >> place & 1);
    row_put_row(row, "fields", fields);
}

static json_t *log_row(const struct replay *replay, uint32_t log, enum ids ids)
{
    json_t *row = json_object(), *lookalikes = json_object();
    const struct log_counts *counts = &replay->counts[log];
    row_put_count(row, "lines", counts->lines);
    row_put_count(row, "pieces", counts->pieces);
    row_put_count(row, "other_stream", counts->elsewhere);
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        row_put_count(row, bad_cause_words[cause], counts->bad[cause]);
    for (int i = 0; i < LOOKALIKE_COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        row_put_count(lookalikes, name, counts->lookalikes[i]);
    }
    row_put_row(row, "lookalikes", lookalikes);
    put_fields(row, counts, &replay->layouts[log]);
    bool names_ids = replay->layouts[log].id != NO_PLACE && counts->lines > 0;
    row_put_truth(row, "ids", names_ids && ids == IDS_MAY_REPEAT);
    return row;
}

void replay_put(const struct replay *replay, const bool *reads, enum ids ids, struct rows *rows)
{
    struct buffer key = {0};
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        if (!reads[i])
            continue;
        KEY(&key, "log", log_at(replay, i)->name.text);
        rows_add(rows, key.bytes, log_row(replay, i, ids));
    }
    const struct traffic *traffic[] = {&replay->bad, &replay->seen};
    for (int i = 0; i < 2; i++) {
        json_t *row = json_object();
        row_put_traffic(row, "traffic", traffic[i]);
        KEY(&key, "time", traffic_names[i]);
        rows_add(rows, key.bytes, row);
    }
    buffer_release(&key);
}

/* ----------------------------------------------------------------------------------- reading -- */

const bool *replay_rows_read(const struct replay *replay, const struct rows *rows)
{
    const struct project *project = replay->project;
    bool *reads = ARENA_ARRAY(&replay->project->arena, bool, project->log_count);
    struct buffer key = {0};
    for (uint32_t i = 0; i < project->log_count; i++) {
        KEY(&key, "log", log_at(replay, i)->name.text);
        reads[i] = rows_find(rows, key.bytes) != NULL;
    }
    buffer_release(&key);
    return reads;
}

static void read_log(struct row_reader *reader, struct log_counts *counts,
                     const struct layout *layout)
{
    *counts = (struct log_counts){.lines = row_count(reader, "lines"),
                                  .pieces = row_count(reader, "pieces"),
                                  .elsewhere = row_count(reader, "other_stream")};
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        counts->bad[cause] = row_count(reader, bad_cause_words[cause]);
    struct row_reader lookalikes = row_inner(reader, "lookalikes");
    for (int i = 0; i < LOOKALIKE_COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        counts->lookalikes[i] = row_count(&lookalikes, name);
    }
    row_end(&lookalikes);
    const json_t *fields = row_named(reader, "fields");
    for (uint32_t place = 0; place < layout->count && place < 64; place++)
        if (json_object_get(fields, layout->paths[place]))
            counts->fields |= UINT64_C(1) << place;
    (void)row_truth(reader, "ids");
    if (log_counts_bad(counts) > counts->lines)
        row_fault(reader, "more lines are bad than there are");
    row_end(reader);
}

static bool say(struct buffer *error, const char *key, const char *fault)
{
    if (*fault)
        terminal_format(error, "the aggregates' row '%s' cannot be used: %s", key, fault);
    return !*fault;
}

bool replay_read_rows(struct replay *replay, const struct rows *rows, struct buffer *error)
{
    struct buffer key = {0};
    bool read = true;
    for (uint32_t i = 0; i < replay->project->log_count && read; i++) {
        char fault[ROW_FAULT] = "";
        KEY(&key, "log", log_at(replay, i)->name.text);
        struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
        if (reader.row)
            read_log(&reader, &replay->counts[i], &replay->layouts[i]);
        read = say(error, key.bytes, fault);
    }
    struct traffic *traffic[] = {&replay->bad, &replay->seen};
    for (int i = 0; i < 2 && read; i++) {
        char fault[ROW_FAULT] = "";
        KEY(&key, "time", traffic_names[i]);
        struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
        row_traffic(&reader, "traffic", traffic[i]);
        row_end(&reader);
        read = say(error, key.bytes, fault);
    }
    buffer_release(&key);
    return read;
}
