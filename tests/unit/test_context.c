/* What a context accepts, refuses and forgets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../runtime/values.h"
#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

static bool is_present(const fflag_context *context, fflag_attr attr)
{
    return context->present[attr / 64] >> attr % 64 & 1;
}

static void starts_empty(UNUSED_STATE)
{
    fflag_context context;
    memset(&context, 0xff, sizeof context);
    fflag_context_init(&context);
    for (fflag_attr attr = 0; attr < FFLAG_CONTEXT_SLOTS; attr++)
        assert_false(is_present(&context, attr));
    assert_true(context.now == INT64_MIN);
}

static void sets_replaces_and_unsets(UNUSED_STATE)
{
    fflag_context context;
    fflag_context_init(&context);
    assert_int_equal(fflag_set_string(&context, 127, "NO", 2), FFLAG_OK);
    assert_true(is_present(&context, 127));
    assert_int_equal(fflag_set_boolean(&context, 127, true), FFLAG_OK);
    assert_int_equal(context.slot[127].type, FFLAG_ATTRIBUTE_BOOLEAN);
    fflag_unset(&context, 127);
    assert_false(is_present(&context, 127));
}

/* A refused value makes the attribute absent, even if it was set before. */
static void refuses_unusable_values(UNUSED_STATE)
{
    fflag_context context;
    const char *const broken[] = {"a", NULL};
    fflag_context_init(&context);
#define REFUSED(call)                                                     \
    do {                                                                  \
        assert_int_equal(fflag_set_boolean(&context, 3, true), FFLAG_OK); \
        assert_int_equal(call, FFLAG_ERROR_INVALID_CONTEXT);              \
        assert_false(is_present(&context, 3));                            \
    } while (0)
    REFUSED(fflag_set_string(&context, 3, NULL, 0));
    REFUSED(fflag_set_string(&context, 3, "", (size_t)UINT32_MAX + 1));
    REFUSED(fflag_set_number(&context, 3, NAN));
    REFUSED(fflag_set_version(&context, 3, "1.x", 3));
    REFUSED(fflag_set_version(&context, 3, "", 0));
    REFUSED(fflag_set_version(&context, 3, NULL, 0));
    REFUSED(fflag_set_ip(&context, 3, "1.2.3.256", 9));
    REFUSED(fflag_set_ip(&context, 3, "", 0));
    REFUSED(fflag_set_ip(&context, 3, "1.2.3.4\0", 8));
    REFUSED(fflag_set_ip(&context, 3, NULL, 0));
    REFUSED(fflag_set_strings(&context, 3, broken, 2));
    REFUSED(fflag_set_strings(&context, 3, NULL, 1));
}

static void refuses_handles_out_of_range(UNUSED_STATE)
{
    fflag_context context;
    fflag_context_init(&context);
    assert_int_equal(fflag_set_string(&context, FFLAG_NO_ATTR, "a", 1),
                     FFLAG_ERROR_INVALID_CONTEXT);
    assert_int_equal(fflag_set_number(&context, FFLAG_CONTEXT_SLOTS, 1),
                     FFLAG_ERROR_INVALID_CONTEXT);
    assert_int_equal(fflag_set_null(&context, FFLAG_CONTEXT_SLOTS), FFLAG_ERROR_INVALID_CONTEXT);
    fflag_unset(&context, FFLAG_NO_ATTR);
}

static void survives_null(UNUSED_STATE)
{
    fflag_context_init(NULL);
    fflag_set_now(NULL, 1);
    fflag_unset(NULL, 1);
    assert_int_equal(fflag_set_string(NULL, 0, "a", 1), FFLAG_ERROR_INVALID_CONTEXT);
    assert_int_equal(fflag_set_time(NULL, 0, 1), FFLAG_ERROR_INVALID_CONTEXT);
    assert_int_equal(fflag_set_null(NULL, 0), FFLAG_ERROR_INVALID_CONTEXT);
}

