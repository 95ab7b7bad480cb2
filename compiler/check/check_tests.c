/*
 * check_tests.c - tests whose answer depends on when they run.
 *
 * A flag reads the clock if it has a gradual percentage, if a condition that it may decide by or an
 * override that the test assumes does, or if a flag that it depends on reads the clock.
 */
#include <stdlib.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "check.h"
#include "compiler/model/model.h"
#include "compiler/model/references.h"
#include "compiler/model/order.h"

enum asking { ASKS_UNKNOWN, ASKS_NOT, ASKS_CLOCK };

struct clocks {
    const struct project *project;
    uint32_t environment;
    const struct test *test; /* whose overrides apply */
    bool *reads;             /* by flag */
    bool needed;             /* whether a flag that the current one depends on reads the clock */
    enum asking *segments;   /* by segment */
};

static void ask(void *user, const struct flag *needed)
{
    struct clocks *clocks = user;
    clocks->needed |= clocks->reads[needed->index];
}

/* Flags that it names are asked for apart. NULL: does not. */
static bool asks_clock(const struct clocks *clocks, const struct condition *condition)
{
    if (!condition)
        return false;
    switch (condition->kind) {
    case CONDITION_CLOCK:
        return true;
    case CONDITION_TEST:
        return operator_kinds[condition->operator_kind].proof == PROOF_AGE;
    case CONDITION_PERCENT:
    case CONDITION_FLAG:
        return false;
    case CONDITION_SEGMENT: {
        enum asking *asks = &clocks->segments[condition->segment->index];
        if (*asks == ASKS_UNKNOWN)
            *asks = asks_clock(clocks, condition->segment->condition) ? ASKS_CLOCK : ASKS_NOT;
        return *asks == ASKS_CLOCK;
    }
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        break;
    }
    for (uint32_t i = 0; i < condition->child_count; i++)
        if (asks_clock(clocks, condition->children[i]))
            return true;
    return false;
}

static bool decides_by_clock(const struct clocks *clocks, const struct targeting *targeting)
{
    const struct canary *canary = targeting->canary;
    bool asks = false;
    for (uint32_t i = 0; i < targeting->rule_count && !asks; i++) {
        const struct rule *rule = &targeting->rules[i];
        asks = (rule->has_percent && rule->percent.gradual) ||
               (!rule_is_for_nobody(rule) && asks_clock(clocks, rule->condition));
    }
    for (uint32_t i = 0; i < targeting->value_override_count && !asks; i++)
        asks = asks_clock(clocks, targeting->value_overrides[i].condition);
    if (canary && (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED) && !asks)
        asks = asks_clock(clocks, canary->stages[canary->stage].condition);
    if (targeting->experiment && targeting->experiment->state == EXPERIMENT_RUNNING && !asks)
        asks = asks_clock(clocks, targeting->experiment->condition);
    return asks;
}

static bool reads_itself(const struct clocks *clocks, const struct flag *flag)
{
    const struct targeting *targeting = &flag->environments[clocks->environment];
    const struct selection *overrides = overrides_of(clocks->project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        bool window = override->from != INT64_MIN || override->until != INT64_MAX;
        if ((window || asks_clock(clocks, override->condition)) &&
            test_sees(clocks->test, override) && override->environments >> clocks->environment & 1)
            return true;
    }
    return targeting->enabled && decides_by_clock(clocks, targeting);
}

/* A flag comes after those it depends on, so one pass is enough. */
static bool *find_clocks(const struct project *project, uint32_t environment,
                         const struct test *test)
{
    struct clocks clocks = {project, environment,
                            test,    xcalloc(project->flag_count + 1u, 1),
                            false,   xcalloc(project->segment_count + 1u, sizeof(enum asking))};
    uint32_t *order = xcalloc(project->flag_count + 1u, sizeof *order);
    struct references references;
    references_init(&references, project, environment);
    references.found = ask;
    references.user = &clocks;
    bool ordered = order_flags(project, environment, order);
    for (uint32_t i = 0; ordered && i < project->flag_count; i++) {
        const struct flag *flag = project->flags[order[i]];
        clocks.needed = false;
        references_of(&references, flag);
        clocks.reads[order[i]] = clocks.needed || reads_itself(&clocks, flag);
    }
    references_release(&references);
    free(clocks.segments);
    free(order);
    return clocks.reads;
}

void check_tests(const struct checker *checker)
{
    const struct project *project = checker->project;
    /* Errors in the flags themselves are reported first. */
    if (checker->diagnostics->errors || !project->test_count)
        return;
    for (uint32_t environment = 0; environment < project->environments.count; environment++) {
        bool *usual = NULL; /* for tests that assume no override, as nearly all do */
        for (uint32_t i = 0; i < project->test_count; i++) {
            const struct test *test = project->tests[i];
            if (test->at != INT64_MIN || !(test->environments >> environment & 1))
                continue;
            bool plain = !test->overrides.active && !test->overrides.count;
            bool *reads = plain ? usual : NULL;
            if (!reads)
                reads = find_clocks(project, environment, test);
            bool depends = reads[test->flag->index];
            if (plain)
                usual = reads;
            else
                free(reads);
            if (!depends)
                continue;
            diagnose(checker->diagnostics, FF0541, test->name.span,
                     "the answer of '%s' depends on when this test runs", test->flag->name.text);
            diagnose_help(checker->diagnostics, "set the time: at: 2026-12-01T00:00:00Z");
        }
        free(usual);
    }
}
