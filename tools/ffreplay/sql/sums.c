/* sums.c - the parts of a query that add up, and their rows. See view.h. */
#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "sql_kinds.h"
#include "view.h"

bool is_of_log(const struct view *view, const struct metric *metric)
{
    return metric->log == view->log->log || (!metric->log && view->query->project->log_count == 1);
}

/* See served_counts.h. */
bool tells_health(const struct queried_flag *flag)
{
    return flag->variants->targeting->variant_count < UNIT_GROUPS;
}

/* Whether a line may be left out for a key that is there, and is none. */
static bool lacks_keys(const struct view *view)
{
    return view->has_canary && view->evaluates && view->key;
}

/* Whether lines are evaluated that may be from before an edit of the flag. */
static bool was_edited(const struct view *view)
{
    return view->evaluates && in_force_edited(view->flag->variants->force) != INT64_MIN;
}

/* "samples": of each line its groups, its unit, and each metric's sample. */
static bool write_samples(struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    const struct sql_digest *digest = sql_digest(query->dialect);
    const struct group_columns groups = group_columns(view);
    buffer_format(sql, "-- Each line's groups and unit, and what each metric takes of it.\n");
    buffer_format(sql, "%s AS (\n  SELECT ms,\n    %s AS unit,\n", part(view, "samples"),
                  view->unit ? view->unit : sql_null_text(query->dialect));
    if (lacks_keys(view))
        buffer_format(sql, "    CASE WHEN %s IS NOT NULL AND %s IS NULL THEN ms END AS unkeyed,\n",
                      view->key, view->unit);
    for (uint32_t i = 0; i < digest->columns; i++)
        buffer_format(sql, "    \"digest %u\",\n", i + 1);
    if (view->log->layout->variant != NO_PLACE)
        buffer_format(sql, "    %s AS named,\n",
                      column_of_path(&view->log->columns, COLUMN_TEXT,
                                     view->log->layout->paths[view->log->layout->variant],
                                     view->log->log->span));
    buffer_format(sql,
                  "    %s AS assigned,\n    %s AS served,\n    %s AS variant,\n    %s AS reason,\n"
                  "    %s AS arm,\n    %s AS stage",
                  groups.assigned, groups.served, groups.variant, groups.reason, groups.arm,
                  groups.stage);
    for (uint32_t i = 0; i < view->flag->metric_count; i++) {
        struct taken taken;
        if (!is_of_log(view, view->flag->metrics[i]))
            continue;
        if (!sql_take(view, view->flag->metrics[i], &taken))
            return false;
        buffer_format(sql, ",\n    %s AS %s", taken.sample,
                      column_of_metric(query, "metric", view->flag->metrics[i]->name.text));
        if (taken.second)
            buffer_format(
                sql, ",\n    %s AS %s", taken.second,
                column_of_metric(query, "denominator", view->flag->metrics[i]->name.text));
    }
    if (!write_fields_of_breakdowns(view, sql))
        return false;
    buffer_format(sql, "\n  FROM %s\n),\n", part(view, "served"));
    return true;
}

static bool judges(const struct view *view, const struct metric *metric)
{
    const struct analysis *canary = view->flag->canary;
    for (uint32_t i = 0; canary && i < canary->accumulator_count; i++)
        if (canary->accumulators[i].measure.metric == metric)
            return true;
    return false;
}

static const char *path_of(const struct view *view, const struct metric *metric)
{
    return judges(view, metric) ? literal(view->query, KEY_TEXT(view->query, metric->name.text))
                                : "''";
}

#define GROUPED "assigned, served, variant, reason, arm, stage"

