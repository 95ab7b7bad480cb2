/* check_criteria.c - criteria that contradict each other, or measure what was not randomised. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/bounds.h"
#include "compiler/model/model.h"
#include "check.h"

/* A guard that acts on the plain estimate, at the sample count at which it is judged. */
static bool acts_at_once(const struct criterion *guard)
{
    bool stops = guard->action == ACTION_ROLLBACK || guard->action == ACTION_PAUSE;
    return stops && guard->confidence == 0 && guard->for_windows == 1;
}

static int compare_samples(const void *left, const void *right)
{
    const struct criterion *a = *(const struct criterion *const *)left;
    const struct criterion *b = *(const struct criterion *const *)right;
    if (a->min_samples != b->min_samples)
        return a->min_samples < b->min_samples ? -1 : 1;
    return a < b ? -1 : a > b;
}

static const struct criterion **by_samples(const struct checker *checker,
                                           const struct criteria *criteria)
{
    const struct criterion **sorted =
        ARENA_ARRAY(checker->arena, const struct criterion *, criteria->count);
    for (uint32_t i = 0; i < criteria->count; i++)
        sorted[i] = &criteria->items[i];
    qsort(sorted, criteria->count, sizeof *sorted, compare_samples);
    return sorted;
}

static void report_advance(const struct checker *checker, const struct criterion *asked,
                           const struct criterion *guard)
{
    bool above = asked->form == CRITERION_MIN;
    diagnose(checker->diagnostics, FF0359, asked->written.span,
             "'advance_when' requires '%s' to be %s %s, which a guard forbids",
             asked->metric->name.text, above ? "at least" : "at most", asked->written.text);
    diagnose_note(checker->diagnostics, guard->written.span, "the guard allows %s %s",
                  above ? "at most" : "at least", guard->written.text);
    diagnose_help(checker->diagnostics, "a value that meets one fails the other, so the "
                                        "rollout never advances; change one of them");
}

/* Each is held against the guards that are judged no later than it. */
static void check_advance(const struct checker *checker, const struct criteria *guards,
                          const struct criteria *advance)
{
    struct bounds bounds = {0};
    if (!guards->count || !advance->count)
        return;
    const struct criterion **guard = by_samples(checker, guards);
    const struct criterion **asked = by_samples(checker, advance);
    for (uint32_t i = 0, j = 0; i < advance->count; i++) {
        for (; j < guards->count && guard[j]->min_samples <= asked[i]->min_samples; j++)
            if (acts_at_once(guard[j]))
                bounds_add(&bounds, checker->arena, guard[j]);
        const struct criterion *forbids = bounds_conflict(&bounds, asked[i]);
        if (forbids)
            report_advance(checker, asked[i], forbids);
    }
}

/* Bounds in the same list were compared when it was read. */
static void check_bounds_across(const struct checker *checker, const struct bounds *canary,
                                const struct criteria *stage)
{
    for (uint32_t i = 0; i < stage->count; i++) {
        const struct criterion *one = &stage->items[i];
        const struct criterion *other = bounds_conflict(canary, one);
        if (other)
            bounds_report_conflict(checker->diagnostics, one, other, "the bound for every stage");
    }
}

static struct bounds bounds_of(const struct checker *checker, const struct criteria *criteria)
{
    struct bounds bounds = {0};
    for (uint32_t i = 0; i < criteria->count; i++)
        bounds_add(&bounds, checker->arena, &criteria->items[i]);
    return bounds;
}

/* Keys were randomised: the unit of analysis must be the key, or vary as keys do. */
static void check_units(const struct checker *checker, const struct flag *flag,
                        const struct targeting *targeting, const struct criteria *criteria)
{
    const struct project *project = checker->project;
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct criterion *criterion = &criteria->items[i];
        const struct metric *metric = criterion->metric;
        bool bounds = criterion->form >= CRITERION_MAX_INCREASE || criterion->confidence > 0;
        const struct log *log = metric && metric->log     ? metric->log
                                : project->log_count == 1 ? project->logs[0]
                                                          : NULL;
        if (!metric || !bounds || !log)
            continue;
        enum log_units units = log_units(log, targeting->bucket_by);
        if (units == UNITS_ARE_BUCKETED || (units == UNITS_BESIDE_BUCKETED && !metric->per_unit))
            continue;
        const char *key = targeting->bucket_by->text;
        diagnose(checker->diagnostics, FF0373, criterion->span,
                 "'%s' counts '%s', but '%s' is bucketed by '%s'", metric->name.text, log->unit,
                 flag->name.text, key);
        if (units == UNITS_UNKNOWN && targeting->bucket_by->count > 1)
            diagnose_help(checker->diagnostics,
                          "name the fields of log '%s' that have all of it; it lacks '%s': "
                          "context: {%s: FIELD}",
                          log->name.text, log_lacks(log, targeting->bucket_by)->name.text,
                          log_lacks(log, targeting->bucket_by)->name.text);
        else if (units == UNITS_UNKNOWN)
            diagnose_help(checker->diagnostics,
                          "name the field of log '%s' that has it: context: {%s: FIELD}",
                          log->name.text, key);
        else
            diagnose_help(checker->diagnostics,
                          "count events, whose bounds are over '%s', or set 'unit' to its field",
                          key);
    }
}

