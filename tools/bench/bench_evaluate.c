/*
 * bench_evaluate.c - the cost of an evaluation, compared with the least that its work can cost.
 *
 * Each case alternates with a `limit` loop: the same inputs, the same answers, and nothing of a
 * flag system but the decision, written out in C. What matters is the ratio of the two, which shows
 * how much of the time is the library's own; bare nanoseconds say more about the machine. The
 * answers of the two loops are compared, so that neither can cheat.
 *
 * Usage: bench-evaluate [--json] [ROUNDS]
 */

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/buffer.h"
#include "bench.h"
#include "threads.h"
#include "fflag.h"
#include "fflag/snapshot.h"

#define CONTEXTS       1024 /* a power of two, like everything that a loop indexes */
#define FLAGS          10000
#define CHOSEN         1024 /* of the flags, in random order */
#define ITERATIONS     16384
#define DEFAULT_ROUNDS 300
#define SMALL_LIST     10000
#define LARGE_LIST     1000000
#define UNITS          65536 /* looked up in the large list; every other one is on it */
#define FAR_LINES      (40 * 1024 * 1024 / 64) /* the large list's slots, in cache lines */
#define SMALL_UNITS    2048                    /* for the small list: the first of the units */

static const char *const countries[] = {"NO", "SE", "DK", "FI", "IS", "DE", "NL", "FR", "ES", "PT",
                                        "US", "CA", "MX", "BR", "AR", "CL", "JP", "KR", "IN", "AU"};
#define ENTRIES 4 /* of a context's list */
static const char *const groups[] = {"staff", "us-west", "beta", "eu-north", "eu-south", "apac",
                                     "qa",    "vip",     "ops",  "trial",    "us-east",  "edu"};
#define GROUPS    12
#define COUNTRIES 20 /* of which the rule names the first ten */

/* A text with its hash: an entry of a hashed set, or an attribute in a context. */
struct hashed {
    uint64_t hash;
    const char *bytes;
    size_t length;
};

struct set {
    struct hashed *slots; /* at least half are empty: bytes NULL */
    uint32_t mask;
};

/* A context with only the first attribute's slot, so that many fit into the caches. */
union narrow {
    char bytes[64];
    uint64_t aligned;
};

struct bench {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr user_id, country, plan, groups;
    fflag_id boolean[CHOSEN], rollout, rule, small, large, entries;

    fflag_context *contexts;
    const char *(*lists)[ENTRIES]; /* of the contexts */
    char names[CHOSEN][32];
    uint8_t booleans[CHOSEN];     /* the answers */
    char (*keys)[KEY_LENGTH + 1]; /* of the units, every other one on both lists */
    union narrow *narrow;

    /* What the limit loops have in place of a snapshot. */
    uint32_t *words; /* by handle */
    uint64_t rollout_salt, rollout_threshold, rule_salt, rule_threshold;
    struct set country_set, small_set, large_set, name_set;
    struct hashed pro;
    uint64_t (*far)[8]; /* cache lines, all ones */

    unsigned from; /* the first unit of a round */
};

/* ------------------------------------------------------------------------------------- loops -- */

/*
 * Every loop evaluates ITERATIONS times and returns how many answers were true. Loops are separate
 * from their caller, so that no part of them is moved out of the timed region.
 */
#define LOOP(name) static __attribute__((noinline)) unsigned name(const struct bench *b)

static struct hashed hashed(const char *bytes, size_t length)
{
    return (struct hashed){XXH3_64bits(bytes, length), bytes, length};
}

static inline bool same(const struct hashed *a, const struct hashed *b)
{
    return a->hash == b->hash && a->length == b->length &&
           memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* Found by hash, and compared by bytes: a hash alone could be forged. */
static inline const struct hashed *find(const struct set *set, const struct hashed *text)
{
    uint32_t at = (uint32_t)text->hash & set->mask;
    while (set->slots[at].bytes && !same(&set->slots[at], text))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

/* An attribute as a context stores it. */
static inline struct hashed attribute(const fflag_context *context, fflag_attr attr)
{
    const struct fflag_slot *slot = &context->slot[attr];
    return (struct hashed){slot->bits, slot->value.pointer, slot->length};
}

LOOP(limit_inlined)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        on += b->words[b->boolean[i % CHOSEN]] & 1;
        __asm__ volatile("" : "+r"(on)); /* one evaluation at a time */
    }
    return on;
}

/* In a separate function, because a library's answer always takes a call. */
static __attribute__((noinline)) bool limit_word(const uint32_t *words, fflag_id flag)
{
    __asm__ volatile("" : "+r"(flag)); /* so that nothing moves into the caller */
    return words[flag] & 1;
}

LOOP(limit_called)
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
        uint64_t hash = b->contexts[i % CONTEXTS].slot[b->user_id].bits;
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