/* "groups": what adds up, by group. */
static void write_groups(const struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    const struct sql_digest *digest = sql_digest(query->dialect);
    buffer_format(sql,
                  "-- What adds up, by group.\n%s AS (\n  SELECT " GROUPED ",\n"
                  "    count(*) AS n, min(ms) AS earliest, max(ms) AS latest",
                  part(view, "groups"));
    if (lacks_keys(view))
        buffer_append_text(sql, ",\n    count(unkeyed) AS keyless, max(unkeyed) AS latest_keyless");
    if (was_edited(view))
        buffer_format(sql, ",\n    count(CASE WHEN ms < %" PRId64 " THEN 1 END) AS before_edit",
                      in_force_edited(view->flag->variants->force));
    for (uint32_t i = 0; i < digest->parts; i++)
        buffer_format(sql, ",\n    %s AS \"digest p%u\"", digest->part[i].sum,
                      digest->part[i].shift);
    if (view->log->layout->variant != NO_PLACE)
        buffer_format(sql, ",\n    min(%s) AS least_named",
                      sql_by_bytes(query->arena, query->dialect, "named"));
    for (uint32_t i = 0; i < view->flag->metric_count; i++)
        if (is_of_log(view, view->flag->metrics[i]))
            sql_add_up(query, view->flag->metrics[i], sql);
    buffer_format(sql, "\n  FROM %s\n  GROUP BY " GROUPED "\n),\n", part(view, "samples"));
}

/* Rows of a group that are no cells of metrics. */
struct put_rows {
    const struct view *view;
    struct buffer *sql;
};

static void put_row(const struct put_rows *rows, const char *guard, const char *expression)
{
    put_tuple(rows->sql, "''", "''", guard, expression);
}

/* Each part of a digest, of a row with that beginning. */
static void put_digest(const struct put_rows *rows, const char *key, const char *guard)
{
    const struct query *query = rows->view->query;
    const struct sql_digest *digest = sql_digest(query->dialect);
    for (uint32_t i = 0; i < digest->parts; i++) {
        const char *column = arena_format(query->arena, "\"digest p%u\"", digest->part[i].shift);
        put_row(rows, guard,
                ROW_TEXT(query,
                         arena_format(query->arena, "{\"row\":\"%s\",\"digest\":\"\1p%u\"}", key,
                                      digest->part[i].shift),
                         column));
    }
}

static void put_unknown(const struct put_rows *rows, const char *key, const char *guard)
{
    const struct query *query = rows->view->query;
    if (rows->view->log->layout->variant == NO_PLACE)
        return;
    put_row(
        rows, guard,
        ROW_TEXT(query,
                 arena_format(query->arena,
                              "{\"row\":\"%s\",\"unknown\":{\"lines\":\1,\"least_name\":\1}}", key),
                 "n", sql_json_string(query->arena, query->dialect, "least_named")));
}

/* Of lines that were evaluated: by what, and of those from before an edit, how many. */
static void put_origins(const struct put_rows *rows, const char *key, const char *guard)
{
    const struct query *query = rows->view->query;
    struct arena *arena = query->arena;
    put_row(rows, guard,
            ROW_TEXT(query,
                     arena_format(arena, "{\"row\":\"%s\",\"origins\":{\"assumed\":\1}}", key),
                     "n"));
    if (was_edited(rows->view))
        put_row(
            rows, arena_format(arena, "%s AND before_edit > 0", guard),
            ROW_TEXT(query,
                     arena_format(arena, "{\"row\":\"%s\",\"origins\":{\"before_edit\":\1}}", key),
                     "before_edit"));
}

#define IN_GROUPS "assigned IN ('canary', 'control')"

