/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c - the rows of threads, the tables of snapshots, and the series of a store. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counters.h"
#include "hash.h"

/* ----------------------------------------------------------------------------------- threads -- */

_Thread_local uint32_t runtime_counted_row
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/*
 * By row: process << 32 | thread, or 0. A row is not returned when its thread ends, which would
 * need a destructor in the host's threads; instead, whoever finds no free row asks the kernel which
 * owners are gone. After a fork, the rows of the parent's threads stay taken: one of them is the
 * child's own.
 */
static _Atomic uint64_t owners[COUNTED_THREADS];
static _Atomic uint32_t rows_used; /* no row above was ever taken */

static bool is_gone(uint64_t owner, uint32_t process)
{
    return owner >> 32 == process && syscall(SYS_tgkill, process, (uint32_t)owner, 0) != 0 &&
           errno == ESRCH;
}

/*
 * Acquire and release: the row's last owner has ended, and the kernel reports that only after its
 * last addition; the next owner's first addition follows this exchange.
 */
static bool take_row(uint32_t row, uint64_t expected, uint64_t self)
{
    if (!atomic_compare_exchange_strong_explicit(&owners[row - 1], &expected, self,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return false;
    uint32_t used = atomic_load_explicit(&rows_used, memory_order_relaxed);
    /* Relaxed: a reader that sees the row late misses its counts until its next look. */
    while (used < row && !atomic_compare_exchange_weak_explicit(
                             &rows_used, &used, row, memory_order_relaxed, memory_order_relaxed))
        ;
    return true;
}

static uint32_t find_row(void)
{
    uint32_t process = (uint32_t)getpid();
    uint64_t self = (uint64_t)process << 32 | (uint32_t)syscall(SYS_gettid);
    for (uint32_t row = 1; row <= COUNTED_THREADS; row++) {
        uint64_t owner = atomic_load_explicit(&owners[row - 1], memory_order_relaxed);
        /* The number of a thread that is gone may be reused, even for this thread. */
        if ((owner == 0 || owner == self) && take_row(row, owner, self))
            return row;
    }
    for (uint32_t row = 1; row <= COUNTED_THREADS; row++) {
        uint64_t owner = atomic_load_explicit(&owners[row - 1], memory_order_relaxed);
        if (is_gone(owner, process) && take_row(row, owner, self))
            return row;
    }
    return SHARED_ROW;
}

void count_elsewhere(const struct counters *counters, uint32_t cell)
{
    if (runtime_counted_row == 0) {
        int number = errno;
        runtime_counted_row = find_row();
        errno = number;
    }
    if (runtime_counted_row != SHARED_ROW)
        count_cell(counters, cell);
    else
        atomic_fetch_add_explicit(&counters->cells[SHARED_ROW * counters->row_size + cell], 1,
                                  memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------ series -- */

static bool is_series(const struct series *series, const char *flag, const char *variant)
{
    return strcmp(series->flag, flag) == 0 && strcmp(series->variant, variant) == 0;
}

static uint32_t *find_in_index(const struct counts *counts, const char *flag, const char *variant)
{
    uint32_t mask = counts->index_capacity - 1;
    uint64_t hash = ffs_mix(hash_bytes(flag, strlen(flag))) ^ hash_bytes(variant, strlen(variant));
    for (uint32_t place = (uint32_t)hash & mask;; place = (place + 1) & mask) {
        uint32_t *entry = &counts->index[place];
        if (!*entry || is_series(&counts->series[*entry - 1], flag, variant))
            return entry;
    }
}

static bool grow_index(struct counts *counts)
{
    if (counts->index_capacity > 2 * counts->count)
        return true;
    uint32_t capacity = counts->index_capacity ? counts->index_capacity * 2 : 256;
    uint32_t *index = calloc(capacity, sizeof *index);
    if (!index)
        return false;
    free(counts->index);
    counts->index = index;
    counts->index_capacity = capacity;
    for (uint32_t i = 0; i < counts->count; i++)
        *find_in_index(counts, counts->series[i].flag, counts->series[i].variant) = i + 1;
    return true;
}

static bool grow_series(struct counts *counts)
{
    if (counts->count < counts->capacity)
        return true;
    uint32_t capacity = counts->capacity ? counts->capacity * 2 : 128;
    struct series *series = realloc(counts->series, capacity * sizeof *series);
    if (!series)
        return false;
    counts->series = series;
    counts->capacity = capacity;
    return true;
}

static bool find_series(struct counts *counts, const char *flag, const char *variant,
                        uint32_t *place)
{
    if (!grow_index(counts) || !grow_series(counts))
        return false;
    uint32_t *entry = find_in_index(counts, flag, variant);
    if (!*entry) {
        struct series added = {.flag = strdup(flag), .variant = strdup(variant)};
        if (!added.flag || !added.variant) {
            free(added.flag);
            free(added.variant);
            return false;
        }
        counts->series[counts->count++] = added;
        *entry = counts->count;
    }
    *place = *entry - 1;
    return true;
}

struct series *counts_series(struct counts *counts, const char *flag, const char *variant)
{
    uint32_t place;
    return find_series(counts, flag, variant, &place) ? &counts->series[place] : NULL;
}

void counts_free(struct counts *counts)
{
    for (uint32_t i = 0; i < counts->count; i++) {
        free(counts->series[i].flag);
        free(counts->series[i].variant);
    }
    free(counts->series);
    free(counts->index);
}

/* ------------------------------------------------------------------------------------ tables -- */

static bool name_cells(struct counts *counts, const struct snapshot *snapshot,
                       struct counters *counters)
{
    for (uint32_t i = 0; i < snapshot->flag_count; i++) {
        const struct ffs_flag *flag = &snapshot->flags[i];
        const char *name = string_bytes(snapshot, flag->name);
        for (uint32_t k = 0; k < flag->variant_count; k++) {
            ffs_string variant = snapshot->variants[flag->first_variant + k].name;
            if (!find_series(counts, name,
                             variant == FFS_NONE ? "" : string_bytes(snapshot, variant),
                             &counters->series[counters->first[i] + k]))
                return false;
        }
        /* No variant has that name. */
        if (flag->flags & FFS_FLAG_SERVES_NONE &&
            !find_series(counts, name, "none", &counters->series[counters->none + i]))
            return false;
    }
    return true;
}

/* Rows that no thread takes are never touched, and so use no memory. */
static bool map_cells(struct counters *counters)
{
    counters->row_size = ((size_t)counters->cell_count + 7) / 8 * 8;
    size_t size = (SHARED_ROW + 1) * counters->row_size * sizeof *counters->cells;
    if (size == 0)
        return true;
    void *cells = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED)
        return false;
    counters->cells = cells;
    counters->mapped = size;
    return true;
}

bool counters_create(struct counts *counts, struct snapshot *snapshot)
{
    struct counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return false;
    snapshot->counters = counters;
    counters->first = calloc((size_t)snapshot->flag_count + 1, sizeof *counters->first);
    if (!counters->first)
        return false;
    for (uint32_t i = 0; i < snapshot->flag_count; i++) {
        if (counters->none > INT32_MAX)
            return false;
        counters->first[i] = counters->none;
        counters->none += snapshot->flags[i].variant_count;
    }
    if (snapshot->flag_count > INT32_MAX)
        return false;
    counters->cell_count = counters->none + snapshot->flag_count;
    counters->series = calloc((size_t)counters->cell_count + 1, sizeof *counters->series);
    return counters->series && map_cells(counters) && name_cells(counts, snapshot, counters);
}

void counters_free(struct counters *counters)
{
    if (!counters)
        return;
    if (counters->cells)
        munmap((void *)(uintptr_t)counters->cells, counters->mapped);
    free(counters->first);
    free(counters->series);
    free(counters);
}

static uint64_t sum_cell(const struct counters *counters, uint32_t cell)
{
    uint32_t rows = atomic_load_explicit(&rows_used, memory_order_relaxed);
    uint64_t sum = atomic_load_explicit(&counters->cells[SHARED_ROW * counters->row_size + cell],
                                        memory_order_relaxed);
    for (uint32_t row = 1; row <= rows; row++)
        sum += atomic_load_explicit(&counters->cells[row * counters->row_size + cell],
                                    memory_order_relaxed);
    return sum;
}

void counters_retire(struct counts *counts, const struct snapshot *snapshot)
{
    const struct counters *counters = snapshot->counters;
    for (uint32_t cell = 0; counters && cell < counters->cell_count; cell++)
        counts->series[counters->series[cell]].total += sum_cell(counters, cell);
}

void counts_forget_live(struct counts *counts)
{
    for (uint32_t i = 0; i < counts->count; i++)
        counts->series[i].live = 0;
}

void counts_add_live(struct counts *counts, const struct snapshot *snapshot)
{
    const struct counters *counters = snapshot->counters;
    for (uint32_t cell = 0; counters && cell < counters->cell_count; cell++)
        counts->series[counters->series[cell]].live += sum_cell(counters, cell);
}
