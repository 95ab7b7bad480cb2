/*
 * check_measures.c - metrics that no log can give, and criteria of a canary that exclude each
 * other.
 *
 * A format whose lines may have any field is taken at its word; `combined` has the fields it has.
 */
#include <string.h>

#include "compiler/read/read.h"

/* ------------------------------------------------------------------------------------ fields -- */

const char *const combined_field_names[] = {"remote_addr", "remote_user", "time",       "request",
                                            "method",      "path",        "protocol",   "status",
                                            "bytes",       "referer",     "user_agent", NULL};

static bool has_field(const struct log *log, const char *name)
{
    for (uint32_t i = 0; i < log->field_count; i++) {
        if (strcmp(log->fields[i].name.text, name) == 0)
            return true; /* what it is taken from is checked where it is listed */
    }
    for (const char *const *known = combined_field_names; *known; known++) {
        if (strcmp(*known, name) == 0)
            return true;
    }
    return false;
}

static void report_field(struct reader *reader, const struct log *log, const char *name,
                         struct span span)
{
    const char *known[64];
    size_t count = 0;
    while (combined_field_names[count]) {
        known[count] = combined_field_names[count];
        count++;
    }
    for (uint32_t i = 0; i < log->field_count && count < sizeof known / sizeof *known; i++)
        known[count++] = log->fields[i].name.text;
    diagnose(reader->diagnostics, FF0363, span, "log '%s' has no field '%s'", log->name.text, name);
    diagnose_note(reader->diagnostics, log->span, "its lines are of the format 'combined'");
    suggest(reader, name, known, count);
}

static void check_field(struct reader *reader, const struct log *log, const struct text *field)
{
    if (field->text && !has_field(log, field->text))
        report_field(reader, log, field->text, field->span);
}

static void check_fields(struct reader *reader, const struct log *log,
                         const struct condition *condition)
{
    if (!condition)
        return;
    check_field(reader, log, &condition->field);
    for (uint32_t i = 0; i < condition->child_count; i++)
        check_fields(reader, log, condition->children[i]);
}

static void check_metric(struct reader *reader, const struct metric *metric)
{
    const struct project *project = reader->project;
    const struct log *log = metric->log;
    if (!log && project->log_count == 1)
        log = project->logs[0];
    if (!log || log->format != LOG_COMBINED)
        return;
    check_field(reader, log, &metric->value);
    check_field(reader, log, &metric->numerator);
    check_field(reader, log, &metric->denominator);
    check_fields(reader, log, metric->where);
    check_fields(reader, log, metric->of);
}

/* A place in the log itself, where a name that is listed under `fields` means nothing. */
static void check_source(struct reader *reader, const struct log *log, const char *from,
                         struct span span)
{
    const struct log plain = {.name = log->name, .span = log->span};
    if (from && !has_field(&plain, from))
        report_field(reader, &plain, from, span);
}

static void check_log(struct reader *reader, const struct log *log)
{
    if (log->format != LOG_COMBINED)
        return;
    for (uint32_t i = 0; i < log->field_count; i++)
        check_source(reader, log, log->fields[i].from, log->fields[i].name.span);
    for (uint32_t i = 0; i < log->context_count; i++)
        check_source(reader, log, log->context[i].from, log->context[i].name.span);
}

/* ---------------------------------------------------------------------------------- criteria -- */

/* A guard that acts on the plain estimate, at any number of samples that the other is judged by. */
static bool acts_at_once(const struct criterion *guard, const struct criterion *criterion)
{
    bool stops = guard->action == ACTION_ROLLBACK || guard->action == ACTION_PAUSE;
    return stops && guard->confidence == 0 && guard->for_windows == 1 &&
           guard->over == criterion->over && guard->min_samples <= criterion->min_samples;
}

static void check_advance(struct reader *reader, const struct criteria *guards,
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
            diagnose(reader->diagnostics, FF0359, asked->written.span,
                     "'advance_when' asks '%s' for %s %s, which a guard forbids",
                     asked->metric->name.text, above ? "at least" : "at most", asked->written.text);
            diagnose_note(reader->diagnostics, guard->written.span, "the guard allows %s %s",
                          above ? "at most" : "at least", guard->written.text);
            diagnose_help(reader->diagnostics, "a metric that meets one fails the other, and the "
                                               "rollout never advances; mend one of them");
        }
    }
}

/* Those of one list are compared where it is read. */
static void check_bounds_across(struct reader *reader, const struct criteria *canary,
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
            diagnose(reader->diagnostics, FF0358, one->written.span,
                     "no value of '%s' is at least %s and at most %s", one->metric->name.text,
                     low->written.text, high->written.text);
            diagnose_note(reader->diagnostics, other->written.span, "the bound for every stage");
        }
    }
}

static void check_canary(struct reader *reader, const struct canary *canary)
{
    check_advance(reader, &canary->guards, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        const struct stage *stage = &canary->stages[i];
        check_bounds_across(reader, &canary->guards, &stage->guards);
        check_bounds_across(reader, &canary->advance_when, &stage->advance_when);
        check_advance(reader, &canary->guards, &stage->advance_when);
        check_advance(reader, &stage->guards, &canary->advance_when);
        check_advance(reader, &stage->guards, &stage->advance_when);
    }
}

void check_measures(struct reader *reader)
{
    const struct project *project = reader->project;
    for (uint32_t i = 0; i < project->log_count; i++)
        check_log(reader, project->logs[i]);
    for (uint32_t i = 0; i < project->metric_count; i++)
        check_metric(reader, project->metrics[i]);
    /* What several environments share is reported once: repetitions are dropped. */
    for (uint32_t i = 0; i < project->flag_count; i++) {
        for (uint32_t j = 0; j < project->environments.count; j++) {
            const struct targeting *targeting = &project->flags[i]->environments[j];
            if (targeting->canary)
                check_canary(reader, targeting->canary);
        }
    }
}