static void put_canary(const struct put_rows *rows)
{
    const struct view *view = rows->view;
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const char *key = KEY_TEXT(query, "canary", view->flag->flag->name.text);
    const char *log = json_string_of(query, view->log->log->name.text);
    put_row(rows, "assigned <> ''",
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"assigned\":{\"\1\":\1}}", key),
                     "assigned", "n"));
    put_row(rows, IN_GROUPS,
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"first\":\1,\"last\":\1}", key),
                     "earliest", "latest"));
    put_row(rows, "assigned = 'canary'",
            ROW_TEXT(query,
                     arena_format(arena,
                                  "{\"row\":\"%s\",\"canary_lines\":{%s:{\"count\":\1,\"first\":\1,"
                                  "\"last\":\1}}}",
                                  key, log),
                     "n", "earliest", "latest"));
    put_digest(rows, key, IN_GROUPS);
    put_row(rows, "assigned <> 'before_stage' AND reason IS NULL AND variant IS NOT NULL",
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"seen\":{\"\1\":1}}", key),
                     "variant"));
    put_origins(rows, key, "assigned <> 'before_stage' AND reason IS NOT NULL");
    if (lacks_keys(view))
        put_row(
            rows, "assigned = 'no_key' AND keyless > 0",
            ROW_TEXT(query,
                     arena_format(arena,
                                  "{\"row\":\"%s\",\"unkeyed\":{\"count\":\1,\"newest\":\1}}", key),
                     "keyless", "latest_keyless"));
    put_unknown(rows, key, "assigned = 'other_variant' AND served = 'unknown'");
}

static void put_health(const struct put_rows *rows)
{
    const struct view *view = rows->view;
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const char *key = KEY_TEXT(query, "health", view->flag->flag->name.text);
    put_row(
        rows, "variant IS NOT NULL",
        ROW_TEXT(query,
                 arena_format(arena,
                              "{\"row\":\"%s\",\"variants\":{\"\1\":\1},\"seen\":{\"\1\":1}}", key),
                 "variant", "n", "variant"));
    put_row(rows, "reason IS NOT NULL",
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"reasons\":{\"\1\":\1}}", key),
                     "reason", "n"));
    put_origins(rows, key, "reason IS NOT NULL");
    put_row(rows, "reason IS NULL AND served = 'override'",
            ROW_TEXT(query,
                     arena_format(arena, "{\"row\":\"%s\",\"reasons\":{\"%d\":\1}}", key,
                                  FFLAG_REASON_OVERRIDE),
                     "n"));
    put_digest(rows, key, "served <> 'other_flag'");
    put_unknown(rows, key, "served = 'unknown'");
}

const char *group_of_variant(const struct query *query)
{
    return arena_format(query->arena, "coalesce(lpad(%s, 8, '0'), 'ffffffff')",
                        sql_hex(query->arena, query->dialect, "variant"));
}

static void put_metrics(const struct put_rows *rows)
{
    const struct view *view = rows->view;
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const char *key = KEY_TEXT(query, "metrics", view->flag->flag->name.text);
    put_row(rows, COUNTED,
            ROW_TEXT(query,
                     arena_format(
                         arena,
                         "{\"row\":\"%s\",\"used\":\1,\"first\":\1,\"last\":\1,\"stages\":{\"\1\":{"
                         "\"first\":\1,\"last\":\1}}}",
                         key),
                     "n", "earliest", "latest", "stage", "earliest", "latest"));
    put_row(rows, "NOT (" COUNTED ")",
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s\",\"left_out\":{\"\1\":\1}}", key),
                     "served", "n"));
    put_origins(rows, key, "reason IS NOT NULL");
    put_row(rows, COUNTED,
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s//\",\"events\":\1}", key), "n"));
    put_row(rows, COUNTED,
            ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s/variant/\1\",\"events\":\1}", key),
                     group_of_variant(query), "n"));
}

void write_buckets(const struct view *view, const struct metric *metric, const char *group,
                   const char *from, const char *where, struct buffer *sql)
{
    const struct query *query = view->query;
    unsigned bits = 0;
    (void)sql_has_sketch(metric, &bits);
    const char *column = column_of_metric(query, "metric", metric->name.text);
    buffer_format(
        sql,
        "SELECT %s, CASE WHEN %s > 0 THEN 'positive' WHEN %s < 0 THEN 'negative' ELSE "
        "'zero' END AS side,\n        CASE WHEN %s <> 0 THEN %s END AS bucket, count(*) AS n\n"
        "      FROM %s\n      WHERE %s%s IS NOT NULL\n      GROUP BY %s, side, bucket",
        group, column, column, column,
        sql_bucket_of(query->arena, query->dialect, arena_format(query->arena, "abs(%s)", column),
                      bits),
        from, where, column, group);
}