static inline bool is_present(const fflag_context *context, fflag_attr attr)
{
    return context->present[attr / 64] >> attr % 64 & 1;
}

/*
 * What a service with these contexts would write itself: in a separate function, because a
 * library's answer takes a call, and with absent attributes not matching.
 */
static __attribute__((noinline)) bool limit_decision(const struct bench *b,
                                                     const fflag_context *context)
{
    if (!is_present(context, b->plan) || !is_present(context, b->country) ||
        !is_present(context, b->user_id))
        return false;
    struct hashed country = attribute(context, b->country), plan = attribute(context, b->plan);
    return same(&plan, &b->pro) && find(&b->country_set, &country)->bytes &&
           ffs_mix(context->slot[b->user_id].bits ^ b->rule_salt) < b->rule_threshold;
}

LOOP(limit_rule)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += limit_decision(b, &b->contexts[i % CONTEXTS]);
    return on;
}

LOOP(run_rule)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool(b->view, b->rule, &b->contexts[i % CONTEXTS], false);
    return on;
}

static __attribute__((noinline)) bool limit_entry(const struct bench *b,
                                                  const fflag_context *context)
{
    const struct fflag_slot *slot = &context->slot[b->groups];
    const char *const *list = slot->value.pointer;
    for (uint32_t i = 0; is_present(context, b->groups) && i < slot->length; i++)
        if (strncmp(list[i], "eu-", 3) == 0)
            return true;
    return false;
}

LOOP(limit_entries)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += limit_entry(b, &b->contexts[i % CONTEXTS]);
    return on;
}

LOOP(run_entries)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_bool(b->view, b->entries, &b->contexts[i % CONTEXTS], false);
    return on;
}

/* Looks up every other unit: from the first, which is on the lists, or from the second, which is
 * not. */
static inline unsigned limit_list(const struct bench *b, const struct set *set, unsigned units,
                                  unsigned first)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const void *context = &b->narrow[(b->from + 2 * i + first) % units];
        struct hashed key = attribute(context, b->user_id);
        on += find(set, &key)->bytes != NULL;
    }
    return on;
}

static inline unsigned run_list(const struct bench *b, fflag_id flag, unsigned units,
                                unsigned first)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const void *context = &b->narrow[(b->from + 2 * i + first) % units];
        on += fflag_bool(b->view, flag, context, false);
    }
    return on;
}

#define LIST_LOOPS(name, size, units, first)                \
    LOOP(limit_##name)                                      \
    {                                                       \
        return limit_list(b, &b->size##_set, units, first); \
    }                                                       \
    LOOP(run_##name)                                        \
    {                                                       \
        return run_list(b, b->size, units, first);          \
    }
LIST_LOOPS(on_small, small, SMALL_UNITS, 0)
LIST_LOOPS(off_small, small, SMALL_UNITS, 1)
LIST_LOOPS(on_large, large, UNITS, 0)
LIST_LOOPS(off_large, large, UNITS, 1)

/* For units that run_on_large() has not just brought into the caches. */
LOOP(run_on_far)
{
    return run_list(b, b->large, UNITS, 2 * ITERATIONS);
}

/* One cache line for each of these units, and nothing else. One after another: each determines
 * where the next one is. */
LOOP(limit_far)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const fflag_context *context =
            (const void *)&b->narrow[(b->from + 2 * (ITERATIONS + i)) % UNITS];
        on += (unsigned)b->far[(context->slot[b->user_id].bits ^ (on >> 31)) % FAR_LINES][0];
    }
    return on;
}

LOOP(run_result)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += fflag_evaluate(b->view, b->boolean[i % CHOSEN], &b->contexts[i % CONTEXTS])
                  .value.boolean;
    return on;
}

LOOP(limit_name)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const char *name = b->names[i % CHOSEN];
        struct hashed text = hashed(name, strlen(name));
        on += b->words[find(&b->name_set, &text) - b->name_set.slots + FLAGS] & 1;
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
};

static const struct bench_case cases[] = {
    {"boolean", "a word by handle, called", limit_called, run_boolean},
    {"boolean, again", "a word by handle, inlined", limit_inlined, run_boolean},
    {"rollout, key hash cached", "mix and compare", limit_rollout, run_rollout},
    {"rollout, fresh context", "XXH3, mix and compare", limit_fresh, run_fresh},
    {"10 countries and plan and 25 %", "the same by hand in C, called", limit_rule, run_rule},
    {"an entry of 4 begins with 'eu-'", "strncmp() of each, called", limit_entries, run_entries},
    {"list of 10,000, on it", "one probe of a hashed set", limit_on_small, run_on_small},
    {"list of 10,000, not on it", "one probe of a hashed set", limit_off_small, run_off_small},
    {"list of 1,000,000, on it", "one probe of a hashed set", limit_on_large, run_on_large},
    {"list of 1,000,000, on it, again", "a line of memory, waited for", limit_far, run_on_far},
    {"list of 1,000,000, not on it", "one probe of a hashed set", limit_off_large, run_off_large},
    {"by name, 10,000 flags, whole result", "by handle, whole result", run_result, run_name},
    {"by name, again", "XXH3 and one probe, compared", limit_name, run_name},
    {"boolean, one-shot", "boolean on a view", run_boolean, run_once},
};
#define CASES (sizeof cases / sizeof cases[0])

