/*
 * evaluate_setup.h - what bench_evaluate.c evaluates, and what its limit loops have in place of a
 * snapshot.
 */
#ifndef TOOLS_BENCH_EVALUATE_SETUP_H
#define TOOLS_BENCH_EVALUATE_SETUP_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compiler/base/buffer.h"
#include "bench.h"
#include "fflag.h"
#include "fflag/snapshot.h"

#define CONTEXTS    8192 /* a power of two, like everything that a loop indexes */
#define FEW         1024 /* of them: the branch predictor learns most of what they lead to */
#define FLAGS       10000
#define CHOSEN      1024 /* of the flags, in random order */
#define SMALL_LIST  10000
#define LARGE_LIST  1000000
#define UNITS       65536 /* looked up in the large list; every other one is on it */
#define FAR_LINES   (40 * 1024 * 1024 / 64) /* the large list's slots, in cache lines */
#define SMALL_UNITS 2048                    /* for the small list: the first of the units */

static const char *const countries[] = {"NO", "SE", "DK", "FI", "IS", "DE", "NL", "FR", "ES", "PT",
                                        "US", "CA", "MX", "BR", "AR", "CL", "JP", "KR", "IN", "AU"};
#define ENTRIES 4 /* of a context's list */
static const char *const groups[] = {"staff", "us-west", "beta", "eu-north", "eu-south", "apac",
                                     "qa",    "vip",     "ops",  "trial",    "us-east",  "edu"};
#define GROUPS    12
#define COUNTRIES 20 /* of which the rule names the first ten */
#define RULES     10 /* of the flag that has many */
#define NAMED     4  /* countries in each of these */

#define WINDOW_FROM  INT64_C(1767225600000) /* 2026-01-01 */
#define WINDOW_UNTIL INT64_C(1798761600000) /* 2027-01-01 */

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

/* Contexts with only the first attributes' slots, so that many fit into the caches. */
union slim {
    char bytes[192];
    uint64_t aligned;
};
union narrow {
    char bytes[64];
    uint64_t aligned;
};

/* A rule as a service would write it down. */
struct by_hand {
    struct set countries;
    struct hashed plan;
    uint64_t threshold;
};

struct bench {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr user_id, country, plan, groups, account;
    fflag_id boolean[CHOSEN], rollout, rule, many, window, fallback, entries, small, large;

    union slim *contexts;
    unsigned mask;                 /* of the contexts that a loop uses */
    const char *(*lists)[ENTRIES]; /* of the contexts */
    char names[CHOSEN][32];
    uint8_t booleans[CHOSEN];     /* the answers */
    char (*keys)[KEY_LENGTH + 1]; /* of the units, every other one on both lists */
    union narrow *narrow;

    /* What the limit loops have in place of a snapshot. */
    uint32_t *words; /* by handle */
    fflag_result *results;
    uint64_t rollout_salt, rollout_threshold, rule_salt, rule_threshold, fallback_salt, many_salt;
    struct by_hand rules[RULES];
    struct set country_set, small_set, large_set, name_set;
    struct hashed pro;
    uint64_t (*far)[8]; /* cache lines, all ones */

    unsigned from; /* the first unit of a round */
};

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

static inline const fflag_context *context_at(const struct bench *b, unsigned i)
{
    return (const fflag_context *)(const void *)&b->contexts[i & b->mask];
}

/* ---------------------------------------------------------------------------------- snapshot -- */

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

/* The rules of the flag that has many. */
static const char *country_of(unsigned rule, unsigned i)
{
    return countries[(rule + 5 * i) % COUNTRIES];
}

static const char *plan_of(unsigned rule)
{
    return rule % 2 ? "pro" : "free";
}

static unsigned percent_of(unsigned rule)
{
    return 5 * rule + 5;
}

