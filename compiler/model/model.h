/*
 * model.h - a project as its definitions say it, names resolved.
 *
 * Everything is owned by the project's arena and constant once project_load() has returned. Texts
 * are NUL-terminated and never NULL unless said; a `span` is where a thing was written. Percentages
 * are in thousandths of a percent (0 to 100000), times and durations in milliseconds.
 */
#ifndef FFC_MODEL_H
#define FFC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/diagnostics/diagnostics.h"
#include "flag.h"
#include "log.h"
#include "metric.h"
#include "override.h"
#include "selection.h"
#include "test.h"

#define MOST_ENVIRONMENTS 64 /* an override's are bits */

struct project {
    struct arena arena;
    struct sources sources;
    struct diagnostics diagnostics;
    const char *directory; /* as given */

    const char *name;
    struct texts environments;        /* at most MOST_ENVIRONMENTS */
    uint32_t default_environment;     /* where a command names none; UINT32_MAX: not given */
    const struct unit_key *bucket_by; /* or NULL */
    bool automatic;
    double rollout_confidence; /* of all a rollout's bounds together; 0: each has its own */
    struct hooks hooks;
    const char *archive; /* below the directory: where snapshots are kept; or NULL */

    /* Each in the order of definition. Arrays of pointers: the things themselves never move. */
    struct attribute **attributes;
    uint32_t attribute_count;
    struct segment **segments;
    uint32_t segment_count;
    struct layer **layers;
    uint32_t layer_count;
    struct holdout **holdouts;
    uint32_t holdout_count;
    struct metric **metrics;
    uint32_t metric_count;
    struct log **logs;
    uint32_t log_count;
    struct flag **flags; /* sorted by name, as bytes */
    uint32_t flag_count;
    struct override **overrides;
    uint32_t override_count;
    struct selection *selected; /* for overrides_of() */
    struct test **tests;
    uint32_t test_count;
};

/* By name; NULL, or UINT32_MAX, when there is none. */
const struct flag *project_flag(const struct project *project, const char *name);
uint32_t project_environment(const struct project *project, const char *name);
const struct attribute *project_attribute(const struct project *project, const char *name);
/* Fills in what segments say of those that they use; once, when all are read. */
void settle_segments(struct project *project);
/* By its id, or by its name in results. */
const struct override *project_override(const struct project *project, const char *name);

#endif
