/* unit_totals.c - see unit_totals.h. */
#include "unit_totals.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

/* ----------------------------------------------------------------------------------- columns -- */

#define SEEN   UINT32_C(1)
#define MARKED UINT32_C(2)

struct counts {
    uint32_t hits, events;
};

/* Split into words, since rows consist of words. */
struct wide {
    uint64_t low, high;
};

struct latest {
    double value;
    int64_t time;
};

struct unit_columns unit_totals_columns(struct unit_store *store, enum unit_keeps keeps)
{
    struct unit_columns columns = {0};
    switch (keeps) {
    case UNIT_MARKS:
        break;
    case UNIT_COUNTS:
        columns.total = unit_store_column(store, sizeof(struct counts));
        columns.events = columns.total + offsetof(struct counts, events);
        return columns;
    case UNIT_SUMS:
        columns.second = unit_store_column(store, sizeof(struct wide));
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        columns.total = unit_store_column(store, sizeof(struct wide));
        break;
    case UNIT_MAX:
        columns.total = unit_store_column(store, sizeof(double));
        break;
    case UNIT_LAST:
        columns.total = unit_store_column(store, sizeof(struct latest));
    }
    columns.events = unit_store_column(store, sizeof(uint32_t));
    return columns;
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

static uint32_t events_of(const struct unit_totals *totals, const struct unit_row *row)
{
    return *(const uint32_t *)unit_value(row, totals->columns.events);
}

static bool is_seen(const struct unit_totals *totals, const struct unit_row *row)
{
    return events_of(totals, row) > 0;
}

struct pair {
    double first, second;
};

static struct pair uncapped_pair(const struct unit_totals *totals, const struct unit_row *row)
{
    const void *total = unit_value(row, totals->columns.total);
    uint32_t events = events_of(totals, row);
    switch (totals->keeps) {
    case UNIT_MARKS:
        return (struct pair){(events & MARKED) != 0, 1};
    case UNIT_COUNTS:
        return (struct pair){((const struct counts *)total)->hits, events};
    case UNIT_SUM:
        return (struct pair){number_of(total), events};
    case UNIT_SUMS:
        return (struct pair){number_of(total), number_of(unit_value(row, totals->columns.second))};
    case UNIT_MEAN:
        return (struct pair){number_of(total) / events, 1};
    case UNIT_MAX:
    case UNIT_LAST:
        break;
    }
    return (struct pair){*(const double *)total, 1};
}

static struct pair pair_of(const struct unit_totals *totals, const struct unit_row *row)
{
    struct pair pair = uncapped_pair(totals, row);
    pair.first = capped(pair.first, totals->cap);
    return pair;
}

static void take_latest(struct latest *latest, bool is_first, double value, int64_t time)
{
    if (is_first || time > latest->time || (time == latest->time && value > latest->value))
        *latest = (struct latest){value, time};
}

static void take_greatest(double *greatest, bool is_first, double value)
{
    if (is_first || value > *greatest)
        *greatest = value;
}

/* So many more; too many to count are none of which anything is known. */
static void count_events(struct unit_totals *totals, uint32_t *events, uint32_t more)
{
    bool fits = more <= UINT32_MAX - *events;
    totals->units += *events == 0;
    totals->beyond |= !fits;
    *events = fits ? *events + more : UINT32_MAX;
}

static void mark(struct unit_totals *totals, uint32_t *marks, uint32_t more)
{
    totals->units += *marks == 0;
    totals->marked += (more & ~*marks & MARKED) != 0;
    *marks |= more;
}

static void add_to_row(struct unit_totals *totals, struct unit_row *row, double first,
                       double second)
{
    void *total = unit_column(row, totals->columns.total);
    uint32_t *events = unit_column(row, totals->columns.events);
    switch (totals->keeps) {
    case UNIT_MARKS:
        mark(totals, events, first > 0 ? SEEN | MARKED : SEEN);
        return;
    case UNIT_COUNTS:
        ((struct counts *)total)->hits += first > 0;
        break;
    case UNIT_SUMS:
        add_fixed(unit_column(row, totals->columns.second), second);
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        add_fixed(total, first);
        break;
    case UNIT_MAX:
        take_greatest(total, *events == 0, first);
        break;
    case UNIT_LAST:
        take_latest(total, *events == 0, first, (int64_t)second);
    }
    count_events(totals, events, 1);
}

/* Adds what another store's row has. */
static void merge_row(struct unit_totals *totals, struct unit_row *row,
                      const struct unit_totals *other, const struct unit_row *from)
{
    void *total = unit_column(row, totals->columns.total);
    const void *other_total = unit_value(from, other->columns.total);
    const struct latest *latest = other_total;
    uint32_t *events = unit_column(row, totals->columns.events);
    uint32_t more = events_of(other, from);
    switch (totals->keeps) {
    case UNIT_MARKS:
        mark(totals, events, more);
        return;
    case UNIT_COUNTS:
        ((struct counts *)total)->hits += ((const struct counts *)other_total)->hits;
        break;
    case UNIT_SUMS:
        add_wide(unit_column(row, totals->columns.second), unit_value(from, other->columns.second));
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        add_wide(total, other_total);
        break;
    case UNIT_MAX:
        take_greatest(total, *events == 0, *(const double *)other_total);
        break;
    case UNIT_LAST:
        take_latest(total, *events == 0, latest->value, latest->time);
    }
    count_events(totals, events, more);
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

static void leave_spread(struct unit_totals *totals, const struct unit_row *row)
{
    if (!totals->spread || !is_seen(totals, row))
        return;
    struct pair pair = pair_of(totals, row);
    remove_from_spread(totals->spread, pair.first, pair.second);
}

static void enter_spread(struct unit_totals *totals, const struct unit_row *row)
{
    if (!totals->spread)
        return;
    struct pair pair = pair_of(totals, row);
    spread_add(totals->spread, pair.first, pair.second);
    /* A product that was too large may not be when it is added again. */
    if (totals->spread->beyond)
        forget_spread(totals);
}

/* ------------------------------------------------------------------------------------ totals -- */

static void put(struct unit_totals *totals, struct unit_row *row, double first, double second)
{
    leave_spread(totals, row);
    add_to_row(totals, row, first, second);
    enter_spread(totals, row);
}

static void add(void *context, struct unit_row *row, double first, double second)
{
    put(context, row, first, second);
}

void unit_totals_init(struct unit_totals *totals, enum unit_keeps keeps,
                      const struct unit_totals *beside)
{
    *totals = (struct unit_totals){.keeps = keeps, .cap = INFINITY};
    totals->table = unit_table_join(beside ? beside->table : NULL, add, totals, &totals->part);
    totals->columns = unit_totals_columns(totals->table->store, keeps);
}

void unit_totals_release(struct unit_totals *totals)
{
    if (totals->table)
        unit_table_leave(totals->table);
    free(totals->spread);
    free(totals->values);
    *totals = (struct unit_totals){0};
}

void unit_totals_share(struct unit_totals *totals, const struct unit_totals *of)
{
    if (!of) {
        unit_store_share(totals->table->store);
        return;
    }
    assert(totals->keeps == of->keeps && totals->columns.events == of->columns.events);
    unit_table_share(totals->table, of->table);
    if (!of->spread)
        return;
    /* What changes by this thread: their sum is that of all. */
    totals->spread = xcalloc(1, sizeof *totals->spread);
    totals->spread->takes_cubes = of->spread->takes_cubes;
}

void unit_totals_place(struct unit_totals *totals, const struct unit_columns *columns)
{
    unit_table_leave(totals->table);
    totals->table = NULL;
    totals->columns = *columns;
}

/* Whether they can be added. */
static bool fits(struct unit_totals *totals, double first, double second)
{
    bool fits = fabs(first) < UNIT_TOTAL_LIMIT && fabs(second) < UNIT_TOTAL_LIMIT;
    totals->beyond |= !fits;
    return fits;
}

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first, double second)
{
    if (fits(totals, first, second))
        unit_table_add(totals->table, totals->part, unit, first, second);
}

void unit_totals_put(struct unit_totals *totals, struct unit_row *row, double first, double second)
{
    if (fits(totals, first, second))
        put(totals, row, first, second);
}

void unit_totals_note(struct unit_totals *totals, double first, double second)
{
    fits(totals, first, second);
}

struct merging {
    struct unit_totals *totals;
    const struct unit_totals *other;
};

static void merge_into(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    const struct merging *merging = context;
    const struct unit_row *const *from = entry;
    (void)unit;
    leave_spread(merging->totals, row);
    merge_row(merging->totals, row, merging->other, *from);
    enter_spread(merging->totals, row);
}

static void merge_rows(struct unit_totals *totals, struct unit_totals *other)
{
    const struct unit_store *store = other->table->store;
    struct merging merging = {totals, other};
    struct unit_writer writer;
    unit_writer_init(&writer, totals->table->store, UNITS_MADE, sizeof(void *), merge_into,
                     &merging);
    for (uint32_t shard = 0; shard < store->shard_count; shard++)
        for (uint32_t i = 0; i < store->shards[shard].count; i++) {
            const struct unit_row *row = unit_store_row(store, shard, i), **entry;
            if (!is_seen(other, row))
                continue;
            entry = unit_writer_add(&writer, row->unit);
            *entry = row;
        }
    unit_writer_settle(&writer);
    unit_writer_release(&writer);
}

/* Of units that they share, the other thread has put all but the counts where it belongs. */
static void merge_counts(struct unit_totals *totals, const struct unit_totals *other)
{
    totals->units += other->units;
    totals->marked += other->marked;
    if (totals->spread && other->spread)
        spread_merge(totals->spread, other->spread);
    else
        forget_spread(totals);
}

void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other)
{
    bool placed = !totals->table;
    assert(placed == !other->table);
    totals->beyond |= other->beyond;
    if (!placed) {
        unit_table_settle(totals->table);
        unit_table_settle(other->table);
        totals->beyond |= other->beyond;
    }
    if (placed || totals->table->store == other->table->store)
        merge_counts(totals, other);
    else
        merge_rows(totals, other);
}

