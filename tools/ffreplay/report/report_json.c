/* report_json.c - the JSON of a decision, as documented in docs/replay.md. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"

#include "json_input.h"
#include "report.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"

const char *finding_action_text(const struct finding *finding)
{
    return finding->advances ? "advance" : criterion_action_words[finding->action];
}

static void group(struct buffer *out, const char *key, uint64_t samples, bool measured,
                  double estimate, uint64_t unreadable)
{
    field_object(out, key);
    field_count(out, "n", samples);
    field_number(out, "estimate", measured, estimate);
    if (unreadable > 0)
        field_count(out, "unreadable", unreadable);
    buffer_append_text(out, "}");
}

/* Rounded to six digits, which are the same with every mathematics library. */
static double rounded(double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.6g", number);
    return strtod(text, NULL);
}

/* A bound that is unknown is null. */
static void interval(struct buffer *out, struct interval interval)
{
    json_write_key(out, "interval");
    const double bounds[] = {interval.lower, interval.upper};
    for (int i = 0; i < 2; i++) {
        buffer_append_text(out, i == 0 ? "[" : ",");
        if (isfinite(bounds[i]))
            json_write_number(out, rounded(bounds[i]));
        else
            buffer_append_text(out, "null");
    }
    buffer_append_text(out, "]");
}

static void criterion(struct verdict *verdict, const struct judgement *judgement,
                      struct buffer *out)
{
    const struct criterion *asked = judgement->criterion;
    buffer_append_text(out, "{");
    field_text(out, "metric", asked->metric->name.text);
    field_text(out, "form", criterion_form_words[asked->form]);
    field_number(out, "threshold", true, asked->threshold);
    if (asked->over > 0)
        field_text(out, "over", duration_text(verdict->replay->texts, asked->over));
    if (asked->for_windows > 1)
        field_count(out, "for", asked->for_windows);
    if (criterion_compares(asked))
        field_text(out, "versus", asked->versus_before ? "before" : "control");
    if (judgement->statistical)
        field_number(out, "confidence", true, judgement->confidence);
    field_text(out, "action", finding_action_text(&judgement->finding));
    field_text(out, "verdict", criterion_verdict_words[judgement->finding.verdict]);
    bool bounded = judgement->comparison.method;
    field_text(out, "method", bounded ? judgement->comparison.method : "point");
    const struct cell *cells = verdict->analysis->accumulators[judgement->accumulator].cells;
    bool before = criterion_compares(asked) && asked->versus_before;
    uint64_t unreadable = cells[ASSIGNED_CANARY].unreadable.count;
    uint64_t beside = cells[before ? ASSIGNED_BEFORE : ASSIGNED_CONTROL].unreadable.count;
    if (unreadable + beside > 0)
        field_count(out, "unreadable", unreadable + beside);
    group(out, "canary", judgement->samples, judgement->measured, judgement->estimate, unreadable);
    if (judgement->windowed)
        field_text(out, "control", NULL);
    else
        group(out, "control", judgement->control_samples, judgement->control_measured,
              judgement->control_estimate, beside);
    if (criterion_compares(asked))
        field_number(out, "change", isfinite(judgement->comparison.change) && bounded,
                     rounded(judgement->comparison.change));
    if (bounded)
        interval(out, judgement->comparison.interval);
    else
        field_text(out, "interval", NULL);
    if (judgement->design_effect > 0)
        field_number(out, "design_effect", true, rounded(judgement->design_effect));
    if (judgement->statistical)
        field_count(out, "look", judgement->look);
    else
        field_text(out, "look", NULL);
    if (asked->runbook && judgement->finding.verdict == CRITERION_HARM)
        field_text(out, "runbook", asked->runbook);
    buffer_append_text(out, "}");
}

void report_json_criteria(struct verdict *verdict, struct buffer *out)
{
    buffer_append_text(out, "[");
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        json_write_comma(out);
        criterion(verdict, &verdict->analysis->judgements[i], out);
    }
    buffer_append_text(out, "]");
}

void report_json_sentences(const struct sentences *list, const char *key, struct buffer *out)
{
    field_array(out, key);
    for (uint32_t i = 0; i < list->count; i++) {
        json_write_comma(out);
        json_write_string(out, list->items[i]);
    }
    buffer_append_text(out, "]");
}

static void stages(struct verdict *verdict, struct buffer *out)
{
    const struct subject *subject = &verdict->analysis->subject;
    uint32_t percent = subject->canary->instant ? PERCENT_ALL : verdict->stage->percent;
    field_object(out, "stage");
    field_text(out, "name", verdict->stage->name.text);
    field_count(out, "index", subject->stage);
    field_number(out, "percent", true, percent / 1000.0);
    field_time(out, "since", verdict->analysis->since);
    buffer_append_text(out, "}");
    json_write_key(out, "next");
    if (!verdict->next) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_text(out, "{");
    field_text(out, "name", verdict->next->name.text);
    field_number(out, "percent", true, verdict->next->percent / 1000.0);
    buffer_append_text(out, "}");
}

static void input(struct verdict *verdict, struct buffer *out)
{
    const struct analysis *analysis = verdict->analysis;
    field_object(out, "input");
    field_input(out, verdict->replay, analysis_used(analysis));
    field_object(out, "left_out");
    for (int why = LEFT_OUT_BEFORE; why < ASSIGNMENT_COUNT; why++)
        if (analysis->assigned[why] > 0)
            field_count(out, assignment_words[why], analysis->assigned[why]);
    buffer_append_text(out, "}");
    field_time(out, "first", analysis->first);
    field_time(out, "last", analysis->last);
    field_digest(out, &analysis->digest);
    buffer_append_text(out, "}");
    const struct origins origins = analysis_origins(analysis);
    field_assignment(out, &origins);
}

static void numbers(struct buffer *out, const char *key, const double *numbers, uint32_t count)
{
    field_array(out, key);
    for (uint32_t i = 0; i < count; i++) {
        json_write_comma(out);
        json_write_number(out, numbers[i]);
    }
    buffer_append_text(out, "]");
}

void report_json_ratio(const struct unit_ratio *ratio, struct buffer *out)
{
    if (!ratio->known) {
        field_text(out, "srm", NULL);
        return;
    }
    field_object(out, "srm");
    field_number(out, "p", true, rounded(ratio->p));
    field_number(out, "anytime_p", true, rounded(ratio->anytime_p));
    numbers(out, "expected", ratio->expected, ratio->count);
    numbers(out, "observed", ratio->observed, ratio->count);
    buffer_append_text(out, "}");
}

void report_json(struct verdict *verdict, struct buffer *out)
{
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", verdict->analysis->subject.flag->name.text);
    field_text(out, "environment", verdict->environment);
    field_text(out, "verdict", decision_verdict_words[verdict->decision.verdict]);
    stages(verdict, out);
    field_text(out, "rule", decision_rule_words[verdict->decision.rule]);
    report_json_sentences(&verdict->reasons, "reasons", out);
    field_text(out, "would", verdict->would);
    json_write_key(out, "criteria");
    report_json_criteria(verdict, out);
    json_write_key(out, "health");
    buffer_append_text(out,
                       verdict->issues.count == 0 ? "{\"healthy\":true" : "{\"healthy\":false");
    report_json_ratio(&verdict->ratio, out);
    report_json_sentences(&verdict->issues, "issues", out);
    if (verdict->notes.count > 0)
        report_json_sentences(&verdict->notes, "notes", out);
    buffer_append_text(out, "}");
    input(verdict, out);
    field_text(out, "build", verdict->analysis->subject.build);
    buffer_append_text(out, "}\n");
}
