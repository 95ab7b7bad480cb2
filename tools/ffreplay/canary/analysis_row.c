/* analysis_row.c - see analysis_row.h. */
#include "analysis_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/metrics/cell_row.h"

/* ------------------------------------------------------------------------------------- parts -- */

void unit_shares_put(json_t *row, const char *field, struct unit_shares *shares)
{
    const struct unit_counts *counts = unit_shares_counts(shares);
    json_t *sample = json_object(), *units = json_object();
    row_put_count(sample, "halvings", counts->halvings);
    for (uint64_t i = 0; i < shares->capacity; i++) {
        const struct unit_share *share = &shares->slots[i];
        char name[UNIT_TEXT], groups[20];
        if (share->groups == 0)
            continue;
        unit_text(share->unit, name);
        snprintf(groups, sizeof groups, "%" PRIx64, share->groups);
        row_put_text(units, name, groups);
    }
    row_put_row(sample, "units", units);
    row_put_row(row, field, sample);
}

void unit_shares_read(struct row_reader *reader, const char *field, struct unit_shares *shares)
{
    struct row_reader sample = row_inner(reader, field);
    const char *name;
    json_t *groups;
    uint64_t halvings = row_count(&sample, "halvings");
    shares->counts.halvings = halvings <= 63 ? (unsigned)halvings : 63;
    json_object_foreach((json_t *)(uintptr_t)row_named(&sample, "units"), name, groups)
    {
        struct unit_hash unit;
        const char *text = json_string_value(groups);
        uint64_t bits = text ? strtoull(text, NULL, 16) : 0;
        if (unit_from_text(name, &unit) && bits != 0)
            unit_shares_add(shares, unit, bits);
        else
            row_fault(reader, "'%s' has a unit of no group", field);
    }
    row_end(&sample);
    (void)unit_shares_counts(shares);
}

void variants_seen_put(json_t *row, const struct variant_set *seen, uint32_t variants)
{
    json_t *names = json_object();
    for (uint32_t i = 0; i <= variants; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        row_put_truth(names, name, variant_set_has(seen, i));
    }
    row_put_row(row, "seen", names);
}

void variants_seen_read(struct row_reader *reader, struct variant_set *seen, uint32_t variants)
{
    struct row_reader names = row_inner(reader, "seen");
    for (uint32_t i = 0; i <= variants; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        if (row_truth(&names, name))
            variant_set_add(seen, i);
    }
    row_end(&names);
}

void unknown_variants_put(json_t *row, const struct unknown_variants *unknown)
{
    json_t *inner = json_object();
    row_put_count(inner, "lines", unknown->lines);
    if (unknown->lines > 0)
        row_put_text(inner, "least_name", unknown->least);
    row_put_row(row, "unknown", inner);
}

void unknown_variants_read(struct row_reader *reader, struct unknown_variants *unknown)
{
    struct row_reader inner = row_inner(reader, "unknown");
    unknown->lines = row_count(&inner, "lines");
    const char *name = row_text(&inner, "least_name");
    snprintf(unknown->least, sizeof unknown->least, "%s", name ? name : "");
    row_end(&inner);
}

/* ----------------------------------------------------------------------------------- writing -- */

static const char *flag_of(const struct analysis *analysis)
{
    return analysis->subject.flag->name.text;
}

static json_t *canary_lines_row(const struct canary_lines *lines)
{
    json_t *row = json_object();
    row_put_count(row, "count", lines->count);
    if (lines->count > 0) {
        row_put_time(row, "first", lines->first);
        row_put_time(row, "last", lines->last);
    }
    return row;
}

