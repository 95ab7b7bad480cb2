/* breakdowns.c - the parts of a query that tell groups of lines apart, `--by`. See view.h. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "sql_kinds.h"
#include "view.h"

/* A key is as grouping.h makes it, in hexadecimal digits. */

static const char *column_of_part(const struct query *query, uint32_t grouping, uint32_t dimension)
{
    return arena_format(query->arena, "\"by %u %u\"", grouping, dimension);
}

/* Cut as long values are: in bytes, and in whole characters. */
static const char *cut_hex(struct arena *arena, const char *hex)
{
    struct buffer sql = {0};
    buffer_format(&sql, "CASE WHEN length(%s) <= %d THEN %s", hex, 2 * LONGEST_VALUE, hex);
    for (int bytes = LONGEST_VALUE; bytes > LONGEST_VALUE - 3; bytes--)
        buffer_format(&sql,
                      " WHEN substring(%s, %d, 1) NOT IN ('8', '9', 'a', 'b') THEN "
                      "substring(%s, 1, %d)",
                      hex, 2 * bytes + 1, hex, 2 * bytes);
    buffer_format(&sql, " ELSE substring(%s, 1, %d) END", hex, 2 * (LONGEST_VALUE - 3));
    return finish_text(arena, &sql);
}

static const char *key_of_field(const struct query *query, const char *column)
{
    const char *hex = cut_hex(query->arena, sql_text_hex(query->arena, query->dialect, column));
    return arena_format(query->arena, "coalesce('%02x' || %s || '00', '%02x')", PART_OF_TEXT, hex,
                        PART_OF_NONE);
}

/* A window's beginning with its sign turned, so that keys sort as times do. Times are such that the
 * first digit of eight bytes is 0 or f. */
static const char *key_of_window(const struct query *query)
{
    struct arena *arena = query->arena;
    const char *begins = arena_format(arena, "(%s)", window_of(query));
    const char *hex = sql_hex(arena, query->dialect, begins);
    return arena_format(
        arena, "CASE WHEN %s >= 0 THEN '8' || lpad(%s, 15, '0') ELSE '7' || substring(%s, 2) END",
        begins, hex, hex);
}

static const char *part_of_key(const struct query *query, uint32_t grouping, uint32_t dimension)
{
    switch (query->groupings[grouping].dimensions[dimension].kind) {
    case BY_VARIANT:
        return group_of_variant(query);
    case BY_STAGE:
        return arena_format(query->arena, "lpad(%s, 8, '0')",
                            sql_hex(query->arena, query->dialect, "stage"));
    case BY_WINDOW:
        return key_of_window(query);
    case BY_FIELD:
        break;
    }
    return column_of_part(query, grouping, dimension);
}

bool write_fields_of_breakdowns(struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    for (uint32_t i = 0; i < query->grouping_count; i++)
        for (uint32_t j = 0; j < query->groupings[i].count; j++) {
            const struct dimension *dimension = &query->groupings[i].dimensions[j];
            if (dimension->kind != BY_FIELD)
                continue;
            const char *column = column_of_field(&view->log->columns, COLUMN_TEXT, dimension->name,
                                                 view->log->log->span);
            if (!column)
                return false;
            buffer_format(sql, ",\n    %s AS %s", key_of_field(query, column),
                          column_of_part(query, i, j));
        }
    return true;
}

/* Counted lines, each with the key of its group, as a table. */
static const char *lines_by_group(const struct view *view, uint32_t number)
{
    const struct query *query = view->query;
    struct buffer key = {0};
    for (uint32_t i = 0; i < query->groupings[number].count; i++)
        buffer_format(&key, "%s%s", i ? " || " : "", part_of_key(query, number, i));
    const char *lines =
        arena_format(query->arena, "(SELECT *, %s AS breakdown FROM %s WHERE " COUNTED ") AS l",
                     key.bytes, part(view, "samples"));
    buffer_release(&key);
    return lines;
}

static void write_sketches(const struct view *view, const char *key, const char *lines,
                           struct buffer *sql)
{
    unsigned bits;
    const struct query *query = view->query;
    for (uint32_t i = 0; i < view->flag->metric_count; i++) {
        const struct metric *metric = view->flag->metrics[i];
        if (!is_of_log(view, metric) || !sql_has_sketch(metric, &bits))
            continue;
        const char *line =
            ROW_TEXT(query,
                     arena_format(query->arena, "{\"row\":\"%s/\1\",\"cells\":{%s:{\1}}}", key,
                                  json_string_of(query, metric->name.text)),
                     "breakdown", "field");
        buffer_format(sql,
                      "  UNION ALL\n  SELECT %s\n  FROM (SELECT breakdown, %s AS field\n    "
                      "FROM (",
                      line, sketch_field(query, metric));
        write_buckets(view, metric, "breakdown", lines, "", sql);
        buffer_append_text(sql, ") AS b) AS c\n");
    }
}

static void write_breakdown(const struct view *view, uint32_t number, struct buffer *sql)
{
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const char *key =
        KEY_TEXT(query, "metrics", view->flag->flag->name.text, query->groupings[number].text);
    const char *lines = lines_by_group(view, number);
    struct buffer tuples = {0}, sums = {0};
    put_tuple(&tuples, "''", "''", NULL, ROW_TEXT(query, "\"events\":\1", "n"));
    for (uint32_t i = 0; i < view->flag->metric_count; i++)
        if (is_of_log(view, view->flag->metrics[i])) {
            sql_put_fields(query, view->flag->metrics[i], "''", &tuples);
            sql_add_up(query, view->flag->metrics[i], &sums);
        }
    const char *events =
        ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s/\1\",\1}", key), "breakdown", "field");
    const char *cell =
        ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s/\1\",\"cells\":{\1:{\1}}}", key),
                 "breakdown", "metric", "field");
    buffer_format(sql,
                  "  UNION ALL\n  SELECT CASE WHEN metric = '' THEN %s\n    ELSE %s END\n"
                  "  FROM (SELECT breakdown, %s, %s\n    FROM (SELECT breakdown, count(*) AS n%s\n"
                  "      FROM %s\n      GROUP BY breakdown) AS g\n    %s) AS c\n"
                  "  WHERE field <> ''\n",
                  events, cell, sql_tuple_part(arena, query->dialect, 1, "metric"),
                  sql_tuple_part(arena, query->dialect, 3, "field"), sums.length ? sums.bytes : "",
                  lines, sql_tuples(arena, query->dialect, tuples.bytes, "metric, path, field"));
    buffer_release(&tuples);
    buffer_release(&sums);
    write_sketches(view, key, lines, sql);
}

void write_breakdowns(const struct view *view, struct buffer *rows)
{
    for (uint32_t i = 0; i < view->query->grouping_count; i++)
        write_breakdown(view, i, rows);
}
