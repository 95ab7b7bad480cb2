/* query.c - see query.h. */
#include "query.h"

#include <stdlib.h>
#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "view.h"

/* ------------------------------------------------------------------------------- whole query -- */

static bool open_view(struct view *view)
{
    const struct analysis *canary = view->flag->canary;
    view->evaluates = sql_has_xxh3(view->query->dialect) && view->log->log->context_count > 0 &&
                      !view->flag->variants->keeps;
    view->has_canary = canary && canary->accumulator_count == 0;
    for (uint32_t i = 0; canary && i < canary->accumulator_count; i++)
        view->has_canary |= canary->accumulators[i].log == view->log->number;
    return find_unit(view);
}

/* Everything of one flag over one log. */
static bool write_view(struct view *view, struct buffer *parts, struct buffer *rows)
{
    if (!open_view(view) || !write_served(view, parts) || !write_sums(view, parts))
        return false;
    write_rows(view, rows);
    return true;
}

static const char *text_of_column(const struct query *query, const struct table_column *column)
{
    switch (column->as) {
    case COLUMN_TEXT:
        return column->alias;
    case COLUMN_NUMBER:
    case COLUMN_LIST:
        return sql_as_text(query->arena, query->dialect, column->alias);
    }
    return NULL;
}

/* The column that tells whether a field is there. */
static const char *presence_of(struct queried_log *log, const char *path)
{
    for (uint32_t i = 0; i < log->columns.count; i++)
        if (strcmp(log->columns.items[i].path, path) == 0)
            return log->columns.items[i].alias;
    return column_of_path(&log->columns, COLUMN_TEXT, path, log->log->span);
}

/* "lines": the table as the definitions read the log. */
static bool write_lines(const struct query *query, struct queried_log *log, const char *suffix,
                        struct buffer *sql)
{
    struct arena *arena = query->arena;
    const struct layout *layout = log->layout;
    const struct sql_digest *digest = sql_digest(query->dialect);
    const char *time = column_quoted(&log->columns, layout->paths[layout->time], log->log->span);
    for (uint32_t i = 0; i < layout->count; i++)
        if (i != layout->time && !presence_of(log, layout->paths[i]))
            return false;
    if (!time)
        return false;
    struct buffer text = {0};
    buffer_format(&text, "%s", sql_as_text(arena, query->dialect, "ms"));
    for (uint32_t i = 0; i < log->columns.count; i++)
        buffer_format(&text, ", coalesce(%s, %s)", text_of_column(query, &log->columns.items[i]),
                      literal(query, "\1"));
    buffer_append_text(sql, "-- The rows of ");
    terminal_append(sql, log->name);
    buffer_format(sql,
                  ", as the definitions read the log: a time in milliseconds, texts and numbers.\n"
                  "lines%s AS (\n  SELECT *",
                  suffix);
    for (uint32_t i = 0; i < digest->columns; i++) {
        buffer_format(sql, ",\n    %s(%s(%s, %s)) AS \"digest %u\"", digest->of_text[i],
                      query->dialect == SQL_CLICKHOUSE ? "concatWithSeparator" : "concat_ws",
                      literal(query, "\x1f"), text.bytes, i + 1);
    }
    buffer_release(&text);
    buffer_format(sql, "\n  FROM (\n    SELECT\n      %s AS ms",
                  sql_as_time(arena, query->dialect, log->time, time));
    for (uint32_t i = 0; i < log->columns.count; i++)
        buffer_format(sql, ",\n      %s AS %s", column_read(&log->columns, &log->columns.items[i]),
                      log->columns.items[i].alias);
    buffer_format(sql, "\n    FROM %s\n  ) AS t\n),\n", log->table);
    return true;
}

