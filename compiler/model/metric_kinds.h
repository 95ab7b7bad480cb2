/*
 * metric_kinds.h - what distinguishes one kind of metric from another, apart from how it is
 * computed, which tools/ffreplay/metrics/kinds/ knows.
 *
 * No code compares a `metric_kind` with one of its members: it asks for a trait.
 */
#ifndef FFC_METRIC_KINDS_H
#define FFC_METRIC_KINDS_H

#include <stdbool.h>
#include <stdint.h>

enum metric_kind {
#define METRIC_KIND(NAME, ...) METRIC_##NAME,
#include "metric_kinds.def"
};
enum {
    METRIC_KIND_COUNT = 0
#define METRIC_KIND(...) +1
#include "metric_kinds.def"
};

/* Keys of a metric that only some kinds have, in the order of read_metrics.c. */
enum metric_key {
    METRIC_KEY_OF,
    METRIC_KEY_VALUE,
    METRIC_KEY_NUMERATOR,
    METRIC_KEY_DENOMINATOR,
    METRIC_KEY_Q,
    METRIC_KEY_ACCURACY,
    METRIC_KEY_CAP,
    METRIC_KEY_WINSORIZE,
    METRIC_KEY_AGG,
    METRIC_KEY_PER,
    METRIC_KEY_COUNT
};

/* What an estimate is measured in. */
enum metric_scale {
    SCALE_SHARE, /* from 0 to 1, written as a percentage; differences, in percentage points */
    SCALE_PER_SECOND,
    SCALE_OF_FIELD /* the metric's `unit` */
};

/* What its bound is of, and so what chance is. */
enum metric_bound {
    BOUND_NONE,  /* a single value, of which there is none */
    BOUND_SHARE, /* events or units counted among others */
    BOUND_RATE,  /* events counted in time */
    BOUND_MEAN,  /* a mean, which few great values can move */
    BOUND_QUANTILE
};

/* What an estimate needs. */
enum metric_over {
    OVER_EVENTS, /* or units, with `per: unit`: of any part of them, there is an estimate */
    OVER_UNITS,  /* always units: cannot be computed from what was aggregated before */
    OVER_TIME    /* all events of a time: likewise, nor without knowing which share that is */
};

/* What a `baseline` is, from which an experiment's sample size follows. */
enum metric_sizing {
    SIZED_BY_SHARE,     /* its share */
    SIZED_BY_DEVIATION, /* its mean and standard deviation */
    SIZED_BY_NOTHING    /* no formula has it */
};

static inline uint32_t metric_key_bit(enum metric_key key)
{
    return UINT32_C(1) << key;
}

struct metric_traits {
    const char *name;
    uint32_t required_keys, further_keys; /* bits by enum metric_key */
    enum metric_scale scale;
    enum metric_bound bound;
    enum metric_over over;
    enum metric_sizing sizing;
    const char *noun;     /* "a rate" */
    const char *computes; /* "events per second" */
};

struct metric;
const struct metric_traits *metric_traits(const struct metric *metric);

/* Whether definitions may give it that key. */
bool metric_may_have(const struct metric *metric, enum metric_key key);

/* By kind; ended by NULL. */
extern const char *const metric_kind_names[];

#endif
