/* unit_totals.c - see unit_totals.h. */
#include "unit_totals.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

/* ------------------------------------------------------------------------------------- parts -- */

struct counts {
    uint32_t hits, events;
};

/* Split into words, since rows consist of words. */
struct wide {
    uint64_t low, high;
};

struct total {
    uint64_t events; /* 0: the metric has not seen the unit */
    union {
        struct wide sum; /* fixed-point */
        struct {
            double value;
            int64_t time;
        };
    };
    struct wide second; /* UNIT_SUMS */
};

static size_t part_size(enum unit_keeps keeps)
{
    if (keeps == UNIT_COUNTS)
        return sizeof(struct counts);
    return keeps == UNIT_SUMS ? sizeof(struct total) : offsetof(struct total, second);
}

static void add_fixed(struct wide *sum, double number)
{
    double scaled = rint(number * 0x1p48);
    __int128 added = fabs(scaled) < 0x1p62 ? (__int128)(int64_t)scaled : (__int128)scaled;
    unsigned __int128 total = (unsigned __int128)sum->high << 64 | sum->low;
    total += (unsigned __int128)added;
    sum->low = (uint64_t)total;
    sum->high = (uint64_t)(total >> 64);
}

static void add_wide(struct wide *sum, const struct wide *other)
{
    sum->low += other->low;
    sum->high += other->high + (sum->low < other->low);
}

static double number_of(const struct wide *sum)
{
    return (double)(__int128)((unsigned __int128)sum->high << 64 | sum->low) * 0x1p-48;
}

static bool is_seen(const struct unit_totals *totals, const void *part)
{
    return totals->keeps == UNIT_COUNTS ? ((const struct counts *)part)->events > 0
                                        : ((const struct total *)part)->events > 0;
}

struct pair {
    double first, second;
};

static struct pair uncapped_pair(const struct unit_totals *totals, const void *part)
{
    const struct counts *counts = part;
    const struct total *total = part;
    switch (totals->keeps) {
    case UNIT_COUNTS:
        return (struct pair){counts->hits, counts->events};
    case UNIT_SUM:
        return (struct pair){number_of(&total->sum), (double)total->events};
    case UNIT_SUMS:
        return (struct pair){number_of(&total->sum), number_of(&total->second)};
    case UNIT_MEAN:
        return (struct pair){number_of(&total->sum) / (double)total->events, 1};
    case UNIT_MAX:
    case UNIT_LAST:
        break;
    }
    return (struct pair){total->value, 1};
}

static struct pair pair_of(const struct unit_totals *totals, const void *part)
{
    struct pair pair = uncapped_pair(totals, part);
    pair.first = capped(pair.first, totals->cap);
    return pair;
}

static void take_value(struct total *total, enum unit_keeps keeps, double value, int64_t time)
{
    bool later = keeps == UNIT_LAST && time > total->time;
    bool same_time = keeps == UNIT_MAX || time == total->time;
    if (total->events == 0 || later || (same_time && value > total->value)) {
        total->value = value;
        total->time = time;
    }
}

static void add_to_part(struct unit_totals *totals, void *part, double first, double second)
{
    struct counts *counts = part;
    struct total *total = part;
    switch (totals->keeps) {
    case UNIT_COUNTS:
        totals->beyond |= counts->events == UINT32_MAX;
        counts->hits += first > 0;
        counts->events++;
        return;
    case UNIT_SUMS:
        add_fixed(&total->second, second);
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        add_fixed(&total->sum, first);
        break;
    case UNIT_MAX:
    case UNIT_LAST:
        take_value(total, totals->keeps, first, (int64_t)second);
    }
    total->events++;
}

static void merge_part(struct unit_totals *totals, void *part, const void *other)
{
    struct counts *counts = part;
    const struct counts *other_counts = other;
    struct total *total = part;
    const struct total *other_total = other;
    switch (totals->keeps) {
    case UNIT_COUNTS:
        totals->beyond |= counts->events > UINT32_MAX - other_counts->events;
        counts->hits += other_counts->hits;
        counts->events += other_counts->events;
        return;
    case UNIT_SUMS:
        add_wide(&total->second, &other_total->second);
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        add_wide(&total->sum, &other_total->sum);
        break;
    case UNIT_MAX:
    case UNIT_LAST:
        take_value(total, totals->keeps, other_total->value, other_total->time);
    }
    total->events += other_total->events;
}

/* ------------------------------------------------------------------------------------ spread -- */

/* With `first` negated, and `second` too for second³, this subtracts. */
static bool add_cubes(struct spread *spread, double first, double second, double sign)
{
    bool added = exact_sum_add_triple(&spread->cubes[0], sign * first, first, first);
    if (spread->takes_cubes != CUBES_OF_BOTH)
        return added;
    added &= exact_sum_add_triple(&spread->cubes[1], sign * first, first, second);
    added &= exact_sum_add_triple(&spread->cubes[2], sign * first, second, second);
    return added & exact_sum_add_triple(&spread->cubes[3], sign * second, second, second);
}