const char *sketch_field(const struct query *query, const struct metric *metric)
{
    unsigned bits = 0;
    (void)sql_has_sketch(metric, &bits);
    const char *zeros = ROW_TEXT(
        query, arena_format(query->arena, "\"sketch\":{\"bits\":%u,\"zeros\":\1}", bits), "n");
    const char *buckets = ROW_TEXT(
        query, arena_format(query->arena, "\"sketch\":{\"bits\":%u,\"\1\":{\"\1\":\1}}", bits),
        "side", "bucket", "n");
    return arena_format(query->arena, "CASE WHEN side = 'zero' THEN %s ELSE %s END", zeros,
                        buckets);
}

/* "cells": fields of the metrics' cells by group, and rows that are whole. */
static void write_cells(const struct view *view, struct buffer *sql)
{
    unsigned bits;
    const struct query *query = view->query;
    struct buffer tuples = {0};
    const struct put_rows rows = {view, &tuples};
    if (view->has_canary)
        put_canary(&rows);
    if (tells_health(view->flag))
        put_health(&rows);
    put_metrics(&rows);
    for (uint32_t i = 0; i < view->flag->metric_count; i++)
        if (is_of_log(view, view->flag->metrics[i]))
            sql_put_fields(query, view->flag->metrics[i], path_of(view, view->flag->metrics[i]),
                           &tuples);
    buffer_format(
        sql,
        "-- Fields of each metric's cell in each group; and, without a metric, whole rows.\n"
        "%s AS (\n  SELECT assigned, served, variant, %s, %s, %s\n  FROM %s\n    %s\n",
        part(view, "cells"), sql_tuple_part(query->arena, query->dialect, 1, "metric"),
        sql_tuple_part(query->arena, query->dialect, 2, "path"),
        sql_tuple_part(query->arena, query->dialect, 3, "field"), part(view, "groups"),
        sql_tuples(query->arena, query->dialect, tuples.bytes, "metric, path, field"));
    buffer_release(&tuples);
    for (uint32_t i = 0; i < view->flag->metric_count; i++) {
        const struct metric *metric = view->flag->metrics[i];
        if (!is_of_log(view, metric) || !sql_has_sketch(metric, &bits))
            continue;
        buffer_format(sql,
                      "  UNION ALL\n  SELECT assigned, served, variant, %s AS metric, %s AS path,\n"
                      "    %s AS field\n  FROM (",
                      literal(query, json_string_of(query, metric->name.text)),
                      path_of(view, metric), sketch_field(query, metric));
        write_buckets(view, metric, "assigned, served, variant", part(view, "samples"), "", sql);
        buffer_append_text(sql, ") AS b\n");
    }
    buffer_append_text(sql, "),\n");
}

/* Rows of what "cells" has. */
static void write_rows_of_cells(const struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const char *flag = view->flag->flag->name.text;
    const char *metrics = KEY_TEXT(query, "metrics", flag);
    struct buffer tuples = {0};
    buffer_append_text(&tuples, "      (CASE WHEN metric = '' THEN field ELSE '' END, 0)");
    if (view->has_canary)
        buffer_format(&tuples,
                      ",\n      (CASE WHEN path <> '' AND " IN_GROUPS " THEN %s ELSE '' END, 0)",
                      ROW_TEXT(query,
                               arena_format(arena, "{\"row\":\"%s/\1/\1\",\1}",
                                            KEY_TEXT(query, "canary", flag, "metric")),
                               "path", "assigned", "field"));
    buffer_format(
        &tuples, ",\n      (CASE WHEN metric <> '' AND " COUNTED " THEN %s ELSE '' END, 0)",
        ROW_TEXT(query, arena_format(arena, "{\"row\":\"%s//\",\"cells\":{\1:{\1}}}", metrics),
                 "metric", "field"));
    buffer_format(
        &tuples, ",\n      (CASE WHEN metric <> '' AND " COUNTED " THEN %s ELSE '' END, 0)",
        ROW_TEXT(query,
                 arena_format(arena, "{\"row\":\"%s/variant/\1\",\"cells\":{\1:{\1}}}", metrics),
                 group_of_variant(query), "metric", "field"));
    buffer_format(
        sql, "  UNION ALL\n  SELECT %s\n  FROM (SELECT * FROM %s WHERE field <> '') AS c\n    %s\n",
        sql_tuple_part(arena, query->dialect, 1, "line"), part(view, "cells"),
        sql_tuples(arena, query->dialect, tuples.bytes, "line, none"));
    buffer_release(&tuples);
}

