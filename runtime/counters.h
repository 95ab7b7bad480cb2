/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - how often each variant of each flag was served.
 *
 * A snapshot of a store that counts has a table with a row per thread and a cell for each variant
 * of each flag, and for "no variant". A thread has a row to itself, so it counts with a plain
 * addition; once all rows are taken, further threads share one and add atomically. A row belongs to
 * a thread in every store of the process, and to another one once that thread has ended.
 *
 * When a snapshot is freed, its cells are added to the store's series, which are keyed by flag and
 * variant name and so continue from one snapshot to the next.
 */
#ifndef FFLAG_RUNTIME_COUNTERS_H
#define FFLAG_RUNTIME_COUNTERS_H

#include "snapshot.h"

#define COUNTED_THREADS 128
#define SHARED_ROW      (COUNTED_THREADS + 1)

/* Of a snapshot. Read-only, but for the cells. */
struct counters {
    _Atomic uint64_t *cells; /* rows 1 to SHARED_ROW */
    size_t row_size;         /* cells; whole cache lines */
    uint32_t *first;         /* by flag index: its first cell */
    uint32_t none;           /* here begin the cells by flag index of those who got no variant */
    uint32_t cell_count;
    uint32_t *series; /* by cell */
    size_t mapped;    /* bytes at `cells` */
};

/* The cells of a boolean flag that is answered without its program, by its handle. */
struct shortcut_cells {
    uint32_t cell[2]; /* of a constant: the second; else: the test does not hold, and holds */
};

/* Of a store; under its lock. */
struct series {
    char *flag;
    char *variant;  /* empty: of a flag declared by a plain value */
    uint64_t total; /* in snapshots that are gone */
    uint64_t live;  /* in the others, when they were last added up */
    bool told;      /* of a fault: the log callback knows */
};
struct counts {
    struct series *series;
    uint32_t count, capacity;
    uint32_t *index; /* open addressing: 1 + place, or 0 */
    uint32_t index_capacity;
};

/* The calling thread's row; 0 until it counts for the first time. */
extern _Thread_local uint32_t runtime_counted_row
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
/* For a thread that has no row to itself, or none yet: finding one takes two system calls. */
void count_elsewhere(const struct counters *counters, uint32_t cell) __attribute__((cold));

static inline bool is_own_row(uint32_t row)
{
    return row - 1 < COUNTED_THREADS;
}

/* In a row that the calling thread has to itself. */
static inline void count_own(const struct counters *counters, uint32_t row, uint32_t cell)
{
    _Atomic uint64_t *at = &counters->cells[row * counters->row_size + cell];
    /* Relaxed: a count orders nothing, and a reader needs no exact moment. */
    atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static inline void count_cell(const struct counters *counters, uint32_t cell)
{
    uint32_t row = runtime_counted_row;
    if (UNLIKELY(!is_own_row(row)))
        count_elsewhere(counters, cell);
    else
        count_own(counters, row, cell);
}

static inline void count_variant(const struct counters *counters, uint32_t flag, uint16_t variant)
{
    if (UNLIKELY(counters != NULL))
        count_cell(counters, counters->first[flag] + variant);
}

static inline void count_none(const struct counters *counters, uint32_t flag)
{
    if (counters)
        count_cell(counters, counters->none + flag);
}

/* Gives a snapshot its table, and its variants their series. False when out of memory. */
bool counters_create(struct counts *counts, struct snapshot *snapshot);
void counters_free(struct counters *counters);
/* Adds the cells of a snapshot that is no longer used to the totals. */
void counters_retire(struct counts *counts, const struct snapshot *snapshot);

/* To add up: reset the live counts, then add each snapshot that the store still has. */
void counts_forget_live(struct counts *counts);
void counts_add_live(struct counts *counts, const struct snapshot *snapshot);
/* The series of that flag and variant, made on first use; NULL when out of memory. */
struct series *counts_series(struct counts *counts, const char *flag, const char *variant);
void counts_free(struct counts *counts);

#endif
