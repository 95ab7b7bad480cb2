/*
 * table.h - every metric of what was read: of all lines, and by each grouping.
 *
 * A consumer of the records of logs. Memory grows with the groups, not with the lines; see
 * groups.h.
 */
#ifndef FFREPLAY_TABLE_H
#define FFREPLAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "groups.h"
#include "tools/ffreplay/evaluate/flag_variants.h"
#include "tools/ffreplay/metrics/grouping.h"
#include "tools/ffreplay/replay/consumer.h"

struct arena;

#define LEFT_OUT_WORDS(X)              \
    X(LEFT_OUT_EARLIER, "before_from") \
    X(LEFT_OUT_LATER, "after_to")      \
    X(LEFT_OUT_DOUBLE, "duplicate")    \
    X(LEFT_OUT_CUT, "incomplete")      \
    X(LEFT_OUT_OTHERS, "other_flag")   \
    X(LEFT_OUT_HELD, "override")       \
    X(LEFT_OUT_CHANGING, "transition")
enum left_out { LEFT_OUT_WORDS(WORDS_MEMBER) };
#define LEFT_OUT_CAUSES WORDS_COUNT(LEFT_OUT_WORDS)
extern const char *const left_out_words[];

struct time_span {
    int64_t first, last; /* of lines; INT64_MAX and INT64_MIN: there is none */
};

struct table {
    struct consumer consumer;
    const struct project *project;
    uint32_t log_count;
    const bool *reads; /* by log: whether a file of it is read */
    int64_t from, to;  /* lines before and after are left out */
    int64_t width;     /* of windows */
    uint32_t max_bad;  /* of a group's samples that cannot be read */

    const struct flag_variants *variants; /* NULL: not about a flag */
    struct variant_reader *readers;       /* one per log */

    struct measure *measures;
    uint32_t *measure_logs;
    uint32_t measure_count;

    struct grouping *groupings; /* the first is of all lines */
    uint32_t grouping_count;
    struct groups *groups; /* one a grouping */

    uint64_t used, left_out[LEFT_OUT_CAUSES];
    struct origins origins; /* of what was evaluated again */
    struct time_span span;
    struct time_span *stages; /* by stage time */
};

/*
 * What to make a table of. `metrics` is NULL for all that are computed from a log that is read;
 * `groupings` has one that names nothing first. False after reporting.
 */
struct table_wish {
    const struct metric *const *metrics;
    uint32_t metric_count;
    struct grouping *groupings;
    uint32_t grouping_count;
    const struct flag_variants *variants;
    const bool *reads;
    int64_t from, to, width;
    uint32_t max_bad;
};
bool table_prepare(struct table *table, struct project *project, struct layout *layouts,
                   const struct table_wish *wish);
void table_release(struct table *table);

/* A line of a table. */
struct row {
    const struct group *group;
    const struct measure *measure; /* NULL: of its lines, whatever is measured of them */
    uint64_t samples;              /* lines, or what the metric counts: units */
    bool has_rate;
    double rate;         /* of lines, a second */
    uint64_t unreadable; /* samples that could not be taken */
    bool is_unreadable;  /* too many of them: it is not measured */
    bool measured;
    double estimate;
    bool keeps_values;   /* its metric is of a kind that has quantiles, */
    bool has_quantiles;  /* and there are some */
    double quantiles[3]; /* P50, P95, P99 */
};
/* What it says of a group and a measure, NULL for its lines. */
struct row table_row(const struct table *table, const struct grouping *grouping,
                     const struct group *group, const struct measure *measure);

/*
 * In each dimension that is a field, keeps the `most` values with the most lines, and puts the
 * others into one group. Once, when all is read.
 */
void table_fold(struct table *table, size_t most);

/* What a part of a key is called; NULL: it is not known. In memory of the arena. */
const char *part_text(const struct table *table, enum dimension_kind kind, const struct part *part,
                      struct arena *arena);

#endif
