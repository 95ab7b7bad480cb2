/*
 * What the format supports beyond the language: no variant, many variants, rules with their own
 * salts; and what a library does with a snapshot from the future.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

static enum fflag_error try_open(struct assembler *assembler, bool count, fflag_store **store)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = count;
    size_t length;
    uint8_t *bytes = assemble(assembler, &length);
    enum fflag_error error = fflag_open_memory(store, bytes, length, &options);
    free(bytes);
    return error;
}

static fflag_store *open_assembled(struct assembler *assembler, bool count)
{
    fflag_store *store;
    assert_int_equal(try_open(assembler, count, &store), FFLAG_OK);
    return store;
}

static bool metrics_say(const fflag_store *store, const char *line)
{
    char metrics[8192];
    assert_true(fflag_write_metrics(store, metrics, sizeof metrics) < sizeof metrics);
    return strstr(metrics, line) != NULL;
}

/* -------------------------------------------------------------------------------- no variant -- */

static uint32_t add_without_default(struct assembler *a, const char *name, enum fflag_type type,
                                    uint64_t value)
{
    struct ffs_flag flag = {.type = (uint8_t)type, .variant_count = 1};
    flag.default_variant = FFS_NO_VARIANT;
    flag.flags = FFS_FLAG_SERVES_NONE;
    flag.first_variant = add_variant(a, "one", value);
    return add_flag(a, name, flag);
}

static void without_a_variant_the_caller_gets_the_default_given(UNUSED_STATE)
{
    for (int counts = 0; counts < 2; counts++) {
        struct assembler a = {0};
        add_without_default(&a, "boolean", FFLAG_TYPE_BOOLEAN, 1);
        add_without_default(&a, "integer", FFLAG_TYPE_INTEGER, 1);
        add_without_default(&a, "number", FFLAG_TYPE_NUMBER, number_bits(1));
        add_without_default(&a, "string", FFLAG_TYPE_STRING, add_string(&a, "text"));
        add_without_default(&a, "json", FFLAG_TYPE_JSON, add_string(&a, "{}"));
        fflag_store *store = open_assembled(&a, counts);
        const fflag_view *view = fflag_acquire(store);
        for (int fallback = 0; fallback < 2; fallback++)
            assert_int_equal(fflag_bool(view, fflag_flag(store, "boolean"), NULL, fallback),
                             fallback);
        assert_int_equal(fflag_integer(view, fflag_flag(store, "integer"), NULL, -7), -7);
        assert_true(fflag_number(view, fflag_flag(store, "integer"), NULL, 0.5) == 0.5);
        assert_true(fflag_number(view, fflag_flag(store, "number"), NULL, 0.25) == 0.25);
        size_t length = 0;
        const char *mine = "mine";
        assert_ptr_equal(fflag_string(view, fflag_flag(store, "string"), NULL, mine, &length),
                         mine);
        assert_int_equal(length, 4);
        assert_ptr_equal(fflag_json(view, fflag_flag(store, "json"), NULL, mine, &length), mine);

        fflag_result result = fflag_evaluate_name(view, "string", NULL);
        assert_int_equal(result.error, FFLAG_OK);
        assert_int_equal(result.reason, FFLAG_REASON_STATIC);
        assert_int_equal(result.variant_index, FFLAG_NO_VARIANT);
        assert_null(result.variant);
        assert_string_equal(result.value.string.text, "");
        char line[512];
        fflag_exposure(view, &result, "u1", 2, 0, line, sizeof line);
        assert_null(strstr(line, "result.variant"));
        assert_null(strstr(line, "result.value"));
        fflag_release(view);
        assert_int_equal(
            metrics_say(store, "fflag_evaluations_total{flag=\"boolean\",variant=\"none\"} 2\n"),
            counts);
        fflag_close(store);
    }
}

/* One test of the unit, `then` if it holds, otherwise the default. */
static void add_percentage(struct assembler *a, const char *name, uint16_t then, uint16_t otherwise)
{
    uint32_t flag = add_boolean(a, name,
                                CODE(test(FFS_EXPOSED, 0, 0, 2, threshold(50000)),
                                     serve(then, FFLAG_REASON_SPLIT, FFS_NONE)));
    flag_at(a, flag)->default_variant = otherwise;
    flag_at(a, flag)->flags = FFS_FLAG_SERVES_NONE;
}