static __int128 integer_of(const struct wide *sum)
{
    return (__int128)((unsigned __int128)sum->high << 64 | sum->low);
}

bool unit_totals_kept(const struct unit_totals *totals, const struct unit_row *row,
                      struct unit_kept *kept)
{
    const void *total = unit_value(row, totals->columns.total);
    uint32_t events = events_of(totals, row);
    *kept = (struct unit_kept){.events = events};
    switch (totals->keeps) {
    case UNIT_MARKS:
        kept->events = events > 0;
        kept->hits = (events & MARKED) != 0;
        break;
    case UNIT_COUNTS:
        kept->hits = ((const struct counts *)total)->hits;
        break;
    case UNIT_SUMS:
        kept->second = integer_of(unit_value(row, totals->columns.second));
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        kept->first = integer_of(total);
        break;
    case UNIT_LAST:
        kept->time = ((const struct latest *)total)->time;
        /* fall through */
    case UNIT_MAX:
        kept->value = *(const double *)total;
    }
    return events > 0;
}

static void add_integer(struct wide *sum, __int128 number)
{
    unsigned __int128 added = (unsigned __int128)number;
    const struct wide other = {(uint64_t)added, (uint64_t)(added >> 64)};
    add_wide(sum, &other);
}

static void add_kept(struct unit_totals *totals, struct unit_row *row, const struct unit_kept *kept)
{
    void *total = unit_column(row, totals->columns.total);
    uint32_t *events = unit_column(row, totals->columns.events);
    uint32_t more = kept->events < UINT32_MAX ? (uint32_t)kept->events : UINT32_MAX;
    totals->beyond |= more == UINT32_MAX;
    switch (totals->keeps) {
    case UNIT_MARKS:
        mark(totals, events, kept->hits > 0 ? SEEN | MARKED : SEEN);
        return;
    case UNIT_COUNTS:
        ((struct counts *)total)->hits += (uint32_t)kept->hits;
        break;
    case UNIT_SUMS:
        add_integer(unit_column(row, totals->columns.second), kept->second);
        /* fall through */
    case UNIT_SUM:
    case UNIT_MEAN:
        add_integer(total, kept->first);
        break;
    case UNIT_MAX:
        take_greatest(total, *events == 0, kept->value);
        break;
    case UNIT_LAST:
        take_latest(total, *events == 0, kept->value, kept->time);
    }
    count_events(totals, events, more);
}