/* What is known of a log, whatever is asked of it. */
static bool write_rows_of_log(const struct query *query, struct queried_log *log,
                              const char *suffix, struct buffer *sql)
{
    struct arena *arena = query->arena;
    const struct layout *layout = log->layout;
    const struct sql_digest *digest = sql_digest(query->dialect);
    const char *key = KEY_TEXT(query, "log", log->log->name.text);
    const char *input = arena_format(arena, "input/?%s", key + strlen("log/"));
    struct buffer tuples = {0}, sums = {0};
    put_tuple(&tuples, "''", "''", "n > 0",
              ROW_TEXT(query,
                       arena_format(arena, "{\"row\":\"%s\",\"lines\":\1,\"pieces\":\1}", key), "n",
                       "n"));
    put_tuple(&tuples, "''", "''", "n > timed",
              ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"no_time\":\1}", key),
                       "(n - timed)"));
    put_tuple(&tuples, "''", "''", "timed > 0",
              ROW_TEXT(query, "{\"row\":\"time/used\",\"last\":\1}", "latest"));
    put_tuple(&tuples, "''", "''", "timed > 0",
              ROW_TEXT(query,
                       arena_format(arena, "{\"row\":\"%s\",\"copies\":1,\"lines\":\1,\"name\":%s}",
                                    input, json_string_of(query, log->name)),
                       "timed"));
    for (uint32_t i = 0; i < digest->parts; i++) {
        buffer_format(&sums, ",\n      %s AS \"digest p%u\"", digest->part[i].sum,
                      digest->part[i].shift);
        put_tuple(&tuples, "''", "''", "timed > 0",
                  ROW_TEXT(query,
                           arena_format(arena, "{\"row\":\"%s\",\"digest\":\"\1p%u\"}", input,
                                        digest->part[i].shift),
                           arena_format(arena, "\"digest p%u\"", digest->part[i].shift)));
    }
    for (uint32_t i = layout->reading_count; i < layout->count; i++) {
        const char *there = i == layout->time ? "ms" : presence_of(log, layout->paths[i]);
        const char *count = arena_format(arena, "\"there %u\"", i);
        if (!there)
            return false;
        buffer_format(&sums, ",\n      count(%s) AS %s", there, count);
        put_tuple(&tuples, "''", "''", arena_format(arena, "%s > 0", count),
                  literal(query, arena_format(arena, "{\"row\":\"%s\",\"fields\":{%s:1}}", key,
                                              json_string_of(query, layout->paths[i]))));
    }
    buffer_format(sql,
                  "  UNION ALL\n  SELECT %s\n  FROM (SELECT count(*) AS n, count(ms) AS timed, "
                  "max(ms) AS latest%s\n"
                  "    FROM (SELECT *%s FROM lines%s) AS l) AS s\n    %s\n",
                  sql_tuple_part(arena, query->dialect, 3, "line"), sums.bytes, "", suffix,
                  sql_tuples(arena, query->dialect, tuples.bytes, "metric, path, line"));
    buffer_release(&tuples);
    buffer_release(&sums);
    return true;
}

#define MOST_BINS 4096

/* "bins": when lines were written, in stretches of 1,024 ms; and how wide they are in the end: as
 * wide as it takes for there to be few enough. */
static void write_traffic(const struct query *query, const char *lines, struct buffer *parts,
                          struct buffer *rows)
{
    struct arena *arena = query->arena;
    enum sql_dialect dialect = query->dialect;
    const char *wider = sql_shifted(arena, dialect, "bin", "(shift - 10)");
    buffer_format(
        parts,
        "-- When lines were written: by stretches of 1,024 ms, which are widened until they are\n"
        "-- few enough.\nbins AS (\n  SELECT %s AS bin, min(ms) AS earliest, max(ms) AS latest, "
        "count(*) AS n\n"
        "  FROM (%s) AS l\n  GROUP BY bin\n),\nwidth AS (\n  SELECT min(k) + 10 AS shift\n"
        "  FROM (SELECT k, sum(CASE WHEN %s <> %s THEN 1 ELSE 0 END) AS stretches\n"
        "    FROM (SELECT bin, %s AS before FROM bins) AS b\n    CROSS JOIN %s AS widths\n    "
        "GROUP BY k) AS w\n"
        "  WHERE stretches <= %d\n),\n",
        sql_shifted(arena, dialect, "ms", "10"), lines, sql_shifted(arena, dialect, "bin", "k"),
        sql_shifted(arena, dialect, "before", "k"), sql_before(dialect),
        sql_numbers(arena, dialect, 40), MOST_BINS);
    const char *bin = ROW_TEXT(query, "[\1,\1,\1]", "earliest", "latest", "n");
    buffer_format(rows,
                  "  UNION ALL\n  SELECT %s\n  FROM (SELECT shift, place, %s AS bin\n    FROM "
                  "(SELECT shift, %s AS place, min(earliest) AS earliest,\n"
                  "        max(latest) AS latest, sum(n) AS n\n      FROM bins CROSS JOIN width\n  "
                  "    GROUP BY shift, place) AS w) AS s\n"
                  "  GROUP BY shift\n",
                  ROW_TEXT(query,
                           "{\"row\":\"time/seen\",\"traffic\":{\"shift\":\1,\"bins\":[\1]}}",
                           "shift", sql_joined(arena, dialect, "bin", "place")),
                  bin, wider);
}

/* ------------------------------------------------------------------------ rows without lines -- */

static void add_constant(const struct query *query, struct buffer *sql, const char *row)
{
    buffer_format(sql, "%s  SELECT %s%s\n", sql->length ? "  UNION ALL\n" : "", literal(query, row),
                  sql->length ? "" : " AS line");
}

static void add_key(const struct query *query, struct buffer *sql, const char *key)
{
    add_constant(query, sql, arena_format(query->arena, "{\"row\":\"%s\"}", key));
}

