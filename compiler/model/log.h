/* log.h - how the lines of a log are read. */
#ifndef FFC_MODEL_LOG_H
#define FFC_MODEL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "text.h"

struct attribute;
struct attribute;
struct unit_key;

#define LOG_FORMATS(X)                        \
    X(LOG_NDJSON, "ndjson")                   \
    X(LOG_COMBINED, "combined")               \
    X(LOG_CSV, "csv")                         \
    X(LOG_TSV, "tsv")                         \
    X(LOG_OTLP, "otlp")                       \
    X(LOG_GO_FEATURE_FLAG, "go-feature-flag") \
    X(LOG_PROMETHEUS, "prometheus")           \
    X(LOG_KAYENTA, "kayenta")
enum log_format { LOG_FORMATS(WORDS_MEMBER) };
extern const char *const log_format_words[];

/* Of csv. */
#define LOG_DELIMITERS(X)               \
    X(DELIMITER_COMMA, "comma")         \
    X(DELIMITER_SEMICOLON, "semicolon") \
    X(DELIMITER_PIPE, "pipe")
enum log_delimiter { LOG_DELIMITERS(WORDS_MEMBER) };
extern const char *const log_delimiter_words[];

#define TIME_UNITS(X)          \
    X(TIME_AUTO, "auto")       \
    X(TIME_SECONDS, "s")       \
    X(TIME_MILLISECONDS, "ms") \
    X(TIME_MICROSECONDS, "us") \
    X(TIME_NANOSECONDS, "ns")
enum time_unit { TIME_UNITS(WORDS_MEMBER) };
extern const char *const time_unit_words[];

struct log_field {
    struct text name; /* what metrics and contexts call it */
    const char *from; /* the field in the log; dots descend */
    double scale;     /* 1 unless said */
};

extern const char *const combined_field_names[]; /* ended by NULL */

/* All that lines of a format have, ended by NULL; NULL: they may have anything. */
const char *const *log_format_fields(enum log_format format);
/* Whether its lines are points of a time series. They have these; the others are labels, texts. */
bool log_format_is_series(enum log_format format);
extern const char *const point_field_names[];

struct log {
    struct text name;
    enum log_format format;
    const char *time; /* field */
    enum time_unit time_unit;
    const char *unit, *flag, *variant, *id; /* fields, or NULL */
    struct log_field *context;              /* name: the attribute */
    uint32_t context_count;
    struct log_field *fields;
    uint32_t field_count;
    enum log_delimiter delimiter;
    struct texts columns; /* of csv and tsv; none: the first line of a file names them */
    struct span span;
};

/*
 * How a log's `unit` relates to what flags are bucketed by: the same one (judged by name, which a
 * `context` settles); another, on lines that have the bucketing one as well; or only another.
 */
enum log_units { UNITS_ARE_BUCKETED, UNITS_BESIDE_BUCKETED, UNITS_UNKNOWN };
enum log_units log_units(const struct log *log, const struct unit_key *bucket_by);
/* The first attribute of the key that the log's `context` does not have; or NULL. */
const struct attribute *log_lacks(const struct log *log, const struct unit_key *key);

#endif
