/* metric.h - what is measured of the lines of a log. */
#ifndef FFC_MODEL_METRIC_H
#define FFC_MODEL_METRIC_H

#include "condition.h"

struct log;

enum metric_kind {
    METRIC_PROPORTION,
    METRIC_MEAN,
    METRIC_RATIO,
    METRIC_QUANTILE,
    METRIC_RATE,
    METRIC_MAX,
    METRIC_MIN,
    METRIC_LAST
};
enum metric_aggregate {
    AGGREGATE_SUM,
    AGGREGATE_MEAN,
    AGGREGATE_MAX,
    AGGREGATE_COUNT,
    AGGREGATE_LAST
};

struct metric {
    struct text name;
    enum metric_kind kind;
    const char *description, *unit; /* or NULL */
    bool lower_is_better;
    bool better_given;
    struct condition *where; /* on fields; NULL: every event */
    struct condition *of;    /* METRIC_PROPORTION */
    struct text value;       /* field; text NULL where the kind has none */
    struct text numerator, denominator;
    double quantile; /* METRIC_QUANTILE, 0 to 1 */
    double accuracy; /* of the sketch: 0.01 unless said */
    double cap;      /* METRIC_MEAN: a value counts as at most this; 0: it is not given */
    bool per_unit;
    enum metric_aggregate aggregate;
    const struct log *log; /* NULL: the only one */
};

#endif
