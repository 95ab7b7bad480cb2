/* unit_totals.c - see unit_totals.h. */
#include "unit_totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

#define FIRST_CHUNK_BITS 6
#define ROW_MASK         UINT64_C(0xffffffff)

/* -------------------------------------------------------------------------------------- rows -- */

static unsigned chunk_of(uint64_t row)
{
    return 63 - (unsigned)__builtin_clzll(row + (1 << FIRST_CHUNK_BITS)) - FIRST_CHUNK_BITS;
}

static struct unit_total *row_at(const struct unit_totals *totals, uint64_t row)
{
    unsigned chunk = chunk_of(row);
    uint64_t begin = (UINT64_C(1) << (chunk + FIRST_CHUNK_BITS)) - (1 << FIRST_CHUNK_BITS);
    return &totals->chunks[chunk][row - begin];
}

static struct unit_total *add_row(struct unit_totals *totals, struct unit_hash unit)
{
    unsigned chunk = chunk_of(totals->count);
    if (!totals->chunks[chunk])
        totals->chunks[chunk] =
            xalloc_rows(UINT64_C(1) << (chunk + FIRST_CHUNK_BITS), sizeof *totals->chunks[chunk]);
    struct unit_total *row = row_at(totals, totals->count++);
    *row = (struct unit_total){.unit = unit};
    return row;
}

static uint64_t tag_of(struct unit_hash unit)
{
    return unit.high & ~ROW_MASK;
}

static bool is_same(struct unit_hash a, struct unit_hash b)
{
    return a.low == b.low && a.high == b.high;
}

/* Rows go by their hash, whatever was there before. */
static void grow(struct unit_totals *totals)
{
    totals->capacity = totals->capacity ? totals->capacity * 2 : 128;
    free(totals->index);
    totals->index = xcalloc_table(totals->capacity, sizeof *totals->index);
    for (uint64_t i = 0; i < totals->count; i++) {
        struct unit_hash unit = row_at(totals, i)->unit;
        uint64_t at = unit.low & (totals->capacity - 1);
        while (totals->index[at])
            at = (at + 1) & (totals->capacity - 1);
        totals->index[at] = tag_of(unit) | (i + 1);
    }
}

/* What is most likely the unit's row, which is not looked at; NULL: it has none. */
static struct unit_total *likely_row(const struct unit_totals *totals, struct unit_hash unit)
{
    uint64_t at = unit.low & (totals->capacity - 1);
    for (; totals->index[at]; at = (at + 1) & (totals->capacity - 1))
        if (((totals->index[at] ^ unit.high) & ~ROW_MASK) == 0)
            return row_at(totals, (totals->index[at] & ROW_MASK) - 1);
    return NULL;
}

/* The unit's row, which is made if need be. */
static struct unit_total *row_of(struct unit_totals *totals, struct unit_hash unit, bool *is_new)
{
    if (totals->count * 2 >= totals->capacity)
        grow(totals);
    uint64_t at = unit.low & (totals->capacity - 1);
    *is_new = false;
    for (; totals->index[at]; at = (at + 1) & (totals->capacity - 1)) {
        if (((totals->index[at] ^ unit.high) & ~ROW_MASK) != 0)
            continue;
        struct unit_total *row = row_at(totals, (totals->index[at] & ROW_MASK) - 1);
        if (is_same(row->unit, unit))
            return row;
    }
    *is_new = true;
    struct unit_total *row = add_row(totals, unit);
    totals->index[at] = tag_of(unit) | totals->count;
    return row;
}

/* ------------------------------------------------------------------------------------ totals -- */

static __int128 fixed(double number)
{
    double scaled = rint(number * 0x1p48);
    return fabs(scaled) < 0x1p62 ? (__int128)(int64_t)scaled : (__int128)scaled;
}

static double number_of(__int128 total)
{
    return (double)total * 0x1p-48;
}

static double from_bits(__int128 bits)
{
    uint64_t word = (uint64_t)bits;
    double number;
    memcpy(&number, &word, sizeof number);
    return number;
}

static __int128 to_bits(double number)
{
    uint64_t word;
    memcpy(&word, &number, sizeof word);
    return (__int128)word;
}

struct pair {
    double first, second;
};

static struct pair pair_of(const struct unit_totals *totals, const struct unit_total *row)
{
    switch (totals->aggregate) {
    case UNIT_MEAN:
        return (struct pair){number_of(row->first) / number_of(row->second), 1};
    case UNIT_MAX:
    case UNIT_LAST:
        return (struct pair){from_bits(row->first), 1};
    default:
        return (struct pair){number_of(row->first), number_of(row->second)};
    }
}