static json_t *counts_row(struct analysis *analysis, const struct replay *replay)
{
    json_t *row = json_object(), *assigned = json_object(), *lines = json_object();
    for (int i = 0; i < ASSIGNMENT_COUNT; i++)
        row_put_count(assigned, assignment_words[i], analysis->assigned[i]);
    row_put_row(row, "assigned", assigned);
    row_put_count(row, "other_share", analysis->of_other_share);
    unreadable_put(row, "unassigned", &analysis->unassigned, replay);
    unreadable_put(row, "unkeyed", &analysis->unkeyed, replay);
    row_put_digest(row, "digest", &analysis->digest);
    row_put_time(row, "first", analysis->first);
    row_put_time(row, "last", analysis->last);
    row_put_time(row, "before_first", analysis->before_first);
    const struct origins origins = analysis_origins(analysis);
    origins_put(row, &origins);
    variants_seen_put(row, &analysis->subject.variants_seen,
                      analysis->subject.targeting->variant_count);
    unknown_variants_put(row, &analysis->subject.unknown);
    for (uint32_t i = 0; i < analysis->log_count; i++)
        row_put_row(lines, replay->project->logs[i]->name.text,
                    canary_lines_row(&analysis->canary_lines[i]));
    row_put_row(row, "canary_lines", lines);
    unit_shares_put(row, "shares", &analysis->shares);
    return row;
}

static void add_unless_empty(struct rows *rows, const char *key, json_t *row)
{
    if (json_object_size(row) > 0)
        rows_add(rows, key, row);
    else
        json_decref(row);
}

static void put_windows(const struct windows *windows, const char *key, const struct replay *replay,
                        struct rows *rows)
{
    json_t *row = json_object(), *inner = json_object(), *items = json_object();
    for (uint32_t i = 0; i < windows->count; i++) {
        char begin[24];
        const struct window *window = windows->items[i];
        snprintf(begin, sizeof begin, "%" PRId64, window->begin);
        row_put_row(items, begin, cell_row(&window->cell, windows->measure, replay));
    }
    row_put_count(inner, "keep", json_object_size(items) > 0 ? windows->keep : 0);
    row_put_row(inner, "items", items);
    row_put_row(row, "windows", inner);
    add_unless_empty(rows, key, row);
}

static void window_key(struct buffer *key, const struct analysis *analysis, uint32_t judgement)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, judgement);
    KEY(key, "canary", flag_of(analysis), "window", number);
}

/* Cells over time: of the stage that is decided on, or of one before that. */
struct timed {
    const struct analysis *analysis;
    struct series *series;
    int64_t from; /* of one before; INT64_MIN */
    struct origins *origins;
};

static struct timed timed_now(struct analysis *analysis)
{
    return (struct timed){analysis, &analysis->series, INT64_MIN, NULL};
}

/* Whichever log lines are of, they are only added up. */
static struct timed timed_past(struct analysis *analysis, uint32_t place)
{
    struct past_stage *stage = &analysis->past.items[place];
    return (struct timed){analysis, &stage->series, stage->from, &stage->assigners[0].origins};
}

static void slots_key(struct buffer *key, const struct timed *timed)
{
    char from[24];
    snprintf(from, sizeof from, "%" PRId64, timed->from);
    if (timed->from == INT64_MIN)
        KEY(key, "canary", flag_of(timed->analysis), "over-time");
    else
        KEY(key, "canary", flag_of(timed->analysis), "stage", from);
}

/* Of a column of the series: of an accumulator and a group. */
static void series_key(struct buffer *key, const struct timed *timed, uint32_t column)
{
    const struct accumulator *accumulator = &timed->analysis->accumulators[column / 2];
    slots_key(key, timed);
    key_add(key, accumulator->measure.metric->name.text);
    key_add(key, assignment_words[column % 2]);
}

static void put_slots(const struct timed *timed, struct rows *rows)
{
    const struct series *series = timed->series;
    struct buffer key = {0};
    json_t *row = json_object(), *inner = json_object(), *items = json_object();
    for (uint32_t i = 0; i < series->count; i++) {
        char begin[24];
        json_t *item = json_object();
        snprintf(begin, sizeof begin, "%" PRId64, series->items[i].begin);
        row_put_truth(item, "marked", true);
        row_put_row(items, begin, item);
    }
    row_put_count(inner, "width", series->count > 0 ? (uint64_t)series->width : 0);
    row_put_row(inner, "items", items);
    row_put_row(row, "series", inner);
    if (timed->origins)
        origins_put(row, timed->origins);
    slots_key(&key, timed);
    add_unless_empty(rows, key.bytes, row);
    buffer_release(&key);
}