static void write_definitions(const char *directory)
{
    FILE *file = create(directory, "flags.yaml");
    fputs("project: {name: bench, environments: [production], bucket_by: user_id}\n"
          "attributes: {user_id: string, country: string, plan: string, groups: strings,\n"
          "             account: string}\n"
          "flags:\n"
          "  half: {percent: 50%}\n"
          "  fallback: {percent: 50%, bucket_by: [account, user_id]}\n"
          "  window:\n"
          "    rules: [{from: 2026-01-01T00:00:00Z, until: 2027-01-01T00:00:00Z, serve: on}]\n"
          "  small: {rules: [{if: {user_id: {in_file: small.txt}}, serve: on}]}\n"
          "  large: {rules: [{if: {user_id: {in_file: large.txt}}, serve: on}]}\n"
          "  entries: {rules: [{if: {groups: {any: {starts_with: eu-}}}, serve: on}]}\n"
          "  rule:\n"
          "    rules:\n"
          "      - if: {country: [NO, SE, DK, FI, IS, DE, NL, FR, ES, PT], plan: pro}\n"
          "        percent: 25%\n"
          "  many:\n"
          "    rules:\n",
          file);
    for (unsigned i = 0; i < RULES; i++)
        fprintf(file, "      - {if: {country: [%s, %s, %s, %s], plan: %s}, percent: %u%%}\n",
                country_of(i, 0), country_of(i, 1), country_of(i, 2), country_of(i, 3), plan_of(i),
                percent_of(i));
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
    b->account = fflag_attribute(b->store, "account");
    b->entries = fflag_flag(b->store, "entries");
    b->rollout = fflag_flag(b->store, "half");
    b->fallback = fflag_flag(b->store, "fallback");
    b->window = fflag_flag(b->store, "window");
    b->rule = fflag_flag(b->store, "rule");
    b->many = fflag_flag(b->store, "many");
    b->small = fflag_flag(b->store, "small");
    b->large = fflag_flag(b->store, "large");
    b->view = fflag_acquire(b->store);
}

/* ---------------------------------------------------------------------------------- contexts -- */

static void fill_contexts(struct bench *b, uint64_t *seed)
{
    b->contexts = allocate(CONTEXTS * sizeof *b->contexts + sizeof(fflag_context));
    b->lists = allocate(CONTEXTS * sizeof *b->lists);
    for (unsigned i = 0; i < CONTEXTS; i++) {
        fflag_context *context = (fflag_context *)(void *)&b->contexts[i];
        const char *country = countries[next_random(seed) % COUNTRIES];
        const char *plan = next_random(seed) % 2 ? "pro" : "free";
        fflag_context_init(context);
        fflag_set_string(context, b->user_id, b->keys[i], KEY_LENGTH);
        fflag_set_string(context, b->country, country, strlen(country));
        fflag_set_string(context, b->plan, plan, strlen(plan));
        for (unsigned j = 0; j < ENTRIES; j++)
            b->lists[i][j] = groups[next_random(seed) % GROUPS];
        fflag_set_strings(context, b->groups, b->lists[i], ENTRIES);
        if (next_random(seed) % 2)
            fflag_set_string(context, b->account, b->keys[CONTEXTS + i], KEY_LENGTH);
        fflag_set_now(context, next_random(seed) % 2 ? WINDOW_FROM : WINDOW_UNTIL);
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

/* ------------------------------------------------------------------------------------ limits -- */

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

static uint64_t threshold_of(unsigned percent)
{
    return (uint64_t)(((unsigned __int128)percent << 64) / 100);
}

static void fill_rules(struct bench *b)
{
    b->rollout_salt = XXH3_64bits("half", 4);
    b->rollout_threshold = threshold_of(50);
    b->fallback_salt = XXH3_64bits("fallback", 8);
    b->rule_salt = XXH3_64bits("rule", 4);
    b->rule_threshold = threshold_of(25);
    b->pro = hashed("pro", 3);
    b->country_set = new_set(32);
    for (unsigned i = 0; i < 10; i++)
        add(&b->country_set, hashed(countries[i], 2));
    b->many_salt = XXH3_64bits("many", 4);
    struct hashed(*slots)[2 * NAMED] = allocate(RULES * sizeof *slots);
    for (unsigned i = 0; i < RULES; i++) {
        b->rules[i] = (struct by_hand){.countries = {slots[i], 2 * NAMED - 1},
                                       .plan = hashed(plan_of(i), strlen(plan_of(i))),
                                       .threshold = threshold_of(percent_of(i))};
        for (unsigned k = 0; k < NAMED; k++)
            add(&b->rules[i].countries, hashed(country_of(i, k), 2));
    }
}

static void fill_limits(struct bench *b)
{
    b->words = allocate((FLAGS + 32768) * sizeof *b->words);
    b->results = allocate((FLAGS + 32768) * sizeof *b->results);
    for (unsigned i = 0; i < CHOSEN; i++) {
        b->words[b->boolean[i]] = b->booleans[i];
        b->results[b->boolean[i]] = fflag_evaluate(b->view, b->boolean[i], NULL);
    }
    fill_rules(b);
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

static void set_up(struct bench *b)
{
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    b->keys = allocate(UNITS * sizeof *b->keys);
    for (unsigned i = 0; i < UNITS; i++)
        random_key(b->keys[i], &seed);
    open_store(b);
    fill_contexts(b, &seed);
    choose_flags(b, &seed);
    fill_limits(b);
    b->mask = FEW - 1;
}

#endif