/* ------------------------------------------------------------------------------------ set-up -- */

static void write_list(const struct bench *b, const char *directory, const char *name,
                       unsigned count, uint64_t seed)
{
    FILE *file = create(directory, name);
    for (unsigned i = 0; i < UNITS / 2 && i < count / 2; i++)
        fprintf(file, "%s\n", b->keys[2 * i]);
    for (unsigned i = count / 2 < UNITS / 2 ? count / 2 : UNITS / 2; i < count; i++) {
        char key[KEY_LENGTH + 1];
        random_key(key, &seed);
        fprintf(file, "%s\n", key);
    }
    if (fclose(file) != 0)
        fail("cannot write a list");
}

static void write_definitions(const char *directory)
{
    FILE *file = create(directory, "flags.yaml");
    fputs("project: {name: bench, environments: [production], bucket_by: user_id}\n"
          "attributes: {user_id: string, country: string, plan: string, groups: strings}\n"
          "flags:\n"
          "  half: {percent: 50%}\n"
          "  small: {rules: [{if: {user_id: {in_file: small.txt}}, serve: on}]}\n"
          "  large: {rules: [{if: {user_id: {in_file: large.txt}}, serve: on}]}\n"
          "  entries: {rules: [{if: {groups: {any: {starts_with: eu-}}}, serve: on}]}\n"
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
    char directory[] = "/tmp/bench-evaluate-XXXXXX";
    if (!mkdtemp(directory))
        fail("cannot make a directory");
    write_definitions(directory);
    write_list(b, directory, "small.txt", SMALL_LIST, 1);
    write_list(b, directory, "large.txt", LARGE_LIST, 2);
    struct buffer bytes = {0};
    compile(directory, (const char *const[]){"flags.yaml", "small.txt", "large.txt", NULL}, &bytes);
    if (fflag_open_memory(&b->store, bytes.bytes, bytes.length, NULL))
        fail("the snapshot was refused");
    buffer_release(&bytes);
    b->user_id = fflag_attribute(b->store, "user_id");
    b->country = fflag_attribute(b->store, "country");
    b->plan = fflag_attribute(b->store, "plan");
    b->groups = fflag_attribute(b->store, "groups");
    b->entries = fflag_flag(b->store, "entries");
    b->rollout = fflag_flag(b->store, "half");
    b->rule = fflag_flag(b->store, "rule");
    b->small = fflag_flag(b->store, "small");
    b->large = fflag_flag(b->store, "large");
    b->view = fflag_acquire(b->store);
}

static void fill_contexts(struct bench *b, uint64_t *seed)
{
    b->contexts = allocate(CONTEXTS * sizeof *b->contexts);
    b->lists = allocate(CONTEXTS * sizeof *b->lists);
    for (unsigned i = 0; i < CONTEXTS; i++) {
        const char *country = countries[next_random(seed) % COUNTRIES];
        const char *plan = next_random(seed) % 2 ? "pro" : "free";
        fflag_context_init(&b->contexts[i]);
        fflag_set_string(&b->contexts[i], b->user_id, b->keys[i], KEY_LENGTH);
        fflag_set_string(&b->contexts[i], b->country, country, strlen(country));
        fflag_set_string(&b->contexts[i], b->plan, plan, strlen(plan));
        for (unsigned j = 0; j < ENTRIES; j++)
            b->lists[i][j] = groups[next_random(seed) % GROUPS];
        fflag_set_strings(&b->contexts[i], b->groups, b->lists[i], ENTRIES);
    }
    b->narrow = allocate(UNITS * sizeof *b->narrow + sizeof(fflag_context));
    for (unsigned i = 0; i < UNITS; i++) {
        fflag_context *context = (fflag_context *)(void *)&b->narrow[i];
        fflag_context_init(context);
        fflag_set_string(context, b->user_id, b->keys[i], KEY_LENGTH);
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

static struct set new_set(uint32_t capacity)
{
    return (struct set){allocate(capacity * sizeof(struct hashed)), capacity - 1};
}

static uint32_t add(struct set *set, struct hashed text)
{
    struct hashed *slot = &set->slots[find(set, &text) - set->slots];
    *slot = text;
    return (uint32_t)(slot - set->slots);
}

static struct set list_set(const struct bench *b, unsigned count, uint32_t capacity, uint64_t seed)
{
    struct set set = new_set(capacity);
    char(*keys)[KEY_LENGTH + 1] = allocate(count * sizeof *keys);
    for (unsigned i = 0; i < count; i++) {
        /* Not in the order in which they are looked up. */
        char *key = keys[(uint64_t)i * 999983 % count];
        if (i < UNITS / 2 && i < count / 2)
            memcpy(key, b->keys[2 * i], sizeof *keys);
        else
            random_key(key, &seed);
        add(&set, hashed(key, KEY_LENGTH));
    }
    return set;
}

static void fill_limits(struct bench *b)
{
    b->words = allocate((FLAGS + 32768) * sizeof *b->words);
    for (unsigned i = 0; i < CHOSEN; i++)
        b->words[b->boolean[i]] = b->booleans[i];
    b->rollout_salt = XXH3_64bits("half", 4);
    b->rollout_threshold = UINT64_C(1) << 63;
    b->rule_salt = XXH3_64bits("rule", 4);
    b->rule_threshold = UINT64_C(1) << 62;
    b->pro = hashed("pro", 3);
    b->country_set = new_set(32);
    for (unsigned i = 0; i < 10; i++)
        add(&b->country_set, hashed(countries[i], 2));
    b->small_set = list_set(b, SMALL_LIST, 32768, 1);
    b->large_set = list_set(b, LARGE_LIST, 2097152, 2);
    b->far = allocate(FAR_LINES * sizeof *b->far);
    for (unsigned i = 0; i < FAR_LINES; i++)
        b->far[i][0] = 1;
    b->name_set = new_set(32768);
    char(*names)[32] = allocate(FLAGS * sizeof *names);
    for (unsigned i = 0; i < FLAGS; i++) {
        int length = snprintf(names[i], sizeof names[i], "team-%u.service.feature-%u", i % 17, i);
        b->words[FLAGS + add(&b->name_set, hashed(names[i], (size_t)length))] = i % 3 != 0;
    }
}

/* --------------------------------------------------------------------------------- measuring -- */

static double time_loop(const struct bench *b, unsigned (*loop)(const struct bench *),
                        unsigned *answers)
{
    double start = now_ns();
    *answers = loop(b);
    return (now_ns() - start) / ITERATIONS;
}

static void measure(struct bench *b, struct figures *limits, struct figures *runs, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        b->from = round * 2 * ITERATIONS % UNITS;
        for (size_t i = 0; i < CASES; i++) {
            unsigned limit_answers, answers;
            limits[i].of_round[round] = time_loop(b, cases[i].limit, &limit_answers);
            runs[i].of_round[round] = time_loop(b, cases[i].run, &answers);
            if (answers != limit_answers)
                fail("the loops do not agree");
        }
    }
    for (size_t i = 0; i < CASES; i++) {
        sort_figures(&limits[i]);
        sort_figures(&runs[i]);
    }
}

static void measure_threads(const struct bench *b, bool json, unsigned rounds)
{
    static const struct {
        const char *name;
        unsigned (*loop)(const struct bench *);
    } loops[] = {{"two threads: rollout", run_rollout}, {"two threads: one-shot", run_once}};
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        struct figures one = new_figures(rounds), two = new_figures(rounds);
        for (unsigned round = 0; round < rounds; round++) {
            one.of_round[round] = time_threads(b, loops[i].loop, 1) / ITERATIONS;
            two.of_round[round] = time_threads(b, loops[i].loop, MOST_THREADS) / ITERATIONS;
        }
        sort_figures(&one);
        sort_figures(&two);
        print_row(json, false, loops[i].name, "ns", &two, "one thread", &one);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool json;
    unsigned rounds = read_arguments(argc, argv, DEFAULT_ROUNDS, &json);
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    bench.keys = allocate(UNITS * sizeof *bench.keys);
    for (unsigned i = 0; i < UNITS; i++)
        random_key(bench.keys[i], &seed);
    open_store(&bench);
    fill_contexts(&bench, &seed);
    choose_flags(&bench, &seed);
    fill_limits(&bench);

    struct figures limits[CASES], runs[CASES];
    for (size_t i = 0; i < CASES; i++) {
        limits[i] = new_figures(rounds);
        runs[i] = new_figures(rounds);
    }
    measure(&bench, limits, runs, rounds);
    if (json)
        printf("{\"format_version\":1,\"benchmark\":\"evaluate\",\"rounds\":%u,\"iterations\":%d,"
               "\"cases\":[",
               rounds, ITERATIONS);
    for (size_t i = 0; i < CASES; i++)
        print_row(json, i == 0, cases[i].name, "ns", &runs[i], cases[i].limit_name, &limits[i]);
    measure_threads(&bench, json, rounds / 10 + 1);
    if (json)
        puts("]}");
    return 0;
}
