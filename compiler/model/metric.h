/* metric.h - what is measured of the lines of a log. */
#ifndef FFC_MODEL_METRIC_H
#define FFC_MODEL_METRIC_H

#include <stdbool.h>

#include "compiler/base/words.h"
#include "analysis_method.h"
#include "condition.h"
#include "metric_kinds.h"

struct log;
struct node;

#define METRIC_AGGREGATES(X)    \
    X(AGGREGATE_SUM, "sum")     \
    X(AGGREGATE_MEAN, "mean")   \
    X(AGGREGATE_MAX, "max")     \
    X(AGGREGATE_COUNT, "count") \
    X(AGGREGATE_LAST, "last")
enum metric_aggregate { METRIC_AGGREGATES(WORDS_MEMBER) };
extern const char *const metric_aggregate_words[];

struct metric {
    struct text name;
    enum metric_kind kind;
    const char *description, *unit; /* or NULL */
    bool lower_is_better;
    bool better_given;
    struct condition *where; /* on fields; NULL: every event */
    struct condition *of;    /* NULL where the kind has none; so with the next */
    struct text value;       /* a field */
    struct text numerator, denominator;
    double quantile; /* `q`, 0 to 1 */
    double accuracy; /* of the sketch: 0.01 unless said */
    double cap;      /* a value counts as at most this; 0: it is not given */
    /* A unit's value counts as at most this quantile of those of all arms' units; 0: it is not
     * given. Known only once all units are: to an analysis. */
    double winsorize;
    enum metric_method method; /* of an experiment that it is judged in */
    bool per_unit;
    bool faulty; /* it has mistakes: it may be another than this */
    enum metric_aggregate aggregate;
    const struct log *log;   /* NULL: the only one */
    const struct node *node; /* the definition; NULL of one that could not be read */
};

#endif
