/*
 * fields.h - a line's format: its fields and their names, as NDJSON or CSV, or as an access log,
 * whose fields are fixed.
 */
#ifndef SERVICELOG_FIELDS_H
#define SERVICELOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/base/words.h"
#include "tools/servicelog/service.h"

struct arena;
struct buffer;

#define MOST_FIELDS  32
#define LONGEST_TEXT 128 /* of names and paths: is_plain() sees to it */
#define LONGEST_LINE (MOST_FIELDS * (2 * LONGEST_TEXT + 16))
/* What a field is filled from. */
#define SOURCES(X)                       \
    X(SOURCE_TIME, "time")               \
    X(SOURCE_TIMESTAMP, "timestamp")     \
    X(SOURCE_REQUEST, "request")         \
    X(SOURCE_USER, "user")               \
    X(SOURCE_COUNTRY, "country")         \
    X(SOURCE_REGION, "region")           \
    X(SOURCE_PLAN, "plan")               \
    X(SOURCE_APP_VERSION, "app_version") \
    X(SOURCE_GROUPS, "groups")           \
    X(SOURCE_METHOD, "method")           \
    X(SOURCE_ENDPOINT, "endpoint")       \
    X(SOURCE_STATUS, "status")           \
    X(SOURCE_OK, "ok")                   \
    X(SOURCE_OUTCOME, "outcome")         \
    X(SOURCE_EVENT, "event")             \
    X(SOURCE_LATENCY_MS, "latency_ms")   \
    X(SOURCE_LATENCY_S, "latency_s")     \
    X(SOURCE_BYTES, "bytes")             \
    X(SOURCE_CACHE_HIT, "cache_hit")     \
    X(SOURCE_MEMORY, "memory")           \
    X(SOURCE_CPU, "cpu")                 \
    X(SOURCE_POOL_FREE, "pool_free")     \
    X(SOURCE_FLAG, "flag")               \
    X(SOURCE_VARIANT, "variant")
#define SOURCES_WORD(member, word) " " word
#define SOURCES_HELP               SOURCES(SOURCES_WORD) /* each after a blank */

#define USUAL_FIELDS \
    "time,request,user_id=user,country,plan,endpoint,status,latency_ms,bytes,cache_hit"

#define LINE_KINDS(X)        \
    X(LINE_NDJSON, "ndjson") \
    X(LINE_CSV, "csv")       \
    X(LINE_COMBINED, "combined")
enum line_kind { LINE_KINDS(WORDS_MEMBER) };

struct field {
    int source;
    const char *lead; /* what stands before the value: `,"status":`, or a comma */
    size_t lead_length;
    const char *name;
};

struct line_form {
    enum line_kind kind;
    const char *flag; /* what the source `flag` writes; NULL: none */
    struct field fields[MOST_FIELDS];
    size_t field_count;
};

/* Whether a text may stand in a line as it is: printable ASCII without quotes, commas and
 * backslashes, of at most LONGEST_TEXT bytes. */
bool is_plain(const char *text);

/* Parses "time,user_id=user"; the kind is set before. False: *error says why. */
bool parse_fields(const char *text, struct arena *arena, struct line_form *form,
                  struct buffer *error);

/* Both write at most LONGEST_LINE bytes, the line end included, and return how many. */
size_t write_header(const struct line_form *form, char *out); /* of CSV; otherwise nothing */
size_t write_line(const struct line_form *form, const struct request *request, char *out);

#endif
