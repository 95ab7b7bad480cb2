/* cell_row.c - see cell_row.h. */
#include "cell_row.h"

#include <stdio.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/replay/replay.h"

static json_t *shown_row(const struct unreadable_value *shown, const struct replay *replay)
{
    json_t *row = json_object();
    const struct log_source *source = &replay->sources[shown->source];
    uint64_t before = source->lines_before ? source->lines_before[shown->place.part] : 0;
    row_put_time(row, "time", shown->time);
    row_put_text(row, "text", shown->text);
    row_put_text(row, "field", shown->field);
    row_put_text(row, "file", source->path);
    row_put_count(row, "line", before + shown->place.line + 1);
    return row;
}

void unreadable_put(json_t *row, const char *field, const struct unreadable *unreadable,
                    const struct replay *replay)
{
    json_t *inner = json_object();
    row_put_count(inner, "count", unreadable->count);
    if (unreadable->count > 0)
        row_put_time(inner, "newest", unreadable->newest);
    if (unreadable->shown)
        row_put_row(inner, "shown", shown_row(unreadable->shown, replay));
    row_put_row(row, field, inner);
}

static void read_shown(struct row_reader *reader, struct unreadable *unreadable,
                       struct replay *replay)
{
    struct row_reader inner = row_inner(reader, "shown");
    struct arena *arena = &replay->project->arena;
    struct unreadable_value shown = {.time = row_time(&inner, "time", 0)};
    const char *text = row_text(&inner, "text"), *field = row_text(&inner, "field");
    const char *file = row_text(&inner, "file");
    uint64_t line = row_count(&inner, "line");
    if (!row_end(&inner) || !text || !field || !file || line == 0) {
        row_fault(reader, "'shown' is no value with its place");
        return;
    }
    snprintf(shown.text, sizeof shown.text, "%s", text);
    shown.field = arena_copy(arena, field, strlen(field));
    shown.source = replay_add_source(replay, arena_copy(arena, file, strlen(file)));
    shown.place.line = line - 1;
    unreadable->shown = xcalloc(1, sizeof *unreadable->shown);
    *unreadable->shown = shown;
}

void unreadable_read(struct row_reader *reader, const char *field, struct unreadable *unreadable,
                     struct replay *replay)
{
    struct row_reader inner = row_inner(reader, field);
    unreadable->count = row_count(&inner, "count");
    unreadable->newest = row_time(&inner, "newest", 0);
    if (row_has(&inner, "shown"))
        read_shown(&inner, unreadable, replay);
    row_end(&inner);
}

json_t *cell_row(const struct cell *cell, const struct measure *measure,
                 const struct replay *replay)
{
    json_t *row = json_object();
    unreadable_put(row, "unreadable", &cell->unreadable, replay);
    if (cell->count == 0)
        return row;
    row_put_count(row, "count", cell->count);
    row_put_truth(row, "beyond", cell->totals && cell->totals->beyond);
    row_put_time(row, "newest", cell->newest);
    metric_cell_format(measure->metric->kind)->put(row, cell);
    return row;
}

void cell_read_row(struct row_reader *reader, struct cell *cell, const struct measure *measure,
                   struct replay *replay)
{
    unreadable_read(reader, "unreadable", &cell->unreadable, replay);
    cell->count = row_count(reader, "count");
    if (cell->count > 0) {
        cell->newest = row_time(reader, "newest", INT64_MIN);
        if (cell->totals)
            cell->totals->beyond |= row_truth(reader, "beyond");
        metric_cell_format(measure->metric->kind)->read(reader, cell);
    }
    row_end(reader);
}

bool cell_keeps_units(const struct cell *cell)
{
    return cell->totals;
}