static void a_percentage_may_serve_none_on_either_side(UNUSED_STATE)
{
    struct assembler a = {0};
    add_attribute(&a, "user", FFLAG_ATTRIBUTE_STRING);
    add_percentage(&a, "none-below", FFS_NO_VARIANT, 1);
    add_percentage(&a, "none-above", 1, FFS_NO_VARIANT);
    fflag_store *store = open_assembled(&a, false);
    fflag_attr user = fflag_attribute(store, "user");
    fflag_id flags[] = {fflag_flag(store, "none-below"), fflag_flag(store, "none-above")};
    static const char *const salts[] = {"none-below", "none-above"};
    const fflag_view *view = fflag_acquire(store);
    for (int i = 0; i < 200; i++) {
        char key[16];
        int length = snprintf(key, sizeof key, "u%d", i);
        fflag_context who;
        fflag_context_init(&who);
        assert_int_equal(fflag_set_string(&who, user, key, (size_t)length), FFLAG_OK);
        for (int k = 0; k < 2; k++) {
            bool below = fflag_bucket(key, (size_t)length, salts[k], 10) >> 63 == 0;
            bool none = below == (k == 0);
            assert_int_equal(fflag_bool(view, flags[k], &who, false), none ? 0 : 1);
            assert_int_equal(fflag_bool(view, flags[k], &who, true), 1);
        }
    }
    fflag_release(view);
    fflag_close(store);
}

/* ----------------------------------------------------------------------------- many variants -- */

/* An integer flag that serves variant n to the unit n, and none to everybody else. */
static uint32_t add_many(struct assembler *a, const char *name, uint32_t count)
{
    struct ffs_instruction *code = calloc(2 * (size_t)count, sizeof *code);
    struct ffs_flag flag = {.type = FFLAG_TYPE_INTEGER, .variant_count = (uint16_t)count};
    assert_non_null(code);
    flag.default_variant = FFS_NO_VARIANT;
    flag.flags = FFS_FLAG_SERVES_NONE;
    for (uint32_t i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "v%u", i);
        uint32_t at = add_variant(a, text, 1000 + i);
        flag.first_variant = i ? flag.first_variant : at;
        code[2 * i] = test(FFS_NUMBER_EQ, 0, 0, 2, number_bits(i));
        code[2 * i + 1] = serve((uint16_t)i, FFLAG_REASON_TARGETING_MATCH, FFS_NONE);
    }
    flag.code_count = 2 * count;
    flag.first_code = add_code(a, code, flag.code_count);
    free(code);
    return add_flag(a, name, flag);
}

/* On if the flag `required` serves one variant of `count`; `accepted` = `count` stands for none. */
static uint32_t add_requiring(struct assembler *a, uint32_t required, uint32_t count,
                              uint32_t accepted, uint32_t words)
{
    struct ffs_instruction code[FFS_MAX_VARIANTS / 64 + 4];
    char name[64];
    snprintf(name, sizeof name, "is-%u-of-%u", accepted, count);
    code[0] = test(FFS_FLAG_IS, 0, FFS_NO_ATTRIBUTE, (uint16_t)(words + 2), required);
    for (uint32_t i = 0; i < words; i++)
        code[1 + i] = test(FFS_ACCEPT, 0, FFS_NO_ATTRIBUTE, 0,
                           i == accepted / 64 ? UINT64_C(1) << accepted % 64 : 0);
    code[words + 1] = serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE);
    uint32_t flag = add_boolean(a, name, code, words + 2u);
    flag_at(a, flag)->depth = 1;
    return flag;
}

static const uint32_t variant_counts[] = {2, 63, 64, 65, 127, 128, FFS_MAX_VARIANTS};

