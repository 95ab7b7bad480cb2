/*
 * sql_kinds.h - how a query computes each kind of metric: what it takes of a line, what it adds up,
 * and which fields of a cell that gives. A kind that is not among them is refused.
 */
#ifndef FFREPLAY_SQL_KINDS_H
#define FFREPLAY_SQL_KINDS_H

#include "view.h"

/* Of each line, a number, or NULL where the metric is not about it. */
struct taken {
    const char *sample, *second; /* expressions; `second` of a ratio, or NULL */
};

/* False: it has been reported. */
bool sql_take(struct view *view, const struct metric *metric, struct taken *taken);
/* What is added up of those columns, each as one more column: ",\n sum(…) AS …". */
void sql_add_up(const struct query *query, const struct metric *metric, struct buffer *sql);
/* The fields of the metric's cell, as tuples. `path` is their second part. */
void sql_put_fields(const struct query *query, const struct metric *metric, const char *path,
                    struct buffer *sql);
/* Whether its cell also has a sketch, with how many bits. */
bool sql_has_sketch(const struct metric *metric, unsigned *bits);

#endif