/* Its cap is that of an analysis, and another at each. */
static void check_winsorized(const struct checker *checker, const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct metric *metric = criteria->items[i].metric;
        if (!metric || !(metric->winsorize > 0))
            continue;
        diagnose(checker->diagnostics, FF0560, criteria->items[i].span,
                 "'%s' is winsorized, which only an experiment's metrics can be",
                 metric->name.text);
        diagnose_note(checker->diagnostics, metric->name.span, "it is defined here");
        diagnose_help(checker->diagnostics, "give it a 'cap', or the canary another metric");
    }
}

/* Whether a threshold is an amount of the metric's unit, and says of which. */
static bool says_unit(const struct criterion *criterion)
{
    const char *text = criterion->written.text;
    return text[strspn(text, "0123456789.-+eE ")] != '\0';
}

/* A flag's value is written elsewhere, and where it is a number, it cannot say a unit. */
static bool is_amount(const struct criterion *criterion)
{
    bool relative = criterion->form >= CRITERION_MAX_INCREASE && !criterion->absolute;
    return criterion->metric && criterion->metric->unit && criterion->written.text && !relative &&
           !criterion->of_flag && !strchr(criterion->written.text, '%');
}

/* By metric, the first threshold of a rollout or experiment that says its unit. */
static void collect_units(const struct checker *checker, struct table *said,
                          const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++)
        if (is_amount(&criteria->items[i]) && says_unit(&criteria->items[i]))
            table_add(said, checker->arena, criteria->items[i].metric->name.text,
                      &criteria->items[i]);
}

/* Beside a threshold that says its unit, a plain number is most often meant in another one. */
static void warn_units(const struct checker *checker, const struct table *said,
                       const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct criterion *one = &criteria->items[i];
        if (!is_amount(one) || says_unit(one) || one->threshold == 0)
            continue;
        const struct criterion *other = table_get(said, one->metric->name.text);
        if (!other)
            continue;
        diagnose(checker->diagnostics, FF0367, one->written.span, "'%s' without a unit is %s%s",
                 one->written.text, one->written.text, one->metric->unit);
        diagnose_note(checker->diagnostics, other->written.span, "this threshold says its unit");
        diagnose_help(checker->diagnostics, "write %s%s, or the unit that is meant",
                      one->written.text, one->metric->unit);
    }
}

static void check_canary_units(const struct checker *checker, const struct canary *canary)
{
    struct table said = {0};
    collect_units(checker, &said, &canary->guards);
    collect_units(checker, &said, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        collect_units(checker, &said, &canary->stages[i].guards);
        collect_units(checker, &said, &canary->stages[i].advance_when);
    }
    warn_units(checker, &said, &canary->guards);
    warn_units(checker, &said, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        warn_units(checker, &said, &canary->stages[i].guards);
        warn_units(checker, &said, &canary->stages[i].advance_when);
    }
}

static void check_canary(const struct checker *checker, const struct flag *flag,
                         const struct targeting *targeting)
{
    const struct canary *canary = targeting->canary;
    const struct bounds guards = bounds_of(checker, &canary->guards);
    const struct bounds advance_when = bounds_of(checker, &canary->advance_when);
    check_units(checker, flag, targeting, &canary->guards);
    check_units(checker, flag, targeting, &canary->advance_when);
    check_winsorized(checker, &canary->guards);
    check_winsorized(checker, &canary->advance_when);
    check_advance(checker, &canary->guards, &canary->advance_when);
    check_canary_units(checker, canary);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        const struct stage *stage = &canary->stages[i];
        check_units(checker, flag, targeting, &stage->guards);
        check_units(checker, flag, targeting, &stage->advance_when);
        check_winsorized(checker, &stage->guards);
        check_winsorized(checker, &stage->advance_when);
        check_bounds_across(checker, &guards, &stage->guards);
        check_bounds_across(checker, &advance_when, &stage->advance_when);
        check_advance(checker, &canary->guards, &stage->advance_when);
        check_advance(checker, &stage->guards, &canary->advance_when);
        check_advance(checker, &stage->guards, &stage->advance_when);
    }
}

static void check_experiment(const struct checker *checker, const struct experiment *experiment)
{
    struct table said = {0};
    collect_units(checker, &said, &experiment->guards);
    warn_units(checker, &said, &experiment->guards);
}

void check_criteria(const struct checker *checker)
{
    const struct project *project = checker->project;
    /* Findings shared by several environments are reported once: repetitions are dropped. */
    for (uint32_t i = 0; i < project->flag_count; i++) {
        for (uint32_t j = 0; j < project->environments.count; j++) {
            const struct targeting *targeting = &project->flags[i]->environments[j];
            if (targeting->canary)
                check_canary(checker, project->flags[i], targeting);
            if (targeting->experiment)
                check_experiment(checker, targeting->experiment);
        }
    }
}
