/*
 * Plans and constant results, against the interpreter: random programs and contexts, of which
 * everything that an evaluation gives, counts or complains about must be the same. And what plans
 * rely on: that short texts are equal if their hashes and lengths are, that short sets find what is
 * in them and nothing else, that plans appear while other threads evaluate.
 *
 * SEED repeats a run; LONG makes millions of comparisons instead of thousands.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"
#include "runtime/constants.h"
#include "runtime/counters.h"
#include "runtime/decide.h"
#include "runtime/faults.h"
#include "runtime/plan.h"
#include "runtime/wide_plan.h"

#define UNUSED_STATE void **state __attribute__((unused))

static uint64_t random_state;

static uint64_t draw(void)
{
    random_state += UINT64_C(0x9E3779B97F4A7C15);
    return ffs_mix(random_state);
}

static unsigned below(unsigned n)
{
    return (unsigned)(draw() % n);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* ---------------------------------------------------------------------------------- programs -- */

#define TEXTS      4  /* attributes that are declared strings */
#define ATTRIBUTES 8  /* with a number, a version, a boolean and a list */
#define FLAGS      12 /* of a project */
#define MOST_CODE  48

static const char *const attribute_names[ATTRIBUTES] = {"a",      "b",       "c",   "d",
                                                        "number", "version", "vip", "wanted"};
static const uint8_t attribute_types[ATTRIBUTES - TEXTS] = {
    FFLAG_ATTRIBUTE_NUMBER, FFLAG_ATTRIBUTE_VERSION, FFLAG_ATTRIBUTE_BOOLEAN,
    FFLAG_ATTRIBUTE_STRINGS};

/* Few of most lengths, so that tests hold often. */
static const char *const words[] = {
    "",         "a",        "b",         "NO",
    "SE",       "DK",       "pro",       "free",
    "staff",    "trial!",   "1234567",   "abcdefgh",
    "hgfedcba", "exactly8", "ninechars", "a text longer than sixteen",
    "12",       "13",       "Pro",       "no"};
#define WORDS (sizeof words / sizeof words[0])

struct project {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr attributes[ATTRIBUTES];
    fflag_id flags[FLAGS];
    char names[FLAGS][16];
};

static uint64_t random_set(struct assembler *a)
{
    const char *texts[SHORT_SET + 4];
    uint32_t most = one_in(30) ? SHORT_SET + 4 : 5, count = 0, shortest = one_in(30) ? WORDS : 14;
    while (count < most && (count == 0 || !one_in(6))) {
        const char *word = words[below(shortest)];
        bool known = false;
        for (uint32_t i = 0; i < count; i++)
            known = known || texts[i] == word;
        if (!known)
            texts[count++] = word;
        else if (one_in(4))
            break;
    }
    return one_in(2) ? add_set(a, texts, count) : add_perfect_set(a, texts, count);
}

static struct ffs_instruction random_test(struct assembler *a, const uint16_t *attributes)
{
    unsigned flags = one_in(6) ? FFS_NEGATE : 0;
    uint16_t text = attributes[below(TEXTS)];
    switch (below(one_in(40) ? 6 : 4)) {
    case 0:
        return test(FFS_STRING_EQ, flags, text, 1,
                    add_tagged(a, words[below(one_in(8) ? WORDS : 14)]));
    case 1:
        return test(FFS_STRING_EQ, flags, text, 1, add_tagged(a, words[below(14)]));
    case 2:
    case 3:
        return test(FFS_STRING_IN, flags, text, 1, random_set(a));
    case 4:
        return test(FFS_STRING_PREFIX, flags, text, 1, add_string(a, words[1 + below(WORDS - 1)]));
    default:
        return test(FFS_STRING_EQ, flags, attributes[4], 1, add_tagged(a, "12"));
    }
}

