/*
 * bounds.h - of criteria with `max` and `min`, which contradict one another.
 *
 * Of each metric, by its window, the tightest bounds are kept: whatever contradicts one of those
 * that were added contradicts the tightest. Zeroed memory has none.
 */
#ifndef FFC_MODEL_BOUNDS_H
#define FFC_MODEL_BOUNDS_H

#include "compiler/base/table.h"

struct arena;
struct criterion;
struct diagnostics;

struct bounds {
    struct table windows;
};

/* What the criterion contradicts, so that no value of the metric meets both; or NULL. */
const struct criterion *bounds_conflict(const struct bounds *bounds,
                                        const struct criterion *criterion);
/* Reports that no value meets both, at `criterion`; `note` says of the other which it is. */
void bounds_report_conflict(struct diagnostics *diagnostics, const struct criterion *criterion,
                            const struct criterion *other, const char *note);
void bounds_add(struct bounds *bounds, struct arena *arena, const struct criterion *criterion);

#endif
