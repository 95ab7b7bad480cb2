/*
 * test_flags.c - the flags of flags/, compiled and evaluated through the library as a service
 * would.
 *
 * The expectations come from what the five systems need, not from the output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/buffer.h"
#include "compiler/cli/options.h"
#include "compiler/base/calendar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "fflag.h"

enum environment { DEVELOPMENT, STAGING, PRODUCTION, ENVIRONMENTS };
static const char *const environment_names[] = {"development", "staging", "production"};

static fflag_store *stores[ENVIRONMENTS];

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(parse_time(text, &ms));
    return ms;
}

static int compile_all(void **state)
{
    (void)state;
    struct project *project = project_load("flags", at("2026-11-20T00:00:00Z"));
    if (project->diagnostics.count > 0) {
        diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT, false, stderr);
        return -1;
    }
    for (int i = 0; i < ENVIRONMENTS; i++) {
        struct buffer snapshot = {0};
        if (!project_compile(project, environment_names[i], NULL, 0, &snapshot) ||
            fflag_open_memory(&stores[i], snapshot.bytes, snapshot.length, NULL) != FFLAG_OK) {
            return -1;
        }
        buffer_release(&snapshot);
    }
    project_free(project);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (int i = 0; i < ENVIRONMENTS; i++)
        fflag_close(stores[i]);
    return 0;
}

/* A user's attributes; NULL and zero mean absent. */
struct user {
    const char *user_id, *anonymous_id, *country, *plan, *role, *email, *region, *group;
    double engagement_score;
    const char *now;
};

static void set(fflag_store *store, fflag_context *context, const char *name, const char *value)
{
    if (value != NULL) {
        fflag_attr attribute = fflag_attribute(store, name);
        assert_int_equal(fflag_set_string(context, attribute, value, strlen(value)), FFLAG_OK);
    }
}

static fflag_result ask(enum environment environment, const char *flag, const struct user *user)
{
    fflag_store *store = stores[environment];
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_now(&context, at(user->now != NULL ? user->now : "2026-11-20T12:00:00Z"));
    set(store, &context, "user_id", user->user_id);
    set(store, &context, "anonymous_id", user->anonymous_id);
    set(store, &context, "country", user->country);
    set(store, &context, "plan", user->plan);
    set(store, &context, "role", user->role);
    set(store, &context, "email", user->email);
    set(store, &context, "region", user->region);
    if (user->group != NULL) {
        assert_int_equal(
            fflag_set_strings(&context, fflag_attribute(store, "groups"), &user->group, 1),
            FFLAG_OK);
    }
    if (user->engagement_score > 0) {
        assert_int_equal(fflag_set_number(&context, fflag_attribute(store, "engagement_score"),
                                          user->engagement_score),
                         FFLAG_OK);
    }
    const fflag_view *view = fflag_acquire(store);
    fflag_result result = fflag_evaluate_name(view, flag, &context);
    fflag_release(view); /* the store keeps its only snapshot, so the texts remain valid */
    return result;
}

static void expect(enum environment environment, const char *flag, struct user user,
                   const char *variant, enum fflag_reason reason, const char *rule)
{
    fflag_result got = ask(environment, flag, &user);
    assert_int_equal(got.error, FFLAG_OK);
    assert_string_equal(got.variant, variant);
    assert_string_equal(fflag_reason_text(got.reason), fflag_reason_text(reason));
    if (rule == NULL) {
        assert_null(got.rule);
    } else {
        assert_non_null(got.rule);
        assert_string_equal(got.rule, rule);
    }
}

/* The percentage of 100,000 units that get the variant; by user_id or by anonymous_id. */
static double share(enum environment environment, const char *flag, const char *variant,
                    bool anonymous, struct user user)
{
    enum { UNITS = 100000 };
    int hits = 0;
    char unit[16];
    for (int i = 0; i < UNITS; i++) {
        snprintf(unit, sizeof unit, "unit-%d", i);
        *(anonymous ? &user.anonymous_id : &user.user_id) = unit;
        fflag_result result = ask(environment, flag, &user);
        assert_int_equal(result.error, FFLAG_OK);
        hits += strcmp(result.variant, variant) == 0;
    }
    return 100.0 * hits / UNITS;
}

/* Six standard deviations at 50 % are 0.95 points; 0 and 100 are exact. */
static void expect_share(double got, double expected)
{
    double tolerance = expected == 0 || expected == 100 ? 0 : 0.95;
    if (got < expected - tolerance || got > expected + tolerance)
        fail_msg("share %.3f %%, expected %.3f %%", got, expected);
}

#define ANYBODY ((struct user){.user_id = "u1"})