/* A key of the first of several attributes, or rarely of what no plan takes. */
static uint16_t random_key(struct assembler *a, const uint16_t *attributes)
{
    struct ffs_key key = {.kind = one_in(30) ? FFS_KEY_JOINED : FFS_KEY_FIRST, .with = FFS_NONE};
    key.count = (uint8_t)(2 + below(2));
    if (key.kind == FFS_KEY_JOINED)
        key.with = add_string(a, ".");
    for (unsigned i = 0; i < FFS_MAX_KEY_PARTS; i++)
        key.attributes[i] =
            i >= key.count ? FFS_NO_ATTRIBUTE : attributes[one_in(30) ? 6 : below(TEXTS + 1)];
    size_t at = append_bytes(&a->section[FFS_KEYS], &key, sizeof key);
    return (uint16_t)(FFS_FIRST_KEY + at / sizeof key);
}

static struct ffs_instruction random_share(struct assembler *a, const uint16_t *attributes)
{
    uint64_t ends[2] = {one_in(3) ? 0 : draw(), one_in(3) ? 0 : draw()};
    struct ffs_range range = {.salt = draw() % 3, .from = ends[0], .to = ends[1]};
    uint64_t at = append_bytes(&a->section[FFS_RANGES], &range, sizeof range) / sizeof range;
    unsigned flags = one_in(40) ? FFS_NEGATE : 0;
    return one_in(4) ? test(FFS_IN_RANGE, flags, attributes[below(TEXTS + 1)], 1, at)
                     : test(FFS_KEY_IN_RANGE, flags, random_key(a, attributes), 1, at);
}

/* A test of a list by a body; returns how many instructions that is. */
static uint32_t random_entries(struct assembler *a, uint16_t list, struct ffs_instruction *code)
{
    const char *word = words[1 + below(13)];
    bool prefix = one_in(2);
    code[0] =
        test(one_in(2) ? FFS_ANY_ENTRY : FFS_EVERY_ENTRY, one_in(6) ? FFS_NEGATE : 0, list, 1, 2);
    code[1] = prefix ? test(FFS_STRING_PREFIX, 0, list, 2, add_string(a, word))
                     : test(FFS_STRING_EQ, 0, list, 2, add_tagged(a, word));
    if (one_in(20))
        code[1].flags = FFS_NEGATE;
    if (one_in(20))
        code[1].jump = 1;
    code[2] = (struct ffs_instruction){.op = FFS_PASS, .attribute = FFS_NO_ATTRIBUTE};
    return 3;
}

/* A test that a wide plan takes; returns how many instructions it is. */
static uint32_t random_wide_test(struct assembler *a, const uint16_t *attributes,
                                 struct ffs_instruction *code, bool *reads_clock)
{
    unsigned flags = one_in(4) ? FFS_NEGATE : 0;
    double number = 10 + below(20);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    switch (below(7)) {
    case 0:
    case 1:
        *reads_clock = true;
        *code = test(FFS_CLOCK_GE, flags, FFS_NO_ATTRIBUTE, 1,
                     one_in(30) ? (uint64_t)INT64_MIN : below(8));
        return 1;
    case 2:
        *code = random_share(a, attributes);
        return 1;
    case 3:
        *code = test((enum ffs_op)(FFS_NUMBER_EQ + below(5)), flags, attributes[4], 1, bits);
        return 1;
    case 4:
        *code = test(FFS_BOOLEAN_IS, flags, attributes[6], 1, below(2));
        return 1;
    case 5:
        *code = test(FFS_STRINGS_HAS, flags, attributes[7], 1, add_tagged(a, words[1 + below(13)]));
        return 1;
    default:
        return random_entries(a, attributes[7], code);
    }
}

/* The same as random_program(), of what wide plans are for. */
static uint32_t random_wide_program(struct assembler *a, const uint16_t *attributes,
                                    uint16_t variants, struct ffs_instruction *code,
                                    bool *reads_clock)
{
    uint32_t count = 0;
    for (unsigned rules = 1 + below(4); rules > 0 && count < MOST_CODE - 16; rules--) {
        uint32_t first = count, starts[16], tests = 0;
        do {
            starts[tests++] = count;
            if (one_in(3))
                code[count++] = random_test(a, attributes);
            else
                count += random_wide_test(a, attributes, &code[count], reads_clock);
        } while (one_in(2) && count - first < 10);
        code[count++] = serve((uint16_t)below(variants), FFLAG_REASON_TARGETING_MATCH, FFS_NONE);
        for (uint32_t i = 0; i < tests; i++)
            code[starts[i]].jump = (uint16_t)(count - starts[i]);
    }
    return count;
}