static void a_number_is_a_key_by_its_decimal_digits(UNUSED_STATE)
{
    static const struct {
        double number;
        const char *key; /* NULL: none */
    } numbers[] = {
        {0, "0"},
        {-0.0, "0"},
        {42, "42"},
        {-7, "-7"},
        {9007199254740992.0, "9007199254740992"},
        {-9007199254740992.0, "-9007199254740992"},
        {9007199254740994.0, NULL},
        {0.5, NULL},
        {1e300, NULL},
        {INFINITY, NULL},
        {-INFINITY, NULL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        fflag_context number, string;
        const char *key = numbers[i].key;
        fflag_context_init(&number);
        fflag_context_init(&string);
        assert_int_equal(fflag_set_number(&number, 0, numbers[i].number), FFLAG_OK);
        assert_int_equal(number.slot[0].key_type, key ? FFLAG_ATTRIBUTE_NUMBER : 0);
        if (!key)
            continue;
        fflag_set_string(&string, 0, key, strlen(key));
        assert_true(number.slot[0].bits == string.slot[0].bits);
        assert_true(number.slot[0].bits == XXH3_64bits(key, strlen(key)));
    }
}

static void an_empty_string_is_present_and_no_key(UNUSED_STATE)
{
    fflag_context context;
    fflag_context_init(&context);
    assert_int_equal(fflag_set_string(&context, 0, "u1", 2), FFLAG_OK);
    assert_int_equal(context.slot[0].key_type, FFLAG_ATTRIBUTE_STRING);
    assert_int_equal(fflag_set_string(&context, 0, "", 0), FFLAG_OK);
    assert_int_equal(context.slot[0].key_type, 0);
    assert_int_equal(context.slot[0].type, FFLAG_ATTRIBUTE_STRING);
    assert_true(context.present[0] & 1);
}

static void addresses_share_one_space(UNUSED_STATE)
{
    static const char *const same[] = {"10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203",
                                       "0:0:0:0:0:ffff:0a01:0203"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct address address;
        assert_true(runtime_parse_address(same[i], strlen(same[i]), &address));
        assert_true(address.high == 0 && address.low == UINT64_C(0xffff0a010203));
    }
    static const char *const bad[] = {
        "",         "1.2.3",     "1.2.3.4.5",
        "01.2.3.4", "::1%lo",    " 1.2.3.4",
        "1.2.3.4 ", "[::1]",     ":::",
        "12345::",  "1.2.3.4/8", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct address address;
        assert_false(runtime_parse_address(bad[i], strlen(bad[i]), &address));
    }
}

/* The order from semver.org, each before the next. */
static void versions_have_semver_precedence(UNUSED_STATE)
{
    static const char *const ordered[] = {"0.0.0-0",
                                          "0.0.0",
                                          "0.0.1",
                                          "0.1",
                                          "1.0.0-alpha",
                                          "1.0.0-alpha.1",
                                          "1.0.0-alpha.beta",
                                          "1.0.0-beta",
                                          "1.0.0-beta.2",
                                          "1.0.0-beta.11",
                                          "1.0.0-rc.1",
                                          "1.0.0",
                                          "v1.0.1",
                                          "1.2",
                                          "1.10.0",
                                          "2-pre",
                                          "2",
                                          "20241120.1.2",
                                          "99999999999999999999.0.0"};
    for (size_t i = 0; i < sizeof ordered / sizeof ordered[0]; i++) {
        for (size_t k = 0; k < sizeof ordered / sizeof ordered[0]; k++) {
            struct version a, b;
            assert_true(runtime_parse_version(ordered[i], strlen(ordered[i]), &a));
            assert_true(runtime_parse_version(ordered[k], strlen(ordered[k]), &b));
            int order = runtime_compare_versions(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
    static const char *const bad[] = {
        "",           "v",      "1.",         "1..2",   "01.0.0", "1.0.0-",         "1.0.0-01",
        "1.0.0-a..b", "1.0.0+", "1.0.0+a..b", "1.0.0 ", "a.b.c",  "1.0.0-\xc3\xa5", "1.0.0.0",
        "-1",         "vv1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct version version;
        if (runtime_parse_version(bad[i], strlen(bad[i]), &version))
            fail_msg("'%s' was read as a version", bad[i]);
    }
}

/* Each stands for versions that are equal, and is less than the next. */
static void loose_versions_have_any_number_of_parts(void **state)
{
    (void)state;
    static const char *const ordered[][3] = {
        {"0-0", "0.0-0", "v0.0.0.0-00"},
        {"0a", "0.a", "0-A"},
        {"0", "0.0.0.0", "v00"},
        {"1.0.0-1", "1-1", "1.0_1"},
        {"1.0alpha", "1.0.alpha", "1-ALPHA"},
        {"1.0.0-alpha.1", "1alpha1", "1.0.alpha-01"},
        {"1.0b2", "1.0.0-b.2", "1_b2"},
        {"1.0b10", "1.0.0-b10", "1.B.10"},
        {"1.0rc1", "1.0-rc1", "1.0.0.0rc1+7"},
        {"1", "v1.0", "1.0.0.0+x"},
        {"1.0.0.1", "01.00.0.01", "1.0.0.1.0"},
        {"1.0.1", "V1.0.1", "1.0.1.0.0.0"},
        {"1.9.9.9", "1.9.9.9.0", "1.9.9.9+a.b"},
        {"1.10", "1.10.0", "1.010"},
        {"2026.11.30", "2026.11.30.0", "v2026.11.30"},
        {"99999999999999999999.1", "99999999999999999999.01", "099999999999999999999.1.0"}};
    const size_t count = sizeof ordered / sizeof ordered[0];
    for (size_t i = 0; i < 3 * count; i++) {
        for (size_t k = 0; k < 3 * count; k++) {
            const char *left = ordered[i / 3][i % 3], *right = ordered[k / 3][k % 3];
            struct loose_version a, b;
            assert_true(runtime_parse_loose_version(left, strlen(left), &a));
            assert_true(runtime_parse_loose_version(right, strlen(right), &b));
            int order = runtime_compare_loose_versions(&a, &b);
            if ((order > 0) - (order < 0) != (i / 3 > k / 3) - (i / 3 < k / 3))
                fail_msg("'%s' compares %d with '%s'", left, order, right);
        }
    }
    static const char *const bad[] = {"",    "v",   "1.",    "1..2", "a1", "1.0.0-", "1.0-.",
                                      "1+",  "1 ",  " 1",    "1.-a", "-1", "vv1",    "1.0-\xc3\xa5",
                                      "1+-", "1a+", "1.a b", "1~2"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct loose_version version;
        if (runtime_parse_loose_version(bad[i], strlen(bad[i]), &version))
            fail_msg("'%s' was read as a version", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(sets_replaces_and_unsets),
        cmocka_unit_test(refuses_unusable_values),
        cmocka_unit_test(refuses_handles_out_of_range),
        cmocka_unit_test(survives_null),
        cmocka_unit_test(a_number_is_a_key_by_its_decimal_digits),
        cmocka_unit_test(an_empty_string_is_present_and_no_key),
        cmocka_unit_test(addresses_share_one_space),
        cmocka_unit_test(versions_have_semver_precedence),
        cmocka_unit_test(loose_versions_have_any_number_of_parts),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