static void percentages_are_those_of_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        double percent[ENVIRONMENTS];
    } expected[] = {
        {"feature.new-dashboard", {100, 50, 0}},
        {"feature.advanced-analytics", {100, 25, 0}},
        {"feature.ai-budgeting", {100, 0, 0}},
        {"feature.offline-sync", {100, 0, 0}},
        {"auto_submit_enabled", {100, 100, 0}},
        {"new-onboarding-flow", {10, 10, 10}},
        {"new-dashboard", {25, 25, 25}},
        {"beta-feature", {100, 100, 0}},
        {"debug-mode", {100, 0, 0}},
        {"beta-testing", {0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        for (int e = 0; e < ENVIRONMENTS; e++) {
            double got = share(e, expected[i].flag, "on", false, (struct user){0});
            expect_share(got, expected[i].percent[e]);
        }
    }
}

static void named_users_see_a_feature_whatever_the_percentage(void **state)
{
    (void)state;
    expect(PRODUCTION, "feature.new-dashboard", (struct user){.user_id = "rupaya-qa-1"}, "on",
           FFLAG_REASON_TARGETING_MATCH, "users");
    expect(PRODUCTION, "feature.new-dashboard", ANYBODY, "off", FFLAG_REASON_DEFAULT, NULL);
    expect(PRODUCTION, "beta-testing", (struct user){.user_id = "user-456"}, "on",
           FFLAG_REASON_TARGETING_MATCH, "users");
    expect(PRODUCTION, "beta-testing", (struct user){.user_id = "u1", .group = "beta-testers"},
           "on", FFLAG_REASON_TARGETING_MATCH, "beta-testers");
    expect(PRODUCTION, "beta-testing", (struct user){.user_id = "u1", .group = "others"}, "off",
           FFLAG_REASON_DEFAULT, NULL);
}

static void flags_of_other_environments_are_disabled(void **state)
{
    (void)state;
    expect(PRODUCTION, "debug-mode", ANYBODY, "off", FFLAG_REASON_DISABLED, NULL);
    expect(DEVELOPMENT, "debug-mode", ANYBODY, "on", FFLAG_REASON_STATIC, "rules[0]");
    expect(PRODUCTION, "beta-feature", ANYBODY, "off", FFLAG_REASON_DISABLED, NULL);
    expect(PRODUCTION, "auto_submit_enabled", ANYBODY, "off", FFLAG_REASON_DISABLED, NULL);
}

static void a_config_value_differs_by_environment(void **state)
{
    (void)state;
    static const double expected[ENVIRONMENTS] = {20, 10, 5};
    for (int e = 0; e < ENVIRONMENTS; e++) {
        fflag_result got = ask(e, "rollback.error-rate-threshold", &ANYBODY);
        assert_int_equal(got.type, FFLAG_TYPE_NUMBER);
        assert_float_equal(got.value.number, expected[e], 0);
        assert_null(got.variant);
    }
}

static void pending_canaries_serve_nobody(void **state)
{
    (void)state;
    static const char *const canaries[] = {"canary.new-payment-processor",
                                           "canary.new-notification-service",
                                           "video_caching_system",
                                           "canary_auto_submit",
                                           "canary_smart_prompts",
                                           "v2.1.0",
                                           "v2.1.0-hotfix"};
    struct user user = {
        .user_id = "u1", .anonymous_id = "a1", .group = "beta-testers", .region = "us-east-1"};
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++) {
        fflag_result got = ask(PRODUCTION, canaries[i], &user);
        assert_int_equal(got.error, FFLAG_OK);
        assert_false(got.value.boolean);
    }
}

static void experiments_split_as_they_say(void **state)
{
    (void)state;
    struct user none = {0};
    expect_share(share(PRODUCTION, "experiment.new-onboarding-flow", "variant_a", false, none), 50);
    expect_share(share(PRODUCTION, "experiment.checkout-redesign", "control", false, none), 50);
    expect_share(share(PRODUCTION, "checkout-button-test", "treatment", false, none), 50);
    expect_share(share(PRODUCTION, "cache-ttl-optimization", "extended", true, none), 50);
    expect_share(share(PRODUCTION, "prefetch-strategy", "conservative", true, none), 33);
    expect_share(share(PRODUCTION, "prefetch-strategy", "balanced", true, none), 34);
    expect_share(share(PRODUCTION, "prefetch-strategy", "aggressive", true, none), 33);
}

