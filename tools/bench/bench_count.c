/*
 * bench_count.c - what counting adds to an evaluation, and whether threads that count slow each
 * other down.
 *
 * Each case's limit is the same evaluation in a store that does not count, measured in alternation,
 * so the difference between the two columns is the cost of counting.
 *
 * Usage: bench-count [--json] [ROUNDS]
 */
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "bench.h"
#include "threads.h"
#include "fflag.h"

#define CONTEXTS       1024 /* a power of two, like everything that a loop indexes */
#define FLAGS          64
#define ITERATIONS     16384
#define DEFAULT_ROUNDS 300

struct bench {
    fflag_store *store;
    const fflag_view *view;
    fflag_id constant[FLAGS], rollout[FLAGS], rule, text;
    fflag_context *contexts;
};

#define LOOP(name, expression)                                            \
    static __attribute__((noinline)) unsigned name(const struct bench *b) \
    {                                                                     \
        unsigned on = 0;                                                  \
        for (unsigned i = 0; i < ITERATIONS; i++) {                       \
            const fflag_context *who = &b->contexts[i % CONTEXTS];        \
            on += (expression) != 0;                                      \
        }                                                                 \
        return on;                                                        \
    }

LOOP(run_constant, fflag_bool(b->view, b->constant[i % FLAGS], who, false))
LOOP(run_rollout, fflag_bool(b->view, b->rollout[i % FLAGS], who, false))
LOOP(run_rule, fflag_bool(b->view, b->rule, who, false))
LOOP(run_text, fflag_string(b->view, b->text, who, "", NULL)[0] == 'a')
LOOP(run_whole, fflag_evaluate(b->view, b->rule, who).value.boolean)

static const struct bench_case {
    const char *name;
    unsigned (*run)(const struct bench *);
} cases[] = {
    {"boolean, counted", run_constant},
    {"rollout, counted", run_rollout},
    {"10 countries and plan and 25 %, counted", run_rule},
    {"string of three, counted", run_text},
    {"rule, whole result, counted", run_whole},
};
#define CASES (sizeof cases / sizeof cases[0])

static void write_definitions(const char *directory)
{
    FILE *file = create(directory, "flags.yaml");
    fputs("project: {name: bench, environments: [production], bucket_by: user_id}\n"
          "attributes: {user_id: string, country: string, plan: string}\n"
          "flags:\n"
          "  text: {type: string, variants: {a: alpha, b: beta, c: gamma}, default: c,\n"
          "    rules: [{split: {a: 40%, b: 30%, c: 30%}}]}\n"
          "  rule:\n"
          "    rules:\n"
          "      - if: {country: [NO, SE, DK, FI, IS, DE, NL, FR, ES, PT], plan: pro}\n"
          "        percent: 25%\n",
          file);
    for (unsigned i = 0; i < FLAGS; i++)
        fprintf(file, "  constant-%u: {%s}\n  rollout-%u: {percent: 50%%}\n", i,
                i % 3 ? "serve: on" : "default: off", i);
    if (fclose(file) != 0)
        fail("cannot write the definitions");
}

static void open_store(struct bench *b, const struct buffer *bytes, bool count)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = count;
    if (fflag_open_memory(&b->store, bytes->bytes, bytes->length, &options))
        fail("the snapshot was refused");
    b->rule = fflag_flag(b->store, "rule");
    b->text = fflag_flag(b->store, "text");
    for (unsigned i = 0; i < FLAGS; i++) {
        char name[32];
        snprintf(name, sizeof name, "constant-%u", i);
        b->constant[i] = fflag_flag(b->store, name);
        snprintf(name, sizeof name, "rollout-%u", i);
        b->rollout[i] = fflag_flag(b->store, name);
    }
}