/* Sums are exact, so that what was added can be taken away again without a trace. */
static void remove_from_spread(struct spread *spread, double first, double second)
{
    spread->count--;
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

static void update_spread(struct unit_totals *totals, const struct pair *before,
                          const struct pair *after)
{
    struct spread *spread = totals->spread;
    if (before)
        remove_from_spread(spread, before->first, before->second);
    spread_add(spread, after->first, after->second);
    /* What a product was too large for may come back below it. */
    if (spread->beyond)
        forget_spread(totals);
}

static void combine(const struct unit_totals *totals, struct unit_total *row, bool is_new,
                    __int128 first, __int128 second)
{
    if (totals->aggregate == UNIT_SUM || totals->aggregate == UNIT_MEAN) {
        row->first += first;
        row->second += second;
        return;
    }
    bool later = totals->aggregate == UNIT_LAST && second > row->second;
    bool same_time = totals->aggregate == UNIT_MAX || second == row->second;
    if (is_new || later || (same_time && from_bits(first) > from_bits(row->first))) {
        row->first = first;
        row->second = second;
    }
}

static void add_to_row(struct unit_totals *totals, struct unit_total *row, bool is_new,
                       __int128 first, __int128 second)
{
    if (!totals->spread) {
        combine(totals, row, is_new, first, second);
        return;
    }
    struct pair before = {0};
    if (!is_new)
        before = pair_of(totals, row);
    combine(totals, row, is_new, first, second);
    struct pair after = pair_of(totals, row);
    update_spread(totals, is_new ? NULL : &before, &after);
}

static void do_first(struct unit_totals *totals)
{
    const struct unit_waiting *first = &totals->waiting[totals->waiting_from];
    struct unit_total *row = first->likely;
    bool is_new = false;
    if (!row || !is_same(row->unit, first->unit))
        row = row_of(totals, first->unit, &is_new);
    if (totals->aggregate == UNIT_SUM || totals->aggregate == UNIT_MEAN)
        add_to_row(totals, row, is_new, fixed(first->first), fixed(first->second));
    else
        add_to_row(totals, row, is_new, to_bits(first->first), (__int128)first->second);
    totals->waiting_from = (totals->waiting_from + 1) % UNITS_WAITING;
    totals->waiting_count--;
}

static void do_all(struct unit_totals *totals)
{
    while (totals->waiting_count > 0)
        do_first(totals);
}

void unit_totals_add(struct unit_totals *totals, struct unit_hash unit, double first, double second)
{
    if (!(fabs(first) < UNIT_TOTAL_LIMIT) || !(fabs(second) < UNIT_TOTAL_LIMIT)) {
        totals->beyond = true;
        return;
    }
    if (totals->capacity > 0)
        __builtin_prefetch(&totals->index[unit.low & (totals->capacity - 1)]);
    if (totals->waiting_count == UNITS_WAITING)
        do_first(totals);
    uint32_t place = totals->waiting_from + totals->waiting_count++;
    totals->waiting[place % UNITS_WAITING] =
        (struct unit_waiting){.unit = unit, .first = first, .second = second};
    if (totals->waiting_count <= UNITS_WAITING / 2 || totals->capacity == 0)
        return;
    struct unit_waiting *middle = &totals->waiting[(place - UNITS_WAITING / 2) % UNITS_WAITING];
    middle->likely = likely_row(totals, middle->unit);
    if (middle->likely) {
        __builtin_prefetch(middle->likely, 1);
        __builtin_prefetch((const char *)(middle->likely + 1) - 1, 1);
    }
}

void unit_totals_merge(struct unit_totals *totals, struct unit_totals *other)
{
    do_all(totals);
    do_all(other);
    totals->beyond |= other->beyond;
    for (uint64_t i = 0; i < other->count; i++) {
        const struct unit_total *added = row_at(other, i);
        bool is_new;
        struct unit_total *row = row_of(totals, added->unit, &is_new);
        add_to_row(totals, row, is_new, added->first, added->second);
    }
}

void unit_totals_release(struct unit_totals *totals)
{
    for (unsigned i = 0; i < UNIT_CHUNKS; i++)
        free(totals->chunks[i]);
    free(totals->index);
    free(totals->spread);
    *totals = (struct unit_totals){0};
}

void spread_add(struct spread *spread, double first, double second)
{
    spread->count++;
    exact_sum_add(&spread->first, first);
    exact_sum_add(&spread->second, second);
    bool added = exact_sum_add_product(&spread->first_squared, first, first);
    added &= exact_sum_add_product(&spread->second_squared, second, second);
    added &= exact_sum_add_product(&spread->product, first, second);
    spread->beyond |= !added;
}

void spread_merge(struct spread *spread, const struct spread *other)
{
    spread->count += other->count;
    exact_sum_merge(&spread->first, &other->first);
    exact_sum_merge(&spread->second, &other->second);
    exact_sum_merge(&spread->first_squared, &other->first_squared);
    exact_sum_merge(&spread->second_squared, &other->second_squared);
    exact_sum_merge(&spread->product, &other->product);
    spread->beyond |= other->beyond;
}

static struct spread *spread_of(const struct unit_totals *totals)
{
    struct spread *spread = xcalloc(1, sizeof *spread);
    for (uint64_t i = 0; i < totals->count; i++) {
        struct pair pair = pair_of(totals, row_at(totals, i));
        spread_add(spread, pair.first, pair.second);
    }
    return spread;
}

void spread_add_units(struct spread *spread, struct unit_totals *totals)
{
    do_all(totals);
    if (!totals->spread)
        totals->spread = spread_of(totals);
    spread_merge(spread, totals->spread);
    spread->beyond |= totals->beyond;
    if (totals->spread->beyond)
        forget_spread(totals);
}

struct ratio_moments spread_moments(const struct spread *spread)
{
    return (struct ratio_moments){
        moments_of_sums(spread->count, &spread->first, &spread->first_squared),
        moments_of_sums(spread->count, &spread->second, &spread->second_squared),
        covariance_of_sums(spread->count, &spread->first, &spread->second, &spread->product),
    };
}
