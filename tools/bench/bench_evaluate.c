/*
 * bench_evaluate.c - the cost of an evaluation, compared with the least that its work can cost.
 *
 * Each case alternates with a `limit` loop: the same inputs, the same answers, and nothing of a
 * flag system but the decision, written out in C, as a service with the same contexts would write
 * it: in a function of its own, in which an absent attribute does not match. What matters is the
 * ratio of the two, which shows how much of the time is the library's own; bare nanoseconds say
 * more about the machine. The answers of the two loops are compared, so that neither can cheat.
 *
 * Usage: bench-evaluate [--json] [ROUNDS]
 */
#include "evaluate_setup.h"
#include "threads.h"

#define ITERATIONS     16384
#define DEFAULT_ROUNDS 300

/* ------------------------------------------------------------------------------------- loops -- */

/*
 * Every loop evaluates ITERATIONS times and returns how many answers were true. Loops are separate
 * from their caller, so that no part of them is moved out of the timed region.
 */
#define LOOP(name) static __attribute__((noinline)) unsigned name(const struct bench *b)
#define EACH_CONTEXT(name, expression)                   \
    LOOP(name)                                           \
    {                                                    \
        unsigned on = 0;                                 \
        for (unsigned i = 0; i < ITERATIONS; i++) {      \
            const fflag_context *who = context_at(b, i); \
            on += (expression);                          \
        }                                                \
        return on;                                       \
    }
/* A decision by hand: what a library's answer always takes is a call. */
#define DECISION static __attribute__((noipa)) bool

static inline bool is_present(const fflag_context *context, fflag_attr attr)
{
    return context->present[attr / 64] >> attr % 64 & 1;
}

/* An attribute as a context stores it. */
static inline struct hashed attribute(const fflag_context *context, fflag_attr attr)
{
    const struct fflag_slot *slot = &context->slot[attr];
    return (struct hashed){slot->bits, slot->value.pointer, slot->length};
}

DECISION limit_word(const uint32_t *words, fflag_id flag)
{
    __asm__ volatile("" : "+r"(flag)); /* so that nothing moves into the caller */
    return words[flag] & 1;
}
EACH_CONTEXT(limit_boolean, ((void)who, limit_word(b->words, b->boolean[i % CHOSEN])))
EACH_CONTEXT(run_boolean, fflag_bool(b->view, b->boolean[i % CHOSEN], who, false))

DECISION limit_share(const struct bench *b, const fflag_context *who)
{
    return is_present(who, b->user_id) &&
           ffs_mix(who->slot[b->user_id].bits ^ b->rollout_salt) < b->rollout_threshold;
}
EACH_CONTEXT(limit_rollout, limit_share(b, who))
EACH_CONTEXT(run_rollout, fflag_bool(b->view, b->rollout, who, false))

DECISION limit_key(const struct bench *b, const char *key, size_t length)
{
    __asm__ volatile("" : "+r"(length)); /* which a service does not know when it is compiled */
    return ffs_mix(XXH3_64bits(key, length) ^ b->rollout_salt) < b->rollout_threshold;
}
LOOP(limit_fresh)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++)
        on += limit_key(b, b->keys[i & b->mask], KEY_LENGTH);
    return on;
}

LOOP(run_fresh)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_string(&context, b->user_id, b->keys[i & b->mask], KEY_LENGTH);
        on += fflag_bool(b->view, b->rollout, &context, false);
    }
    return on;
}

DECISION limit_decision(const struct bench *b, const fflag_context *who)
{
    if (!is_present(who, b->plan) || !is_present(who, b->country) || !is_present(who, b->user_id))
        return false;
    struct hashed country = attribute(who, b->country), plan = attribute(who, b->plan);
    return same(&plan, &b->pro) && find(&b->country_set, &country)->bytes &&
           ffs_mix(who->slot[b->user_id].bits ^ b->rule_salt) < b->rule_threshold;
}
EACH_CONTEXT(limit_rule, limit_decision(b, who))
EACH_CONTEXT(run_rule, fflag_bool(b->view, b->rule, who, false))

