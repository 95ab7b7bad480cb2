/*
 * How mistakes in the program affect evaluations: each is counted by flag and cause, logged once,
 * and can be detected at startup.
 */
#include <pthread.h>

#include "compiled.h"
#include "publish.h"

#define UNUSED_STATE void **state __attribute__((unused))

static const char definitions[] =
    "flags:\n"
    "  half: {percent: 50%}\n"
    "  listed: {rules: [{if: {user_id: [user-1, user-2, user-7]}, serve: on}]}\n"
    "  adult: {rules: [{if: {age: {gte: 18}}, serve: on}]}\n"
    "  not-adult: {rules: [{if: {age: {ne: 18}}, serve: on}]}\n"
    "  abroad: {rules: [{if: {country: {not_in: [\"NO\"]}}, serve: on}]}\n"
    "  tester: {rules: [{if: {beta: true}, serve: on}]}\n"
    "  member: {rules: [{if: {groups: {has: beta}}, serve: on}]}\n"
    "  local: {rules: [{if: {client_ip: 10.0.0.0/8}, serve: on}]}\n"
    "  modern: {rules: [{if: {app_version: {gte: 2.0.0}}, serve: on}]}\n"
    "  late: {rules: [{if: {signup_at: {after: 2020-01-01T00:00:00Z}}, serve: on}]}\n"
    "  colors: {type: string, variants: {a: red, b: blue}, default: a,\n"
    "    rules: [{split: {a: 50%, b: 50%}}]}\n"
    "  shade: {type: string, value: dark}\n"
    "  needs: {requires: {adult: on}, serve: on}\n";

struct told {
    unsigned count;
    enum fflag_error error;
    char lines[4096];
};

static void note(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    struct told *told = user;
    if (event != FFLAG_EVENT_EVALUATION)
        return;
    told->count++;
    told->error = error;
    size_t length = strlen(told->lines);
    snprintf(told->lines + length, sizeof told->lines - length, "%s\n", text);
}

static fflag_store *open_told(const struct compiled *compiled, struct told *told)
{
    memset(told, 0, sizeof *told);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = note;
    options.log_user = told;
    fflag_store *store;
    assert_int_equal(
        fflag_open_memory(&store, compiled->bytes.bytes, compiled->bytes.length, &options),
        FFLAG_OK);
    return store;
}

static uint64_t counted(const fflag_store *store, const char *flag, const char *cause)
{
    static char text[65536];
    char name[256];
    assert_true(fflag_write_metrics(store, text, sizeof text) < sizeof text);
    int length =
        snprintf(name, sizeof name, "\nfflag_evaluation_errors_total{flag=\"%s\",cause=\"%s\"} ",
                 flag, cause);
    const char *line = strstr(text, name);
    return line ? strtoull(line + length, NULL, 10) : 0;
}