static void a_requirement_accepts_any_of_many_variants_or_none(UNUSED_STATE)
{
    for (size_t c = 0; c < sizeof variant_counts / sizeof *variant_counts; c++) {
        uint32_t count = variant_counts[c];
        const uint32_t accepted[] = {0, count / 2, count - 1, count};
        struct assembler a = {0};
        add_attribute(&a, "n", FFLAG_ATTRIBUTE_NUMBER);
        uint32_t many = add_many(&a, "many", count);
        for (int k = 0; k < (count > 2 ? 4 : 1); k++)
            add_requiring(&a, many, count, accepted[k], ffs_accept_count(count));
        fflag_store *store = open_assembled(&a, true);
        fflag_attr n = fflag_attribute(store, "n");
        const fflag_view *view = fflag_acquire(store);
        for (uint32_t unit = 0; unit <= count; unit++) {
            fflag_context who;
            fflag_context_init(&who);
            assert_int_equal(fflag_set_number(&who, n, unit), FFLAG_OK);
            fflag_result result = fflag_evaluate_name(view, "many", &who);
            assert_int_equal(result.variant_index, unit < count ? unit : FFLAG_NO_VARIANT);
            for (int k = 0; k < (count > 2 ? 4 : 1); k++) {
                char name[64];
                snprintf(name, sizeof name, "is-%u-of-%u", accepted[k], count);
                assert_int_equal(fflag_bool(view, fflag_flag(store, name), &who, false),
                                 unit == accepted[k]);
            }
        }
        fflag_release(view);
        fflag_close(store);
    }
}

static void refuses_another_number_of_accepts_than_variants_need(UNUSED_STATE)
{
    for (size_t c = 0; c < sizeof variant_counts / sizeof *variant_counts; c++)
        for (int off = -1; off <= 1; off += 2) {
            struct assembler a = {0};
            fflag_store *store;
            add_attribute(&a, "n", FFLAG_ATTRIBUTE_NUMBER);
            uint32_t many = add_many(&a, "many", variant_counts[c]);
            add_requiring(&a, many, variant_counts[c], 0,
                          ffs_accept_count(variant_counts[c]) + (uint32_t)off);
            assert_int_equal(try_open(&a, false, &store), FFLAG_ERROR_MALFORMED);
        }
}

/* --------------------------------------------------------------------------- salts of a rule -- */

static void splits_and_ramps_may_have_a_salt_of_their_own(UNUSED_STATE)
{
    struct assembler a = {0};
    add_attribute(&a, "user", FFLAG_ATTRIBUTE_STRING);
    const uint64_t words[] = {
        2 | FFS_SPLIT_SALTED, XXH3_64bits("beta/split", 10), threshold(25000), 0, UINT64_MAX, 1};
    uint64_t split = append_bytes(&a.section[FFS_SPLITS], words, sizeof words) / 8;
    add_boolean(&a, "split",
                CODE(test(FFS_SPLIT, FFLAG_REASON_SPLIT, 0, 1, split | (uint64_t)FFS_NONE << 32)));
    uint64_t ramp = add_ramp(&a, (struct ffs_ramp){.end = 1000,
                                                   .to = 50000,
                                                   .flags = FFS_RAMP_SALTED,
                                                   .salt = XXH3_64bits("beta", 4)});
    uint32_t ramped = add_boolean(
        &a, "ramp", CODE(test(FFS_RAMP, 0, 0, 2, ramp), serve(1, FFLAG_REASON_SPLIT, FFS_NONE)));
    flag_at(&a, ramped)->flags = FFS_FLAG_READS_CLOCK;
    fflag_store *store = open_assembled(&a, false);
    fflag_attr user = fflag_attribute(store, "user");
    fflag_id flags[] = {fflag_flag(store, "split"), fflag_flag(store, "ramp")};
    const fflag_view *view = fflag_acquire(store);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        size_t length = (size_t)snprintf(key, sizeof key, "u%d", i);
        fflag_context who;
        fflag_context_init(&who);
        fflag_set_now(&who, 500);
        assert_int_equal(fflag_set_string(&who, user, key, length), FFLAG_OK);
        assert_int_equal(fflag_bool(view, flags[0], &who, false),
                         fflag_bucket(key, length, "beta/split", 10) >= threshold(25000));
        assert_int_equal(fflag_bool(view, flags[1], &who, false),
                         fflag_bucket(key, length, "beta", 4) < threshold(25000));
    }
    fflag_release(view);
    fflag_close(store);
}

/* -------------------------------------------------------------------------------- the future -- */

#define FUTURE_FEATURE   (UINT64_C(1) << 63)
#define FUTURE_OPERATION 200

/* A flag whose operation, of the future, asks for its section. */
static uint32_t add_future(struct assembler *a)
{
    const struct ffs_instruction code[] = {
        {FUTURE_OPERATION, 0x80, 0x8000, 0x7fff, 0x1234, UINT64_MAX},
        serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)};
    append_bytes(&a->section[FUTURE_SECTION], "anything at all", 15);
    uint32_t flag = add_boolean(a, "future", code, 2);
    flag_at(a, flag)->features = FUTURE_FEATURE;
    flag_at(a, flag)->flags = 0x80;
    return flag;
}

