/* dialect.c - see dialect.h. */
#include "dialect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"

const char *const sql_dialect_words[] = WORDS(SQL_DIALECTS);
const char *const sql_time_words[] = WORDS(SQL_TIMES);

const char *sql_dialect_name(enum sql_dialect dialect)
{
    switch (dialect) {
    case SQL_CLICKHOUSE:
        return "ClickHouse";
    case SQL_DUCKDB:
        return "DuckDB";
    case SQL_POSTGRESQL:
        return "PostgreSQL";
    }
    return "";
}

/* What the three say. */
static const char *one_of(enum sql_dialect dialect, const char *clickhouse, const char *duckdb,
                          const char *postgresql)
{
    switch (dialect) {
    case SQL_CLICKHOUSE:
        return clickhouse;
    case SQL_DUCKDB:
        return duckdb;
    case SQL_POSTGRESQL:
        return postgresql;
    }
    return NULL;
}

/* A form, in which each @ is the expression, and each # the other one. */
static const char *fill_both(struct arena *arena, const char *form, const char *expression,
                             const char *other)
{
    struct buffer sql = {0};
    for (const char *at = form; *at; at++)
        if (*at == '@' || *at == '#')
            buffer_append_text(&sql, *at == '@' ? expression : other);
        else
            buffer_append(&sql, at, 1);
    const char *filled = arena_copy(arena, sql.bytes ? sql.bytes : "", sql.length);
    buffer_release(&sql);
    return filled;
}

static const char *fill(struct arena *arena, const char *form, const char *expression)
{
    return fill_both(arena, form, expression, "");
}

/* ------------------------------------------------------------------------------------- texts -- */

static const char *finish(struct arena *arena, struct buffer *sql)
{
    const char *text = arena_copy(arena, sql->bytes ? sql->bytes : "", sql->length);
    buffer_release(sql);
    return text;
}

const char *sql_name(struct arena *arena, enum sql_dialect dialect, const char *name)
{
    struct buffer sql = {0};
    const char *end = name + strlen(name);
    buffer_append_text(&sql, "\"");
    for (const char *at = name; at < end;) {
        struct character character = character_at(at, end);
        if (character_is_unsafe(&character)) {
            buffer_release(&sql);
            return NULL;
        }
        if (*at == '"' || (*at == '\\' && dialect == SQL_CLICKHOUSE))
            buffer_append_text(&sql, dialect == SQL_CLICKHOUSE ? "\\" : "\"");
        buffer_append(&sql, at, character.bytes);
        at += character.bytes;
    }
    buffer_append_text(&sql, "\"");
    return *name ? finish(arena, &sql) : (buffer_release(&sql), NULL);
}

const char *sql_table(struct arena *arena, enum sql_dialect dialect, const char *table)
{
    struct buffer sql = {0};
    for (const char *rest = table;; rest++) {
        size_t length = strcspn(rest, ".");
        const char *name = sql_name(arena, dialect, arena_copy(arena, rest, length));
        if (!name) {
            buffer_release(&sql);
            return NULL;
        }
        buffer_append_text(&sql, name);
        rest += length;
        if (!*rest)
            return finish(arena, &sql);
        buffer_append_text(&sql, ".");
    }
}

/* A character that a terminal would not show as it is. */
static void append_code(struct buffer *sql, enum sql_dialect dialect, const char *at,
                        const struct character *character, bool slashed)
{
    if (dialect != SQL_CLICKHOUSE) {
        buffer_format(sql, "' || chr(%u) || %s'", character->code, slashed ? "E" : "");
        return;
    }
    for (uint32_t i = 0; i < character->bytes; i++)
        buffer_format(sql, "\\x%02x", (unsigned char)at[i]);
}

const char *sql_text(struct arena *arena, enum sql_dialect dialect, const char *text)
{
    struct buffer sql = {0};
    bool coded = false, slashed = dialect == SQL_POSTGRESQL && strchr(text, '\\');
    const char *end = text + strlen(text);
    for (const char *at = text; at < end;) {
        struct character character = character_at(at, end);
        if (character_is_unsafe(&character)) {
            append_code(&sql, dialect, at, &character, slashed);
            coded = dialect != SQL_CLICKHOUSE;
        } else {
            if (*at == '\'')
                buffer_append_text(&sql, dialect == SQL_CLICKHOUSE ? "\\" : "'");
            if (*at == '\\' && (dialect == SQL_CLICKHOUSE || slashed))
                buffer_append_text(&sql, "\\");
            buffer_append(&sql, at, character.bytes);
        }
        at += character.bytes;
    }
    /* Of PostgreSQL, a text that begins with E reads the same whatever its settings are. */
    const char *literal = arena_format(arena, "%s%s'%s'%s", coded ? "(" : "", slashed ? "E" : "",
                                       sql.bytes ? sql.bytes : "", coded ? ")" : "");
    buffer_release(&sql);
    return literal;
}

