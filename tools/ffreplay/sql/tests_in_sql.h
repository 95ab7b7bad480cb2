/*
 * tests_in_sql.h - conditions as a query asks them: of a log's fields, and of attributes.
 *
 * An expression is true or false, never NULL. What a database would answer otherwise than
 * `aggregate` does is refused, with its place.
 */
#ifndef FFREPLAY_SQL_TESTS_IN_SQL_H
#define FFREPLAY_SQL_TESTS_IN_SQL_H

#include "compiler/model/condition.h"
#include "table_columns.h"

/* A metric's `where` or `of`. NULL: it has been reported. */
const char *sql_of_predicate(struct table_columns *columns, const struct condition *condition);

/*
 * A condition on the attributes that the log's `context` has; others are absent. NULL condition:
 * it holds. `bucket` makes the expression of a unit's bucket, of type UInt64 or NULL; or returns
 * NULL after reporting.
 */
struct sql_units {
    const char *(*bucket)(const struct sql_units *units, const struct unit_key *key,
                          const char *salt, const char *suffix, struct span span);
    /* Of the unit's key, of type text or NULL. */
    const char *(*text)(const struct sql_units *units, const struct unit_key *key,
                        struct span span);
    const struct unit_key *key; /* the flag's */
    const char *salt;
};
const char *sql_of_condition(struct table_columns *columns, const struct condition *condition,
                             const struct sql_units *units);
/* Whether a bucket is in [from, to), in thousandths of a percent. */
const char *sql_in_range(struct arena *arena, const char *bucket, uint32_t from, uint32_t to);

#endif