/* Rules as a compiler writes them, and sometimes a jump or an order that none would. */
static uint32_t random_program(struct assembler *a, const uint16_t *attributes, uint16_t variants,
                               struct ffs_instruction *code)
{
    uint32_t count = 0;
    uint16_t unit = attributes[one_in(5) ? 4 : below(TEXTS)];
    for (unsigned rules = below(7); rules > 0 && count < MOST_CODE - 8; rules--) {
        uint32_t first = count;
        for (unsigned tests = below(5); tests > 0; tests--)
            code[count++] = random_test(a, attributes);
        if (one_in(2)) {
            uint16_t other = one_in(60) ? attributes[below(TEXTS + 1)] : unit;
            code[count++] = test(FFS_EXPOSED, one_in(40) ? FFS_NEGATE : 0, other, 1,
                                 one_in(40) ? 0 : threshold(below(100000)));
        }
        if (one_in(8) && count - first > 1) { /* a percentage before other tests */
            struct ffs_instruction last = code[count - 1];
            code[count - 1] = code[first];
            code[first] = last;
        }
        char rule[24];
        snprintf(rule, sizeof rule, "rules[%u]", rules);
        code[count++] = serve((uint16_t)below(variants), FFLAG_REASON_TARGETING_MATCH,
                              one_in(4) ? FFS_NONE : add_string(a, rule));
        for (uint32_t i = first; i + 1 < count; i++)
            code[i].jump = (uint16_t)(count - i);
    }
    /* One at the end always lands on the end. */
    for (uint32_t i = 0; i < count; i++)
        if (code[i].op != FFS_SERVE && one_in(200))
            code[i].jump = (uint16_t)(1 + below(count - i));
    return count;
}

static void add_random_flag(struct assembler *a, const uint16_t *attributes, const char *name)
{
    struct ffs_instruction code[MOST_CODE];
    bool text = one_in(3);
    struct ffs_flag flag = {.type = text ? FFLAG_TYPE_STRING : FFLAG_TYPE_BOOLEAN,
                            .variant_count = text ? 3 : 2};
    char metadata[] = "{\"owner\":\"me\"}";
    if (one_in(3))
        flag.metadata = add_string(a, metadata);
    ffs_string values[3] = {add_string(a, "x"), add_string(a, "why"), add_string(a, "zed")};
    flag.first_variant = add_variant(a, "off", text ? values[0] : 0);
    add_variant(a, "on", text ? values[1] : 1);
    if (text)
        add_variant(a, "third", values[2]);
    flag.default_variant = (uint16_t)below(flag.variant_count);
    if (one_in(12)) {
        flag.default_variant = FFS_NO_VARIANT;
        flag.flags = FFS_FLAG_SERVES_NONE;
    }
    bool reads_clock = false;
    flag.code_count =
        one_in(2) ? random_program(a, attributes, flag.variant_count, code)
                  : random_wide_program(a, attributes, flag.variant_count, code, &reads_clock);
    flag.flags |= reads_clock ? FFS_FLAG_READS_CLOCK : 0;
    flag.first_code = flag.code_count ? add_code(a, code, flag.code_count) : 0;
    add_flag(a, name, flag);
}

static fflag_attr bind_attribute(const struct project *project, unsigned i)
{
    return fflag_attribute(project->store, attribute_names[i]);
}

/* Attributes may get their slots before the flags get handles, after, or beyond what plans take. */
static void open_project(struct project *project)
{
    struct assembler a = {0};
    uint16_t attributes[ATTRIBUTES];
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        attributes[i] =
            add_attribute(&a, attribute_names[i],
                          i < TEXTS ? FFLAG_ATTRIBUTE_STRING : attribute_types[i - TEXTS]);
    for (unsigned i = 0; i < FLAGS; i++) {
        snprintf(project->names[i], sizeof project->names[i], "flag-%02u", i);
        add_random_flag(&a, attributes, project->names[i]);
    }
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = one_in(2);
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    assert_int_equal(fflag_open_memory(&project->store, bytes, length, &options), FFLAG_OK);
    free(bytes);
    if (one_in(8))
        for (unsigned i = 0; i < 62; i++) {
            char name[16];
            snprintf(name, sizeof name, "other-%u", i);
            fflag_attribute(project->store, name);
        }
    unsigned early = below(ATTRIBUTES + 1), from = below(ATTRIBUTES);
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        unsigned at = (from + i) % ATTRIBUTES;
        if (i < early)
            project->attributes[at] = bind_attribute(project, at);
    }
    for (unsigned i = 0; i < FLAGS; i++)
        project->flags[i] = fflag_flag(project->store, project->names[i]);
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        project->attributes[i] = bind_attribute(project, i);
    project->view = fflag_acquire(project->store);
}

