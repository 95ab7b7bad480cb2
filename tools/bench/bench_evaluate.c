/*
 * bench_evaluate.c - what an evaluation costs, beside the least that its work can cost.
 *
 * Each case runs in turns with a `limit` loop: the same inputs, the same answers, and nothing of a
 * flag system but the arithmetic. What counts is the ratio of the two, which says how much of the
 * time is the library's own; bare nanoseconds say more about the machine. Answers of the two loops
 * are compared, so that neither can cheat.
 *
 * Usage: bench-evaluate [--json] [ROUNDS]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../../compiler/memory.h"
#include "../../compiler/project.h"
#include "fflag.h"
#include "fflag/snapshot.h"

#define CONTEXTS       1024 /* a power of two, as all that a loop indexes */
#define FLAGS          10000
#define CHOSEN         1024 /* of the flags, in random order */
#define ITERATIONS     16384
#define DEFAULT_ROUNDS 300
#define KEY_LENGTH     36

static const char *const countries[] = {"NO", "SE", "DK", "FI", "IS", "DE", "NL", "FR", "ES", "PT",
                                        "US", "CA", "MX", "BR", "AR", "CL", "JP", "KR", "IN", "AU"};
#define COUNTRIES 20 /* of which the rule names the first ten */

struct bench {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr user_id, country, plan;
    fflag_id boolean[CHOSEN], rollout, rule;

    fflag_context *contexts;
    char keys[CONTEXTS][KEY_LENGTH + 1];
    uint8_t country_of[CONTEXTS], plan_of[CONTEXTS];
    char names[CHOSEN][32];
    uint8_t booleans[CHOSEN]; /* the answers */

    /* What the limit loops have in place of a snapshot. */
    uint32_t *words; /* by handle */
    uint64_t key_hashes[CONTEXTS], country_hashes[CONTEXTS];
    uint64_t rollout_salt, rollout_threshold;
    uint64_t set[64]; /* of hashes of the ten countries; 0: empty */
    uint64_t *name_hashes;
    uint32_t name_mask;
};

/* ---------------------------------------------------------------------------------- loops -- */

/*
 * Every loop answers ITERATIONS questions and returns how many were true. They are kept apart from
 * their caller, so that no part of them is moved out of what is timed.
 */
#define LOOP(name) static __attribute__((noinline)) unsigned name(const struct bench *b)

/* Behind a call, because the answer of a library always is one. */
static __attribute__((noinline)) bool limit_word(const uint32_t *words, fflag_id flag)
{
    __asm__ volatile("" : "+r"(flag)); /* so that nothing of it moves to the caller */
    return words[flag] & 1;
}

LOOP(limit_boolean)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += limit_word(b->words, b->boolean[i % CHOSEN]);
    return on;
}

LOOP(run_boolean)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool(b->view, b->boolean[i % CHOSEN], &b->contexts[i % CONTEXTS], false);
    return on;
}

LOOP(limit_rollout)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        uint64_t hash = b->key_hashes[i % CONTEXTS];
        __asm__ volatile("" : "+r"(hash));
        on += ffs_mix(hash ^ b->rollout_salt) < b->rollout_threshold;
    }
    return on;
}

LOOP(run_rollout)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool(b->view, b->rollout, &b->contexts[i % CONTEXTS], false);
    return on;
}

LOOP(limit_fresh)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        uint64_t hash = XXH3_64bits(b->keys[i % CONTEXTS], KEY_LENGTH);
        on += ffs_mix(hash ^ b->rollout_salt) < b->rollout_threshold;
    }
    return on;
}

LOOP(run_fresh)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_string(&context, b->user_id, b->keys[i % CONTEXTS], KEY_LENGTH);
        on += fflag_bool(b->view, b->rollout, &context, false);
    }
    return on;
}

LOOP(limit_rule)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        uint64_t hash = b->country_hashes[i % CONTEXTS];
        __asm__ volatile("" : "+r"(hash));
        unsigned at = (unsigned)hash % 64;
        while (b->set[at] && b->set[at] != hash)
            at = (at + 1) % 64;
        on += b->set[at] != 0;
    }
    return on;
}

LOOP(run_rule)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool(b->view, b->rule, &b->contexts[i % CONTEXTS], false);
    return on;
}

LOOP(limit_name)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const char *name = b->names[i % CHOSEN];
        uint64_t hash = XXH3_64bits(name, strlen(name));
        uint32_t at = (uint32_t)hash & b->name_mask;
        while (b->name_hashes[2 * at] != hash)
            at = (at + 1) & b->name_mask;
        on += b->name_hashes[2 * at + 1] & 1;
    }
    return on;
}

LOOP(run_name)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_evaluate_name(b->view, b->names[i % CHOSEN], &b->contexts[i % CONTEXTS])
                  .value.boolean;
    return on;
}

