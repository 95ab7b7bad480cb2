/*
 * view.h - one log's lines seen from one flag: what the parts of a query share.
 */
#ifndef FFREPLAY_SQL_VIEW_H
#define FFREPLAY_SQL_VIEW_H

#include "query.h"

struct view {
    struct query *query;
    struct queried_log *log;
    struct queried_flag *flag;
    const char *suffix; /* of the names of its parts: "", or "_2_1" */
    const char *lines;  /* the name of the log's part */
    bool evaluates;     /* lines that do not say what was served are evaluated */
    bool has_canary;    /* the canary is judged by metrics of this log */
    struct outcomes outcomes;
    const char *unit; /* what shares of units are counted by; NULL: nothing */
    const char *key;  /* the column of the flag's key, which may be there and be none; or NULL */
};

/* ----------------------------------------------------------------------------------- writing -- */

/* The buffer's content, in the arena; releases it. */
const char *finish_text(struct arena *arena, struct buffer *sql);
const char *literal(const struct query *query, const char *text);
/* A key of so many parts, as it stands within a JSON string. */
const char *key_of_parts(const struct query *query, size_t count, const char *const *parts);
#define KEY_TEXT(query, ...)                                                           \
    key_of_parts((query), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
                 (const char *const[]){__VA_ARGS__})
const char *json_string_of(const struct query *query, const char *name);
/*
 * A text of JSON with expressions in it, for each of which there is a \1: {"n":\1} with n is
 * '{"n":' || n || '}'. What comes from definitions is JSON already, and has no such byte.
 */
const char *text_of_row(const struct query *query, const char *format,
                        const char *const *expressions);
#define ROW_TEXT(query, format, ...) \
    text_of_row((query), (format), (const char *const[]){__VA_ARGS__})
/* The name of a column of a metric: "sum p0 latency", quoted. */
const char *column_of_metric(const struct query *query, const char *kind, const char *metric);
/* The name of a part of the query, of this view. */
const char *part(const struct view *view, const char *name);
/* A tuple: the metric as JSON has it, its part of a key where the canary is judged by it, and a
 * field of its cell; or '', '' and a whole row. `guard`: where there is one; NULL: always. */
void put_tuple(struct buffer *sql, const char *metric, const char *path, const char *guard,
               const char *expression);

/* ------------------------------------------------------------------------------------- parts -- */

/* What finds a unit's key and bucket in the columns of the view. */
struct view_units {
    struct sql_units units;
    struct view *view;
};
struct view_units units_of(struct view *view);
/* What shares of units are counted by. False: it has been reported. */
bool find_unit(struct view *view);

/* "served": what the log says of who was served what, and what is evaluated. False: reported. */
bool write_served(struct view *view, struct buffer *sql);
/* Expressions over "served", for "samples". */
struct group_columns {
    const char *assigned, *served, *variant, *reason, *arm, *stage;
};
struct group_columns group_columns(struct view *view);

/* Lines that metrics are computed of; over "samples". */
#define COUNTED "served IN ('variant', 'none', 'unknown')"
bool is_of_log(const struct view *view, const struct metric *metric);
/* The part of a group's key that is its variant; and when a line's window begins. Over "samples".
 */
const char *group_of_variant(const struct query *query);
const char *window_of(const struct query *query);
/* A positive number's bucket, and a side of the sketch, of the metric's samples in a table, by
 * group; and those as a field of a cell. */
void write_buckets(const struct view *view, const struct metric *metric, const char *group,
                   const char *from, const char *where, struct buffer *sql);
const char *sketch_field(const struct query *query, const struct metric *metric);

/* Columns of "samples" that have the fields by which lines are told apart. False: reported. */
bool write_fields_of_breakdowns(struct view *view, struct buffer *sql);
/* Rows of the query's groupings. */
void write_breakdowns(const struct view *view, struct buffer *rows);

/* "samples", "groups" and "cells": of each line what metrics take of it, what adds up by group, and
 * the fields of cells and other rows. False: reported. */
bool write_sums(struct view *view, struct buffer *parts);
/* Rows of those cells, of windows, of samples of units. */
void write_rows(const struct view *view, struct buffer *rows);
/* Whether its variants are few enough to be told apart by `health`. */
bool tells_health(const struct queried_flag *flag);

#endif