/* Slots of each column, as wide as those of all together: `merge` makes them wider. */
static void put_series(const struct timed *timed, const struct replay *replay, struct rows *rows)
{
    const struct series *series = timed->series;
    struct buffer key = {0};
    for (uint32_t column = 0; column < series->column_count; column++) {
        json_t *row = json_object(), *inner = json_object(), *items = json_object();
        for (uint32_t i = 0; i < series->count; i++) {
            char begin[24];
            snprintf(begin, sizeof begin, "%" PRId64, series->items[i].begin);
            row_put_row(
                items, begin,
                cell_row(&series->items[i].cells[column], series->columns[column].measure, replay));
        }
        row_put_count(inner, "width", json_object_size(items) > 0 ? (uint64_t)series->width : 0);
        row_put_row(inner, "items", items);
        row_put_row(row, "series", inner);
        series_key(&key, timed, column);
        add_unless_empty(rows, key.bytes, row);
    }
    buffer_release(&key);
}

static void put_over_time(struct analysis *analysis, const struct replay *replay, struct rows *rows)
{
    struct timed timed = timed_now(analysis);
    put_slots(&timed, rows);
    put_series(&timed, replay, rows);
    for (uint32_t i = 0; i < analysis->past.count; i++) {
        struct origins origins = past_stage_origins(&analysis->past.items[i], analysis->log_count);
        timed = timed_past(analysis, i);
        timed.origins = &origins;
        put_slots(&timed, rows);
        put_series(&timed, replay, rows);
    }
}

void analysis_put(struct analysis *analysis, const struct replay *replay, struct rows *rows)
{
    struct buffer key = {0};
    KEY(&key, "canary", flag_of(analysis));
    rows_add(rows, key.bytes, counts_row(analysis, replay));
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const struct accumulator *accumulator = &analysis->accumulators[i];
        for (int group = 0; group < ASSIGNED_GROUPS; group++) {
            KEY(&key, "canary", flag_of(analysis), "metric", accumulator->measure.metric->name.text,
                assignment_words[group]);
            add_unless_empty(rows, key.bytes,
                             cell_row(&accumulator->cells[group], &accumulator->measure, replay));
        }
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        if (!analysis->judgements[i].windowed)
            continue;
        window_key(&key, analysis, i);
        put_windows(&analysis->judgements[i].windows, key.bytes, replay, rows);
    }
    put_over_time(analysis, replay, rows);
    buffer_release(&key);
}

static void add_timed_units(const struct timed *timed, struct unit_cells *cells)
{
    struct buffer key = {0};
    for (uint32_t column = 0; column < timed->series->column_count; column++) {
        series_key(&key, timed, column);
        unit_cells_add_slots(cells, key.bytes, timed->series, column);
    }
    buffer_release(&key);
}

void analysis_unit_cells(struct analysis *analysis, struct unit_cells *cells)
{
    struct buffer key = {0};
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        struct accumulator *accumulator = &analysis->accumulators[i];
        for (int group = 0; group < ASSIGNED_GROUPS; group++) {
            KEY(&key, "canary", flag_of(analysis), "metric", accumulator->measure.metric->name.text,
                assignment_words[group]);
            unit_cells_add(cells, key.bytes, &accumulator->cells[group]);
        }
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct windows *windows = &analysis->judgements[i].windows;
        window_key(&key, analysis, i);
        size_t length = key.length;
        for (uint32_t j = 0; j < windows->count; j++) {
            key.length = length;
            buffer_format(&key, "/%" PRId64, windows->items[j]->begin);
            unit_cells_add(cells, key.bytes, &windows->items[j]->cell);
        }
    }
    const struct timed timed = timed_now(analysis);
    add_timed_units(&timed, cells);
    for (uint32_t i = 0; i < analysis->past.count; i++) {
        const struct timed earlier = timed_past(analysis, i);
        add_timed_units(&earlier, cells);
    }
    buffer_release(&key);
}

