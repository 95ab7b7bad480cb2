/*
 * kept_lines.h - what lines say to the metrics of an experiment, kept unit by unit for a file of
 * aggregates.
 *
 * Which lines count is known only where the exposures of all parts are: so each line of a unit is
 * kept, with its time and what it says to each metric, and nothing else of it. A consumer; neither
 * rows nor what is left out depends on the order of the lines.
 *
 * Memory: KEPT_BYTES for each thread. More goes to files of sorted rows below $TMPDIR, which are
 * merged at the end; so any number of lines takes no more.
 */
#ifndef FFREPLAY_KEPT_LINES_H
#define FFREPLAY_KEPT_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kept_runs.h"
#include "tools/ffreplay/analysis/outcomes.h"
#include "tools/ffreplay/evaluate/line_key.h"

#define KEPT_BYTES ((size_t)64 << 20)

struct kept_lines {
    struct consumer consumer;
    const struct layout *layouts; /* by log */
    const struct line_key *keys;  /* by log: the unit of a line */
    const struct measure *measures;
    const uint32_t *measure_logs;
    uint32_t measure_count, log_count;
    const uint32_t *ranks; /* by log: which comes first in the order of keys */
    const char *prefix;    /* of the rows' keys: "units/FLAG" */
    int64_t to;            /* later lines are left out */

    uint64_t (*left_out)[OUTCOME_LEFT_OUT_CAUSES]; /* by log: of those that no unit is known of */
    uint64_t *fractions; /* by log: of those kept, whose unit is written like 4.0 */
    char *lines;         /* of units: those in memory */
    size_t line_size, count, capacity;
    struct kept_runs *runs;
};

/* The rest is set by the caller, who adds its consumer. */
void kept_lines_init(struct kept_lines *kept);
void kept_lines_release(struct kept_lines *kept);

/* Once all is read: by unit, as rows are. */
void kept_lines_sort(struct kept_lines *kept);
/* The unit of line `at`, which is below `count`. */
struct unit_hash kept_lines_unit(const struct kept_lines *kept, size_t at);
/* The rows of the unit of line `at`; returns where the next unit's lines begin, SIZE_MAX where they
 * could not be written, and `error` says why. */
size_t kept_lines_write(const struct kept_lines *kept, size_t at, struct aggregate_writer *writer,
                        struct buffer *error);

/* What a line says to one measure, from a value of a row; NULL: nothing. False: it is no such
 * value. */
bool said_read(const json_t *value, struct said *said);
/* The same of a metric in a unit's line. */
struct said said_of_pair(const struct unit_pair *pair);

/* "units/FLAG/HASH", behind `prefix`, and with a log and a minute behind it. */
void kept_unit_key(struct buffer *key, const char *prefix, struct unit_hash unit);

#endif