const char *sql_double(struct arena *arena, enum sql_dialect dialect, double number)
{
    struct buffer text = {0};
    json_write_number(&text, number);
    bool is_integer = fabs(number) < 0x1p53 && number == trunc(number);
    const char *literal = is_integer ? arena_format(arena, "%.0f", number)
                                     : fill(arena,
                                            one_of(dialect, "toFloat64('@')", "CAST('@' AS DOUBLE)",
                                                   "CAST('@' AS double precision)"),
                                            text.bytes);
    buffer_release(&text);
    return literal;
}

void sql_comment(struct buffer *sql, const char *text)
{
    buffer_append_text(sql, "  -- ");
    terminal_append(sql, text);
    buffer_append_text(sql, "\n");
}

/* ------------------------------------------------------------------------------- expressions -- */

const char *sql_as_text(struct arena *arena, enum sql_dialect dialect, const char *column)
{
    return fill(arena, one_of(dialect, "toString(@)", "CAST(@ AS VARCHAR)", "CAST(@ AS text)"),
                column);
}

const char *sql_as_number(struct arena *arena, enum sql_dialect dialect, const char *column)
{
    return fill(arena,
                one_of(dialect, "toFloat64(@)", "CAST(@ AS DOUBLE)", "CAST(@ AS double precision)"),
                column);
}

const char *sql_as_wide(struct arena *arena, enum sql_dialect dialect, const char *number)
{
    return fill(arena,
                one_of(dialect, "if(abs(@) < 9e18, toInt256(toInt64(@)), toInt256(@))",
                       "CAST(@ AS HUGEINT)",
                       "CASE WHEN abs(@) < 9e18 THEN CAST(CAST(@ AS bigint) AS numeric) "
                       "ELSE CAST(@ AS numeric) END"),
                number);
}

const char *sql_as_part(struct arena *arena, enum sql_dialect dialect, const char *number)
{
    return fill(arena,
                one_of(dialect, "toInt128(toInt64(@))", "CAST(@ AS BIGINT)", "CAST(@ AS bigint)"),
                number);
}

const char *sql_as_time(struct arena *arena, enum sql_dialect dialect, enum sql_time time,
                        const char *column)
{
    switch (time) {
    case SQL_TIMESTAMP:
        return fill(arena,
                    one_of(dialect, "toUnixTimestamp64Milli(toDateTime64(@, 3))",
                           "CAST(floor(epoch_us(@) / 1000.0) AS BIGINT)",
                           "CAST(floor(extract(epoch FROM @) * 1000) AS bigint)"),
                    column);
    case SQL_SECONDS:
        return fill(arena,
                    one_of(dialect, "toInt64(floor(@ * 1000))", "CAST(floor(@ * 1000) AS BIGINT)",
                           "CAST(floor(@ * 1000) AS bigint)"),
                    column);
    case SQL_MILLISECONDS:
        return fill(arena,
                    one_of(dialect, "toInt64(floor(@))", "CAST(floor(@) AS BIGINT)",
                           "CAST(floor(@) AS bigint)"),
                    column);
    }
    return NULL;
}

const char *sql_folded(struct arena *arena, const char *text)
{
    return arena_format(
        arena, "translate(%s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')", text);
}

const char *sql_by_bytes(struct arena *arena, enum sql_dialect dialect, const char *text)
{
    return fill(arena, one_of(dialect, "@", "@", "@ COLLATE \"C\""), text);
}

const char *sql_has_part(struct arena *arena, enum sql_dialect dialect, enum sql_part part,
                         const char *text, const char *literal)
{
    const char *form = NULL;
    switch (part) {
    case SQL_BEGINS:
        form = one_of(dialect, "startsWith(@, #)", "starts_with(@, #)", "starts_with(@, #)");
        break;
    case SQL_ENDS:
        form = one_of(dialect, "endsWith(@, #)", "suffix(@, #)", "right(@, length(#)) = #");
        break;
    case SQL_CONTAINS:
        form = one_of(dialect, "position(@, #) > 0", "contains(@, #)", "strpos(@, #) > 0");
        break;
    }
    return fill_both(arena, form, text, literal);
}