static void payloads_arrive_as_written(void **state)
{
    (void)state;
    bool seen[2] = {false};
    for (int i = 0; i < 100; i++) {
        char unit[8];
        snprintf(unit, sizeof unit, "u%d", i);
        fflag_result got = ask(PRODUCTION, "checkout-button-test", &(struct user){.user_id = unit});
        bool treatment = strcmp(got.variant, "treatment") == 0;
        assert_string_equal(got.value.string.text,
                            treatment ? "{\"color\":\"green\",\"text\":\"Purchase\"}"
                                      : "{\"color\":\"blue\",\"text\":\"Buy Now\"}");
        assert_int_equal(got.reason, FFLAG_REASON_SPLIT);
        seen[treatment] = true;

        got = ask(PRODUCTION, "cache-ttl-optimization", &(struct user){.anonymous_id = unit});
        assert_string_equal(got.value.string.text, strcmp(got.variant, "extended") == 0
                                                       ? "{\"cacheTTL\":600}"
                                                       : "{\"cacheTTL\":300}");

        got = ask(PRODUCTION, "prefetch-strategy", &(struct user){.anonymous_id = unit});
        assert_int_equal(got.value.integer, got.variant[0] == 'c'   ? 3
                                            : got.variant[0] == 'b' ? 5
                                                                    : 8);
    }
    assert_true(seen[0] && seen[1]);
}

/* Without its own unit an experiment cannot split, and an account is not an install. */
static void nostrvine_does_not_bucket_by_account(void **state)
{
    (void)state;
    expect(PRODUCTION, "prefetch-strategy", ANYBODY, "balanced", FFLAG_REASON_DEFAULT, NULL);
}

static void targeting_follows_the_conditions(void **state)
{
    (void)state;
    expect(PRODUCTION, "premium-feature", (struct user){.plan = "enterprise"}, "on",
           FFLAG_REASON_TARGETING_MATCH, "paying");
    expect(PRODUCTION, "premium-feature", (struct user){.plan = "free"}, "off",
           FFLAG_REASON_DEFAULT, NULL);
    expect(PRODUCTION, "premium-feature", (struct user){.plan = "free", .role = "support"}, "on",
           FFLAG_REASON_TARGETING_MATCH, "support");
    expect(PRODUCTION, "targeted-feature", (struct user){.email = "ann@company.com"}, "on",
           FFLAG_REASON_TARGETING_MATCH, "staff");
    expect(PRODUCTION, "targeted-feature", (struct user){.country = "UK", .engagement_score = 80.5},
           "on", FFLAG_REASON_TARGETING_MATCH, "engaged");
    expect(PRODUCTION, "targeted-feature", (struct user){.country = "UK", .engagement_score = 80},
           "off", FFLAG_REASON_DEFAULT, NULL);
    expect(PRODUCTION, "targeted-feature", (struct user){.country = "DE", .engagement_score = 99},
           "off", FFLAG_REASON_DEFAULT, NULL);
}

static void the_gradual_rollout_grows_by_a_tenth_a_day(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        double percent;
    } expected[] = {
        {"2026-11-30T23:59:59Z", 0},      {"2026-12-01T12:00:00Z", 0},
        {"2026-12-02T00:00:00Z", 10},     {"2026-12-04T10:00:00Z", 30},
        {"2026-12-10T23:59:59.999Z", 90}, {"2026-12-11T00:00:00Z", 100},
        {"2030-01-01T00:00:00Z", 100},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct user user = {.now = expected[i].now};
        double got = share(PRODUCTION, "gradual-rollout", "on", false, user);
        expect_share(got, expected[i].percent);
    }
}

static void the_scheduled_rollback_holds_for_its_days(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        enum fflag_reason reason;
    } expected[] = {
        {"2026-12-23T23:59:59.999Z", FFLAG_REASON_DISABLED},
        {"2026-12-24T00:00:00Z", FFLAG_REASON_OVERRIDE},
        {"2026-12-26T23:59:59.999Z", FFLAG_REASON_OVERRIDE},
        {"2026-12-27T00:00:00Z", FFLAG_REASON_DISABLED},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct user user = {.user_id = "u1", .now = expected[i].now};
        fflag_result got = ask(PRODUCTION, "auto_submit_enabled", &user);
        assert_string_equal(fflag_reason_text(got.reason), fflag_reason_text(expected[i].reason));
    }
    struct user user = {.user_id = "u1", .now = "2026-12-25T00:00:00Z"};
    assert_true(ask(STAGING, "auto_submit_enabled", &user).value.boolean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_are_those_of_the_environment),
        cmocka_unit_test(named_users_see_a_feature_whatever_the_percentage),
        cmocka_unit_test(flags_of_other_environments_are_disabled),
        cmocka_unit_test(a_config_value_differs_by_environment),
        cmocka_unit_test(pending_canaries_serve_nobody),
        cmocka_unit_test(experiments_split_as_they_say),
        cmocka_unit_test(payloads_arrive_as_written),
        cmocka_unit_test(nostrvine_does_not_bucket_by_account),
        cmocka_unit_test(targeting_follows_the_conditions),
        cmocka_unit_test(the_gradual_rollout_grows_by_a_tenth_a_day),
        cmocka_unit_test(the_scheduled_rollback_holds_for_its_days),
    };
    return cmocka_run_group_tests(tests, compile_all, close_all);
}