static void add_on_future(struct assembler *a, uint32_t future, uint64_t features)
{
    uint32_t flag = add_boolean(a, "on-future",
                                CODE(test(FFS_FLAG_IS, 0, FFS_NO_ATTRIBUTE, 3, future),
                                     test(FFS_ACCEPT, 0, FFS_NO_ATTRIBUTE, 0, 2),
                                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    flag_at(a, flag)->depth = 1;
    flag_at(a, flag)->features = features;
}

static void loses_the_flags_that_need_the_future_and_no_other(UNUSED_STATE)
{
    for (int counts = 0; counts < 2; counts++) {
        struct assembler a = {0};
        add_on_future(&a, add_future(&a), FUTURE_FEATURE);
        uint32_t today = add_boolean(&a, "today", NULL, 0);
        flag_at(&a, today)->default_variant = 1;
        fflag_store *store = open_assembled(&a, counts);
        const fflag_view *view = fflag_acquire(store);
        static const char *const lost[] = {"future", "on-future"};
        for (int i = 0; i < 2; i++) {
            fflag_id flag = fflag_flag(store, lost[i]);
            for (int fallback = 0; fallback < 2; fallback++)
                assert_int_equal(fflag_bool(view, flag, NULL, fallback), fallback);
            assert_int_equal(fflag_integer(view, flag, NULL, 3), 3);
            fflag_result result = fflag_evaluate(view, flag, NULL);
            assert_int_equal(result.error, FFLAG_ERROR_UNSUPPORTED);
            assert_int_equal(result.reason, FFLAG_REASON_ERROR);
            assert_string_equal(result.flag, lost[i]);
            assert_string_equal(fflag_error_code(result.error), "UNSUPPORTED");
            assert_int_equal(fflag_evaluate_name(view, lost[i], NULL).error,
                             FFLAG_ERROR_UNSUPPORTED);
        }
        fflag_result all[3];
        fflag_evaluate_all(view, NULL, 3, NULL, all);
        for (int i = 0; i < 3; i++)
            assert_int_equal(all[i].error, i < 2 ? FFLAG_ERROR_UNSUPPORTED : FFLAG_OK);
        assert_true(fflag_bool(view, fflag_flag(store, "today"), NULL, false));
        enum fflag_type type;
        assert_string_equal(fflag_view_flag(view, 0, &type), "future");
        assert_int_equal(type, FFLAG_TYPE_BOOLEAN);
        fflag_release(view);
        fflag_close(store);
    }
}

static void a_flag_that_requires_the_future_must_say_so(UNUSED_STATE)
{
    struct assembler a = {0};
    fflag_store *store;
    add_on_future(&a, add_future(&a), 0);
    assert_int_equal(try_open(&a, false, &store), FFLAG_ERROR_MALFORMED);
}

/* A flag's record is verified whatever its program consists of. */
static void the_record_of_an_unsupported_flag_is_sound(UNUSED_STATE)
{
    for (int damage = 0; damage < 7; damage++) {
        struct assembler a = {0};
        fflag_store *store;
        add_future(&a);
        struct ffs_flag *flag = flag_at(&a, 0);
        if (damage == 1)
            flag->variant_count = 3;
        else if (damage == 2)
            flag->default_variant = 2;
        else if (damage == 3)
            flag->code_count = 3;
        else if (damage == 4)
            flag->type = 9;
        else if (damage == 5)
            flag->tags = 0;
        else if (damage == 6)
            flag->metadata = 1;
        enum fflag_error error = try_open(&a, false, &store);
        assert_int_equal(error, damage ? FFLAG_ERROR_MALFORMED : FFLAG_OK);
        if (!error)
            fflag_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_variant_the_caller_gets_the_default_given),
        cmocka_unit_test(a_percentage_may_serve_none_on_either_side),
        cmocka_unit_test(a_requirement_accepts_any_of_many_variants_or_none),
        cmocka_unit_test(refuses_another_number_of_accepts_than_variants_need),
        cmocka_unit_test(splits_and_ramps_may_have_a_salt_of_their_own),
        cmocka_unit_test(loses_the_flags_that_need_the_future_and_no_other),
        cmocka_unit_test(a_flag_that_requires_the_future_must_say_so),
        cmocka_unit_test(the_record_of_an_unsupported_flag_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
