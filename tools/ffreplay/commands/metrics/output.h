/*
 * output.h - a table of metrics, written. The same table gives the same bytes.
 */
#ifndef FFREPLAY_METRICS_OUTPUT_H
#define FFREPLAY_METRICS_OUTPUT_H

#include "table.h"
#include "tools/ffreplay/page/page.h"
#include "tools/ffreplay/replay/replay.h"

struct arena;
struct buffer;

struct output {
    const struct table *table;
    const struct replay *replay;
    const char *environment; /* NULL where it is not about a flag */
    struct arena *arena;     /* for texts; the caller's */
};

/* "no line of log 'requests' has 'status'", of those that a metric reads, in the output's arena;
 * NULL: some line had each. */
const char *output_absent_text(const struct output *output, uint32_t index);

/* Of a metric whose values are of no size that its unit has; see doubtful_unit.h. NULL: of any
 * other. */
const char *output_doubtful_unit_text(const struct output *output, uint32_t index);

/* Whether a metric's 'winsorize' is not applied: it is of an experiment's units, not of lines. */
static inline bool output_is_uncapped(const struct output *output, uint32_t index)
{
    return output->table->measures[index].metric->winsorize > 0;
}

void output_text(const struct output *output, const struct page *page);
/* Its tables alone, each after an empty line. */
void output_text_tables(const struct output *output, const struct page *page);
void output_json(const struct output *output, struct buffer *out);
/* What is said of a metric: `{"n":…,"rate":…,"estimate":…}`. */
void output_json_row(const struct row *row, struct buffer *out);
void output_csv(const struct output *output, struct buffer *out);
/* The text format that Prometheus scrapes. No grouping has windows. */
void output_prometheus(const struct output *output, struct buffer *out);

#endif
