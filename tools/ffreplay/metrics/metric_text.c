/* metric_text.c - see metric_text.h. */
#include "metric_text.h"

#include <stdbool.h>

#include "compiler/model/metric.h"

#include <math.h>

#include "compiler/base/arena.h"

const char *estimate_text(struct arena *arena, const struct metric *metric, double estimate)
{
    switch (metric_traits(metric)->scale) {
    case SCALE_SHARE:
        return arena_format(arena, "%.4g%%", estimate * 100);
    case SCALE_PER_SECOND:
        return arena_format(arena, "%.4g/s", estimate);
    case SCALE_OF_FIELD:
        break;
    }
    const char *unit = metric->unit ? metric->unit : "";
    /* Five digits, but never an exponent, which readers would have to work out. */
    bool whole = fabs(estimate) < 1e15 && (floor(estimate) == estimate || fabs(estimate) >= 1e4);
    return arena_format(arena, whole ? "%.0f%s%s" : "%.5g%s%s", estimate, *unit ? " " : "", unit);
}

const char *difference_text(struct arena *arena, const struct metric *metric, double difference)
{
    const char *sign = difference < 0 ? "-" : "+";
    double size = fabs(difference);
    return metric_traits(metric)->scale == SCALE_SHARE
               ? arena_format(arena, "%s%.3g pp", sign, size * 100)
               : arena_format(arena, "%s%s", sign, estimate_text(arena, metric, size));
}

const char *sample_noun(const struct metric *metric, uint64_t count)
{
    if (metric->per_unit)
        return count == 1 ? "unit" : "units";
    return count == 1 ? "sample" : "samples";
}
