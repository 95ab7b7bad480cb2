/* doubtful_unit.c - see doubtful_unit.h. */
#include "doubtful_unit.h"

#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/duration_names.h"

/* Of so few values, all may be unusual. */
#define FEW_VALUES 20

/*
 * What requests, queries and jobs usually take: from there on up to the other, in each unit.
 * Fractions of a millisecond are seconds, most often, and more than a quarter of an hour of
 * milliseconds is a number of nanoseconds; what is in seconds may be of any size.
 */
static const struct {
    double least, most;
} usual[] = {
    [TIME_SECONDS] = {0, 1e5},
    [TIME_MILLISECONDS] = {1, 1e6},
    [TIME_MICROSECONDS] = {1, 1e9},
    [TIME_NANOSECONDS] = {1, 1e12},
};

struct typical {
    double value;
    const char *how;
};

/* Whole numbers are not fractions of a larger unit, however small their mean is. */
static bool is_whole(const struct cell *cell)
{
    double sum = cell->sum ? exact_sum_value(cell->sum) : 0.5;
    return floor(sum) == sum;
}

static bool typical_of(const struct measure *measure, const struct cell *cell,
                       struct typical *typical)
{
    static const double middle = 0.5;
    typical->how = "in the middle";
    if (cell_quantiles(cell, measure, &middle, &typical->value, 1))
        return cell->count > 0;
    typical->how = "on average";
    return (cell->sum || cell->totals) && cell_estimate(cell, measure, 1, &typical->value);
}

static enum time_unit likely_unit(const char *path, enum time_unit unit, bool is_little)
{
    const char *program;
    enum time_unit named = duration_unit_of_name(path, &program);
    if (named != TIME_AUTO)
        return named;
    if (is_little)
        return TIME_SECONDS;
    return unit == TIME_SECONDS ? TIME_MILLISECONDS : TIME_NANOSECONDS;
}

const char *doubtful_unit_text(struct arena *arena, const struct measure *measure,
                               const struct cell *cell)
{
    const struct metric *metric = measure->metric;
    const char *path, *name = metric->value.text;
    int unit = metric->unit ? words_find(time_unit_words, metric->unit) : -1;
    struct typical typical;
    if (unit <= TIME_AUTO || !name || metric->aggregate == AGGREGATE_COUNT ||
        !log_leaves_unit_open(measure->layout->log, name, &path) ||
        cell_samples(cell, measure) < FEW_VALUES || !typical_of(measure, cell, &typical))
        return NULL;
    bool is_little = typical.value > 0 && typical.value < usual[unit].least && !is_whole(cell);
    enum time_unit likely = likely_unit(path, (enum time_unit)unit, is_little);
    if ((!is_little && typical.value < usual[unit].most) || likely == (enum time_unit)unit)
        return NULL;
    return arena_format(
        arena,
        "is in %s, but '%s' is %.3g %s, and nothing says what it is logged in: if in %s, map it, "
        "%s; if in %s, %s",
        metric->unit, path, typical.value, typical.how, time_unit_words[likely],
        log_unit_mapping(arena, name, path, likely, (enum time_unit)unit), metric->unit,
        log_unit_mapping(arena, name, path, (enum time_unit)unit, (enum time_unit)unit));
}