LOOP(run_once)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool_once(b->store, b->boolean[i % CHOSEN], &b->contexts[i % CONTEXTS], false);
    return on;
}

struct bench_case {
    const char *name;
    const char *limit_name;
    unsigned (*limit)(const struct bench *);
    unsigned (*run)(const struct bench *);
    bool same_answers; /* the limit of the rule does only the dearest part of it */
};

static const struct bench_case cases[] = {
    {"boolean", "a word by handle, called", limit_boolean, run_boolean, true},
    {"rollout, key hash cached", "mix and compare", limit_rollout, run_rollout, true},
    {"rollout, fresh context", "XXH3, mix and compare", limit_fresh, run_fresh, true},
    {"10 countries and plan and 25 %", "one probe of a hashed set", limit_rule, run_rule, false},
    {"by name, 10,000 flags", "XXH3 and one probe", limit_name, run_name, true},
    {"boolean, one-shot", "a word by handle, called", limit_boolean, run_once, true},
};
#define CASES (sizeof cases / sizeof cases[0])

/* ---------------------------------------------------------------------------------- set-up -- */

static void fail(const char *what)
{
    fprintf(stderr, "bench-evaluate: %s\n", what);
    exit(2);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void write_definitions(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail("cannot write the definitions");
    fputs("project: {name: bench, environments: [production], bucket_by: user_id}\n"
          "attributes: {user_id: string, country: string, plan: string}\n"
          "flags:\n"
          "  half: {percent: 50%}\n"
          "  rule:\n"
          "    rules:\n"
          "      - if: {country: [NO, SE, DK, FI, IS, DE, NL, FR, ES, PT], plan: pro}\n"
          "        percent: 25%\n",
          file);
    for (unsigned i = 0; i < FLAGS; i++)
        fprintf(file, "  team-%u.service.feature-%u: {%s}\n", i % 17, i,
                i % 3 ? "serve: on" : "default: off");
    if (fclose(file) != 0)
        fail("cannot write the definitions");
}

static void open_store(struct bench *b)
{
    char directory[] = "/tmp/bench-evaluate-XXXXXX", path[64];
    if (!mkdtemp(directory))
        fail("cannot make a directory");
    snprintf(path, sizeof path, "%s/flags.yaml", directory);
    write_definitions(path);
    struct project *project = project_load(directory, 0);
    unlink(path);
    rmdir(directory);
    struct buffer bytes = {0};
    if (project->diagnostics.errors || !project_compile(project, "production", NULL, 0, &bytes))
        fail("the definitions do not compile");
    if (fflag_open_memory(&b->store, bytes.bytes, bytes.length, NULL))
        fail("the snapshot was refused");
    buffer_release(&bytes);
    project_free(project);
}

/* Huge pages, so that what is measured is not the reach of the TLB. */
static void *allocate(size_t size)
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

static void fill_contexts(struct bench *b, uint64_t *seed)
{
    b->contexts = allocate(CONTEXTS * sizeof *b->contexts);
    for (unsigned i = 0; i < CONTEXTS; i++) {
        uint64_t random = next_random(seed);
        snprintf(b->keys[i], sizeof b->keys[i], "%08x-%04x-4%03x-8%03x-%012llx",
                 (unsigned)(random >> 32), (unsigned)(random & 0xffff),
                 (unsigned)(random >> 16 & 0xfff), (unsigned)(random >> 20 & 0xfff),
                 (unsigned long long)(next_random(seed) & 0xffffffffffff));
        b->country_of[i] = (uint8_t)(next_random(seed) % COUNTRIES);
        b->plan_of[i] = next_random(seed) % 2;
        const char *country = countries[b->country_of[i]];
        const char *plan = b->plan_of[i] ? "pro" : "free";
        fflag_context_init(&b->contexts[i]);
        fflag_set_string(&b->contexts[i], b->user_id, b->keys[i], KEY_LENGTH);
        fflag_set_string(&b->contexts[i], b->country, country, strlen(country));
        fflag_set_string(&b->contexts[i], b->plan, plan, strlen(plan));
        b->key_hashes[i] = XXH3_64bits(b->keys[i], KEY_LENGTH);
        b->country_hashes[i] = XXH3_64bits(country, strlen(country));
    }
}

static void choose_flags(struct bench *b, uint64_t *seed)
{
    for (unsigned i = 0; i < CHOSEN; i++) {
        unsigned flag = (unsigned)(next_random(seed) % FLAGS);
        snprintf(b->names[i], sizeof b->names[i], "team-%u.service.feature-%u", flag % 17, flag);
        b->boolean[i] = fflag_flag(b->store, b->names[i]);
        b->booleans[i] = flag % 3 != 0;
    }
}

static void fill_limits(struct bench *b)
{
    b->words = allocate((FLAGS + 16) * sizeof *b->words);
    for (unsigned i = 0; i < CHOSEN; i++)
        b->words[b->boolean[i]] = b->booleans[i];
    b->rollout_salt = XXH3_64bits("half", 4);
    b->rollout_threshold = UINT64_C(1) << 63;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t hash = XXH3_64bits(countries[i], 2);
        unsigned at = (unsigned)hash % 64;
        while (b->set[at])
            at = (at + 1) % 64;
        b->set[at] = hash;
    }
    b->name_mask = 32767;
    b->name_hashes = allocate(2 * ((size_t)b->name_mask + 1) * sizeof *b->name_hashes);
    for (unsigned i = 0; i < FLAGS; i++) {
        char name[32];
        int length = snprintf(name, sizeof name, "team-%u.service.feature-%u", i % 17, i);
        uint64_t hash = XXH3_64bits(name, (size_t)length);
        uint32_t at = (uint32_t)hash & b->name_mask;
        while (b->name_hashes[2 * at])
            at = (at + 1) & b->name_mask;
        b->name_hashes[2 * at] = hash;
        b->name_hashes[2 * at + 1] = i % 3 != 0;
    }
}