DECISION limit_rules(const struct bench *b, const fflag_context *who)
{
    if (!is_present(who, b->plan) || !is_present(who, b->country) || !is_present(who, b->user_id))
        return false;
    struct hashed country = attribute(who, b->country), plan = attribute(who, b->plan);
    uint64_t bucket = ffs_mix(who->slot[b->user_id].bits ^ b->many_salt);
    for (unsigned i = 0; i < RULES; i++)
        if (same(&plan, &b->rules[i].plan) && find(&b->rules[i].countries, &country)->bytes &&
            bucket < b->rules[i].threshold)
            return true;
    return false;
}
EACH_CONTEXT(limit_many, limit_rules(b, who))
EACH_CONTEXT(run_many, fflag_bool(b->view, b->many, who, false))

DECISION limit_time(const fflag_context *who, int64_t from, int64_t until)
{
    __asm__ volatile("" : "+r"(from), "+r"(until));
    return who->now >= from && who->now < until;
}
EACH_CONTEXT(limit_window, limit_time(who, WINDOW_FROM, WINDOW_UNTIL))
EACH_CONTEXT(run_window, fflag_bool(b->view, b->window, who, false))

DECISION limit_either(const struct bench *b, const fflag_context *who)
{
    fflag_attr by = is_present(who, b->account) ? b->account : b->user_id;
    return is_present(who, by) &&
           ffs_mix(who->slot[by].bits ^ b->fallback_salt) < b->rollout_threshold;
}
EACH_CONTEXT(limit_fallback, limit_either(b, who))
EACH_CONTEXT(run_fallback, fflag_bool(b->view, b->fallback, who, false))

DECISION limit_entry(const struct bench *b, const fflag_context *who)
{
    const struct fflag_slot *slot = &who->slot[b->groups];
    const char *const *list = slot->value.pointer;
    for (uint32_t i = 0; is_present(who, b->groups) && i < slot->length; i++)
        if (strncmp(list[i], "eu-", 3) == 0)
            return true;
    return false;
}
EACH_CONTEXT(limit_entries, limit_entry(b, who))
EACH_CONTEXT(run_entries, fflag_bool(b->view, b->entries, who, false))

DECISION limit_member(const struct bench *b, const struct set *set, const fflag_context *who)
{
    if (!is_present(who, b->user_id))
        return false;
    struct hashed key = attribute(who, b->user_id);
    return find(set, &key)->bytes != NULL;
}

/* Looks up every other unit: from the first, which is on the lists, or from the second, which is
 * not. */