static void random_context(const struct project *project, fflag_context *context)
{
    unsigned absent = one_in(3) ? 4 : 1000, misfit = one_in(3) ? 6 : 1000;
    fflag_context_init(context);
    if (!one_in(10))
        fflag_set_now(context, below(9));
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        fflag_attr attr = project->attributes[i];
        const char *word = words[below(one_in(3) ? WORDS : 14)];
        if (one_in(absent))
            continue;
        switch (one_in(misfit) ? below(5) : (i < TEXTS ? 0u : i - TEXTS + 1)) {
        case 0:
            fflag_set_string(context, attr, word, strlen(word));
            break;
        case 1:
            fflag_set_number(context, attr, one_in(4) ? 0.5 : 10 + below(20));
            break;
        case 2:
            fflag_set_version(context, attr, "1.2.3", 5);
            break;
        case 3:
            fflag_set_boolean(context, attr, one_in(2));
            break;
        default:
            fflag_set_strings(context, attr, &words[below(10)], below(4));
            break;
        }
        if (one_in(50))
            fflag_unset(context, attr);
    }
}

/* -------------------------------------------------------------------------------- comparison -- */

static void assert_same_result(const fflag_result *got, const fflag_result *expected)
{
    assert_int_equal(got->error, expected->error);
    assert_int_equal(got->reason, expected->reason);
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->variant_index, expected->variant_index);
    assert_ptr_equal(got->flag, expected->flag);
    assert_ptr_equal(got->variant, expected->variant);
    assert_ptr_equal(got->rule, expected->rule);
    assert_ptr_equal(got->metadata, expected->metadata);
    if (got->type == FFLAG_TYPE_BOOLEAN) {
        assert_int_equal(got->value.boolean, expected->value.boolean);
        return;
    }
    assert_string_equal(got->value.string.text, expected->value.string.text);
    assert_int_equal(got->value.string.length, expected->value.string.length);
}

/* What an evaluation complains about, and counts. */
struct traces {
    uint64_t faults, details, counted;
};

static struct traces traces_of(const struct project *project, uint32_t index)
{
    const struct snapshot *snapshot = project->view->snapshot;
    const struct flag_faults *faults = &snapshot->faults[index];
    struct traces traces = {0};
    for (unsigned i = 0; i < FLAG_FAULTS; i++) {
        traces.faults += atomic_load(&faults->count[i]);
        traces.details = traces.details * 31 + atomic_load(&faults->detail[i]);
    }
    const struct counters *counters = snapshot->counters;
    for (uint32_t cell = 0; counters && cell < counters->cell_count; cell++)
        for (uint32_t row = 1; row <= SHARED_ROW; row += SHARED_ROW - 1)
            traces.counted +=
                (cell + 1) * atomic_load(&counters->cells[row * counters->row_size + cell]);
    return traces;
}

static uint64_t count_of(const struct snapshot *snapshot, uint32_t index, uint16_t variant)
{
    const struct counters *counters = snapshot->counters;
    if (!counters)
        return 0;
    return 1 +
           (variant == FFS_NO_VARIANT ? counters->none + index : counters->first[index] + variant);
}

static uint64_t compared, by_plan, by_wide_plan, planned_flags, wide_flags, constant_flags;

