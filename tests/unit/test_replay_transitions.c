/*
 * The whole state machine: every combination of conditions, against the table of rules.
 *
 * The table states decision.c's rules in another form: a row matches if all conditions it names are
 * true, and the first matching row decides. So a row's position says which rules it precedes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ffreplay/canary/decision.h"

/* The conditions. */
enum {
    PENDING = 1 << 0,
    ROLLED_BACK = 1 << 1,
    COMPLETE = 1 << 2,
    PAUSED = 1 << 3,
    HARM_ROLLS_BACK = 1 << 4,
    HARM_PAUSES = 1 << 5,
    HARM_IS_INVESTIGATED = 1 << 6,
    NODATA_ROLLS_BACK = 1 << 7,
    SICKNESS_ROLLS_BACK = 1 << 8,
    SICKNESS_HOLDS = 1 << 9,
    CHANGED = 1 << 10, /* the policy changed */
    NODATA = 1 << 11,  /* for a metric for which it matters */
    FEW = 1 << 12,     /* too few samples */
    EARLY = 1 << 13,   /* `hold` is not over */
    AWAITED = 1 << 14, /* an `advance_when` did not pass */
    BLOCKED = 1 << 15, /* one of the last four, or SILENT */
    OVERDUE = 1 << 16, /* past `max_hold` */
    THEN_HOLD = 1 << 17,
    THEN_PAUSE = 1 << 18,
    THEN_ROLLBACK = 1 << 19,
    UNAPPROVED = 1 << 20, /* the next stage needs approval */
    LAST = 1 << 21,       /* the last stage */
    SILENT = 1 << 22,     /* the logs no longer mention the canary */
    BOUND_ROLLS_BACK = 1 << 23,
    BOUND_PAUSES = 1 << 24,
    BOUND_IS_INVESTIGATED = 1 << 25
};

