/*
 * Exposure lines: their content, that they are JSON whatever the unit's key, and how they are
 * truncated.
 */
#include <jansson.h>

#include "compiled.h"

#define UNUSED_STATE void **state __attribute__((unused))
#define AT           INT64_C(1763683200123)

static const char definitions[] =
    "flags:\n"
    "  half: {percent: 50%}\n"
    "  told: {default: none, serve: none, metadata: {team: \"a\\\"b\", tier: 2, hot: true}, "
    "links: https://wiki.example.com/told}\n"
    "  shade: {type: string, variants: {l: light, d: dark}, default: l}\n"
    "  count: {type: integer, value: -7}\n"
    "  ratio: {type: number, value: 0.1}\n"
    "  note: {type: string, value: \"a \\\"b\\\" \\u0001 \\u00e9\"}\n"
    "  shape: {type: json, value: {a: [1, 2.5, \"x\"]}}\n";

/* An evaluation's exposure line, parsed. */
static json_t *exposed(const struct compiled *compiled, const char *flag, const char *unit,
                       size_t unit_length)
{
    static char line[2048];
    fflag_context who;
    fflag_context_init(&who);
    fflag_set_string(&who, fflag_attribute(compiled->store, "user_id"), unit, unit_length);
    fflag_result result = fflag_evaluate_name(compiled->view, flag, &who);
    size_t length =
        fflag_exposure(compiled->view, &result, unit, unit_length, AT, line, sizeof line);
    assert_true(length < sizeof line);
    assert_int_equal(strlen(line), length);
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!object)
        fail_msg("%s: %s", error.text, line);
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "(none)";
}

static void a_line_has_the_names_of_open_telemetry(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(compiled.view, &info);
    json_t *line = exposed(&compiled, "half", "user-5", 6);
    assert_int_equal(json_integer_value(json_object_get(line, "time")), AT);
    assert_string_equal(text_of(line, "event.name"), "feature_flag.evaluation");
    assert_string_equal(text_of(line, "feature_flag.key"), "half");
    assert_string_equal(text_of(line, "feature_flag.result.variant"), "on");
    assert_string_equal(text_of(line, "feature_flag.result.reason"), "split");
    assert_string_equal(text_of(line, "fflag.rule"), "rules[0]");
    assert_string_equal(text_of(line, "feature_flag.context.id"), "user-5");
    assert_string_equal(text_of(line, "feature_flag.version"), info.build);
    assert_string_equal(text_of(line, "feature_flag.provider.name"), "fflag");
    assert_null(json_object_get(line, "feature_flag.result.value"));
    json_decref(line);

    line = exposed(&compiled, "nonesuch", "user-5", 6);
    assert_string_equal(text_of(line, "feature_flag.result.reason"), "error");
    assert_string_equal(text_of(line, "error.type"), "flag_not_found");
    assert_null(json_object_get(line, "feature_flag.result.variant"));
    json_decref(line);
    release(&compiled);
}

static void a_line_has_the_metadata_of_its_flag(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    json_t *line = exposed(&compiled, "told", "user-5", 6);
    json_t *metadata = json_object_get(line, "fflag.metadata");
    assert_string_equal(text_of(metadata, "team"), "a\"b");
    assert_int_equal(json_integer_value(json_object_get(metadata, "tier")), 2);
    assert_true(json_is_true(json_object_get(metadata, "hot")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(metadata, "links"), 0)),
                        "https://wiki.example.com/told");
    /* No variant, no value, and no error. */
    assert_null(json_object_get(line, "feature_flag.result.variant"));
    assert_null(json_object_get(line, "feature_flag.result.value"));
    assert_null(json_object_get(line, "error.type"));
    assert_string_equal(text_of(line, "feature_flag.result.reason"), "static");
    json_decref(line);

    line = exposed(&compiled, "half", "user-5", 6);
    assert_null(json_object_get(line, "fflag.metadata"));
    json_decref(line);
    release(&compiled);
}