/* Entries are aligned for less than a kept total is. */
static void apply_kept(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    struct unit_totals *totals = context;
    struct unit_kept kept;
    (void)unit;
    memcpy(&kept, entry, sizeof kept);
    leave_spread(totals, row);
    add_kept(totals, row, &kept);
    enter_spread(totals, row);
}

void unit_returns_begin(struct unit_returns *returns, struct unit_totals *totals)
{
    unit_table_settle(totals->table);
    returns->totals = totals;
    unit_writer_init(&returns->writer, totals->table->store, UNITS_MADE, sizeof(struct unit_kept),
                     apply_kept, totals);
}

void unit_returns_add(struct unit_returns *returns, struct unit_hash unit,
                      const struct unit_kept *kept)
{
    memcpy(unit_writer_add(&returns->writer, unit), kept, sizeof *kept);
}

void unit_returns_end(struct unit_returns *returns)
{
    unit_writer_settle(&returns->writer);
    unit_writer_release(&returns->writer);
}

uint64_t unit_totals_seen(struct unit_totals *totals, uint64_t *marked)
{
    if (totals->table)
        unit_table_settle(totals->table);
    *marked = totals->marked;
    return totals->units;
}

const struct unit_store *unit_totals_store(struct unit_totals *totals)
{
    unit_table_settle(totals->table);
    return totals->table->store;
}