/* A setter of the wrong type for each attribute, and the flags that read it. */
static void a_value_of_another_type_is_counted_and_told_once(UNUSED_STATE)
{
    static const char *const names[] = {"user_id", "age",         "country",   "beta",
                                        "groups",  "app_version", "signup_at", "client_ip"};
    static const struct {
        const char *flag, *line;
        bool holds; /* the answer for a context without the attribute */
    } cases[] = {
        {"half", "flag 'half': attribute 'user_id' is a string and was set as a number", false},
        {"listed", "flag 'listed': attribute 'user_id' is a string and was set as a number", false},
        {"adult", "flag 'adult': attribute 'age' is a number and was set as a string", false},
        {"not-adult", "flag 'not-adult': attribute 'age' is a number and was set as a string",
         true},
        {"abroad",
         "flag 'abroad': attribute 'country' is a string and was set as a list of strings", true},
        {"tester", "flag 'tester': attribute 'beta' is a boolean and was set as a number", false},
        {"member", "flag 'member': attribute 'groups' is a list of strings and was set as a string",
         false},
        {"local", "flag 'local': attribute 'client_ip' is an IP address and was set as a boolean",
         false},
        {"modern", "flag 'modern': attribute 'app_version' is a version and was set as a number",
         false},
        {"late", "flag 'late': attribute 'signup_at' is a time and was set as a boolean", false},
    };
    struct compiled compiled = compile(definitions);
    struct told told;
    fflag_store *store = open_told(&compiled, &told);
    fflag_attr attributes[8];
    for (unsigned i = 0; i < 8; i++)
        attributes[i] = fflag_attribute(store, names[i]);
    const char *const countries[] = {"NO"};
    fflag_context who;
    fflag_context_init(&who);
    assert_int_equal(fflag_set_number(&who, attributes[0], 1), FFLAG_OK);
    assert_int_equal(fflag_set_string(&who, attributes[1], "18", 2), FFLAG_OK);
    assert_int_equal(fflag_set_strings(&who, attributes[2], countries, 1), FFLAG_OK);
    assert_int_equal(fflag_set_number(&who, attributes[3], 1), FFLAG_OK);
    assert_int_equal(fflag_set_string(&who, attributes[4], "beta", 4), FFLAG_OK);
    assert_int_equal(fflag_set_number(&who, attributes[5], 2), FFLAG_OK);
    assert_int_equal(fflag_set_boolean(&who, attributes[6], true), FFLAG_OK);
    assert_int_equal(fflag_set_boolean(&who, attributes[7], true), FFLAG_OK);

    const fflag_view *view = fflag_acquire(store);
    for (unsigned round = 1; round <= 2; round++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            fflag_id flag = fflag_flag(store, cases[i].flag);
            assert_int_equal(fflag_bool(view, flag, &who, false), cases[i].holds);
            assert_int_equal(fflag_evaluate(view, flag, &who).value.boolean, cases[i].holds);
            assert_int_equal(counted(store, cases[i].flag, "attribute_type"), 2 * round);
        }
    fflag_evaluate_name(view, "colors", &who);
    assert_int_equal(counted(store, "colors", "attribute_type"), 1);
    /* Counted for the flag whose rule it is, not for the requested one. */
    fflag_evaluate_name(view, "needs", &who);
    assert_int_equal(counted(store, "adult", "attribute_type"), 5);
    assert_int_equal(counted(store, "needs", "attribute_type"), 0);
    fflag_release(view);

    assert_int_equal(told.count, 0); /* never from an evaluation */
    for (unsigned looks = 0; looks < 5; looks++)
        assert_int_equal(fflag_poll(store), FFLAG_OK);
    assert_int_equal(told.count, sizeof cases / sizeof cases[0] + 1);
    assert_int_equal(told.error, FFLAG_ERROR_INVALID_CONTEXT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_non_null(strstr(told.lines, cases[i].line));
    fflag_close(store);
    release(&compiled);
}

static void what_fits_is_no_fault(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    struct told told;
    fflag_store *store = open_told(&compiled, &told);
    fflag_context who;
    fflag_context_init(&who);
    fflag_set_string(&who, fflag_attribute(store, "user_id"), "user-1", 6);
    fflag_set_number(&who, fflag_attribute(store, "age"), 18.5);
    fflag_set_string(&who, fflag_attribute(store, "app_version"), "2.1", 3);
    fflag_set_number(&who, fflag_attribute(store, "signup_at"), 1.7e12);
    fflag_set_string(&who, fflag_attribute(store, "client_ip"), "10.1.2.3", 8);
    const fflag_view *view = fflag_acquire(store);
    const char *const on[] = {"listed", "adult", "modern", "late", "local", "abroad"};
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        assert_true(fflag_bool(view, fflag_flag(store, on[i]), &who, false));
    fflag_result results[13];
    fflag_evaluate_all(view, NULL, 13, &who, results);
    fflag_evaluate_all(view, NULL, 13, NULL, results); /* an absent attribute is no mistake */
    fflag_release(view);
    assert_int_equal(fflag_poll(store), FFLAG_OK);
    assert_string_equal(told.lines, "");
    assert_int_equal(counted(store, "", "flag_not_found"), 0);
    fflag_close(store);
    release(&compiled);
}

static void a_flag_of_another_type_or_none_is_counted_and_told(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    struct told told;
    fflag_store *store = open_told(&compiled, &told);
    fflag_id shade = fflag_flag(store, "shade"), gone = fflag_flag(store, "gone");
    const fflag_view *view = fflag_acquire(store);
    assert_true(fflag_bool(view, shade, NULL, true));
    assert_int_equal(fflag_integer(view, shade, NULL, 7), 7);
    assert_string_equal(fflag_string(view, fflag_flag(store, "half"), NULL, "x", NULL), "x");
    assert_true(fflag_bool(view, gone, NULL, true));
    assert_int_equal(fflag_evaluate(view, gone, NULL).error, FFLAG_ERROR_FLAG_NOT_FOUND);
    assert_true(fflag_bool_once(store, gone, NULL, true));
    fflag_evaluate_name(view, "misspelt", NULL);
    fflag_evaluate_name(view, "misspelt, too", NULL);
    fflag_bool(view, FFLAG_NO_FLAG, NULL, true);
    fflag_bool(view, fflag_flag(store, ""), NULL, true);
    fflag_release(view);
    assert_int_equal(counted(store, "shade", "type_mismatch"), 2);
    assert_int_equal(counted(store, "half", "type_mismatch"), 1);
    assert_int_equal(counted(store, "gone", "flag_not_found"), 3);
    assert_int_equal(counted(store, "", "flag_not_found"), 4);
    fflag_poll(store);
    fflag_poll(store);
    assert_int_equal(told.count, 4);
    assert_non_null(strstr(told.lines, "flag 'half' is a boolean and was asked for as a string; "
                                       "callers get their default\n"));
    assert_non_null(strstr(told.lines, "flag 'shade' is a string and was asked for as a"));
    assert_non_null(strstr(told.lines, "flag 'gone' is not in the snapshot; callers get their"));
    assert_non_null(strstr(told.lines, "flag 'misspelt' is not in the snapshot"));
    fflag_close(store);
    release(&compiled);
}

/* Logged by a watcher, and counts continue from one snapshot to the next. */
static void a_watcher_tells_and_counts_go_on(UNUSED_STATE)
{
    char path[256];
    snprintf(path, sizeof path, "%s/faults.ffs", compiled_directory);
    publish_generation(path, 1);
    struct told told = {0};
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = note;
    options.log_user = &told;
    options.no_thread = true;
    fflag_store *store;
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    fflag_id first = fflag_flag(store, "first");
    for (int64_t generation = 1; generation <= 3; generation++) {
        const fflag_view *view = fflag_acquire(store);
        assert_true(fflag_bool(view, first, NULL, true));
        fflag_release(view);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        assert_int_equal(counted(store, "first", "type_mismatch"), generation);
        publish_generation(path, generation + 1);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        assert_int_equal(counted(store, "first", "type_mismatch"), generation);
    }
    assert_int_equal(told.count, 1);
    fflag_close(store);
    unlink(path);
}

static void a_program_can_ask_at_its_start(UNUSED_STATE)
{
    static const struct {
        const char *name;
        unsigned fits; /* types, as bits */
    } cases[] = {
        {"user_id", 1u << FFLAG_ATTRIBUTE_STRING},
        {"age", 1u << FFLAG_ATTRIBUTE_NUMBER},
        {"beta", 1u << FFLAG_ATTRIBUTE_BOOLEAN},
        {"app_version", 1u << FFLAG_ATTRIBUTE_VERSION | 1u << FFLAG_ATTRIBUTE_STRING},
        {"signup_at",
         1u << FFLAG_ATTRIBUTE_TIME | 1u << FFLAG_ATTRIBUTE_STRING | 1u << FFLAG_ATTRIBUTE_NUMBER},
        {"groups", 1u << FFLAG_ATTRIBUTE_STRINGS},
        {"client_ip", 1u << FFLAG_ATTRIBUTE_IP | 1u << FFLAG_ATTRIBUTE_STRING},
        {"read by no rule", UINT32_MAX},
    };
    struct compiled compiled = compile(definitions);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned type = FFLAG_ATTRIBUTE_STRING; type <= FFLAG_ATTRIBUTE_IP; type++) {
            fflag_attr attr = FFLAG_NO_ATTR;
            enum fflag_error error = fflag_attribute_typed(compiled.store, cases[i].name,
                                                           (enum fflag_attribute_type)type, &attr);
            assert_int_equal(error,
                             cases[i].fits >> type & 1 ? FFLAG_OK : FFLAG_ERROR_TYPE_MISMATCH);
            assert_int_equal(attr, fflag_attribute(compiled.store, cases[i].name));
        }
    fflag_attr attr = 0;
    assert_int_equal(fflag_attribute_typed(NULL, "age", FFLAG_ATTRIBUTE_NUMBER, &attr),
                     FFLAG_ERROR_GENERAL);
    assert_int_equal(attr, FFLAG_NO_ATTR);
    assert_int_equal(fflag_attribute_typed(compiled.store, "age", FFLAG_ATTRIBUTE_NUMBER, NULL),
                     FFLAG_ERROR_GENERAL);
    release(&compiled);
}

int main(void)
{
    (void)evaluated;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_of_another_type_is_counted_and_told_once),
        cmocka_unit_test(what_fits_is_no_fault),
        cmocka_unit_test(a_flag_of_another_type_or_none_is_counted_and_told),
        cmocka_unit_test(a_watcher_tells_and_counts_go_on),
        cmocka_unit_test(a_program_can_ask_at_its_start),
    };
    return cmocka_run_group_tests_name("faults", tests, compiled_set_up, compiled_tear_down);
}
