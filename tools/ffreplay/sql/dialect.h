/*
 * dialect.h - how one database writes what every query needs: names, texts, types, hashes.
 *
 * Expressions are texts in an arena. What comes from definitions or a command line goes into one
 * by sql_name(), sql_text() or sql_comment() alone.
 */
#ifndef FFREPLAY_SQL_DIALECT_H
#define FFREPLAY_SQL_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"

struct arena;
struct buffer;

#define SQL_DIALECTS(X)             \
    X(SQL_CLICKHOUSE, "clickhouse") \
    X(SQL_DUCKDB, "duckdb")         \
    X(SQL_POSTGRESQL, "postgresql")
enum sql_dialect { SQL_DIALECTS(WORDS_MEMBER) };
extern const char *const sql_dialect_words[];
/* "ClickHouse" */
const char *sql_dialect_name(enum sql_dialect dialect);

/* ------------------------------------------------------------------------------------- texts -- */

/* A quoted identifier. NULL: no identifier can be that, as it has a control character. */
const char *sql_name(struct arena *arena, enum sql_dialect dialect, const char *name);
/* "schema.table", each part quoted. NULL as above, or where a part is empty. */
const char *sql_table(struct arena *arena, enum sql_dialect dialect, const char *table);
/* A literal; what would mislead on a terminal is written as its code. */
const char *sql_text(struct arena *arena, enum sql_dialect dialect, const char *text);
/* A literal of a finite number. */
const char *sql_double(struct arena *arena, enum sql_dialect dialect, double number);
/* " -- text" on one line. */
void sql_comment(struct buffer *sql, const char *text);

/* ------------------------------------------------------------------------------- expressions -- */

/* Of a column of any type. NULL stays NULL. */
const char *sql_as_text(struct arena *arena, enum sql_dialect dialect, const char *column);
const char *sql_as_number(struct arena *arena, enum sql_dialect dialect, const char *column);
/* Of a number without a fraction, an integer that no sum of it overflows. */
const char *sql_as_wide(struct arena *arena, enum sql_dialect dialect, const char *number);
/* The same of one that has at most 53 bits. */
const char *sql_as_part(struct arena *arena, enum sql_dialect dialect, const char *number);

#define SQL_TIMES(X)                                     \
    X(SQL_TIMESTAMP, "timestamp") /* of whatever type */ \
    X(SQL_SECONDS, "s")           /* since 1970 */       \
    X(SQL_MILLISECONDS, "ms")
enum sql_time { SQL_TIMES(WORDS_MEMBER) };
extern const char *const sql_time_words[];
/* Milliseconds since 1970, rounded down. */
const char *sql_as_time(struct arena *arena, enum sql_dialect dialect, enum sql_time time,
                        const char *column);

/* ASCII letters as small ones, and no others. */
const char *sql_folded(struct arena *arena, const char *text);
/* Texts compared by their bytes. */
const char *sql_by_bytes(struct arena *arena, enum sql_dialect dialect, const char *text);
enum sql_part { SQL_BEGINS, SQL_ENDS, SQL_CONTAINS };
const char *sql_has_part(struct arena *arena, enum sql_dialect dialect, enum sql_part part,
                         const char *text, const char *literal);
/* Whether a column that is a list has the text. */
const char *sql_has_entry(struct arena *arena, enum sql_dialect dialect, const char *list,
                          const char *literal);

const char *sql_null_integer(enum sql_dialect dialect);
const char *sql_null_text(enum sql_dialect dialect);
/* A text as a JSON string. */
const char *sql_json_string(struct arena *arena, enum sql_dialect dialect, const char *text);
/* The aggregate of texts, commas between them, in the order of a number or hexadecimal digits. */
const char *sql_joined(struct arena *arena, enum sql_dialect dialect, const char *text,
                       const char *order);
/* The integer as hexadecimal digits, without zeros before them. */
const char *sql_hex(struct arena *arena, enum sql_dialect dialect, const char *integer);
/* The text's bytes as hexadecimal digits, up to a zero byte. */
const char *sql_text_hex(struct arena *arena, enum sql_dialect dialect, const char *text);
/* The integer of 64 bits that has this bit, and the aggregate of all of them. */
const char *sql_bit(struct arena *arena, enum sql_dialect dialect, const char *place);
const char *sql_all_bits(enum sql_dialect dialect);
const char *sql_no_bit(enum sql_dialect dialect);
/* The aggregate of the number that is not NULL at the latest `ms`; of several, the greatest. */
const char *sql_latest(struct arena *arena, enum sql_dialect dialect, const char *number);
/* "CROSS JOIN" of each row with tuples of expressions, "(a, b),\n(c, d)", which become columns. */
const char *sql_tuples(struct arena *arena, enum sql_dialect dialect, const char *tuples,
                       const char *names);
/* A name of sql_tuples(), which has the place `at`, from 1, in a list of what is selected. */
const char *sql_tuple_part(struct arena *arena, enum sql_dialect dialect, unsigned at,
                           const char *name);
/* Integers from 0 to `end`, as a table with the column k. */
const char *sql_numbers(struct arena *arena, enum sql_dialect dialect, unsigned end);
/* The same column in the row before, in its own order; -1 in the first. */
const char *sql_before(enum sql_dialect dialect);
/* An integer shifted right, downwards. */
const char *sql_shifted(struct arena *arena, enum sql_dialect dialect, const char *integer,
                        const char *places);
/* The place of a positive number's bucket in a sketch of 2^bits a power of two: the upper bits of
 * the double. */
const char *sql_bucket_of(struct arena *arena, enum sql_dialect dialect, const char *number,
                          unsigned bits);

/* ------------------------------------------------------------------------------------ hashes -- */

/* Whether flags can be evaluated: it has XXH3, and integers that wrap. */
bool sql_has_xxh3(enum sql_dialect dialect);
/* What units are told apart by: 32 hexadecimal digits of its text. NULL: as `aggregate` does; else
 * the hash's name. */
const char *sql_unit_hash_name(enum sql_dialect dialect);
const char *sql_unit_hash(struct arena *arena, enum sql_dialect dialect, const char *unit);

/* A digest of a line's text: columns of what is added up, and the places of their lowest bits. */
#define SQL_DIGEST_PARTS 4
struct sql_digest {
    uint32_t columns;
    const char *of_text[SQL_DIGEST_PARTS]; /* a function of the text */
    uint32_t parts;
    struct sql_digest_part {
        const char *sum; /* of those columns: "digest 1", … */
        unsigned shift;
    } part[SQL_DIGEST_PARTS];
};
const struct sql_digest *sql_digest(enum sql_dialect dialect);

#endif
