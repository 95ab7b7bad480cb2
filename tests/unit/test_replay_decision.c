/* Every branch of the decision, and that the branches are tried in the documented order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ffreplay/canary/decision.h"

#define HOUR INT64_C(3600000)

#define GUARD(act, found)                                    \
    {                                                        \
        .verdict = CRITERION_##found, .action = ACTION_##act \
    }
#define ADVANCES(found)                                \
    {                                                  \
        .verdict = CRITERION_##found, .advances = true \
    }

struct branch {
    const char *name;
    struct decision_facts facts;
    struct finding findings[4];
    uint32_t finding_count;
    enum decision_verdict verdict;
    enum decision_rule rule;
};

/* Unless a row says otherwise: running, two hours into a stage that holds for one, and not the last
 * stage. */
#define RUNNING  .state = CANARY_RUNNING, .elapsed = 2 * HOUR, .hold = HOUR
#define ONE(...) .findings = {__VA_ARGS__}, .finding_count = 1
#define TWO(...) .findings = {__VA_ARGS__}, .finding_count = 2

static const struct branch branches[] = {
    {"pending_is_not_decided_on",
     {.state = CANARY_PENDING},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_HOLD,
     RULE_NOT_STARTED},
    {"rolled_back_is_final",
     {.state = CANARY_ROLLED_BACK},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_HOLD,
     RULE_ROLLED_BACK},
    {"complete_is_final",
     {.state = CANARY_COMPLETE},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_HOLD,
     RULE_COMPLETED},

    {"a_rollback_guard_in_harm_rolls_back",
     {RUNNING},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"rollback_comes_before_pause",
     {RUNNING},
     TWO(GUARD(PAUSE, HARM), GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"rollback_does_not_wait_for_the_hold",
     {.state = CANARY_RUNNING, .elapsed = 0, .hold = HOUR},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"rollback_does_not_wait_for_other_samples",
     {RUNNING},
     TWO(GUARD(PAUSE, INSUFFICIENT), GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"no_data_rolls_back_where_it_says_so",
     {RUNNING},
     ONE({.verdict = CRITERION_NODATA, .action = ACTION_ALERT, .on_nodata = NODATA_ROLLBACK}),
     VERDICT_ROLLBACK,
     RULE_NODATA_POLICY},
    {"too_few_samples_are_not_no_data",
     {RUNNING},
     ONE({.verdict = CRITERION_INSUFFICIENT, .on_nodata = NODATA_ROLLBACK}),
     VERDICT_HOLD,
     RULE_INSUFFICIENT},
    {"unhealthy_rolls_back_where_it_says_so",
     {RUNNING, .unhealthy = true, .on_unhealthy = NODATA_ROLLBACK},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_ROLLBACK,
     RULE_UNHEALTHY},

    {"paused_stays_paused",
     {.state = CANARY_PAUSED, .elapsed = 2 * HOUR},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_HOLD,
     RULE_PAUSED},
    {"paused_still_rolls_back",
     {.state = CANARY_PAUSED},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"paused_is_not_paused_again",
     {.state = CANARY_PAUSED},
     ONE(GUARD(PAUSE, HARM)),
     VERDICT_HOLD,
     RULE_PAUSED},
    {"paused_does_not_time_out",
     {.state = CANARY_PAUSED,
      .elapsed = 9 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ROLLBACK},
     ONE(GUARD(ROLLBACK, NODATA)),
     VERDICT_HOLD,
     RULE_PAUSED},

    {"a_pause_guard_in_harm_pauses", {RUNNING}, ONE(GUARD(PAUSE, HARM)), VERDICT_PAUSE, RULE_GUARD},
    {"pause_comes_before_unhealthy",
     {RUNNING, .unhealthy = true},
     ONE(GUARD(PAUSE, HARM)),
     VERDICT_PAUSE,
     RULE_GUARD},
    {"unhealthy_holds",
     {RUNNING, .unhealthy = true},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_HOLD,
     RULE_UNHEALTHY},
    {"unhealthy_may_be_ignored",
     {RUNNING, .unhealthy = true, .on_unhealthy = NODATA_IGNORE},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"an_investigate_guard_in_harm_holds",
     {RUNNING},
     ONE(GUARD(INVESTIGATE, HARM)),
     VERDICT_HOLD,
     RULE_INVESTIGATE},
    {"an_undecided_guard_blocks_nothing",
     {RUNNING},
     TWO(GUARD(ROLLBACK, UNDECIDED), ADVANCES(PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"an_undecided_guard_does_not_roll_back_the_paused_either",
     {.state = CANARY_PAUSED},
     ONE(GUARD(ROLLBACK, UNDECIDED)),
     VERDICT_HOLD,
     RULE_PAUSED},
    {"an_undecided_advance_when_is_waited_for",
     {RUNNING},
     TWO(GUARD(ROLLBACK, PASS), ADVANCES(UNDECIDED)),
     VERDICT_HOLD,
     RULE_ADVANCE_WHEN},
    {"and_times_out",
     {.state = CANARY_RUNNING,
      .elapsed = 3 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ADVANCE},
     ONE(ADVANCES(UNDECIDED)),
     VERDICT_ADVANCE,
     RULE_TIMEOUT},
    {"a_changed_policy_begins_anew",
     {RUNNING, .policy_changed = true},
     TWO(GUARD(ROLLBACK, PASS), ADVANCES(HARM)),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"and_does_not_time_out",
     {.state = CANARY_RUNNING,
      .elapsed = 3 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ROLLBACK,
      .policy_changed = true},
     ONE(GUARD(ROLLBACK, NODATA)),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"a_changed_policy_still_rolls_back",
     {RUNNING, .policy_changed = true},
     ONE(GUARD(ROLLBACK, HARM)),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"a_bound_of_two_policies_rolls_nothing_back",
     {RUNNING, .policy_changed = true},
     ONE({.verdict = CRITERION_HARM, .action = ACTION_ROLLBACK, .of_bound = true}),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"nor_does_it_pause",
     {RUNNING, .policy_changed = true},
     ONE({.verdict = CRITERION_HARM, .action = ACTION_PAUSE, .of_bound = true}),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"a_bound_of_one_policy_does",
     {RUNNING},
     ONE({.verdict = CRITERION_HARM, .action = ACTION_ROLLBACK, .of_bound = true}),
     VERDICT_ROLLBACK,
     RULE_GUARD},
    {"group_sizes_of_two_policies_roll_nothing_back",
     {RUNNING, .policy_changed = true, .unhealthy = true, .on_unhealthy = NODATA_ROLLBACK},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"a_changed_policy_begins_anew_before_anything_is_investigated",
     {RUNNING, .policy_changed = true, .unhealthy = true},
     ONE(GUARD(INVESTIGATE, HARM)),
     VERDICT_HOLD,
     RULE_POLICY_CHANGED},
    {"a_changed_policy_leaves_the_paused_paused",
     {.state = CANARY_PAUSED, .policy_changed = true},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_HOLD,
     RULE_PAUSED},
    {"an_alert_in_harm_blocks_nothing",
     {RUNNING},
     TWO(GUARD(ALERT, HARM), GUARD(ROLLBACK, PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"an_alert_without_data_blocks_nothing",
     {RUNNING},
     ONE(GUARD(ALERT, NODATA)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},

    {"no_data_holds", {RUNNING}, ONE(GUARD(ROLLBACK, NODATA)), VERDICT_HOLD, RULE_NODATA},
    {"no_data_may_be_ignored",
     {RUNNING},
     ONE({.verdict = CRITERION_NODATA, .on_nodata = NODATA_IGNORE}),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"no_data_to_advance_on_holds", {RUNNING}, ONE(ADVANCES(NODATA)), VERDICT_HOLD, RULE_NODATA},
    {"no_data_is_named_before_too_few_samples",
     {RUNNING},
     TWO(GUARD(ROLLBACK, INSUFFICIENT), GUARD(PAUSE, NODATA)),
     VERDICT_HOLD,
     RULE_NODATA},
    {"too_few_samples_hold",
     {RUNNING},
     ONE(GUARD(INVESTIGATE, INSUFFICIENT)),
     VERDICT_HOLD,
     RULE_INSUFFICIENT},
    {"too_few_lines_hold_where_no_criterion_counts_them",
     {RUNNING, .too_few_samples = true},
     .finding_count = 0,
     .verdict = VERDICT_HOLD,
     .rule = RULE_INSUFFICIENT},
    {"the_hold_is_held",
     {.state = CANARY_RUNNING, .elapsed = HOUR - 1, .hold = HOUR},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_HOLD,
     RULE_HOLD_TIME},
    {"the_hold_is_over_to_the_millisecond",
     {.state = CANARY_RUNNING, .elapsed = HOUR, .hold = HOUR},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"advance_when_is_waited_for",
     {RUNNING},
     TWO(GUARD(ROLLBACK, PASS), ADVANCES(HARM)),
     VERDICT_HOLD,
     RULE_ADVANCE_WHEN},
    {"advance_when_never_rolls_back",
     {RUNNING},
     ONE(ADVANCES(HARM)),
     VERDICT_HOLD,
     RULE_ADVANCE_WHEN},

    {"a_timeout_holds",
     {.state = CANARY_RUNNING, .elapsed = 3 * HOUR, .max_hold = 3 * HOUR},
     ONE(ADVANCES(HARM)),
     VERDICT_HOLD,
     RULE_TIMEOUT},
    {"a_timeout_pauses",
     {.state = CANARY_RUNNING, .elapsed = 3 * HOUR, .max_hold = HOUR, .on_timeout = TIMEOUT_PAUSE},
     ONE(ADVANCES(HARM)),
     VERDICT_PAUSE,
     RULE_TIMEOUT},
    {"a_timeout_rolls_back",
     {.state = CANARY_RUNNING,
      .elapsed = 3 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ROLLBACK},
     ONE(GUARD(PAUSE, NODATA)),
     VERDICT_ROLLBACK,
     RULE_TIMEOUT},
    {"a_timeout_advances",
     {.state = CANARY_RUNNING,
      .elapsed = 3 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ADVANCE},
     ONE(GUARD(PAUSE, INSUFFICIENT)),
     VERDICT_ADVANCE,
     RULE_TIMEOUT},
    {"a_timeout_does_not_skip_an_approval",
     {.state = CANARY_RUNNING,
      .elapsed = 3 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ADVANCE,
      .next_needs_approval = true},
     ONE(GUARD(PAUSE, INSUFFICIENT)),
     VERDICT_HOLD,
     RULE_APPROVAL},
    {"nothing_times_out_before_max_hold",
     {.state = CANARY_RUNNING,
      .elapsed = HOUR - 1,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ROLLBACK},
     ONE(ADVANCES(HARM)),
     VERDICT_HOLD,
     RULE_ADVANCE_WHEN},
    {"nothing_times_out_that_passed",
     {.state = CANARY_RUNNING,
      .elapsed = 9 * HOUR,
      .max_hold = HOUR,
      .on_timeout = TIMEOUT_ROLLBACK},
     ONE(ADVANCES(PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},

    {"an_approval_is_waited_for",
     {RUNNING, .next_needs_approval = true},
     ONE(ADVANCES(PASS)),
     VERDICT_HOLD,
     RULE_APPROVAL},
    {"the_last_stage_needs_no_approval",
     {RUNNING, .next_needs_approval = true, .last_stage = true},
     ONE(ADVANCES(PASS)),
     VERDICT_COMPLETE,
     RULE_ALL_PASSED},
    {"all_passed_advances",
     {RUNNING},
     TWO(GUARD(ROLLBACK, PASS), ADVANCES(PASS)),
     VERDICT_ADVANCE,
     RULE_ALL_PASSED},
    {"all_passed_completes_the_last_stage",
     {RUNNING, .last_stage = true},
     ONE(GUARD(ROLLBACK, PASS)),
     VERDICT_COMPLETE,
     RULE_ALL_PASSED},
};

static void decides_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof branches / sizeof *branches; i++) {
        struct decision_facts facts = branches[i].facts;
        facts.findings = branches[i].findings;
        facts.finding_count = branches[i].finding_count;
        struct decision decision = decide(&facts);
        if (decision.verdict != branches[i].verdict || decision.rule != branches[i].rule)
            fail_msg("%s: got %s by %s", branches[i].name, decision_verdict_words[decision.verdict],
                     decision_rule_words[decision.rule]);
    }
}

static void names_every_blocker(void **state)
{
    (void)state;
    const struct finding findings[] = {GUARD(ROLLBACK, NODATA), GUARD(PAUSE, INSUFFICIENT),
                                       ADVANCES(HARM)};
    struct decision_facts facts = {
        .state = CANARY_RUNNING, .hold = HOUR, .findings = findings, .finding_count = 3};
    assert_int_equal(decide(&facts).blockers, BLOCKED_BY_NODATA | BLOCKED_BY_SAMPLES |
                                                  BLOCKED_BY_HOLD | BLOCKED_BY_ADVANCE_WHEN);
}

/* A criterion that was not measured, or not measured enough, never lets a stage advance. */
static void nothing_passes_unmeasured(void **state)
{
    (void)state;
    for (int action = ACTION_ROLLBACK; action <= ACTION_INVESTIGATE; action++)
        for (int verdict = CRITERION_NODATA; verdict <= CRITERION_INSUFFICIENT; verdict++)
            for (int advances = 0; advances <= 1; advances++) {
                if (action == ACTION_ALERT && !advances)
                    continue;
                struct finding finding = {.verdict = (enum criterion_verdict)verdict,
                                          .advances = advances,
                                          .action = (enum criterion_action)action};
                struct decision_facts facts = {
                    .state = CANARY_RUNNING, .findings = &finding, .finding_count = 1};
                assert_int_equal(decide(&facts).verdict, VERDICT_HOLD);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_as_the_table_says),
        cmocka_unit_test(names_every_blocker),
        cmocka_unit_test(nothing_passes_unmeasured),
    };
    return cmocka_run_group_tests_name("replay_decision", tests, NULL, NULL);
}