const struct metric *analysis_metric_of_units(const struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->accumulator_count; i++)
        if (cell_keeps_units(&analysis->accumulators[i].cells[ASSIGNED_CANARY]))
            return analysis->accumulators[i].measure.metric;
    return NULL;
}

/* ----------------------------------------------------------------------------------- reading -- */

static void read_canary_lines(struct row_reader *reader, struct canary_lines *lines)
{
    lines->count = row_count(reader, "count");
    lines->first = row_time(reader, "first", 0);
    lines->last = row_time(reader, "last", 0);
    row_end(reader);
}

static void read_counts(struct row_reader *reader, struct analysis *analysis, struct replay *replay)
{
    struct row_reader assigned = row_inner(reader, "assigned");
    for (int i = 0; i < ASSIGNMENT_COUNT; i++)
        analysis->assigned[i] = row_count(&assigned, assignment_words[i]);
    row_end(&assigned);
    analysis->of_other_share = row_count(reader, "other_share");
    unreadable_read(reader, "unassigned", &analysis->unassigned, replay);
    unreadable_read(reader, "unkeyed", &analysis->unkeyed, replay);
    row_digest(reader, "digest", &analysis->digest);
    analysis->first = row_time(reader, "first", INT64_MAX);
    analysis->last = row_time(reader, "last", INT64_MIN);
    analysis->before_first = row_time(reader, "before_first", INT64_MAX);
    /* Whichever log they are of, they are only added up. */
    origins_read(reader, &analysis->assigners[0].origins);
    variants_seen_read(reader, &analysis->subject.variants_seen,
                       analysis->subject.targeting->variant_count);
    unknown_variants_read(reader, &analysis->subject.unknown);
    struct row_reader lines = row_inner(reader, "canary_lines");
    for (uint32_t i = 0; i < analysis->log_count; i++) {
        struct row_reader inner = row_inner(&lines, replay->project->logs[i]->name.text);
        read_canary_lines(&inner, &analysis->canary_lines[i]);
    }
    row_end(&lines);
    unit_shares_read(reader, "shares", &analysis->shares);
    row_end(reader);
}

/* Of slots that are merged, one may begin where no time is any more. */
static bool is_begin(const char *name, int64_t *begin)
{
    return text_integer(name, begin) && *begin >= -TIME_MOST && *begin <= TIME_MOST;
}

static void read_windows(struct row_reader *reader, struct windows *windows, struct replay *replay)
{
    struct row_reader inner = row_inner(reader, "windows");
    const char *name;
    json_t *item;
    if (row_count(&inner, "keep") != windows->keep)
        row_fault(reader, "it keeps another number of windows: --lateness was another then");
    json_t *items = (json_t *)(uintptr_t)row_named(&inner, "items");
    json_object_foreach(items, name, item)
    {
        int64_t begin;
        if (!is_begin(name, &begin) || window_begin(begin, windows->width) != begin) {
            row_fault(reader, "'%.40s' is not when a window begins", name);
            return;
        }
        struct cell *cell = windows_cell(windows, begin);
        struct row_reader within = row_reader(item, reader->fault);
        if (cell)
            cell_read_row(&within, cell, windows->measure, replay);
    }
    row_end(&inner);
    row_end(reader);
}

/* Which slots there are: lines that say nothing to a metric make one, too. */
static void read_slots(struct row_reader *reader, const struct timed *timed)
{
    struct series *series = timed->series;
    struct row_reader inner = row_inner(reader, "series");
    const char *name;
    json_t *item;
    series_widen(series, row_width(&inner, "width"));
    json_t *items = (json_t *)(uintptr_t)row_named(&inner, "items");
    json_object_foreach(items, name, item)
    {
        int64_t begin;
        if (!is_begin(name, &begin)) {
            row_fault(reader, "'%.40s' is not when a slot begins", name);
            return;
        }
        (void)series_cells(series, begin);
    }
    row_end(&inner);
    if (timed->origins)
        origins_read(reader, timed->origins);
    row_end(reader);
}