/* Sums are exact, so what was added can be subtracted without a trace. */
static void remove_from_spread(struct spread *spread, double first, double second)
{
    spread->count--;
    spread->idle -= second == 0;
    if (spread->takes_cubes != CUBES_NONE)
        add_cubes(spread, first, second, -1);
    exact_sum_add(&spread->first, -first);
    exact_sum_add(&spread->second, -second);
    exact_sum_add_product(&spread->first_squared, -first, first);
    exact_sum_add_product(&spread->second_squared, -second, second);
    exact_sum_add_product(&spread->product, -first, second);
}

static void forget_spread(struct unit_totals *totals)
{
    free(totals->spread);
    totals->spread = NULL;
}

static void leave_spread(struct unit_totals *totals, const void *part)
{
    struct pair pair = pair_of(totals, part);
    remove_from_spread(totals->spread, pair.first, pair.second);
}

static void enter_spread(struct unit_totals *totals, const void *part)
{
    struct pair pair = pair_of(totals, part);
    spread_add(totals->spread, pair.first, pair.second);
    /* A product that was too large may not be when it is added again. */
    if (totals->spread->beyond)
        forget_spread(totals);
}

/* ------------------------------------------------------------------------------------ totals -- */

static void add(void *context, void *part, double first, double second)
{
    struct unit_totals *totals = context;
    if (totals->spread && is_seen(totals, part))
        leave_spread(totals, part);
    add_to_part(totals, part, first, second);
    if (totals->spread)
        enter_spread(totals, part);
}

void unit_totals_init(struct unit_totals *totals, enum unit_keeps keeps,
                      const struct unit_totals *beside)
{
    *totals = (struct unit_totals){.keeps = keeps, .cap = INFINITY};
    totals->table = unit_table_join(beside ? beside->table : NULL, part_size(keeps), add, totals,
                                    &totals->part);
}

void unit_totals_release(struct unit_totals *totals)
{
    unit_table_leave(totals->table);
    free(totals->spread);
    *totals = (struct unit_totals){0};
}

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first, double second)
{
    if (fabs(first) < UNIT_TOTAL_LIMIT && fabs(second) < UNIT_TOTAL_LIMIT)
        unit_table_add(totals->table, totals->part, unit, first, second);
    else
        totals->beyond = true;
}

static void merge_into(struct unit_totals *totals, struct unit_row *row, const void *from)
{
    void *part = unit_part(totals->table, totals->part, row);
    if (totals->spread && is_seen(totals, part))
        leave_spread(totals, part);
    merge_part(totals, part, from);
    if (totals->spread)
        enter_spread(totals, part);
}

void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other)
{
    struct unit_hash units[UNITS_AT_ONCE];
    const void *parts[UNITS_AT_ONCE];
    struct unit_row *rows[UNITS_AT_ONCE];
    unit_table_settle(totals->table);
    unit_table_settle(other->table);
    totals->beyond |= other->beyond;
    for (uint64_t next = 0; next < other->table->count;) {
        uint32_t count = 0;
        for (; next < other->table->count && count < UNITS_AT_ONCE; next++) {
            struct unit_row *row = unit_table_row(other->table, next);
            units[count] = row->unit;
            parts[count] = unit_part(other->table, other->part, row);
            count += is_seen(other, parts[count]);
        }
        unit_table_rows_of(totals->table, units, count, rows);
        for (uint32_t i = 0; i < count; i++)
            merge_into(totals, rows[i], parts[i]);
    }
}

bool unit_totals_find(struct unit_totals *totals, struct unit_hash unit, double *first,
                      double *second)
{
    unit_table_settle(totals->table);
    struct unit_row *row = unit_table_find(totals->table, unit);
    const void *part = row ? unit_part(totals->table, totals->part, row) : NULL;
    if (!part || !is_seen(totals, part))
        return false;
    struct pair pair = pair_of(totals, part);
    *first = pair.first;
    *second = pair.second;
    return true;
}

void unit_totals_cap(struct unit_totals *totals, double cap)
{
    totals->cap = cap;
    forget_spread(totals);
}

bool unit_totals_next(struct unit_totals *totals, uint64_t *row, struct unit_hash *unit,
                      double *first)
{
    unit_table_settle(totals->table);
    while (*row < totals->table->count) {
        struct unit_row *at = unit_table_row(totals->table, (*row)++);
        const void *part = unit_part(totals->table, totals->part, at);
        if (!is_seen(totals, part))
            continue;
        *unit = at->unit;
        *first = pair_of(totals, part).first;
        return true;
    }
    return false;
}

void spread_add(struct spread *spread, double first, double second)
{
    spread->count++;
    exact_sum_add(&spread->first, first);
    bool added = exact_sum_add_product(&spread->first_squared, first, first);
    if (spread->takes_cubes != CUBES_NONE)
        added &= add_cubes(spread, first, second, 1);
    if (!spread->of_events) {
        spread->idle += second == 0;
        exact_sum_add(&spread->second, second);
        added &= exact_sum_add_product(&spread->second_squared, second, second);
        added &= exact_sum_add_product(&spread->product, first, second);
    }
    spread->beyond |= !added;
}

