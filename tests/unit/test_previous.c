/* test_previous.c - what a unit was served before, and which flags serve it again. */
#include "compiled.h"

#define UNUSED_STATE void **state __attribute__((unused))

static const char definitions[] =
    "flags:\n"
    "  color:\n"
    "    type: string\n"
    "    variants: {red: r, green: g, blue: b}\n"
    "    default: red\n"
    "    sticky: true\n"
    "    users: {blue: [alice]}\n"
    "    rules: [{if: {country: NO}, split: {red: 50%, green: 50%}}]\n"
    "  loose: {type: string, variants: {red: r, green: g}, default: red, serve: green}\n"
    "  off: {type: string, variants: {red: r, green: g}, default: red, sticky: true, enabled: "
    "false}\n"
    "  needs: {requires: {color: green}, serve: on}\n"
    "  held: {sticky: true, holdout: all, serve: on}\n"
    "  gone: {sticky: true, serve: on, requires: {loose: red}}\n"
    "  first: {type: json, variants: {a: {n: 1}, b: {n: 2}}, default: a, sticky: true,\n"
    "    rules: [{if: {country: NO}, serve: b, value_overrides: {n: 3}}]}\n"
    "holdouts: {all: {percent: 100%}}\n"
    "overrides: [{flags: [color], if: {country: SE}, serve: blue}]\n";

struct question {
    struct compiled compiled;
    fflag_context context;
    struct fflag_previous previous[4];
    size_t count;
};

static void begin(struct question *question)
{
    question->compiled = compile(definitions);
    question->count = 0;
    fflag_context_init(&question->context);
}

static void end(struct question *question)
{
    release(&question->compiled);
}

static void remember(struct question *question, const char *flag, const char *variant)
{
    question->previous[question->count++] = (struct fflag_previous){
        fflag_flag(question->compiled.store, flag), variant, strlen(variant)};
    assert_int_equal(fflag_set_previous(&question->context, question->previous, question->count),
                     FFLAG_OK);
}

static void set(struct question *question, const char *attribute, const char *value)
{
    assert_int_equal(fflag_set_string(&question->context,
                                      fflag_attribute(question->compiled.store, attribute), value,
                                      strlen(value)),
                     FFLAG_OK);
}

static void expect(const struct question *question, const char *flag, const char *variant,
                   enum fflag_reason reason)
{
    fflag_result result = fflag_evaluate_name(question->compiled.view, flag, &question->context);
    assert_string_equal(result.variant, variant);
    assert_string_equal(fflag_reason_text(result.reason), fflag_reason_text(reason));
}

static void a_sticky_flag_serves_it_again(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    remember(&question, "color", "green");
    expect(&question, "color", "green", FFLAG_REASON_STICKY);
    set(&question, "country", "NO");
    for (int i = 0; i < 20; i++) {
        char user[8];
        snprintf(user, sizeof user, "u%d", i);
        set(&question, "user_id", user);
        expect(&question, "color", "green", FFLAG_REASON_STICKY);
    }
    assert_null(fflag_evaluate_name(question.compiled.view, "color", &question.context).rule);
    assert_string_equal(fflag_string(question.compiled.view,
                                     fflag_flag(question.compiled.store, "color"),
                                     &question.context, "", NULL),
                        "g");
    assert_int_equal(fflag_set_previous(&question.context, NULL, 0), FFLAG_OK);
    fflag_result result = fflag_evaluate_name(question.compiled.view, "color", &question.context);
    assert_int_equal(result.reason, FFLAG_REASON_SPLIT);
    end(&question);
}

static void what_comes_first_decides(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    remember(&question, "color", "green");
    remember(&question, "off", "green");
    remember(&question, "held", "on");
    remember(&question, "gone", "on");
    expect(&question, "off", "red", FFLAG_REASON_DISABLED);
    expect(&question, "held", "off", FFLAG_REASON_HOLDOUT);
    expect(&question, "gone", "off", FFLAG_REASON_PREREQUISITE_FAILED);
    set(&question, "user_id", "alice");
    expect(&question, "color", "blue", FFLAG_REASON_TARGETING_MATCH);
    set(&question, "user_id", "bob");
    expect(&question, "color", "green", FFLAG_REASON_STICKY);
    set(&question, "country", "SE");
    expect(&question, "color", "blue", FFLAG_REASON_OVERRIDE);
    end(&question);
}

static void other_flags_do_not_look(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    remember(&question, "loose", "red");
    remember(&question, "no-such-flag", "green");
    expect(&question, "loose", "green", FFLAG_REASON_STATIC);
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    end(&question);
}

static void a_variant_that_is_gone_counts_as_none(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    remember(&question, "color", "gree");
    remember(&question, "color", "greener");
    remember(&question, "color", "");
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    remember(&question, "color", "green");
    expect(&question, "color", "green", FFLAG_REASON_STICKY);
    end(&question);
}

static void flags_that_require_it_see_it(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    expect(&question, "needs", "off", FFLAG_REASON_PREREQUISITE_FAILED);
    remember(&question, "color", "green");
    expect(&question, "needs", "on", FFLAG_REASON_STATIC);
    end(&question);
}

static void the_value_is_that_of_the_variant(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    set(&question, "country", "NO");
    fflag_id flag = fflag_flag(question.compiled.store, "first");
    assert_string_equal(fflag_json(question.compiled.view, flag, &question.context, "", NULL),
                        "{\"n\":3}");
    remember(&question, "first", "b");
    assert_string_equal(fflag_json(question.compiled.view, flag, &question.context, "", NULL),
                        "{\"n\":2}");
    end(&question);
}

static void refuses_what_has_no_text(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    remember(&question, "color", "green");
    struct fflag_previous bad = {fflag_flag(question.compiled.store, "color"), NULL, 0};
    assert_int_equal(fflag_set_previous(&question.context, &bad, 1), FFLAG_ERROR_INVALID_CONTEXT);
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    assert_int_equal(fflag_set_previous(&question.context, NULL, 1), FFLAG_ERROR_INVALID_CONTEXT);
    assert_int_equal(fflag_set_previous(NULL, &bad, 1), FFLAG_ERROR_INVALID_CONTEXT);
    remember(&question, "color", "green");
    fflag_context_init(&question.context);
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    end(&question);
}

/* A handle that was made after the snapshot, and one of another store. */
static void takes_any_handle(UNUSED_STATE)
{
    struct question question;
    begin(&question);
    question.previous[0] = (struct fflag_previous){FFLAG_NO_FLAG, "green", 5};
    question.previous[1] = (struct fflag_previous){4711, "green", 5};
    assert_int_equal(fflag_set_previous(&question.context, question.previous, 2), FFLAG_OK);
    expect(&question, "color", "red", FFLAG_REASON_DEFAULT);
    end(&question);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sticky_flag_serves_it_again),
        cmocka_unit_test(what_comes_first_decides),
        cmocka_unit_test(other_flags_do_not_look),
        cmocka_unit_test(a_variant_that_is_gone_counts_as_none),
        cmocka_unit_test(flags_that_require_it_see_it),
        cmocka_unit_test(the_value_is_that_of_the_variant),
        cmocka_unit_test(refuses_what_has_no_text),
        cmocka_unit_test(takes_any_handle),
    };
    return cmocka_run_group_tests(tests, compiled_set_up, compiled_tear_down);
}