static inline unsigned limit_list(const struct bench *b, const struct set *set, unsigned units,
                                  unsigned first)
{
    unsigned on = 0;
    for (unsigned i = 0; i < ITERATIONS; i++) {
        const void *context = &b->narrow[(b->from + 2 * i + first) % units];
        on += limit_member(b, set, context);
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

/* By handle, the whole result: that of a service that has made it beforehand. */
static __attribute__((noipa)) fflag_result limit_record(const struct bench *b, fflag_id flag)
{
    __asm__ volatile("" : "+r"(flag));
    return b->results[flag];
}
EACH_CONTEXT(limit_result, ((void)who, limit_record(b, b->boolean[i % CHOSEN]).value.boolean))
EACH_CONTEXT(run_result, fflag_evaluate(b->view, b->boolean[i % CHOSEN], who).value.boolean)

DECISION limit_named(const struct bench *b, const char *name)
{
    struct hashed text = hashed(name, strlen(name));
    return b->words[find(&b->name_set, &text) - b->name_set.slots + FLAGS] & 1;
}
EACH_CONTEXT(run_name, fflag_evaluate_name(b->view, b->names[i % CHOSEN], who).value.boolean)
EACH_CONTEXT(limit_name, ((void)who, limit_named(b, b->names[i % CHOSEN])))

EACH_CONTEXT(run_once, fflag_bool_once(b->store, b->boolean[i % CHOSEN], who, false))

/* ------------------------------------------------------------------------------------- cases -- */

/* Whether both loops have run once before they are timed, so that neither brings into the caches
 * what the other one finds there. */
enum caches { AS_THEY_ARE, WARM };

struct bench_case {
    const char *name;
    const char *limit_name;
    unsigned (*limit)(const struct bench *);
    unsigned (*run)(const struct bench *);
    unsigned contexts;
    enum caches caches;
};

static const struct bench_case cases[] = {
    {"boolean", "a word by handle", limit_boolean, run_boolean, FEW, WARM},
    {"rollout, key hash cached", "mix and compare", limit_rollout, run_rollout, FEW, WARM},
    {"rollout, 8,192 contexts", "mix and compare", limit_rollout, run_rollout, CONTEXTS, WARM},
    {"rollout, fresh context", "XXH3, mix and compare", limit_fresh, run_fresh, FEW, WARM},
    {"10 countries and plan and 25 %", "the same by hand", limit_rule, run_rule, FEW, WARM},
    {"the rule, 8,192 contexts", "the same by hand", limit_rule, run_rule, CONTEXTS, WARM},
    {"10 rules", "the same by hand", limit_many, run_many, FEW, WARM},
    {"10 rules, 8,192 contexts", "the same by hand", limit_many, run_many, CONTEXTS, WARM},
    {"from and until", "two comparisons", limit_window, run_window, FEW, WARM},
    {"from and until, 8,192 contexts", "two comparisons", limit_window, run_window, CONTEXTS, WARM},
    {"50 % by account, else user", "the same by hand", limit_fallback, run_fallback, FEW, WARM},
    {"the same, 8,192 contexts", "the same by hand", limit_fallback, run_fallback, CONTEXTS, WARM},
    {"an entry of 4 begins with 'eu-'", "strncmp() of each", limit_entries, run_entries, FEW, WARM},
    {"the same of 8,192 contexts", "strncmp() of each", limit_entries, run_entries, CONTEXTS, WARM},
    {"list of 10,000, on it", "one probe of a hashed set", limit_on_small, run_on_small, FEW, WARM},
    {"list of 10,000, not on it", "one probe of a hashed set", limit_off_small, run_off_small, FEW,
     WARM},
    {"list of 1,000,000, on it", "one probe of a hashed set", limit_on_large, run_on_large, FEW,
     AS_THEY_ARE},
    {"list of 1,000,000, on it, again", "a line of memory, waited for", limit_far, run_on_far, FEW,
     AS_THEY_ARE},
    {"list of 1,000,000, not on it", "one probe of a hashed set", limit_off_large, run_off_large,
     FEW, AS_THEY_ARE},
    {"constant, whole result", "a result by handle", limit_result, run_result, FEW, WARM},
    {"by name, 10,000 flags, whole result", "XXH3 and one probe", limit_name, run_name, FEW, WARM},
    {"boolean, one-shot", "boolean on a view", run_boolean, run_once, FEW, WARM},
};
#define CASES (sizeof cases / sizeof cases[0])

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
            b->mask = cases[i].contexts - 1;
            if (cases[i].caches == WARM) {
                cases[i].limit(b);
                cases[i].run(b);
            }
            limits[i].of_round[round] = time_loop(b, cases[i].limit, &limit_answers);
            runs[i].of_round[round] = time_loop(b, cases[i].run, &answers);
            if (answers != limit_answers)
                fail("the loops do not agree");
        }
    }
    b->mask = FEW - 1;
    for (size_t i = 0; i < CASES; i++) {
        sort_figures(&limits[i]);
        sort_figures(&runs[i]);
    }
}

static void measure_threads(const struct bench *b, struct rows *rows, unsigned rounds)
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
        print_row(rows, loops[i].name, "ns", &two, "one thread", &one);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct rows rows;
    unsigned rounds = read_arguments(argc, argv, DEFAULT_ROUNDS, &rows);
    set_up(&bench);

    struct figures limits[CASES], runs[CASES];
    for (size_t i = 0; i < CASES; i++) {
        limits[i] = new_figures(rounds);
        runs[i] = new_figures(rounds);
    }
    measure(&bench, limits, runs, rounds);
    if (rows.json)
        printf("{\"format_version\":1,\"benchmark\":\"evaluate\",\"rounds\":%u,\"iterations\":%d,"
               "\"cases\":[",
               rounds, ITERATIONS);
    for (size_t i = 0; i < CASES; i++)
        print_row(&rows, cases[i].name, "ns", &runs[i], cases[i].limit_name, &limits[i]);
    measure_threads(&bench, &rows, rounds / 10 + 1);
    if (rows.json)
        puts("]}");
    return 0;
}