static void compare(const struct project *project, unsigned i, const fflag_context *context)
{
    const fflag_view *view = project->view;
    const struct snapshot *snapshot = view->snapshot;
    fflag_id handle = project->flags[i];
    uint64_t word = find_word(view, handle);
    uint32_t index = word_index(word);
    const struct ffs_flag *flag = &snapshot->flags[index];

    struct traces before = traces_of(project, index);
    int64_t now = context->now;
    uint64_t decided =
        runtime_interpret(view, flag, snapshot->code + flag->first_code, context, &now);
    fflag_result expected = result_of(snapshot, flag, decided);
    struct traces interpreted = traces_of(project, index);
    uint64_t faults = interpreted.faults - before.faults;
    uint64_t counted = count_of(snapshot, index, decided_variant(decided));

    fflag_result got = fflag_evaluate(view, handle, context);
    assert_same_result(&got, &expected);
    struct traces after = traces_of(project, index);
    assert_int_equal(after.faults - interpreted.faults, faults);
    assert_int_equal(after.details, interpreted.details);
    assert_int_equal(after.counted - interpreted.counted, counted);

    got = fflag_evaluate_name(view, project->names[i], context);
    assert_same_result(&got, &expected);
    fflag_evaluate_all(view, &handle, 1, context, &got);
    assert_same_result(&got, &expected);

    before = traces_of(project, index);
    bool none = decided_variant(decided) == FFS_NO_VARIANT, fallback = one_in(2);
    if (flag->type == FFLAG_TYPE_BOOLEAN) {
        bool value = none ? fallback : expected.value.boolean;
        assert_int_equal(fflag_bool(view, handle, context, fallback), value);
        assert_int_equal(fflag_bool_once(project->store, handle, context, fallback), value);
    } else {
        size_t length;
        const char *value = fflag_string(view, handle, context, "instead", &length);
        assert_string_equal(value, none ? "instead" : expected.value.string.text);
        assert_int_equal(length, strlen(value));
        fflag_string(view, handle, context, NULL, NULL);
    }
    after = traces_of(project, index);
    assert_int_equal(after.faults - before.faults, 2 * faults);
    assert_int_equal(after.counted - before.counted, 2 * counted);

    /* As another type: a fault each, and nothing else. */
    before = traces_of(project, index);
    if (flag->type != FFLAG_TYPE_BOOLEAN) {
        assert_int_equal(fflag_bool(view, handle, context, fallback), fallback);
        assert_int_equal(fflag_bool_once(project->store, handle, context, !fallback), !fallback);
    } else {
        assert_string_equal(fflag_string(view, handle, context, "instead", NULL), "instead");
        assert_int_equal(fflag_integer(view, handle, context, 4711), 4711);
    }
    after = traces_of(project, index);
    assert_int_equal(after.faults - before.faults, 2);
    assert_int_equal(after.counted, before.counted);

    uint32_t outcome;
    compared++;
    if (word & WORD_ANY_PLAN)
        by_plan += run_plan(view->shortcuts[handle].plan, context, &outcome);
    else if (word & WORD_WIDE_PLAN)
        by_wide_plan += run_wide(view->shortcuts[handle].wide, context, &outcome);
}

static void decides_like_the_interpreter(UNUSED_STATE)
{
    const char *seed = getenv("SEED"), *long_form = getenv("LONG");
    random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)random_state);
    unsigned projects = long_form && *long_form ? 4000 : 100;
    for (unsigned i = 0; i < projects; i++) {
        struct project project;
        open_project(&project);
        for (unsigned k = 0; k < FLAGS; k++) {
            uint64_t word = find_word(project.view, project.flags[k]);
            planned_flags += (word & WORD_ANY_PLAN) != 0;
            wide_flags += (word & WORD_WIDE_PLAN) != 0;
            constant_flags += constant_result(project.view->snapshot, word_index(word)) != NULL;
        }
        for (unsigned n = 0; n < 60; n++) {
            fflag_context context;
            random_context(&project, &context);
            for (unsigned k = 0; k < FLAGS; k++)
                compare(&project, k, &context);
        }
        fflag_release(project.view);
        fflag_close(project.store);
    }
    print_message("%llu comparisons, %llu answered by %llu plans, %llu by %llu wide ones; "
                  "%llu constant flags\n",
                  (unsigned long long)compared, (unsigned long long)by_plan,
                  (unsigned long long)planned_flags, (unsigned long long)by_wide_plan,
                  (unsigned long long)wide_flags, (unsigned long long)constant_flags);
    assert_true(by_plan > compared / 10 && by_wide_plan > compared / 10);
    assert_true(planned_flags > projects && wide_flags > projects && constant_flags > projects / 4);
}