/* ------------------------------------------------------------------------- windows and units -- */

const char *window_of(const struct query *query)
{
    return arena_format(query->arena, "ms - (ms %% %1$" PRId64 " + %1$" PRId64 ") %% %1$" PRId64,
                        query->window);
}

static void write_window(const struct view *view, uint32_t number, struct buffer *sql)
{
    unsigned bits;
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    const struct judgement *judgement = &view->flag->canary->judgements[number];
    const struct metric *metric =
        view->flag->canary->accumulators[judgement->accumulator].measure.metric;
    const char *key = KEY_TEXT(query, "canary", view->flag->flag->name.text, "window",
                               arena_format(arena, "%u", number));
    const char *begins = arena_format(arena, "%s AS begins", window_of(query));
    const char *line = ROW_TEXT(
        query,
        arena_format(arena, "{\"row\":\"%s\",\"windows\":{\"keep\":%u,\"items\":{\"\1\":{\1}}}}",
                     key, judgement->windows.keep),
        "begins", "field");
    const char *column = column_of_metric(query, "metric", metric->name.text);
    struct buffer tuples = {0}, sums = {0};
    sql_put_fields(query, metric, "''", &tuples);
    sql_add_up(query, metric, &sums);
    buffer_format(
        sql,
        "  UNION ALL\n  SELECT %s\n  FROM (SELECT begins, %s\n    FROM (SELECT *,\n"
        "        row_number() OVER (ORDER BY begins DESC) AS place\n      FROM (SELECT %s%s\n"
        "        FROM %s\n        WHERE assigned = 'canary' AND %s IS NOT NULL\n"
        "        GROUP BY begins) AS w) AS r\n    %s\n    WHERE place <= %u) AS c\n"
        "  WHERE field <> ''\n",
        line, sql_tuple_part(arena, query->dialect, 3, "field"), begins, sums.bytes,
        part(view, "samples"), column,
        sql_tuples(arena, query->dialect, tuples.bytes, "metric, path, field"),
        judgement->windows.keep);
    buffer_release(&tuples);
    buffer_release(&sums);
    if (!sql_has_sketch(metric, &bits))
        return;
    buffer_format(
        sql,
        "  UNION ALL\n  SELECT %s\n  FROM (SELECT begins, %s AS field\n    FROM (SELECT *,\n"
        "        dense_rank() OVER (ORDER BY begins DESC) AS place\n      FROM (",
        line, sketch_field(query, metric));
    struct buffer buckets = {0};
    write_buckets(view, metric, "begins", part(view, "samples"), "assigned = 'canary' AND ",
                  &buckets);
    /* The window is a column there, too, by the name that it is grouped by. */
    buffer_format(sql, "SELECT %s%s", begins, buckets.bytes + strlen("SELECT begins"));
    buffer_format(sql, ") AS w) AS r\n    WHERE place <= %u) AS c\n", judgement->windows.keep);
    buffer_release(&buckets);
}

static void write_windows(const struct view *view, struct buffer *sql)
{
    const struct analysis *canary = view->flag->canary;
    for (uint32_t i = 0; view->has_canary && i < canary->judgement_count; i++) {
        const struct judgement *judgement = &canary->judgements[i];
        if (judgement->windowed &&
            canary->accumulators[judgement->accumulator].log == view->log->number)
            write_window(view, i, sql);
    }
}

