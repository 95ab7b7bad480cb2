/* log.h - how the lines of a log are read. */
#ifndef FFC_MODEL_LOG_H
#define FFC_MODEL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "format_string.h"
#include "invocation.h"
#include "text.h"
#include "time_unit.h"

struct arena;
struct attribute;
struct unit_key;

#define LOG_FORMATS(X)                        \
    X(LOG_NDJSON, "ndjson")                   \
    X(LOG_COMBINED, "combined")               \
    X(LOG_COMMON, "common")                   \
    X(LOG_VHOST_COMBINED, "vhost_combined")   \
    X(LOG_INGRESS_NGINX, "ingress-nginx")     \
    X(LOG_TRAEFIK, "traefik")                 \
    X(LOG_HAPROXY_HTTP, "haproxy-http")       \
    X(LOG_ENVOY, "envoy")                     \
    X(LOG_ALB, "alb")                         \
    X(LOG_NGINX, "nginx")                     \
    X(LOG_APACHE, "apache")                   \
    X(LOG_GUNICORN, "gunicorn")               \
    X(LOG_LOGFMT, "logfmt")                   \
    X(LOG_W3C, "w3c")                         \
    X(LOG_IIS, "iis")                         \
    X(LOG_CLOUDFRONT, "cloudfront")           \
    X(LOG_CADDY, "caddy")                     \
    X(LOG_CSV, "csv")                         \
    X(LOG_TSV, "tsv")                         \
    X(LOG_OTLP, "otlp")                       \
    X(LOG_GO_FEATURE_FLAG, "go-feature-flag") \
    X(LOG_PROMETHEUS, "prometheus")           \
    X(LOG_KAYENTA, "kayenta")
enum log_format { LOG_FORMATS(WORDS_MEMBER) };
extern const char *const log_format_words[];

/* Of csv; of tsv, only the last. */
#define LOG_DELIMITERS(X)               \
    X(DELIMITER_COMMA, "comma")         \
    X(DELIMITER_SEMICOLON, "semicolon") \
    X(DELIMITER_PIPE, "pipe")           \
    X(DELIMITER_SPACE, "space")
enum log_delimiter { LOG_DELIMITERS(WORDS_MEMBER) };
extern const char *const log_delimiter_words[];

/* What else writes around a service's own lines. */
#define LOG_WRAPS(X)             \
    X(WRAP_CRI, "cri")           \
    X(WRAP_DOCKER, "docker")     \
    X(WRAP_JOURNALD, "journald") \
    X(WRAP_KUBECTL, "kubectl")   \
    X(WRAP_COMPOSE, "compose")   \
    X(WRAP_SYSLOG, "syslog")     \
    X(WRAP_RUBY, "ruby")         \
    X(WRAP_FIELD, "field")
enum log_wrap_kind { LOG_WRAPS(WORDS_MEMBER) };
extern const char *const log_wrap_words[];
struct log_wrap {
    enum log_wrap_kind kind;
    const char *field; /* where it is JSON: the field that holds the line */
};
/* Of those that note which of a service's outputs a line came from. */
#define LOG_STREAMS(X)         \
    X(STREAM_STDOUT, "stdout") \
    X(STREAM_STDERR, "stderr")
enum log_stream { LOG_STREAMS(WORDS_MEMBER) };
#define LOG_STREAM_COUNT WORDS_COUNT(LOG_STREAMS)
extern const char *const log_stream_words[];
#define TIME_EXCEL  "excel" /* days since 1899-12-30 */
#define WRAP_PREFIX "wrap." /* of the names of what a wrapper says */

/* What is made of a field's text. */
#define FIELD_PARSES(X)                     \
    X(PARSE_NUMBER, "number")               \
    X(PARSE_DURATION, "duration")           \
    X(PARSE_PERCENT, "percent")             \
    X(PARSE_SIZE, "size")                   \
    X(PARSE_FIRST, "first") /* of a list */ \
    X(PARSE_LAST, "last")                   \
    X(PARSE_SUM, "sum")                     \
    X(PARSE_MAX, "max")
enum field_parse { FIELD_PARSES(WORDS_MEMBER) };
extern const char *const field_parse_words[];

#define FIELD_DECIMALS(X) \
    X(DECIMAL_POINT, ".") \
    X(DECIMAL_COMMA, ",")
enum field_decimal { FIELD_DECIMALS(WORDS_MEMBER) };
extern const char *const field_decimal_words[];

struct log_field {
    struct text name; /* what metrics and contexts call it */
    const char *from; /* the field in the log; dots descend */
    double scale;     /* what its number is multiplied by */
    bool is_scaled;   /* the definition says so; otherwise see log_mapped_scale() */
    enum field_parse parse;
    enum field_decimal decimal;
    enum time_unit from_unit; /* of a duration, as it is logged; TIME_AUTO: as the format says */
    enum time_unit unit;      /* and as it comes out; TIME_AUTO: in milliseconds */
    struct texts missing;     /* what the log writes for "nothing", beside "-" and "" */
};
/* Whether there is more to it than a number's scale. */
bool log_field_is_read(const struct log_field *field);