/* ------------------------------------------------------------------------------------- texts -- */

static uint64_t inverse(uint64_t odd)
{
    uint64_t x = odd;
    for (unsigned i = 0; i < 6; i++)
        x *= 2 - odd * x;
    return x;
}

static uint64_t undo_shift(uint64_t x, unsigned shift)
{
    uint64_t y = x;
    for (unsigned done = shift; done < 64; done += shift)
        y = x ^ y >> shift;
    return y;
}

/* The text of 4 to 8 bytes, or of 1 to 3, that has that XXH3-64, by undoing one step after the
 * other: so there is no other. */
static void unhash(uint64_t hash, uint32_t length, uint8_t *text)
{
    uint8_t secret[64];
    memcpy(secret, XXH3_kSecret, sizeof secret);
    uint64_t words_of_secret[8];
    memcpy(words_of_secret, secret, sizeof words_of_secret);
    if (length > 3) {
        const uint64_t prime = UINT64_C(0x9FB21C651E98DF25);
        uint64_t x = undo_shift(hash, 28) * inverse(prime);
        x ^= (x >> 35) + length;
        x *= inverse(prime);
        /* x ^ rotl(x, 49) ^ rotl(x, 24) has the order 64: each squaring doubles both rotations. */
        for (unsigned step = 0, a = 49, b = 24; step < 6; step++, a = 2 * a % 64, b = 2 * b % 64)
            x ^= (a ? x << a | x >> (64 - a) : x) ^ (b ? x << b | x >> (64 - b) : x);
        x ^= words_of_secret[1] ^ words_of_secret[2];
        uint32_t first = (uint32_t)(x >> 32), last = (uint32_t)x;
        memcpy(text, &first, sizeof first);
        memcpy(text + length - sizeof last, &last, sizeof last);
        return;
    }
    uint64_t x = undo_shift(hash, 32) * inverse(UINT64_C(0x165667B19E3779F9));
    x = undo_shift(x, 29) * inverse(UINT64_C(0xC2B2AE3D27D4EB4F));
    x = undo_shift(x, 33);
    uint32_t halves[2];
    memcpy(halves, secret, sizeof halves);
    x ^= halves[0] ^ halves[1];
    uint8_t bytes[3] = {(uint8_t)(x >> 16), (uint8_t)(x >> 24), (uint8_t)x};
    text[0] = bytes[0];
    if (length > 1)
        text[length >> 1] = bytes[1];
    text[length - 1] = bytes[2];
}

static void equal_hashes_are_equal_short_texts(UNUSED_STATE)
{
    for (uint32_t length = 1; length <= EXACT; length++)
        for (unsigned i = 0; i < 20000; i++) {
            uint64_t bytes = i < 256 ? i : draw();
            uint8_t text[EXACT], found[EXACT] = {0};
            memcpy(text, &bytes, sizeof text);
            unhash(XXH3_64bits(text, length), length, found);
            assert_memory_equal(text, found, length);
        }
}

