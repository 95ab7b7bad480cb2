/* check_criteria.c - criteria that contradict each other, or measure what was not randomised. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"
#include "check.h"

/* A guard that acts on the plain estimate, at any sample count at which the other is judged. */
static bool acts_at_once(const struct criterion *guard, const struct criterion *criterion)
{
    bool stops = guard->action == ACTION_ROLLBACK || guard->action == ACTION_PAUSE;
    return stops && guard->confidence == 0 && guard->for_windows == 1 &&
           guard->over == criterion->over && guard->min_samples <= criterion->min_samples;
}

static void check_advance(const struct checker *checker, const struct criteria *guards,
                          const struct criteria *advance)
{
    for (uint32_t i = 0; i < advance->count; i++) {
        const struct criterion *asked = &advance->items[i];
        for (uint32_t j = 0; j < guards->count; j++) {
            const struct criterion *guard = &guards->items[j];
            if (!asked->metric || asked->metric != guard->metric || !acts_at_once(guard, asked))
                continue;
            bool above = asked->form == CRITERION_MIN && guard->form == CRITERION_MAX &&
                         asked->threshold > guard->threshold;
            bool below = asked->form == CRITERION_MAX && guard->form == CRITERION_MIN &&
                         asked->threshold < guard->threshold;
            if (!above && !below)
                continue;
            diagnose(checker->diagnostics, FF0359, asked->written.span,
                     "'advance_when' requires '%s' to be %s %s, which a guard forbids",
                     asked->metric->name.text, above ? "at least" : "at most", asked->written.text);
            diagnose_note(checker->diagnostics, guard->written.span, "the guard allows %s %s",
                          above ? "at most" : "at least", guard->written.text);
            diagnose_help(checker->diagnostics, "a value that meets one fails the other, so the "
                                                "rollout never advances; change one of them");
        }
    }
}

/* Bounds in the same list were compared when it was read. */
static void check_bounds_across(const struct checker *checker, const struct criteria *canary,
                                const struct criteria *stage)
{
    for (uint32_t i = 0; i < stage->count; i++) {
        for (uint32_t j = 0; j < canary->count; j++) {
            const struct criterion *one = &stage->items[i], *other = &canary->items[j];
            bool least = one->form == CRITERION_MIN && other->form == CRITERION_MAX;
            bool most = one->form == CRITERION_MAX && other->form == CRITERION_MIN;
            if ((!least && !most) || !one->metric || one->metric != other->metric ||
                one->over != other->over)
                continue;
            const struct criterion *low = least ? one : other, *high = least ? other : one;
            if (low->threshold <= high->threshold)
                continue;
            diagnose(checker->diagnostics, FF0358, one->written.span,
                     "no value of '%s' is at least %s and at most %s", one->metric->name.text,
                     low->written.text, high->written.text);
            diagnose_note(checker->diagnostics, other->written.span, "the bound for every stage");
            diagnose_help(
                checker->diagnostics,
                "one of the two is always violated: make room between them, or remove one");
        }
    }
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

/* Whether a threshold is an amount of the metric's unit, and says of which. */
static bool says_unit(const struct criterion *criterion)
{
    const char *text = criterion->written.text;
    return text[strspn(text, "0123456789.-+eE ")] != '\0';
}

static bool is_amount(const struct criterion *criterion)
{
    bool relative = criterion->form >= CRITERION_MAX_INCREASE && !criterion->absolute;
    return criterion->metric && criterion->metric->unit && criterion->written.text && !relative &&
           !strchr(criterion->written.text, '%');
}

/* Beside a threshold that says its unit, a plain number is most often meant in another one. */
static void warn_units(const struct checker *checker, const struct criteria *plain,
                       const struct criteria *others)
{
    for (uint32_t i = 0; i < plain->count; i++) {
        const struct criterion *one = &plain->items[i], *other = NULL;
        for (uint32_t j = 0; is_amount(one) && !says_unit(one) && j < others->count && !other; j++)
            if (others->items[j].metric == one->metric && is_amount(&others->items[j]) &&
                says_unit(&others->items[j]))
                other = &others->items[j];
        if (!other || one->threshold == 0)
            continue;
        diagnose(checker->diagnostics, FF0367, one->written.span, "'%s' without a unit is %s%s",
                 one->written.text, one->written.text, one->metric->unit);
        diagnose_note(checker->diagnostics, other->written.span, "this threshold says its unit");
        diagnose_help(checker->diagnostics, "write %s%s, or the unit that is meant",
                      one->written.text, one->metric->unit);
    }
}

static void check_canary(const struct checker *checker, const struct flag *flag,
                         const struct targeting *targeting)
{
    const struct canary *canary = targeting->canary;
    check_units(checker, flag, targeting, &canary->guards);
    check_units(checker, flag, targeting, &canary->advance_when);
    check_advance(checker, &canary->guards, &canary->advance_when);
    warn_units(checker, &canary->guards, &canary->guards);
    warn_units(checker, &canary->guards, &canary->advance_when);
    warn_units(checker, &canary->advance_when, &canary->guards);
    warn_units(checker, &canary->advance_when, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        const struct stage *stage = &canary->stages[i];
        check_units(checker, flag, targeting, &stage->guards);
        check_units(checker, flag, targeting, &stage->advance_when);
        check_bounds_across(checker, &canary->guards, &stage->guards);
        check_bounds_across(checker, &canary->advance_when, &stage->advance_when);
        check_advance(checker, &canary->guards, &stage->advance_when);
        check_advance(checker, &stage->guards, &canary->advance_when);
        check_advance(checker, &stage->guards, &stage->advance_when);
    }
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
        }
    }
}