void spread_merge(struct spread *spread, const struct spread *other)
{
    assert(spread->of_events == other->of_events);
    spread->count += other->count;
    spread->idle += other->idle;
    for (int i = 0; i < 4 && spread->takes_cubes != CUBES_NONE; i++)
        exact_sum_merge(&spread->cubes[i], &other->cubes[i]);
    exact_sum_merge(&spread->first, &other->first);
    exact_sum_merge(&spread->second, &other->second);
    exact_sum_merge(&spread->first_squared, &other->first_squared);
    exact_sum_merge(&spread->second_squared, &other->second_squared);
    exact_sum_merge(&spread->product, &other->product);
    spread->beyond |= other->beyond;
}

/* The same, for sums of integers. */
static void add_counts(struct spread *spread, const struct unit_totals *totals)
{
    unsigned __int128 hits_squared = 0, events_squared = 0, product = 0;
    uint64_t hits = 0, events = 0;
    for (uint64_t i = 0; i < totals->table->count; i++) {
        const struct counts *counts =
            unit_part(totals->table, totals->part, unit_table_row(totals->table, i));
        spread->count += counts->events > 0;
        hits += counts->hits;
        events += counts->events;
        hits_squared += (uint64_t)counts->hits * counts->hits;
        events_squared += (uint64_t)counts->events * counts->events;
        product += (uint64_t)counts->hits * counts->events;
    }
    exact_sum_add_integer(&spread->first, hits);
    exact_sum_add_integer(&spread->second, events);
    exact_sum_add_integer(&spread->first_squared, hits_squared);
    exact_sum_add_integer(&spread->second_squared, events_squared);
    exact_sum_add_integer(&spread->product, product);
}

static struct spread *spread_of(const struct unit_totals *totals, enum spread_cubes takes_cubes)
{
    struct spread *spread = xcalloc(1, sizeof *spread);
    spread->takes_cubes = takes_cubes;
    if (totals->keeps == UNIT_COUNTS) {
        add_counts(spread, totals);
        return spread;
    }
    for (uint64_t i = 0; i < totals->table->count; i++) {
        const void *part = unit_part(totals->table, totals->part, unit_table_row(totals->table, i));
        if (!is_seen(totals, part))
            continue;
        struct pair pair = pair_of(totals, part);
        spread_add(spread, pair.first, pair.second);
    }
    return spread;
}

void spread_add_units(struct spread *spread, struct unit_totals *totals)
{
    unit_table_settle(totals->table);
    if (totals->spread && totals->spread->takes_cubes < spread->takes_cubes)
        forget_spread(totals);
    if (!totals->spread)
        totals->spread = spread_of(totals, spread->takes_cubes);
    spread_merge(spread, totals->spread);
    spread->beyond |= totals->beyond;
    if (totals->spread->beyond)
        forget_spread(totals);
}

static struct exact_sum count_of(const struct spread *spread)
{
    struct exact_sum count = {0};
    exact_sum_add_integer(&count, spread->count);
    return count;
}

/* For the first number alone: its mean times 1 is subtracted from it. */
static double third_of_first(const struct spread *spread, double mean)
{
    struct exact_sum count = count_of(spread);
    const struct exact_sum *const sums[] = {&spread->cubes[0], &spread->first_squared,
                                            &spread->first, &count};
    return third_moment_of_sums(spread->count, mean, sums);
}

static void add_third_moments(struct ratio_moments *moments, const struct spread *spread)
{
    const struct exact_sum *const sums[] = {&spread->cubes[0], &spread->cubes[1], &spread->cubes[2],
                                            &spread->cubes[3]};
    struct moments *first = &moments->numerator;
    double third = third_of_first(spread, first->mean);
    first->skewness = first->variance > 0 ? third / pow(first->variance, 1.5) : 0;
    moments->third = third;
    if (spread->takes_cubes == CUBES_OF_BOTH)
        moments->third =
            third_moment_of_sums(spread->count, first->mean / moments->denominator.mean, sums);
}

struct ratio_moments spread_moments(const struct spread *spread)
{
    uint64_t n = spread->count;
    const struct exact_sum *first = &spread->first, *second = &spread->second;
    const struct exact_sum *second_squared = &spread->second_squared, *product = &spread->product;
    struct exact_sum count = count_of(spread);
    if (spread->of_events) {
        second = second_squared = &count;
        product = first;
    }
    struct ratio_moments moments = {
        .numerator = moments_of_sums(n, first, &spread->first_squared),
        .denominator = moments_of_sums(n, second, second_squared),
        .covariance = covariance_of_sums(n, first, second, product),
        .idle = n > 0 ? (double)spread->idle / (double)n : 0,
    };
    if (spread->takes_cubes != CUBES_NONE && n > 0)
        add_third_moments(&moments, spread);
    return moments;
}