const char *sql_has_entry(struct arena *arena, enum sql_dialect dialect, const char *list,
                          const char *literal)
{
    return fill_both(arena, one_of(dialect, "has(@, #)", "list_contains(@, #)", "# = ANY (@)"),
                     list, literal);
}

const char *sql_json_string(struct arena *arena, enum sql_dialect dialect, const char *text)
{
    return fill(arena,
                one_of(dialect, "toJSONString(@)", "CAST(to_json(@) AS VARCHAR)",
                       "CAST(to_json(@) AS text)"),
                text);
}

const char *sql_joined(struct arena *arena, enum sql_dialect dialect, const char *text,
                       const char *order)
{
    return fill_both(
        arena,
        one_of(dialect, "arrayStringConcat(arrayMap(x -> x.2, arraySort(groupArray((#, @)))), ',')",
               "string_agg(@, ',' ORDER BY #)", "string_agg(@, ',' ORDER BY #)"),
        text, order);
}

const char *sql_hex(struct arena *arena, enum sql_dialect dialect, const char *integer)
{
    return fill(
        arena,
        one_of(dialect, "trim(LEADING '0' FROM lower(hex(@)))", "lower(to_hex(@))", "to_hex(@)"),
        integer);
}

const char *sql_text_hex(struct arena *arena, enum sql_dialect dialect, const char *text)
{
    return fill(arena,
                one_of(dialect, "lower(hex(substringIndex(@, '\\0', 1)))",
                       "lower(hex(split_part(@, chr(0), 1)))",
                       "encode(convert_to(@, 'UTF8'), 'hex')"),
                text);
}

const char *sql_bit(struct arena *arena, enum sql_dialect dialect, const char *place)
{
    return fill(arena,
                one_of(dialect, "bitShiftLeft(toUInt64(1), toUInt8(@))",
                       "CAST(1 AS UBIGINT) << CAST(@ AS UBIGINT)",
                       "CAST(1 AS bigint) << CAST(@ AS int)"),
                place);
}

const char *sql_all_bits(enum sql_dialect dialect)
{
    return one_of(dialect, "groupBitOr", "bit_or", "bit_or");
}

const char *sql_null_integer(enum sql_dialect dialect)
{
    return one_of(dialect, "CAST(NULL AS Nullable(Int32))", "CAST(NULL AS INTEGER)",
                  "CAST(NULL AS integer)");
}

const char *sql_null_text(enum sql_dialect dialect)
{
    return one_of(dialect, "CAST(NULL AS Nullable(String))", "CAST(NULL AS VARCHAR)",
                  "CAST(NULL AS text)");
}

const char *sql_no_bit(enum sql_dialect dialect)
{
    return one_of(dialect, "toUInt64(0)", "CAST(0 AS UBIGINT)", "CAST(0 AS bigint)");
}

const char *sql_latest(struct arena *arena, enum sql_dialect dialect, const char *number)
{
    return fill(arena,
                one_of(dialect, "argMaxIf(@, (ms, @), @ IS NOT NULL)",
                       "arg_max(@, (ms, @)) FILTER (WHERE @ IS NOT NULL)",
                       "(array_agg(@ ORDER BY ms DESC, @ DESC) FILTER (WHERE @ IS NOT NULL))[1]"),
                number);
}

const char *sql_tuples(struct arena *arena, enum sql_dialect dialect, const char *tuples,
                       const char *names)
{
    if (dialect == SQL_CLICKHOUSE)
        return arena_format(arena, "ARRAY JOIN [\n%s\n    ] AS f", tuples);
    return arena_format(arena, "CROSS JOIN LATERAL (VALUES\n%s\n    ) AS f(%s)", tuples, names);
}

const char *sql_tuple_part(struct arena *arena, enum sql_dialect dialect, unsigned at,
                           const char *name)
{
    return dialect == SQL_CLICKHOUSE ? arena_format(arena, "f.%u AS %s", at, name)
                                     : arena_format(arena, "f.%s", name);
}