static void a_plain_value_stands_for_its_variant(UNUSED_STATE)
{
    static const struct {
        const char *flag, *value;
    } cases[] = {{"count", "-7"},
                 {"ratio", "0.1"},
                 {"note", "\"a \\\"b\\\" \\u0001 \xc3\xa9\""},
                 {"shape", "{\"a\":[1,2.5,\"x\"]}"}};
    struct compiled compiled = compile(definitions);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *line = exposed(&compiled, cases[i].flag, "u", 1);
        char *value = json_dumps(json_object_get(line, "feature_flag.result.value"),
                                 JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
        assert_string_equal(value, cases[i].value);
        assert_null(json_object_get(line, "feature_flag.result.variant"));
        free(value);
        json_decref(line);
    }
    release(&compiled);
}

static void any_unit_makes_a_line(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    char all[256];
    for (unsigned i = 0; i < 256; i++)
        all[i] = (char)i;
    json_t *line = exposed(&compiled, "half", all, 128);
    json_t *unit = json_object_get(line, "feature_flag.context.id");
    assert_int_equal(json_string_length(unit), 128);
    assert_memory_equal(json_string_value(unit), all, 128);
    json_decref(line);
    /* None of these begins a valid character here. */
    for (unsigned i = 128; i < 256; i++) {
        line = exposed(&compiled, "half", all + i, 1);
        assert_string_equal(text_of(line, "feature_flag.context.id"), "\xef\xbf\xbd");
        json_decref(line);
    }
    line = exposed(&compiled, "half", "\xe2\x82\xac \xe2\x82", 6);
    assert_string_equal(text_of(line, "feature_flag.context.id"),
                        "\xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd");
    json_decref(line);
    release(&compiled);
}

static void a_line_that_does_not_fit_says_how_long_it_is(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    fflag_result result = fflag_evaluate_name(compiled.view, "shade", NULL);
    char whole[1024], part[1024];
    size_t length = fflag_exposure(compiled.view, &result, "u", 1, AT, NULL, 0);
    assert_int_equal(fflag_exposure(compiled.view, &result, "u", 1, AT, whole, sizeof whole),
                     length);
    for (size_t size = 1; size <= length + 1; size++) {
        memset(part, '#', sizeof part);
        assert_int_equal(fflag_exposure(compiled.view, &result, "u", 1, AT, part, size), length);
        assert_int_equal(strlen(part), size - 1);
        assert_memory_equal(part, whole, size - 1);
        assert_int_equal(part[size], '#');
    }
    assert_int_equal(fflag_exposure(NULL, &result, "u", 1, AT, part, sizeof part), 0);
    assert_int_equal(fflag_exposure(compiled.view, NULL, "u", 1, AT, part, sizeof part), 0);
    assert_int_equal(fflag_exposure(compiled.view, &result, NULL, 1, AT, part, sizeof part), 0);
    assert_int_equal(fflag_exposure(compiled.view, &result, "u", 1, AT, NULL, 8), 0);
    release(&compiled);
}

static void times_of_any_size_are_numbers(UNUSED_STATE)
{
    static const int64_t times[] = {0, -1, INT64_MIN, INT64_MAX};
    struct compiled compiled = compile(definitions);
    fflag_result result = fflag_evaluate_name(compiled.view, "shade", NULL);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char line[1024], expected[64];
        fflag_exposure(compiled.view, &result, "u", 1, times[i], line, sizeof line);
        snprintf(expected, sizeof expected, "{\"time\":%lld,", (long long)times[i]);
        assert_memory_equal(line, expected, strlen(expected));
    }
    EXPECT(&compiled, "shade", "", "l STATIC -");
    release(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_the_names_of_open_telemetry),
        cmocka_unit_test(a_line_has_the_metadata_of_its_flag),
        cmocka_unit_test(a_plain_value_stands_for_its_variant),
        cmocka_unit_test(any_unit_makes_a_line),
        cmocka_unit_test(a_line_that_does_not_fit_says_how_long_it_is),
        cmocka_unit_test(times_of_any_size_are_numbers),
    };
    return cmocka_run_group_tests_name("exposure", tests, compiled_set_up, compiled_tear_down);
}
