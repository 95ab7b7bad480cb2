/* view.c - see view.h. */
#include "view.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/aggregate/rows.h"

const char *finish_text(struct arena *arena, struct buffer *sql)
{
    const char *text = arena_copy(arena, sql->bytes ? sql->bytes : "", sql->length);
    buffer_release(sql);
    return text;
}

const char *literal(const struct query *query, const char *text)
{
    return sql_text(query->arena, query->dialect, text);
}

const char *key_of_parts(const struct query *query, size_t count, const char *const *parts)
{
    struct buffer key = {0}, text = {0};
    key_of(&key, count, parts);
    json_write_string(&text, key.bytes);
    const char *inner = arena_copy(query->arena, text.bytes + 1, text.length - 2);
    buffer_release(&key);
    buffer_release(&text);
    return inner;
}

const char *json_string_of(const struct query *query, const char *name)
{
    struct buffer text = {0};
    json_write_string(&text, name);
    return finish_text(query->arena, &text);
}

const char *text_of_row(const struct query *query, const char *format,
                        const char *const *expressions)
{
    struct buffer sql = {0};
    uint32_t used = 0;
    for (const char *at = format;;) {
        size_t length = strcspn(at, "\1");
        if (length > 0)
            buffer_format(&sql, "%s%s", sql.length ? " || " : "",
                          literal(query, arena_copy(query->arena, at, length)));
        at += length;
        if (!*at)
            break;
        buffer_format(&sql, "%s%s", sql.length ? " || " : "", expressions[used++]);
        at++;
    }
    return finish_text(query->arena, &sql);
}

const char *column_of_metric(const struct query *query, const char *kind, const char *metric)
{
    const char *text =
        sql_name(query->arena, query->dialect, arena_format(query->arena, "%s %s", kind, metric));
    return text ? text
                : arena_format(query->arena, "\"%s %016" PRIx64 "\"", kind,
                               hash64(metric, strlen(metric)));
}

const char *part(const struct view *view, const char *name)
{
    return arena_format(view->query->arena, "%s%s", name, view->suffix);
}

void put_tuple(struct buffer *sql, const char *metric, const char *path, const char *guard,
               const char *expression)
{
    buffer_format(sql, "%s      (%s, %s, ", sql->length ? ",\n" : "", metric, path);
    if (guard)
        buffer_format(sql, "CASE WHEN %s THEN %s ELSE '' END)", guard, expression);
    else
        buffer_format(sql, "%s)", expression);
}

/* ------------------------------------------------------------------------------------- units -- */

static const char *context_column(struct view *view, const struct attribute *attribute,
                                  enum column_as as)
{
    const struct log *log = view->log->log;
    for (uint32_t i = 0; i < log->context_count; i++)
        if (strcmp(log->context[i].name.text, attribute->name.text) == 0)
            return column_of_path(&view->log->columns, as, log->context[i].from,
                                  log->context[i].name.span);
    return "NULL";
}

static enum column_as column_as_of(const struct attribute *attribute)
{
    return attribute->type == FFLAG_ATTRIBUTE_NUMBER ? COLUMN_NUMBER : COLUMN_TEXT;
}

/* A key's text: of a string, itself, unless it is empty; of an integer, its digits. */
static const char *unit_text_of(const struct sql_units *units, const struct unit_key *key,
                                struct span span)
{
    struct view *view = ((const struct view_units *)units)->view;
    const struct attribute *attribute = key_attribute(key);
    struct arena *arena = view->query->arena;
    if (!attribute) {
        print_error_at(&view->query->project->sources, span,
                       "a unit that is known by several attributes, %s, cannot be made in a query",
                       key->text);
        print_help("log what was served, and name its column: --variant-column");
        return NULL;
    }
    bool number = attribute->type == FFLAG_ATTRIBUTE_NUMBER;
    const char *column = context_column(view, attribute, column_as_of(attribute));
    if (!column || strcmp(column, "NULL") == 0)
        return column;
    if (!number)
        return arena_format(arena, "nullif(%s, '')", column);
    return arena_format(
        arena,
        "CASE WHEN %1$s = trunc(%1$s) AND abs(%1$s) <= 9007199254740992 THEN %2$s "
        "END",
        column,
        sql_as_text(arena, view->query->dialect, sql_as_part(arena, view->query->dialect, column)));
}

static const char *bucket_of(const struct sql_units *units, const struct unit_key *key,
                             const char *salt, const char *suffix, struct span span)
{
    struct view *view = ((const struct view_units *)units)->view;
    struct arena *arena = view->query->arena;
    if (!sql_has_xxh3(view->query->dialect)) {
        print_error_at(&view->query->project->sources, span,
                       "%s has no XXH3, so that no query of it can tell a share of the units",
                       sql_dialect_name(view->query->dialect));
        print_help("log what was served, and name its column: --variant-column");
        return NULL;
    }
    const char *text = unit_text_of(units, key, span);
    if (!text || strcmp(text, "NULL") == 0)
        return text ? "NULL" : NULL;
    const char *salted = arena_format(arena, "%s%s", salt, suffix);
    return arena_format(arena,
                        "mix_2(mix_2(mix_1(bitXor(xxh3(%s), %" PRIu64 "))) * 11507291218515648293)",
                        text, hash64(salted, strlen(salted)));
}

struct view_units units_of(struct view *view)
{
    const struct targeting *targeting = view->flag->variants->targeting;
    return (struct view_units){.units = {.bucket = bucket_of,
                                         .text = unit_text_of,
                                         .key = targeting->bucket_by,
                                         .salt = targeting->salt},
                               .view = view};
}

/* The flag's key, where the log has it, or else the log's unit. */
bool find_unit(struct view *view)
{
    struct arena *arena = view->query->arena;
    const struct unit_key *key = view->flag->variants->targeting->bucket_by;
    const struct layout *layout = view->log->layout;
    const struct view_units units = units_of(view);
    bool whole = key != NULL;
    for (uint32_t i = 0; key && i < key->count; i++) {
        const char *column = context_column(view, key->parts[i], column_as_of(key->parts[i]));
        whole &= !column || strcmp(column, "NULL") != 0;
    }
    if (whole && key_attribute(key))
        view->key = context_column(view, key->parts[0], column_as_of(key->parts[0]));
    if (whole)
        return (view->unit = unit_text_of(&units.units, key, view->log->log->span));
    bool several = key && key->count > 1;
    if (layout->unit == NO_PLACE ||
        (several && log_units(view->log->log, key) != UNITS_ARE_BUCKETED))
        return true;
    const char *column = column_of_path(&view->log->columns, COLUMN_TEXT,
                                        layout->paths[layout->unit], view->log->log->span);
    if (column)
        view->unit = arena_format(arena, "nullif(%s, '')", column);
    return column;
}