static void prepare(struct bench *b)
{
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    open_store(b);
    b->user_id = fflag_attribute(b->store, "user_id");
    b->country = fflag_attribute(b->store, "country");
    b->plan = fflag_attribute(b->store, "plan");
    b->rollout = fflag_flag(b->store, "half");
    b->rule = fflag_flag(b->store, "rule");
    fill_contexts(b, &seed);
    choose_flags(b, &seed);
    fill_limits(b);
    b->view = fflag_acquire(b->store);
}

/* --------------------------------------------------------------------------------- measuring -- */

struct timing {
    double *limit, *run; /* by round, in ns a question */
};

static double time_loop(const struct bench *b, unsigned (*loop)(const struct bench *),
                        unsigned *answers)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    *answers = loop(b);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
           ITERATIONS;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void measure(const struct bench *b, struct timing *timings, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < CASES; i++) {
            unsigned limit_answers, answers;
            timings[i].limit[round] = time_loop(b, cases[i].limit, &limit_answers);
            timings[i].run[round] = time_loop(b, cases[i].run, &answers);
            if (cases[i].same_answers && answers != limit_answers)
                fail("the loops do not agree");
        }
    }
    for (size_t i = 0; i < CASES; i++) {
        qsort(timings[i].limit, rounds, sizeof(double), compare_doubles);
        qsort(timings[i].run, rounds, sizeof(double), compare_doubles);
    }
}

static void print_text(const struct timing *timings, unsigned rounds)
{
    printf("%-31s %8s %8s   %-26s %8s %8s   %6s\n", "ns", "min", "median", "limit", "min", "median",
           "ratio");
    for (size_t i = 0; i < CASES; i++) {
        const double *run = timings[i].run, *limit = timings[i].limit;
        printf("%-31s %8.2f %8.2f   %-26s %8.2f %8.2f   %6.2f\n", cases[i].name, run[0],
               run[rounds / 2], cases[i].limit_name, limit[0], limit[rounds / 2],
               run[rounds / 2] / limit[rounds / 2]);
    }
}

static void print_json(const struct timing *timings, unsigned rounds)
{
    printf("{\"format_version\":1,\"benchmark\":\"evaluate\",\"rounds\":%u,\"iterations\":%d,"
           "\"cases\":[",
           rounds, ITERATIONS);
    for (size_t i = 0; i < CASES; i++) {
        const double *run = timings[i].run, *limit = timings[i].limit;
        printf("%s{\"name\":\"%s\",\"min_ns\":%.3f,\"median_ns\":%.3f,\"limit\":\"%s\","
               "\"limit_min_ns\":%.3f,\"limit_median_ns\":%.3f,\"ratio\":%.3f}",
               i ? "," : "", cases[i].name, run[0], run[rounds / 2], cases[i].limit_name, limit[0],
               limit[rounds / 2], run[rounds / 2] / limit[rounds / 2]);
    }
    puts("]}");
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    unsigned rounds = DEFAULT_ROUNDS;
    if (argc > 1 + json) {
        char *end;
        errno = 0;
        unsigned long given = strtoul(argv[1 + json], &end, 10);
        if (errno || *end || given == 0 || given > 1000000 || argc > 2 + json) {
            fputs("usage: bench-evaluate [--json] [ROUNDS]\n", stderr);
            return 2;
        }
        rounds = (unsigned)given;
    }
    prepare(&bench);
    struct timing timings[CASES];
    for (size_t i = 0; i < CASES; i++) {
        timings[i].limit = allocate(rounds * sizeof(double));
        timings[i].run = allocate(rounds * sizeof(double));
    }
    measure(&bench, timings, rounds);
    if (json)
        print_json(timings, rounds);
    else
        print_text(timings, rounds);
    return 0;
}