const char *sql_numbers(struct arena *arena, enum sql_dialect dialect, unsigned end)
{
    return fill(arena,
                one_of(dialect, "(SELECT number AS k FROM numbers(@))",
                       "(SELECT range AS k FROM range(@))",
                       "(SELECT generate_series(0, @ - 1) AS k)"),
                arena_format(arena, "%u", end));
}

const char *sql_before(enum sql_dialect dialect)
{
    return one_of(dialect,
                  "lagInFrame(toInt64(bin), 1, -1) OVER (ORDER BY bin "
                  "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
                  "lag(bin, 1, -1) OVER (ORDER BY bin)",
                  "lag(bin, 1, CAST(-1 AS bigint)) OVER (ORDER BY bin)");
}

const char *sql_shifted(struct arena *arena, enum sql_dialect dialect, const char *integer,
                        const char *places)
{
    return fill_both(
        arena,
        one_of(dialect, "bitShiftRight(@, #)", "(@ >> CAST(# AS BIGINT))", "(@ >> CAST(# AS int))"),
        integer, places);
}

const char *sql_bucket_of(struct arena *arena, enum sql_dialect dialect, const char *number,
                          unsigned bits)
{
    switch (dialect) {
    case SQL_CLICKHOUSE:
        return arena_format(arena, "bitShiftRight(reinterpretAsUInt64(%s), %u)", number, 52 - bits);
    case SQL_DUCKDB: {
        /* Its power of two, which a logarithm may miss by one, and the place within. */
        const char *least =
            arena_format(arena,
                         "(CASE WHEN pow(2.0, floor(log2(%1$s))) > %1$s THEN floor(log2(%1$s)) - 1 "
                         "WHEN pow(2.0, floor(log2(%1$s)) + 1) <= %1$s THEN floor(log2(%1$s)) + 1 "
                         "ELSE floor(log2(%1$s)) END)",
                         number);
        return arena_format(
            arena,
            "CAST(CASE WHEN %1$s < 2.2250738585072014e-308 "
            "THEN floor(%1$s * pow(2.0, 1022) * %2$u) "
            "ELSE (%3$s + 1023) * %2$u + floor((%1$s / pow(2.0, %3$s) - 1) * %2$u) END AS BIGINT)",
            number, 1u << bits, least);
    }
    case SQL_POSTGRESQL:
        return arena_format(
            arena, "CAST(CAST('x' || encode(float8send(%s), 'hex') AS bit(64)) AS bigint) >> %u",
            number, 52 - bits);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------ hashes -- */

bool sql_has_xxh3(enum sql_dialect dialect)
{
    switch (dialect) {
    case SQL_CLICKHOUSE:
        return true;
    case SQL_DUCKDB:
    case SQL_POSTGRESQL:
        return false;
    }
    return false;
}

const char *sql_unit_hash_name(enum sql_dialect dialect)
{
    return one_of(dialect, NULL, "md5", "md5");
}

/* Of 128 bits, the one in the middle is not the hash's: it is a mark in memory. */
const char *sql_unit_hash(struct arena *arena, enum sql_dialect dialect, const char *unit)
{
    return fill(arena,
                one_of(dialect,
                       "lower(leftPad(hex(bitAnd(xxh3_128(@), "
                       "bitNot(bitShiftLeft(toUInt128(1), 64)))), 32, '0'))",
                       "md5(@)", "md5(@)"),
                unit);
}

const struct sql_digest *sql_digest(enum sql_dialect dialect)
{
    static const struct sql_digest clickhouse = {1, {"xxh3_128"}, 1, {{"sum(\"digest 1\")", 0}}};
    static const struct sql_digest duckdb = {2,
                                             {"md5_number_upper", "md5_number_lower"},
                                             2,
                                             {{"sum(\"digest 1\")", 64}, {"sum(\"digest 2\")", 0}}};
#define EIGHT(at) "sum(CAST(CAST('x' || substr(\"digest 1\", " #at ", 8) AS bit(32)) AS bigint))"
    static const struct sql_digest postgresql = {
        1, {"md5"}, 4, {{EIGHT(1), 96}, {EIGHT(9), 64}, {EIGHT(17), 32}, {EIGHT(25), 0}}};
    switch (dialect) {
    case SQL_CLICKHOUSE:
        return &clickhouse;
    case SQL_DUCKDB:
        return &duckdb;
    case SQL_POSTGRESQL:
        return &postgresql;
    }
    return NULL;
}
