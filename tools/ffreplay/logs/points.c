/* points.c - see points.h. */
#include "points.h"

#include "compiler/cli/messages.h"
#include "compiler/model/log.h"
#include "compiler/model/model.h"

static bool fits_log(const struct project *project, const struct log *log)
{
    bool has_sides = log->format == LOG_KAYENTA;
    const char *too_much = log->unit                   ? "unit"
                           : log->context_count > 0    ? "context"
                           : has_sides && log->flag    ? "flag"
                           : has_sides && log->variant ? "variant"
                                                       : NULL;
    if (too_much)
        print_error_at(&project->sources, log->span,
                       "log '%s' has points that were aggregated before: they have no %s",
                       log->name.text, too_much);
    else if (!has_sides && !log->variant)
        print_error_at(&project->sources, log->span,
                       "log '%s' does not name the label that distinguishes the variants",
                       log->name.text);
    else
        return true;
    print_help(has_sides ? "leave it out: the groups are 'control' and 'experiment'"
                         : "name the label whose values are the flag's variants: variant: LABEL");
    return false;
}

static bool fits_metric(const struct project *project, const struct log *log,
                        const struct metric *metric)
{
    const struct metric_traits *traits = metric_traits(metric);
    if (!metric->per_unit && traits->over == OVER_EVENTS)
        return true;
    const char *what = metric->per_unit ? "per unit" : traits->noun;
    print_error_at(
        &project->sources, metric->name.span,
        "metric '%s' is %s, and log '%s' has points that were aggregated before, not events",
        metric->name.text, what, log->name.text);
    print_help(metric->per_unit
                   ? "leave out 'per: unit': a point stands for many units"
                   : "let the query compute it, and take 'mean', 'max' or 'last' of its points");
    return false;
}

static bool fits_bound(const struct project *project, const struct criterion *criterion)
{
    const char *asked = criterion->form >= CRITERION_MAX_INCREASE
                            ? criterion_form_words[criterion->form]
                        : criterion->confidence > 0 ? "confidence"
                                                    : NULL;
    if (!asked)
        return true;
    print_error_at(
        &project->sources, criterion->span,
        "'%s' of metric '%s' asks for a bound, and points of a time series give none: each "
        "resembles the one before it, and stands for an unknown number of events",
        asked, criterion->metric->name.text);
    print_help("'max' and 'min' judge the estimate; for bounds, replay the events themselves");
    return false;
}

static bool all_fit(const struct project *project, const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct criterion *criterion = &criteria->items[i];
        const struct log *log = criterion->metric->log;
        if (!log && project->log_count == 1)
            log = project->logs[0];
        if (!log || !log_format_is_series(log->format))
            continue;
        if (!fits_log(project, log) || !fits_metric(project, log, criterion->metric) ||
            !fits_bound(project, criterion))
            return false;
    }
    return true;
}

bool points_fit(const struct project *project, const struct canary *canary)
{
    bool fit = all_fit(project, &canary->guards) && all_fit(project, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++)
        fit = fit && all_fit(project, &canary->stages[i].guards) &&
              all_fit(project, &canary->stages[i].advance_when);
    return fit;
}
