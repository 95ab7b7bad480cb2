/* sql_kinds.c - see sql_kinds.h. */
#include "sql_kinds.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "compiler/statistics/sketch.h"

struct sql_kind {
    const char *name; /* as definitions have it */
    bool (*take)(struct view *view, const struct metric *metric, const char *about,
                 struct taken *taken);
    void (*add_up)(const struct query *query, const struct metric *metric, const char *column,
                   struct buffer *sql);
    void (*put)(const struct query *query, const struct metric *metric, const char *path,
                struct buffer *sql);
    bool has_sketch;
};

/* ----------------------------------------------------------------------------------- samples -- */

static bool take_number(struct view *view, const char *about, const struct text *field, double cap,
                        const char **sample)
{
    struct arena *arena = view->query->arena;
    const char *number =
        column_of_field(&view->log->columns, COLUMN_NUMBER, field->text, field->span);
    if (!number)
        return false;
    if (cap > 0)
        number = arena_format(arena, "CASE WHEN %1$s > %2$s THEN %2$s ELSE %1$s END", number,
                              sql_double(arena, view->query->dialect, cap));
    *sample = strcmp(about, "true") == 0
                  ? number
                  : arena_format(arena, "CASE WHEN %s THEN %s END", about, number);
    return true;
}

static bool take_hit(struct view *view, const struct metric *metric, const char *about,
                     struct taken *taken)
{
    struct arena *arena = view->query->arena;
    const char *hit = metric->of ? sql_of_predicate(&view->log->columns, metric->of) : "false";
    if (!hit)
        return false;
    taken->sample =
        strcmp(about, "true") == 0
            ? arena_format(arena, "CASE WHEN %s THEN 1 ELSE 0 END", hit)
            : arena_format(arena, "CASE WHEN NOT (%s) THEN NULL WHEN %s THEN 1 ELSE 0 END", about,
                           hit);
    return true;
}

static bool take_event(struct view *view, const struct metric *metric, const char *about,
                       struct taken *taken)
{
    (void)metric;
    taken->sample = arena_format(view->query->arena, "CASE WHEN %s THEN 1 ELSE 0 END", about);
    return true;
}

static bool take_value(struct view *view, const struct metric *metric, const char *about,
                       struct taken *taken)
{
    return take_number(view, about, &metric->value, metric->cap, &taken->sample);
}

/* An event that lacks one of the numbers does not have both. */
static bool take_both(struct view *view, const struct metric *metric, const char *about,
                      struct taken *taken)
{
    struct arena *arena = view->query->arena;
    const char *first, *second;
    if (!take_number(view, about, &metric->numerator, 0, &first) ||
        !take_number(view, about, &metric->denominator, 0, &second))
        return false;
    taken->sample = arena_format(arena, "CASE WHEN %s IS NOT NULL THEN %s END", second, first);
    taken->second = arena_format(arena, "CASE WHEN %s IS NOT NULL THEN %s END", first, second);
    return true;
}

/* --------------------------------------------------------------------------------- adding up -- */

static const char *const sum_places[] = {"p0", "p-40", "p-80"};

static const char *column_of_sum(const struct query *query, const char *kind, int place,
                                 const char *metric)
{
    return column_of_metric(query, arena_format(query->arena, "%s %s", kind, sum_places[place]),
                            metric);
}

/* A double as an integer and two fractions of 40 bits, which add up without rounding. */
static void add_sum(const struct query *query, struct buffer *sql, const char *column,
                    const char *kind, const char *metric)
{
    static const char power[] = "1099511627776"; /* 2^40 */
    struct arena *arena = query->arena;
    enum sql_dialect dialect = query->dialect;
    const char *whole = arena_format(arena, "trunc(%s)", column);
    const char *first = arena_format(arena, "(%s - %s) * %s", column, whole, power);
    const char *high = arena_format(arena, "trunc(%s)", first);
    const char *low = arena_format(arena, "trunc((%s - %s) * %s)", first, high, power);
    const char *const sums[] = {sql_as_wide(arena, dialect, whole),
                                sql_as_part(arena, dialect, high),
                                sql_as_part(arena, dialect, low)};
    for (int i = 0; i < 3; i++)
        buffer_format(sql, ",\n    sum(%s) AS %s", sums[i], column_of_sum(query, kind, i, metric));
}

static void add_hits(const struct query *query, const struct metric *metric, const char *column,
                     struct buffer *sql)
{
    buffer_format(sql, ",\n    sum(%s) AS %s", column,
                  column_of_metric(query, "hits", metric->name.text));
}

static void add_value(const struct query *query, const struct metric *metric, const char *column,
                      struct buffer *sql)
{
    add_sum(query, sql, column, "sum", metric->name.text);
}

static void add_both(const struct query *query, const struct metric *metric, const char *column,
                     struct buffer *sql)
{
    add_sum(query, sql, column, "sum", metric->name.text);
    add_sum(query, sql, column_of_metric(query, "denominator", metric->name.text), "denominator",
            metric->name.text);
}

static void add_greatest(const struct query *query, const struct metric *metric, const char *column,
                         struct buffer *sql)
{
    buffer_format(sql, ",\n    max(%s) AS %s", column,
                  column_of_metric(query, "greatest", metric->name.text));
}

static void add_least(const struct query *query, const struct metric *metric, const char *column,
                      struct buffer *sql)
{
    buffer_format(sql, ",\n    min(%s) AS %s", column,
                  column_of_metric(query, "least", metric->name.text));
}