/* A longer text with the hash of a short one can be found, as above. */
static void forged_texts_are_others(UNUSED_STATE)
{
    struct assembler a = {0};
    uint16_t country = add_attribute(&a, "country", FFLAG_ATTRIBUTE_STRING);
    const char *const texts[] = {"NO", "SE"};
    uint64_t set = add_set(&a, texts, 2);
    add_boolean(&a, "equal",
                CODE(test(FFS_STRING_EQ, FFS_NEGATE, country, 2, add_tagged(&a, "DK")),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    add_boolean(&a, "member",
                CODE(test(FFS_STRING_EQ, FFS_NEGATE, country, 3, add_tagged(&a, "DK")),
                     test(FFS_STRING_IN, 0, country, 2, set),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    fflag_store *store;
    assert_int_equal(fflag_open_memory(&store, bytes, length, NULL), FFLAG_OK);
    free(bytes);
    fflag_attr attr = fflag_attribute(store, "country");
    fflag_id equal = fflag_flag(store, "equal"), member = fflag_flag(store, "member");
    const fflag_view *view = fflag_acquire(store);
    assert_true(find_word(view, equal) & WORD_PLAN);
    assert_true(find_word(view, member) & WORD_PLAN);
    const char *const forgeable[] = {"NO", "SE", "DK"};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t forged[EXACT];
        uint64_t hash = XXH3_64bits(forgeable[i], 2);
        unhash(hash, EXACT, forged);
        assert_true(XXH3_64bits(forged, EXACT) == hash);
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_string(&context, attr, (const char *)forged, EXACT);
        assert_true(fflag_bool(view, equal, &context, false));
        assert_false(fflag_bool(view, member, &context, false));
        fflag_set_string(&context, attr, forgeable[i], 2);
        assert_int_equal(fflag_bool(view, equal, &context, false), i < 2);
        assert_int_equal(fflag_bool(view, member, &context, false), i < 2);
    }
    fflag_release(view);
    fflag_close(store);
}

/* -------------------------------------------------------------------------------------- sets -- */

union made_set {
    struct short_set set;
    uint8_t bytes[sizeof(struct short_set) + SHORT_PLACES * sizeof(struct short_text)];
};

static bool is_held(const struct short_set *set, const struct short_text *text)
{
    const struct short_text *found = find_short_text(set, text->hash);
    assert_true(found >= set->place && found < set->place + set->count);
    return found->hash == text->hash && found->length == text->length;
}

static void short_sets_hold_what_is_in_them(UNUSED_STATE)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < 5000; i++) {
        struct short_text texts[2 * SHORT_SET];
        union made_set made;
        uint32_t count = 1 + below(SHORT_SET);
        for (uint32_t k = 0; k < 2 * SHORT_SET; k++)
            texts[k] = (struct short_text){.hash = draw(), .length = below(9)};
        if (!runtime_place_texts(&made.set, texts, count)) {
            failed++;
            continue;
        }
        assert_true(made.set.count <= SHORT_PLACES);
        for (uint32_t k = 0; k < 2 * SHORT_SET; k++)
            assert_int_equal(is_held(&made.set, &texts[k]), k < count);
        texts[0].length++;
        assert_false(is_held(&made.set, &texts[0]));
    }
    assert_true(failed < 5);
}

static void the_search_for_a_set_is_bounded(UNUSED_STATE)
{
    struct short_text texts[SHORT_SET];
    union made_set made;
    for (uint32_t k = 0; k < SHORT_SET; k++)
        texts[k] = (struct short_text){.hash = 7, .length = k};
    assert_false(runtime_place_texts(&made.set, texts, SHORT_SET));
}

/* ----------------------------------------------------------------------------------- threads -- */

#define THREADS 2
#define PLANNED 8

static char directory[] = "/tmp/test_plan.XXXXXX", path[64];
static fflag_store *shared;
static _Atomic bool stop;
static _Atomic unsigned wrong;
static _Atomic uint64_t asked;

/* Who is in SE and pays is on, whatever the generation; the flags are put in another order. */
static void publish_planned(unsigned generation)
{
    struct assembler a = {0};
    uint16_t country = add_attribute(&a, "country", FFLAG_ATTRIBUTE_STRING);
    uint16_t plan = add_attribute(&a, "plan", FFLAG_ATTRIBUTE_STRING);
    uint16_t user = add_attribute(&a, "user", FFLAG_ATTRIBUTE_STRING);
    for (unsigned i = 0; i < generation % 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "a-%u", i);
        add_boolean(&a, name, NULL, 0);
    }
    for (unsigned i = 0; i < PLANNED; i++) {
        char name[16];
        snprintf(name, sizeof name, "planned-%u", i);
        const char *const texts[] = {"NO", "SE", "DK"};
        uint64_t set = add_set(&a, texts, 3);
        add_boolean(&a, name,
                    CODE(test(FFS_STRING_EQ, 0, plan, 3, add_tagged(&a, "pro")),
                         test(FFS_STRING_IN, 0, country, 2, set),
                         serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE),
                         test(FFS_EXPOSED, 0, user, 3, 1), test(FFS_STRING_EQ, 0, plan, 2, 0),
                         serve(1, FFLAG_REASON_SPLIT, FFS_NONE)));
        struct ffs_instruction *code = (void *)a.section[FFS_CODE].data;
        code[a.section[FFS_CODE].length / sizeof *code - 2].operand = add_tagged(&a, "none");
    }
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    char temporary[sizeof path + 8];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    write_bytes(temporary, bytes, length, 0444);
    assert_int_equal(rename(temporary, path), 0);
    free(bytes);
}

