/* report_json.c - the JSON of a decision, as docs/replay.md lists it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/json.h"
#include "compiler/options.h"
#include "report.h"

const char *criterion_form_text(enum criterion_form form)
{
    static const char *const texts[] = {"max", "min", "max_increase", "max_decrease"};
    return texts[form];
}

const char *finding_action_text(const struct finding *finding)
{
    static const char *const texts[] = {"rollback", "pause", "alert", "investigate"};
    return finding->advances ? "advance" : texts[finding->action];
}

void report_json_time(int64_t ms, struct buffer *out)
{
    char text[32];
    if (ms == INT64_MIN || ms == INT64_MAX) {
        json_write_string(out, NULL);
        return;
    }
    format_time(ms, text, sizeof text);
    json_write_string(out, text);
}

void input_digest(const struct analysis *analysis, char hex[33])
{
    snprintf(hex, 33, "%016" PRIx64 "%016" PRIx64, analysis->digest[1], analysis->digest[0]);
}

static void key_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    json_write_string(out, text);
}

static void key_count(struct buffer *out, const char *key, uint64_t count)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRIu64, count);
}

static void key_number(struct buffer *out, const char *key, bool given, double number)
{
    json_write_key(out, key);
    if (given)
        json_write_number(out, number);
    else
        buffer_append_text(out, "null");
}

static void group(struct buffer *out, const char *key, uint64_t samples, bool measured,
                  double estimate)
{
    json_write_key(out, key);
    buffer_append_text(out, "{");
    key_count(out, "n", samples);
    key_number(out, "estimate", measured, estimate);
    buffer_append_text(out, "}");
}

/* To the six digits that are the same with every mathematics library. */
static double rounded(double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.6g", number);
    return strtod(text, NULL);
}

/* Of which a bound that is not known is null. */
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
    key_text(out, "metric", asked->metric->name.text);
    key_text(out, "form", criterion_form_text(asked->form));
    key_number(out, "threshold", true, asked->threshold);
    if (asked->over > 0)
        key_text(out, "over", duration_text(verdict->replay->texts, asked->over));
    if (asked->for_windows > 1)
        key_count(out, "for", asked->for_windows);
    if (criterion_compares(asked))
        key_text(out, "versus", asked->versus_before ? "before" : "control");
    if (judgement->statistical)
        key_number(out, "confidence", true, judgement->confidence);
    key_text(out, "action", finding_action_text(&judgement->finding));
    key_text(out, "verdict", criterion_verdict_text(judgement->finding.verdict));
    bool bounded = judgement->comparison.method;
    key_text(out, "method", bounded ? judgement->comparison.method : "point");
    group(out, "canary", judgement->samples, judgement->measured, judgement->estimate);
    if (judgement->windowed)
        key_text(out, "control", NULL);
    else
        group(out, "control", judgement->control_samples, judgement->control_measured,
              judgement->control_estimate);
    if (criterion_compares(asked))
        key_number(out, "change", isfinite(judgement->comparison.change) && bounded,
                   rounded(judgement->comparison.change));
    if (bounded)
        interval(out, judgement->comparison.interval);
    else
        key_text(out, "interval", NULL);
    if (judgement->statistical)
        key_count(out, "look", judgement->look);
    else
        key_text(out, "look", NULL);
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

static void sentences(struct buffer *out, const char *key, const struct sentences *list)
{
    json_write_key(out, key);
    buffer_append_text(out, "[");
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
    json_write_key(out, "stage");
    buffer_append_text(out, "{");
    key_text(out, "name", verdict->stage->name.text);
    key_count(out, "index", subject->stage);
    key_number(out, "percent", true, percent / 1000.0);
    json_write_key(out, "since");
    report_json_time(verdict->analysis->since, out);
    buffer_append_text(out, "}");
    json_write_key(out, "next");
    if (!verdict->next) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_text(out, "{");
    key_text(out, "name", verdict->next->name.text);
    key_number(out, "percent", true, verdict->next->percent / 1000.0);
    buffer_append_text(out, "}");
}

static void input(struct verdict *verdict, struct buffer *out)
{
    const struct replay *replay = verdict->replay;
    const struct analysis *analysis = verdict->analysis;
    struct log_counts all = {0};
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        all.lines += replay->counts[i].lines;
        for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
            all.bad[cause] += replay->counts[i].bad[cause];
    }
    json_write_key(out, "input");
    buffer_append_text(out, "{");
    key_count(out, "lines", all.lines);
    key_count(out, "used", analysis_used(analysis));
    json_write_key(out, "bad");
    buffer_append_text(out, "{");
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        key_count(out, bad_cause_text((enum bad_cause)cause), all.bad[cause]);
    buffer_append_text(out, "}");
    json_write_key(out, "left_out");
    buffer_append_text(out, "{");
    for (int why = LEFT_OUT_BEFORE; why < ASSIGNMENT_COUNT; why++)
        if (analysis->assigned[why] > 0)
            key_count(out, assignment_text((enum assignment)why), analysis->assigned[why]);
    buffer_append_text(out, "}");
    json_write_key(out, "first");
    report_json_time(analysis->first, out);
    json_write_key(out, "last");
    report_json_time(analysis->last, out);
    char digest[33];
    input_digest(analysis, digest);
    key_text(out, "digest", digest);
    buffer_append_text(out, "}");
}

static void pair(struct buffer *out, const char *key, const double *numbers)
{
    json_write_key(out, key);
    buffer_append_text(out, "[");
    json_write_number(out, numbers[0]);
    buffer_append_text(out, ",");
    json_write_number(out, numbers[1]);
    buffer_append_text(out, "]");
}

static void sample_ratios(struct buffer *out, const struct ratio_check *ratio)
{
    if (!ratio->known) {
        key_text(out, "srm", NULL);
        return;
    }
    json_write_key(out, "srm");
    buffer_append_text(out, "{");
    key_number(out, "p", true, rounded(ratio->p));
    key_number(out, "anytime_p", true, rounded(ratio->anytime_p));
    pair(out, "expected", ratio->expected);
    pair(out, "observed", ratio->observed);
    buffer_append_text(out, "}");
}

void report_json(struct verdict *verdict, struct buffer *out)
{
    buffer_append_text(out, "{");
    key_count(out, "format_version", 1);
    key_text(out, "flag", verdict->analysis->subject.flag->name.text);
    key_text(out, "environment", verdict->environment);
    key_text(out, "verdict", decision_verdict_text(verdict->decision.verdict));
    stages(verdict, out);
    key_text(out, "rule", decision_rule_text(verdict->decision.rule));
    sentences(out, "reasons", &verdict->reasons);
    key_text(out, "would", verdict->would);
    json_write_key(out, "criteria");
    report_json_criteria(verdict, out);
    json_write_key(out, "health");
    buffer_append_text(out,
                       verdict->issues.count == 0 ? "{\"healthy\":true" : "{\"healthy\":false");
    sample_ratios(out, &verdict->ratio);
    sentences(out, "issues", &verdict->issues);
    buffer_append_text(out, "}");
    input(verdict, out);
    key_text(out, "build", verdict->analysis->subject.build);
    buffer_append_text(out, "}\n");
}