static const struct row {
    uint32_t when;
    enum decision_verdict verdict;
    enum decision_rule rule;
} rows[] = {
    {PENDING, VERDICT_HOLD, RULE_NOT_STARTED},
    {ROLLED_BACK, VERDICT_HOLD, RULE_ROLLED_BACK},
    {COMPLETE, VERDICT_HOLD, RULE_COMPLETED},
    {HARM_ROLLS_BACK, VERDICT_ROLLBACK, RULE_GUARD},
    {NODATA_ROLLS_BACK, VERDICT_ROLLBACK, RULE_NODATA_POLICY},
    {SICKNESS_ROLLS_BACK, VERDICT_ROLLBACK, RULE_UNHEALTHY},
    {PAUSED, VERDICT_HOLD, RULE_PAUSED},
    {HARM_PAUSES, VERDICT_PAUSE, RULE_GUARD},
    {CHANGED, VERDICT_HOLD, RULE_POLICY_CHANGED},
    {SICKNESS_HOLDS, VERDICT_HOLD, RULE_UNHEALTHY},
    {HARM_IS_INVESTIGATED, VERDICT_HOLD, RULE_INVESTIGATE},
    {BLOCKED | OVERDUE | THEN_HOLD, VERDICT_HOLD, RULE_TIMEOUT},
    {BLOCKED | OVERDUE | THEN_PAUSE, VERDICT_PAUSE, RULE_TIMEOUT},
    {BLOCKED | OVERDUE | THEN_ROLLBACK, VERDICT_ROLLBACK, RULE_TIMEOUT},
    {BLOCKED | OVERDUE | LAST, VERDICT_COMPLETE, RULE_TIMEOUT},
    {BLOCKED | OVERDUE | UNAPPROVED, VERDICT_HOLD, RULE_APPROVAL},
    {BLOCKED | OVERDUE, VERDICT_ADVANCE, RULE_TIMEOUT},
    {NODATA, VERDICT_HOLD, RULE_NODATA},
    {FEW, VERDICT_HOLD, RULE_INSUFFICIENT},
    {EARLY, VERDICT_HOLD, RULE_HOLD_TIME},
    {AWAITED, VERDICT_HOLD, RULE_ADVANCE_WHEN},
    {SILENT, VERDICT_HOLD, RULE_STALE},
    {LAST, VERDICT_COMPLETE, RULE_ALL_PASSED},
    {UNAPPROVED, VERDICT_HOLD, RULE_APPROVAL},
    {0, VERDICT_ADVANCE, RULE_ALL_PASSED},
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

/* A kind of criterion, as judged, and the conditions that it makes true. */
struct kind {
    struct finding finding;
    uint32_t makes;
};

#define HARM_OF(act, harm, of_bound)                                \
    {{CRITERION_HARM, false, act, NODATA_HOLD, of_bound}, harm},    \
        {{CRITERION_PASS, false, act, NODATA_HOLD, of_bound}, 0},   \
    {                                                               \
        {CRITERION_UNDECIDED, false, act, NODATA_HOLD, of_bound}, 0 \
    }
#define SILENCE_OF(advances, act, few, silent)                                                   \
    {{CRITERION_INSUFFICIENT, advances, act, NODATA_HOLD, false}, few},                          \
        {{CRITERION_INSUFFICIENT, advances, act, NODATA_ROLLBACK, false}, few},                  \
        {{CRITERION_INSUFFICIENT, advances, act, NODATA_IGNORE, false}, few},                    \
        {{CRITERION_NODATA, advances, act, NODATA_HOLD, false}, silent},                         \
        {{CRITERION_NODATA, advances, act, NODATA_ROLLBACK, false}, NODATA_ROLLS_BACK | silent}, \
    {                                                                                            \
        {CRITERION_NODATA, advances, act, NODATA_IGNORE, false}, 0                               \
    }

static const struct kind kinds[] = {
    HARM_OF(ACTION_ROLLBACK, HARM_ROLLS_BACK, false),
    HARM_OF(ACTION_PAUSE, HARM_PAUSES, false),
    HARM_OF(ACTION_INVESTIGATE, HARM_IS_INVESTIGATED, false),
    HARM_OF(ACTION_ALERT, 0, false),
    HARM_OF(ACTION_ROLLBACK, BOUND_ROLLS_BACK, true),
    HARM_OF(ACTION_PAUSE, BOUND_PAUSES, true),
    HARM_OF(ACTION_INVESTIGATE, BOUND_IS_INVESTIGATED, true),
    HARM_OF(ACTION_ALERT, 0, true),
    SILENCE_OF(false, ACTION_ROLLBACK, FEW, NODATA),
    SILENCE_OF(false, ACTION_PAUSE, FEW, NODATA),
    SILENCE_OF(false, ACTION_INVESTIGATE, FEW, NODATA),
    SILENCE_OF(false, ACTION_ALERT, 0, 0),
    SILENCE_OF(true, ACTION_ROLLBACK, FEW, NODATA),
    {{CRITERION_PASS, true, ACTION_ROLLBACK, NODATA_HOLD, false}, 0},
    {{CRITERION_HARM, true, ACTION_ROLLBACK, NODATA_HOLD, false}, AWAITED},
    {{CRITERION_UNDECIDED, true, ACTION_ROLLBACK, NODATA_HOLD, true}, AWAITED},
};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

/* Every state of one aspect: a setter of the facts, and the conditions that it makes true. */
struct respect {
    void (*set)(struct decision_facts *facts, unsigned way, uint32_t *makes);
    unsigned ways;
};

static void set_state(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    static const uint32_t made[] = {[CANARY_PENDING] = PENDING,
                                    [CANARY_PAUSED] = PAUSED,
                                    [CANARY_ROLLED_BACK] = ROLLED_BACK,
                                    [CANARY_COMPLETE] = COMPLETE};
    facts->state = (enum canary_state)way;
    *makes |= made[way];
}

static void set_next(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    facts->last_stage = way & 1;
    facts->next_needs_approval = way & 2;
    *makes |= (way & 1 ? LAST : 0) | (way & 2 ? UNAPPROVED : 0);
}

static void set_few(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    facts->too_few_samples = way == 1;
    *makes |= way == 1 ? FEW : 0;
}

static void set_policy(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    facts->policy_changed = way == 1;
    *makes |= way == 1 ? CHANGED : 0;
}

static void set_silence(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    facts->stale = way == 1;
    *makes |= way == 1 ? SILENT : 0;
}

static void set_health(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    static const uint32_t made[] = {
        [NODATA_HOLD] = SICKNESS_HOLDS, [NODATA_ROLLBACK] = SICKNESS_ROLLS_BACK};
    facts->unhealthy = way < 3;
    facts->on_unhealthy = way < 3 ? (enum nodata_policy)way : NODATA_ROLLBACK;
    *makes |= way < NODATA_IGNORE ? made[way] : 0;
}

/* Before and after `hold`, before and after `max_hold`; and without one. */
static void set_time(struct decision_facts *facts, unsigned way, uint32_t *makes)
{
    static const uint32_t made[] = {[TIMEOUT_HOLD] = THEN_HOLD,
                                    [TIMEOUT_PAUSE] = THEN_PAUSE,
                                    [TIMEOUT_ROLLBACK] = THEN_ROLLBACK,
                                    [TIMEOUT_ADVANCE] = 0};
    static const int64_t elapsed[] = {9, 10, 19, 20};
    facts->hold = 10;
    facts->on_timeout = (enum timeout_policy)(way % 4);
    facts->elapsed = elapsed[way / 4 % 4];
    facts->max_hold = way < 16 ? 20 : 0;
    *makes |= made[facts->on_timeout];
    *makes |= facts->elapsed < 10 ? EARLY : 0;
    *makes |= way < 16 && facts->elapsed == 20 ? OVERDUE : 0;
}

static const struct respect respects[] = {{set_state, 5},  {set_next, 4},    {set_few, 2},
                                          {set_policy, 2}, {set_silence, 2}, {set_health, 4},
                                          {set_time, 32}};
#define RESPECT_COUNT (sizeof respects / sizeof *respects)

static uint64_t rows_met[ROW_COUNT];

/* After a change of policy, neither bounds nor group sizes mean anything. */
static uint32_t meant(uint32_t is_so)
{
    if (is_so & CHANGED)
        return is_so & ~(uint32_t)(SICKNESS_ROLLS_BACK | SICKNESS_HOLDS);
    return is_so | (is_so & BOUND_ROLLS_BACK ? HARM_ROLLS_BACK : 0) |
           (is_so & BOUND_PAUSES ? HARM_PAUSES : 0) |
           (is_so & BOUND_IS_INVESTIGATED ? HARM_IS_INVESTIGATED : 0);
}

static const struct row *row_for(uint32_t is_so)
{
    is_so = meant(is_so);
    if (is_so & (NODATA | FEW | EARLY | AWAITED | SILENT))
        is_so |= BLOCKED;
    const struct row *row = rows;
    while (row->when & ~is_so)
        row++;
    rows_met[row - rows]++;
    return row;
}

static void holds_for(struct decision_facts *facts, const struct finding *findings, uint32_t count,
                      uint32_t is_so)
{
    facts->findings = findings;
    facts->finding_count = count;
    const struct row *row = row_for(is_so);
    struct decision decision = decide(facts);
    if (decision.verdict != row->verdict || decision.rule != row->rule)
        fail_msg("what is so: %#x; got %s by %s, row %zu says %s by %s", (unsigned)is_so,
                 decision_verdict_words[decision.verdict], decision_rule_words[decision.rule],
                 (size_t)(row - rows), decision_verdict_words[row->verdict],
                 decision_rule_words[row->rule]);
}

/* No criterion, and any two of them in either order (the same one twice stands for one). */
static void holds_for_all_criteria(struct decision_facts *facts, uint32_t is_so)
{
    holds_for(facts, NULL, 0, is_so);
    for (size_t i = 0; i < KIND_COUNT; i++)
        for (size_t j = 0; j < KIND_COUNT; j++) {
            const struct finding findings[] = {kinds[i].finding, kinds[j].finding};
            holds_for(facts, findings, 2, is_so | kinds[i].makes | kinds[j].makes);
        }
}

static void every_combination_follows_the_table(void **state)
{
    (void)state;
    unsigned all = 1;
    for (size_t i = 0; i < RESPECT_COUNT; i++)
        all *= respects[i].ways;
    for (unsigned combination = 0; combination < all; combination++) {
        struct decision_facts facts = {.state = CANARY_RUNNING};
        uint32_t is_so = 0;
        unsigned rest = combination;
        for (size_t i = 0; i < RESPECT_COUNT; i++) {
            respects[i].set(&facts, rest % respects[i].ways, &is_so);
            rest /= respects[i].ways;
        }
        holds_for_all_criteria(&facts, is_so);
    }
}

static void every_row_was_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows_met[i] == 0)
            fail_msg("nothing comes to row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_follows_the_table),
        cmocka_unit_test(every_row_was_met),
    };
    return cmocka_run_group_tests_name("replay_transitions", tests, NULL, NULL);
}