static void add_constants_of_flag(const struct query *query, const struct queried_flag *flag,
                                  struct buffer *sql)
{
    const char *name = flag->flag->name.text;
    struct buffer metrics = {0};
    if (flag->canary)
        add_key(query, sql, KEY_TEXT(query, "canary", name));
    if (tells_health(flag))
        add_key(query, sql, KEY_TEXT(query, "health", name));
    for (uint32_t i = 0; i < flag->metric_count; i++)
        buffer_format(&metrics, "%s%s:1", i ? "," : ",\"metrics\":{",
                      json_string_of(query, flag->metrics[i]->name.text));
    const char *key = KEY_TEXT(query, "metrics", name);
    add_constant(query, sql,
                 arena_format(query->arena, "{\"row\":\"%s\"%s%s}", key,
                              metrics.length ? metrics.bytes : "", metrics.length ? "}" : ""));
    buffer_release(&metrics);
    add_key(query, sql, arena_format(query->arena, "%s/", key));
    add_key(query, sql, arena_format(query->arena, "%s/variant", key));
    for (uint32_t i = 0; i < query->grouping_count; i++)
        add_key(query, sql, KEY_TEXT(query, "metrics", name, query->groupings[i].text));
}

static void add_constants(const struct query *query, struct buffer *sql)
{
    char *head = json_dumps(query->head, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    add_constant(query, sql, arena_format(query->arena, "{\"row\":\"!aggregate\",%s", head + 1));
    free(head);
    for (uint32_t i = 0; i < query->flag_count; i++)
        add_constants_of_flag(query, &query->flags[i], sql);
    for (uint32_t i = 0; i < query->log_count; i++)
        add_key(query, sql, KEY_TEXT(query, "log", query->logs[i].log->name.text));
    add_key(query, sql, "time/bad");
    add_key(query, sql, "time/seen");
    add_key(query, sql, "time/used");
}

/* The rows in order, and how many there are. */
static void write_end(const struct query *query, struct buffer *sql)
{
    const char *end = ROW_TEXT(query, "{\"row\":\"~end\",\"rows\":\1}", "count(*)");
    if (query->dialect == SQL_CLICKHOUSE)
        buffer_format(sql,
                      "SELECT arrayJoin(arrayPushBack(arraySort(groupArray(line)), %s))\n"
                      "FROM aggregates\nWHERE line <> ''\nFORMAT TSVRaw",
                      end);
    else
        buffer_format(
            sql,
            "SELECT line FROM (\n  SELECT line FROM aggregates WHERE line <> ''\n  UNION ALL\n"
            "  SELECT %s FROM aggregates WHERE line <> ''\n) AS all_rows\nORDER BY %s",
            end, sql_by_bytes(query->arena, query->dialect, "line"));
    buffer_append_text(sql, ";\n");
}

static void write_mix(const struct query *query, struct buffer *sql)
{
    if (sql_has_xxh3(query->dialect))
        buffer_append_text(sql, "-- A unit's bucket is mix(XXH3(key) xor XXH3(salt)), an integer "
                                "of 64 bits that wraps.\n"
                                "(x) -> bitXor(x, bitXor(bitRotateRight(x, 49), bitRotateRight(x, "
                                "24))) * 11507291218515648293 AS mix_1,\n"
                                "(x) -> bitXor(x, bitShiftRight(x, 28)) AS mix_2,\n");
}

static bool write_parts(struct query *query, struct buffer *parts, struct buffer *rows)
{
    bool single = query->log_count * query->flag_count == 1;
    struct buffer views = {0}, lines = {0}, times = {0};
    bool sound = true;
    for (uint32_t i = 0; i < query->log_count && sound; i++) {
        struct queried_log *log = &query->logs[i];
        const char *of_log = query->log_count == 1 ? "" : arena_format(query->arena, "_%u", i + 1);
        for (uint32_t j = 0; j < query->flag_count && sound; j++) {
            struct view view = {
                .query = query,
                .log = log,
                .flag = &query->flags[j],
                .lines = arena_format(query->arena, "lines%s", of_log),
                .suffix = single ? "" : arena_format(query->arena, "_%u_%u", i + 1, j + 1)};
            sound = write_view(&view, &views, rows);
        }
        sound = sound && write_lines(query, log, of_log, &lines) &&
                write_rows_of_log(query, log, of_log, rows);
        buffer_format(&times, "%sSELECT ms FROM lines%s WHERE ms IS NOT NULL",
                      i ? " UNION ALL " : "", of_log);
    }
    if (sound) {
        buffer_append(parts, lines.bytes, lines.length);
        buffer_append(parts, views.bytes, views.length);
        write_traffic(query, times.bytes, parts, rows);
    }
    buffer_release(&views);
    buffer_release(&lines);
    buffer_release(&times);
    return sound;
}

bool query_write(struct query *query, struct buffer *sql)
{
    struct buffer parts = {0}, rows = {0};
    add_constants(query, &rows);
    bool sound = write_parts(query, &parts, &rows);
    if (sound) {
        buffer_append_text(sql, "WITH\n");
        write_mix(query, sql);
        buffer_append(sql, parts.bytes, parts.length);
        buffer_format(sql,
                      "-- Rows for `ffreplay merge`, which adds up those with the same "
                      "key.\naggregates AS (\n%s)\n",
                      rows.bytes);
        write_end(query, sql);
    }
    buffer_release(&parts);
    buffer_release(&rows);
    return sound;
}