bool unit_totals_read(const struct unit_totals *totals, const struct unit_row *row, double *first,
                      double *second)
{
    if (!is_seen(totals, row))
        return false;
    struct pair pair = pair_of(totals, row);
    *first = pair.first;
    *second = pair.second;
    return true;
}

/* Those that somebody else has put there. */
static size_t placed_values(const struct unit_totals *totals, double *values, size_t most)
{
    size_t count = totals->units < most ? totals->units : most;
    assert(totals->values || count == 0);
    for (size_t i = 0; i < count; i++)
        values[i] = totals->values[i];
    return count;
}

size_t unit_totals_values(struct unit_totals *totals, double *values, size_t most)
{
    size_t count = 0;
    if (!totals->table)
        return placed_values(totals, values, most);
    const struct unit_store *store = unit_totals_store(totals);
    for (uint32_t shard = 0; shard < store->shard_count; shard++)
        for (uint32_t i = 0; i < store->shards[shard].count && count < most; i++) {
            const struct unit_row *row = unit_store_row(store, shard, i);
            if (is_seen(totals, row))
                values[count++] = pair_of(totals, row).first;
        }
    return count;
}

void unit_totals_cap(struct unit_totals *totals, double cap)
{
    totals->cap = cap;
    forget_spread(totals);
    free(totals->values);
    totals->values = NULL;
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

/* A pass over all units: each thread adds those of its shards to a spread of its own. */
struct pass {
    const struct unit_totals *totals;
    enum spread_cubes takes_cubes;
    struct spread *parts[MOST_WORKERS];
};

/* A shard's, as sums of integers. */
static void add_counts(struct spread *spread, const struct unit_totals *totals, uint32_t shard)
{
    const struct unit_store *store = totals->table->store;
    unsigned __int128 hits_squared = 0, events_squared = 0, product = 0;
    uint64_t hits = 0, events = 0;
    for (uint32_t i = 0; i < store->shards[shard].count; i++) {
        const struct counts *counts =
            unit_column(unit_store_row(store, shard, i), totals->columns.total);
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

static void add_shard(void *context, uint32_t worker, uint32_t shard)
{
    struct pass *pass = context;
    const struct unit_totals *totals = pass->totals;
    const struct unit_store *store = totals->table->store;
    struct spread *spread = pass->parts[worker];
    if (!spread) {
        spread = pass->parts[worker] = xcalloc(1, sizeof *spread);
        spread->takes_cubes = pass->takes_cubes;
    }
    if (totals->keeps == UNIT_COUNTS) {
        add_counts(spread, totals, shard);
        return;
    }
    for (uint32_t i = 0; i < store->shards[shard].count; i++) {
        const struct unit_row *row = unit_store_row(store, shard, i);
        if (!is_seen(totals, row))
            continue;
        struct pair pair = pair_of(totals, row);
        spread_add(spread, pair.first, pair.second);
    }
}

static struct spread *spread_of(const struct unit_totals *totals, enum spread_cubes takes_cubes)
{
    struct pass pass = {.totals = totals, .takes_cubes = takes_cubes};
    struct spread *spread = xcalloc(1, sizeof *spread);
    spread->takes_cubes = takes_cubes;
    unit_store_for_shards(totals->table->store, add_shard, &pass);
    for (uint32_t i = 0; i < MOST_WORKERS; i++) {
        if (pass.parts[i])
            spread_merge(spread, pass.parts[i]);
        free(pass.parts[i]);
    }
    return spread;
}

void spread_add_units(struct spread *spread, struct unit_totals *totals)
{
    if (totals->table)
        unit_table_settle(totals->table);
    bool has_all = totals->spread && totals->spread->takes_cubes >= spread->takes_cubes;
    assert(totals->table || has_all);
    if (!has_all)
        forget_spread(totals);
    if (!totals->spread)
        totals->spread = spread_of(totals, spread->takes_cubes);
    spread_merge(spread, totals->spread);
    spread->beyond |= totals->beyond;
    if (totals->table && totals->spread->beyond)
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