static void read_series(struct row_reader *reader, struct series *series, uint32_t column,
                        struct replay *replay)
{
    struct row_reader inner = row_inner(reader, "series");
    const char *name;
    json_t *item;
    series_widen(series, row_width(&inner, "width"));
    json_t *items = (json_t *)(uintptr_t)row_named(&inner, "items");
    json_object_foreach(items, name, item)
    {
        const struct measure *measure = series->columns[column].measure;
        struct row_reader within = row_reader(item, reader->fault);
        struct cell cell;
        int64_t begin;
        if (!is_begin(name, &begin)) {
            row_fault(reader, "'%.40s' is not when a slot begins", name);
            return;
        }
        series_cell_init(series, column, &cell);
        cell_read_row(&within, &cell, measure, replay);
        cell_merge(&series_cells(series, begin)[column], measure, &cell);
        cell_release(&cell);
    }
    row_end(&inner);
    row_end(reader);
}

static bool say(struct buffer *error, const char *key, const char *fault)
{
    if (*fault)
        terminal_format(error, "the aggregates' row '%s' cannot be used: %s", key, fault);
    return !*fault;
}

static bool read_cells(struct analysis *analysis, struct replay *replay, const struct rows *rows,
                       struct buffer *error)
{
    struct buffer key = {0};
    bool read = true;
    for (uint32_t i = 0; i < analysis->accumulator_count && read; i++) {
        struct accumulator *accumulator = &analysis->accumulators[i];
        for (int group = 0; group < ASSIGNED_GROUPS && read; group++) {
            char fault[ROW_FAULT] = "";
            KEY(&key, "canary", flag_of(analysis), "metric", accumulator->measure.metric->name.text,
                assignment_words[group]);
            struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
            cell_read_row(&reader, &accumulator->cells[group], &accumulator->measure, replay);
            read = say(error, key.bytes, fault);
        }
    }
    buffer_release(&key);
    return read;
}

static bool read_timed(const struct timed *timed, struct replay *replay, const struct rows *rows,
                       struct buffer *error)
{
    struct buffer key = {0};
    char fault[ROW_FAULT] = "";
    slots_key(&key, timed);
    struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
    read_slots(&reader, timed);
    bool read = say(error, key.bytes, fault);
    for (uint32_t column = 0; column < timed->series->column_count && read; column++) {
        series_key(&key, timed, column);
        reader = row_reader(rows_find(rows, key.bytes), fault);
        if (reader.row)
            read_series(&reader, timed->series, column, replay);
        read = say(error, key.bytes, fault);
    }
    buffer_release(&key);
    return read;
}

/* Nothing where it was not asked for. */
static bool read_over_time(struct analysis *analysis, struct replay *replay,
                           const struct rows *rows, struct buffer *error)
{
    struct timed timed = timed_now(analysis);
    bool read = !analysis->keeps_series || read_timed(&timed, replay, rows, error);
    for (uint32_t i = 0; i < analysis->past.count && read; i++) {
        timed = timed_past(analysis, i);
        read = read_timed(&timed, replay, rows, error);
    }
    return read;
}

bool analysis_read_rows(struct analysis *analysis, struct replay *replay, const struct rows *rows,
                        struct buffer *error)
{
    char fault[ROW_FAULT] = "";
    struct buffer key = {0};
    KEY(&key, "canary", flag_of(analysis));
    struct row_reader reader = row_reader(rows_find(rows, key.bytes), fault);
    bool read = reader.row != NULL;
    if (!read)
        terminal_format(error, "these aggregates are not of the canary of '%s'", flag_of(analysis));
    else
        read_counts(&reader, analysis, replay);
    read = read && say(error, key.bytes, fault) && read_cells(analysis, replay, rows, error);
    for (uint32_t i = 0; i < analysis->judgement_count && read; i++) {
        if (!analysis->judgements[i].windowed)
            continue;
        window_key(&key, analysis, i);
        reader = row_reader(rows_find(rows, key.bytes), fault);
        if (reader.row)
            read_windows(&reader, &analysis->judgements[i].windows, replay);
        read = say(error, key.bytes, fault);
    }
    read = read && read_over_time(analysis, replay, rows, error);
    buffer_release(&key);
    return read;
}
