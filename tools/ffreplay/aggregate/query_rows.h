/*
 * query_rows.h - what a query of `ffreplay sql` prints, as a file of aggregates.
 *
 * A query gives rows in any order, each as often as it likes, in parts: {"row":KEY,FIELD:…}. Parts
 * of one row merge as rows of two files do. The last says how many there are, so that output that
 * was cut is noticed; a checksum there is none, as no database has it.
 */
#ifndef FFREPLAY_QUERY_ROWS_H
#define FFREPLAY_QUERY_ROWS_H

#include <stdbool.h>

struct buffer;

/* How such a line begins, and the first of a query's. */
#define QUERY_ROW  "{\"row\":\""
#define QUERY_HEAD QUERY_ROW "!aggregate\""

/* Whether it is a file that begins so; one that can be read once only is left alone. */
bool is_query_output(const char *path);

/* Writes what `from` has, which is shown as `name`, to `to`. Memory: the rows. False: `error` says
 * why, and there is no file. */
bool query_rows_write(const char *from, const char *name, const char *to, struct buffer *error);

#endif