static void fill_planned(fflag_context *context, bool pays)
{
    /* The slots that the attributes will get. */
    fflag_context_init(context);
    fflag_set_string(context, 0, "SE", 2);
    fflag_set_string(context, 1, pays ? "pro" : "free", pays ? 3 : 4);
    fflag_set_string(context, 2, "somebody", 8);
}

static void *evaluate_on(void *argument)
{
    const bool *bound = argument;
    fflag_context pays, does_not;
    fill_planned(&pays, true);
    fill_planned(&does_not, false);
    while (!atomic_load(&stop)) {
        const fflag_view *view = fflag_acquire(shared);
        for (fflag_id flag = 0; flag < PLANNED; flag++) {
            fflag_result result = fflag_evaluate(view, flag, &pays);
            bool on = fflag_bool(view, flag, &pays, false);
            if (*bound && (!on || !result.value.boolean || result.variant_index != 1))
                atomic_fetch_add(&wrong, 1);
            if (fflag_bool(view, flag, &does_not, false) ||
                fflag_bool_once(shared, flag, &does_not, false))
                atomic_fetch_add(&wrong, 1);
            atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
        }
        fflag_release(view);
    }
    return NULL;
}

static void wait_for_evaluations(void)
{
    uint64_t seen = atomic_load(&asked);
    while (atomic_load(&asked) < seen + 4 * PLANNED)
        sched_yield();
}

static void start(pthread_t *threads, bool *bound)
{
    atomic_store(&stop, false);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate_on, bound), 0);
    wait_for_evaluations();
}

static void finish(const pthread_t *threads)
{
    wait_for_evaluations();
    atomic_store(&stop, true);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void plans_appear_while_threads_evaluate(UNUSED_STATE)
{
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/flags.ffs", directory);
    for (unsigned round = 0; round < 10; round++) {
        struct fflag_options options = FFLAG_OPTIONS_INIT;
        options.no_thread = true;
        options.count = round % 2;
        publish_planned(0);
        assert_int_equal(fflag_open(&shared, path, &options), FFLAG_OK);
        pthread_t threads[THREADS];
        static bool not_bound = false, bound = true;
        start(threads, &not_bound);
        /* Flags first, then attributes, while threads ask for both. */
        for (unsigned i = 0; i < PLANNED; i++) {
            char name[16];
            snprintf(name, sizeof name, "planned-%u", i);
            assert_int_equal(fflag_flag(shared, name), i);
        }
        static const char *const names[] = {"country", "plan", "user"};
        for (fflag_attr i = 0; i < 3; i++) {
            wait_for_evaluations();
            assert_int_equal(fflag_attribute(shared, names[i]), i);
        }
        finish(threads);
        start(threads, &bound);
        for (unsigned generation = 1; generation < 20; generation++) {
            publish_planned(generation);
            assert_int_equal(fflag_poll(shared), FFLAG_OK);
            wait_for_evaluations();
        }
        finish(threads);
        const fflag_view *view = fflag_acquire(shared);
        uint64_t word = find_word(view, 0);
        assert_true(word & (options.count ? WORD_COUNTED(WORD_PLAN) : WORD_PLAN));
        fflag_release(view);
        fflag_close(shared);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_like_the_interpreter),
        cmocka_unit_test(equal_hashes_are_equal_short_texts),
        cmocka_unit_test(forged_texts_are_others),
        cmocka_unit_test(short_sets_hold_what_is_in_them),
        cmocka_unit_test(the_search_for_a_set_is_bounded),
        cmocka_unit_test(plans_appear_while_threads_evaluate),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