/* The forms of a built-in format's lines, in the notation of format_string.h, ended by NULL; NULL:
 * the format is not of forms. Each line has one of them. */
const char *const *log_format_forms(enum log_format format);
/* How its log's `log_format` is written; false, with nothing written: its log has none. */
bool log_format_dialect(enum log_format format, enum dialect *dialect);

/* All that lines of a format have, ended by NULL; NULL: they may have anything. */
const char *const *log_format_fields(enum log_format format);
/* Whether its lines are points of a time series. They have these; the others are labels, texts. */
bool log_format_is_series(enum log_format format);
/* Whether a field can hold a list. */
bool log_format_has_lists(enum log_format format);
extern const char *const point_field_names[];

struct log {
    struct text name;
    struct text path;          /* of its files, with wildcards; NULL: a command line names them */
    struct invocation command; /* prints it, in place of files at a path */
    enum log_format format;
    const char *time;        /* field */
    const char *time_rest;   /* another one, whose text follows that one's; or NULL */
    const char *time_format; /* strftime's conversions, or TIME_EXCEL; NULL: see log_time.h */
    enum time_unit time_unit;
    bool has_zone;                          /* times that say no offset have this one */
    int32_t zone;                           /* seconds ahead of UTC */
    const char *unit, *flag, *variant, *id; /* fields, or NULL */
    struct log_field *context;              /* name: the attribute */
    uint32_t context_count;
    struct log_field *fields;
    uint32_t field_count;
    enum log_delimiter delimiter;
    char comment;            /* lines that begin with it say nothing; 0: there are none */
    struct texts wrap_texts; /* as written */
    struct log_wrap *wraps;  /* the outermost first */
    uint32_t wrap_count;
    bool has_stream; /* lines of the other one are not of this log */
    enum log_stream stream;
    const char *program;         /* lines of another one in syslog are not of this log; or NULL */
    struct texts columns;        /* of csv and tsv; none: the first line of a file names them */
    struct text log_format;      /* of nginx and Apache: the server's own string */
    struct format_string *forms; /* what its lines look like, where its format is one of forms */
    uint32_t form_count;
    struct span span;
};

/* Whether a container runtime is among what wraps the log: it notes the output that a line came
 * from, and cuts long lines into parts. */
bool log_is_of_runtime(const struct log *log);
/* Whether the name is of what a wrapper of the log says. */
bool log_is_of_wrap(const struct log *log, const char *path);
/* Of a field that its format says is a duration; TIME_AUTO: of any other. */
enum time_unit log_duration_unit(const struct log *log, const char *path);
/* What a field's number is multiplied by where the definition does not say: durations are in
 * milliseconds. */
double log_field_scale(const struct log *log, const char *path);
/* Of one that the definition maps: what its durations are logged in, and come out in; TIME_AUTO:
 * it is none. What its number is multiplied by. */
enum time_unit log_mapped_from(const struct log *log, const struct log_field *field);
enum time_unit log_mapped_unit(const struct log *log, const struct log_field *field);
double log_mapped_scale(const struct log *log, const struct log_field *field);
/* By the name that metrics use: whether nothing says what durations of a field are logged in,
 * neither the log's format nor a mapping, whose scale says enough. *path: what the log calls it. */
bool log_leaves_unit_open(const struct log *log, const char *name, const char **path);
/* The mapping that says it, of durations that come out in `unit`; in the arena: "took: {from: rt,
 * from_unit: s}". */
const char *log_unit_mapping(struct arena *arena, const char *name, const char *path,
                             enum time_unit from, enum time_unit unit);
/* How many of one there are in the other; neither is TIME_AUTO. */
double time_unit_ratio(enum time_unit from, enum time_unit to);
/* Delimited text, whose columns may be listed. */
bool log_format_has_columns(enum log_format format);
/* With columns that lines of the file name, beginning with '#': the W3C's. */
bool log_format_is_w3c(enum log_format format);

/*
 * How a log's `unit` relates to what flags are bucketed by: the same one (judged by name, which a
 * `context` settles); another, on lines that have the bucketing one as well; or only another.
 */
enum log_units { UNITS_ARE_BUCKETED, UNITS_BESIDE_BUCKETED, UNITS_UNKNOWN };
enum log_units log_units(const struct log *log, const struct unit_key *bucket_by);
/* The first attribute of the key that the log's `context` does not have; or NULL. */
const struct attribute *log_lacks(const struct log *log, const struct unit_key *key);

#endif