/* As many as a sample has, and one more, by which it is known that it is halved. */
#define UNITS_KEPT (UNIT_SHARES_MOST + 1)

/* Samples of units, with the groups they were seen in. */
static void write_units(const struct view *view, struct buffer *sql)
{
    const struct query *query = view->query;
    struct arena *arena = query->arena;
    enum sql_dialect dialect = query->dialect;
    const char *flag = view->flag->flag->name.text, *all = sql_all_bits(dialect);
    const char *none = sql_no_bit(dialect);
    struct buffer tuples = {0}, bits = {0};
    if (!view->unit)
        return;
    if (view->has_canary && view->flag->canary->shares.counts.units == 0) {
        buffer_format(&bits,
                      ",\n        %s(CASE assigned WHEN 'canary' THEN %s WHEN 'control' THEN %s "
                      "ELSE %s END) AS of_canary",
                      all, sql_bit(arena, dialect, "0"), sql_bit(arena, dialect, "1"), none);
        buffer_format(&tuples, "      (%s, of_canary)",
                      literal(query, arena_format(arena, "%s\",\"shares\"",
                                                  KEY_TEXT(query, "canary", flag))));
    }
    if (tells_health(view->flag)) {
        const char *health = KEY_TEXT(query, "health", flag);
        buffer_format(
            &bits,
            ",\n        %s(CASE WHEN variant IS NOT NULL THEN %s ELSE %s END) AS of_variants", all,
            sql_bit(arena, dialect, "variant"), none);
        buffer_format(&tuples, "%s      (%s, of_variants)", tuples.length ? ",\n" : "",
                      literal(query, arena_format(arena, "%s\",\"shares\"", health)));
        if (view->flag->division.count > 0) {
            buffer_format(&bits,
                          ",\n        %s(CASE WHEN arm IS NOT NULL THEN %s ELSE %s END) AS of_arms",
                          all, sql_bit(arena, dialect, "arm"), none);
            buffer_format(&tuples, ",\n      (%s, of_arms)",
                          literal(query, arena_format(arena, "%s\",\"divided\"", health)));
        }
    }
    if (tuples.length) {
        const char *pair =
            ROW_TEXT(query, "\"\1\":\"\1\"", "hash", sql_hex(arena, dialect, "bits"));
        buffer_format(sql,
                      "  UNION ALL\n  SELECT %s\n  FROM (SELECT sample, hash, %s AS pair\n"
                      "    FROM (SELECT sample, hash, bits,\n"
                      "        row_number() OVER (PARTITION BY sample ORDER BY %s) AS place\n"
                      "      FROM (SELECT hash, %s, %s\n      FROM (SELECT %s AS hash%s\n"
                      "        FROM %s WHERE unit IS NOT NULL GROUP BY hash) AS u\n      %s) AS t\n"
                      "      WHERE bits <> 0) AS r\n    WHERE place <= %" PRIu64
                      ") AS s\n  GROUP BY sample\n",
                      ROW_TEXT(query, "{\"row\":\"\1:{\"units\":{\1}}}", "sample",
                               sql_joined(arena, dialect, "pair", "hash")),
                      pair, sql_by_bytes(arena, dialect, "hash"),
                      sql_tuple_part(arena, dialect, 1, "sample"),
                      sql_tuple_part(arena, dialect, 2, "bits"),
                      sql_unit_hash(arena, dialect, "unit"), bits.bytes, part(view, "samples"),
                      sql_tuples(arena, dialect, tuples.bytes, "sample, bits"), UNITS_KEPT);
    }
    buffer_release(&tuples);
    buffer_release(&bits);
}

bool write_sums(struct view *view, struct buffer *parts)
{
    if (!write_samples(view, parts))
        return false;
    write_groups(view, parts);
    write_cells(view, parts);
    return true;
}

void write_rows(const struct view *view, struct buffer *rows)
{
    write_rows_of_cells(view, rows);
    write_breakdowns(view, rows);
    write_windows(view, rows);
    write_units(view, rows);
}
