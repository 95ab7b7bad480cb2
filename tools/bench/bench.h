/*
 * bench.h - what the benchmarks share: a clock, rounds, and rows of figures, as text or JSON.
 */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "compiler/model/model.h"
#include "compiler/project/project.h"

struct buffer;

static inline void fail(const char *what)
{
    fprintf(stderr, "benchmark: %s\n", what);
    exit(2);
}

static inline double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

#define KEY_LENGTH 36
/* A key that looks like a UUID. */
static inline void random_key(char key[KEY_LENGTH + 1], uint64_t *seed)
{
    uint64_t high = next_random(seed), low = next_random(seed);
    snprintf(key, KEY_LENGTH + 1, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high & 0xffff), (unsigned)(high >> 16 & 0xfff), (unsigned)(low >> 52),
             (unsigned long long)(low & 0xffffffffffff));
}

/* Huge pages, so that what is measured is not the reach of the TLB. */
static inline void *allocate(size_t size)
{
    const size_t huge = 2 * 1024 * 1024;
    size = (size + huge - 1) & ~(huge - 1);
    void *memory = aligned_alloc(huge, size);
    if (!memory)
        fail("out of memory");
    madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 0, size);
    return memory;
}

static inline FILE *create(const char *directory, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (!file)
        fail("cannot write the definitions");
    return file;
}

/* Compiles a directory of definitions into a snapshot, and removes it and the named files. */
static inline void compile(const char *directory, const char *const *names, struct buffer *bytes)
{
    struct project *project = project_load(directory, 0);
    if (project->diagnostics.errors || !project_compile(project, "production", NULL, 0, bytes))
        fail("the definitions do not compile");
    project_free(project);
    for (; *names; names++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", directory, *names);
        remove(path);
    }
    remove(directory);
}

/* -------------------------------------------------------------------------------------- rows -- */

/* Figures of many rounds, smallest first. */
struct figures {
    double *of_round;
    unsigned rounds;
};

static inline int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static inline struct figures new_figures(unsigned rounds)
{
    return (struct figures){allocate(rounds * sizeof(double)), rounds};
}

static inline void sort_figures(const struct figures *figures)
{
    qsort(figures->of_round, figures->rounds, sizeof(double), compare_doubles);
}

static inline double median(const struct figures *figures)
{
    return figures->of_round[figures->rounds / 2];
}

/* What is printed of a benchmark: a heading before the first row, a comma before the others. */
struct rows {
    bool json;
    bool begun;
};

/* `limit` may be NULL: then there is nothing to compare with but the target. */
static inline void print_row(struct rows *rows, const char *name, const char *unit,
                             const struct figures *run, const char *limit_name,
                             const struct figures *limit)
{
    bool first = !rows->begun;
    rows->begun = true;
    if (rows->json) {
        printf("%s{\"name\":\"%s\",\"unit\":\"%s\",\"min\":%.3f,\"median\":%.3f", first ? "" : ",",
               name, unit, run->of_round[0], median(run));
        if (limit)
            printf(",\"limit\":\"%s\",\"limit_min\":%.3f,\"limit_median\":%.3f,\"ratio\":%.3f",
                   limit_name, limit->of_round[0], median(limit), median(run) / median(limit));
        printf("}");
        return;
    }
    if (first)
        printf("%-40s %-7s %8s %8s   %-31s %8s %8s   %5s\n", "", "unit", "min", "median", "limit",
               "min", "median", "ratio");
    printf("%-40s %-7s %8.2f %8.2f", name, unit, run->of_round[0], median(run));
    if (limit)
        printf("   %-31s %8.2f %8.2f   %5.2f", limit_name, limit->of_round[0], median(limit),
               median(run) / median(limit));
    printf("\n");
}

/* Reads [--json] [ROUNDS]. */
static inline unsigned read_arguments(int argc, char **argv, unsigned rounds, struct rows *rows)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    *rows = (struct rows){.json = json};
    if (argc <= 1 + json)
        return rounds;
    char *end;
    errno = 0;
    unsigned long given = strtoul(argv[1 + json], &end, 10);
    if (errno || *end || given == 0 || given > 1000000 || argc > 2 + json) {
        fprintf(stderr, "usage: %s [--json] [ROUNDS]\n", argv[0]);
        exit(2);
    }
    return (unsigned)given;
}

#endif