static void fill_contexts(struct bench *b, char (*keys)[KEY_LENGTH + 1], uint64_t seed)
{
    static const char *const countries[] = {"NO", "SE", "US", "CA"};
    fflag_attr user = fflag_attribute(b->store, "user_id");
    fflag_attr country = fflag_attribute(b->store, "country");
    fflag_attr plan = fflag_attribute(b->store, "plan");
    b->contexts = allocate(CONTEXTS * sizeof *b->contexts);
    for (unsigned i = 0; i < CONTEXTS; i++) {
        uint64_t random = next_random(&seed);
        fflag_context_init(&b->contexts[i]);
        fflag_set_string(&b->contexts[i], user, keys[i], KEY_LENGTH);
        fflag_set_string(&b->contexts[i], country, countries[random % 4], 2);
        fflag_set_string(&b->contexts[i], plan, random & 4 ? "pro" : "fre", 3);
    }
    b->view = fflag_acquire(b->store);
}

static double time_loop(const struct bench *b, unsigned (*loop)(const struct bench *),
                        unsigned *answers)
{
    double start = now_ns();
    *answers = loop(b);
    return (now_ns() - start) / ITERATIONS;
}

static void measure(const struct bench *plain, const struct bench *counted, struct figures *limits,
                    struct figures *runs, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < CASES; i++) {
            unsigned expected, answers;
            limits[i].of_round[round] = time_loop(plain, cases[i].run, &expected);
            runs[i].of_round[round] = time_loop(counted, cases[i].run, &answers);
            if (answers != expected)
                fail("counting changes an answer");
        }
    for (size_t i = 0; i < CASES; i++) {
        sort_figures(&limits[i]);
        sort_figures(&runs[i]);
    }
}

/* Counted evaluations by `threads` threads, in millions per second. */
static double throughput(const struct bench *b, unsigned threads)
{
    return ITERATIONS * 1000 / time_threads(b, run_rollout, threads);
}

static void measure_threads(const struct bench *counted, struct rows *rows, unsigned rounds)
{
    struct figures one = new_figures(rounds), two = new_figures(rounds);
    for (unsigned round = 0; round < rounds; round++) {
        one.of_round[round] = throughput(counted, 1);
        two.of_round[round] = throughput(counted, MOST_THREADS);
    }
    sort_figures(&one);
    sort_figures(&two);
    print_row(rows, "two threads: rollout, counted", "M/s", &two, "one thread", &one);
}

int main(int argc, char **argv)
{
    static struct bench plain, counted;
    static char keys[CONTEXTS][KEY_LENGTH + 1];
    struct rows rows;
    unsigned rounds = read_arguments(argc, argv, DEFAULT_ROUNDS, &rows);
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    char directory[] = "/tmp/bench-count-XXXXXX";
    struct buffer bytes = {0};
    if (!mkdtemp(directory))
        fail("cannot make a directory");
    write_definitions(directory);
    compile(directory, (const char *const[]){"flags.yaml", NULL}, &bytes);
    for (unsigned i = 0; i < CONTEXTS; i++)
        random_key(keys[i], &seed);
    open_store(&plain, &bytes, false);
    open_store(&counted, &bytes, true);
    fill_contexts(&plain, keys, seed);
    fill_contexts(&counted, keys, seed);

    struct figures limits[CASES], runs[CASES];
    for (size_t i = 0; i < CASES; i++) {
        limits[i] = new_figures(rounds);
        runs[i] = new_figures(rounds);
    }
    measure(&plain, &counted, limits, runs, rounds);
    if (rows.json)
        printf("{\"format_version\":1,\"benchmark\":\"count\",\"rounds\":%u,\"iterations\":%d,"
               "\"cases\":[",
               rounds, ITERATIONS);
    for (size_t i = 0; i < CASES; i++)
        print_row(&rows, cases[i].name, "ns", &runs[i], "not counted", &limits[i]);
    measure_threads(&counted, &rows, rounds / 10 + 1);
    if (rows.json)
        puts("]}");
    return 0;
}
