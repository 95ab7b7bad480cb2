/* log.h - how the lines of a log are read. */
#ifndef FFC_MODEL_LOG_H
#define FFC_MODEL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct attribute;

enum log_format {
    LOG_NDJSON,
    LOG_COMBINED,
    LOG_CSV,
    LOG_TSV,
    LOG_OTLP,
    LOG_GO_FEATURE_FLAG,
    LOG_PROMETHEUS,
    LOG_KAYENTA
};
enum log_delimiter { DELIMITER_COMMA, DELIMITER_SEMICOLON, DELIMITER_PIPE }; /* of csv */
enum time_unit { TIME_AUTO, TIME_SECONDS, TIME_MILLISECONDS, TIME_MICROSECONDS, TIME_NANOSECONDS };

struct log_field {
    struct text name; /* what metrics and contexts call it */
    const char *from; /* the field in the log; dots descend */
    double scale;     /* 1 unless said */
};

/* What a `combined` log has, ended by NULL. */
extern const char *const combined_field_names[];

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
 * What a log's `unit` is to what flags are bucketed by: the same, as far as names tell, which a
 * `context` settles; another one, beside which lines have that, too; or another one alone.
 */
enum log_units { UNITS_ARE_BUCKETED, UNITS_BESIDE_BUCKETED, UNITS_UNKNOWN };
enum log_units log_units(const struct log *log, const struct attribute *bucket_by);

#endif