static void add_latest(const struct query *query, const struct metric *metric, const char *column,
                       struct buffer *sql)
{
    buffer_format(sql, ",\n    max(CASE WHEN %s IS NOT NULL THEN ms END) AS %s,\n    %s AS %s",
                  column, column_of_metric(query, "newest", metric->name.text),
                  sql_latest(query->arena, query->dialect, column),
                  column_of_metric(query, "latest", metric->name.text));
}

static void add_nothing(const struct query *query, const struct metric *metric, const char *column,
                        struct buffer *sql)
{
    (void)query;
    (void)metric;
    (void)column;
    (void)sql;
}

/* ------------------------------------------------------------------------------------ fields -- */

static const char *json_name(const struct query *query, const struct metric *metric)
{
    return literal(query, json_string_of(query, metric->name.text));
}

static void put_field(const struct query *query, const struct metric *metric, const char *path,
                      const char *guard, const char *field, struct buffer *sql)
{
    put_tuple(sql, json_name(query, metric), path, guard, field);
}

static const char *there_is(const struct query *query, const struct metric *metric)
{
    return arena_format(query->arena, "%s > 0",
                        column_of_metric(query, "count", metric->name.text));
}

static void put_hits(const struct query *query, const struct metric *metric, const char *path,
                     struct buffer *sql)
{
    const char *hits = column_of_metric(query, "hits", metric->name.text);
    put_field(query, metric, path, arena_format(query->arena, "%s > 0", hits),
              ROW_TEXT(query, "\"hits\":\1", hits), sql);
}

static void put_sum_of(const struct query *query, const struct metric *metric, const char *path,
                       const char *kind, struct buffer *sql)
{
    for (int i = 0; i < 3; i++) {
        const char *sum = column_of_sum(query, kind, i, metric->name.text);
        put_field(query, metric, path, arena_format(query->arena, "%s <> 0", sum),
                  ROW_TEXT(query,
                           arena_format(query->arena, "\"%s\":\"\1%s\"", kind, sum_places[i]), sum),
                  sql);
    }
}

static void put_value(const struct query *query, const struct metric *metric, const char *path,
                      struct buffer *sql)
{
    put_sum_of(query, metric, path, "sum", sql);
}

static void put_both(const struct query *query, const struct metric *metric, const char *path,
                     struct buffer *sql)
{
    put_sum_of(query, metric, path, "sum", sql);
    put_sum_of(query, metric, path, "denominator", sql);
}

static void put_greatest(const struct query *query, const struct metric *metric, const char *path,
                         struct buffer *sql)
{
    put_field(query, metric, path, there_is(query, metric),
              ROW_TEXT(query, "\"greatest\":\"\1\"",
                       column_of_metric(query, "greatest", metric->name.text)),
              sql);
}

static void put_least(const struct query *query, const struct metric *metric, const char *path,
                      struct buffer *sql)
{
    put_field(
        query, metric, path, there_is(query, metric),
        ROW_TEXT(query, "\"least\":\"\1\"", column_of_metric(query, "least", metric->name.text)),
        sql);
}

static void put_latest(const struct query *query, const struct metric *metric, const char *path,
                       struct buffer *sql)
{
    const char *newest = column_of_metric(query, "newest", metric->name.text);
    put_field(query, metric, path, there_is(query, metric),
              ROW_TEXT(query, "\"newest\":\1,\"latest\":{\"time\":\1,\"value\":\"\1\"}", newest,
                       newest, column_of_metric(query, "latest", metric->name.text)),
              sql);
}

static void put_nothing(const struct query *query, const struct metric *metric, const char *path,
                        struct buffer *sql)
{
    (void)query;
    (void)metric;
    (void)path;
    (void)sql;
}

/* ------------------------------------------------------------------------------------- kinds -- */

static const struct sql_kind kinds[] = {
    {"proportion", take_hit, add_hits, put_hits, false},
    {"rate", take_event, add_hits, put_hits, false},
    {"mean", take_value, add_value, put_value, false},
    {"ratio", take_both, add_both, put_both, false},
    {"quantile", take_value, add_nothing, put_nothing, true},
    {"max", take_value, add_greatest, put_greatest, false},
    {"min", take_value, add_least, put_least, false},
    {"last", take_value, add_latest, put_latest, false},
};

/* NULL: no query computes it. */
static const struct sql_kind *kind_of(const struct metric *metric)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, metric_traits(metric)->name) == 0)
            return &kinds[i];
    return NULL;
}

bool sql_take(struct view *view, const struct metric *metric, struct taken *taken)
{
    *taken = (struct taken){0};
    if (!kind_of(metric))
        return print_error_at(&view->query->project->sources, metric->name.span,
                              "metric '%s' is of a kind that no query computes", metric->name.text);
    const char *about =
        metric->where ? sql_of_predicate(&view->log->columns, metric->where) : "true";
    return about && kind_of(metric)->take(view, metric, about, taken);
}

void sql_add_up(const struct query *query, const struct metric *metric, struct buffer *sql)
{
    const char *column = column_of_metric(query, "metric", metric->name.text);
    buffer_format(sql, ",\n    count(%s) AS %s", column,
                  column_of_metric(query, "count", metric->name.text));
    kind_of(metric)->add_up(query, metric, column, sql);
}

void sql_put_fields(const struct query *query, const struct metric *metric, const char *path,
                    struct buffer *sql)
{
    put_field(query, metric, path, there_is(query, metric),
              ROW_TEXT(query, "\"count\":\1", column_of_metric(query, "count", metric->name.text)),
              sql);
    kind_of(metric)->put(query, metric, path, sql);
}

bool sql_has_sketch(const struct metric *metric, unsigned *bits)
{
    struct sketch sketch;
    if (!kind_of(metric)->has_sketch)
        return false;
    sketch_init(&sketch, metric->accuracy);
    *bits = sketch.bits;
    return true;
}
