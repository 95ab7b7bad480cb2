/* plan_json.c - plans for programs. See plan_page.h. */
#include <math.h>

#include "compiler/base/buffer.h"
#include "plan_page.h"
#include "compiler/base/json.h"
#include "tools/ffreplay/report/report.h"

/* Null stands for never as well as for unknown; `never` distinguishes them. */
static void put_number(struct buffer *out, const char *key, double number)
{
    field_number(out, key, isfinite(number), isfinite(number) ? number : 0);
}

static void put_sentences(struct buffer *out, const char *key, const struct sentences *sentences)
{
    field_array(out, key);
    for (uint32_t i = 0; i < sentences->count; i++) {
        json_write_comma(out);
        json_write_string(out, sentences->items[i]);
    }
    buffer_append_text(out, "]");
}

static void put_prospect(struct buffer *out, const struct prospect *prospect)
{
    const struct criterion *criterion = prospect->judgement->criterion;
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "metric", prospect->metric->name.text);
    field_text(out, "form", criterion_form_words[criterion->form]);
    field_number(out, "threshold", true, criterion->threshold);
    field_text(out, "action", finding_action_text(&prospect->judgement->finding));
    put_number(out, "baseline", prospect->baseline);
    put_number(out, "samples", prospect->samples);
    put_number(out, "seconds", prospect->seconds);
    field_truth(out, "never", isinf(prospect->seconds));
    put_number(out, "effect", prospect->effect);
    field_text(out, "note", prospect->note);
    buffer_append_text(out, "}");
}

static void put_stage(struct buffer *out, const struct stage_plan *stage)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", stage->stage->name.text);
    field_number(out, "percent", true, stage->stage->percent / 1000.0);
    field_number(out, "hold_seconds", true, (double)stage->stage->hold / 1000);
    put_number(out, "canary_lines_per_second", stage->canary_rate);
    put_number(out, "seconds", stage->seconds);
    field_truth(out, "at_least", stage->unknown);
    field_truth(out, "never", isinf(stage->seconds));
    field_array(out, "criteria");
    for (uint32_t i = 0; i < stage->count; i++)
        if (!stage->prospects[i].has_no_control)
            put_prospect(out, &stage->prospects[i]);
    buffer_append_text(out, "]");
    put_sentences(out, "notes", &stage->warnings);
    buffer_append_text(out, "}");
}

void plan_canary_json(const struct canary_plan *plan, struct buffer *out)
{
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", plan->flag->name.text);
    field_text(out, "environment", plan->environment);
    field_number(out, "power", true, plan->wish->power);
    put_number(out, "lines_per_second", plan->lines_per_second);
    put_number(out, "seconds", plan->seconds);
    field_truth(out, "at_least", plan->unknown);
    field_array(out, "stages");
    for (uint32_t i = 0; i < plan->stage_count; i++)
        put_stage(out, &plan->stages[i]);
    buffer_append_text(out, "]}\n");
}

void plan_experiment_json(const struct experiment_plan *plan, struct buffer *out)
{
    const struct experiment *experiment = &plan->experiment;
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", plan->flag->name.text);
    field_text(out, "environment", plan->environment);
    field_text(out, "primary", experiment->primary ? experiment->primary->name.text : NULL);
    field_number(out, "mde", experiment->mde > 0, experiment->mde);
    field_number(out, "power", true, experiment->power);
    field_number(out, "alpha", true, experiment->alpha);
    bool sequential = experiment->primary && method_of_primary(experiment) == ANALYSIS_SEQUENTIAL;
    field_text(out, "method",
               analysis_method_words[experiment->primary ? method_of_primary(experiment)
                                                         : experiment->method]);
    field_text(out, "judged_by",
               sequential && plan->known ? share_method_words[plan->size.judged] : NULL);
    field_count(out, "guards", experiment->guards.count);
    field_number(out, "power_of_primary", plan->known, plan->size.power);
    field_number(out, "units_at_a_fixed_end", plan->known, plan->size.fixed);
    field_number(out, "units", plan->known, plan->size.all);
    field_number(out, "units_of_the_smallest_arm", plan->known, plan->size.units);
    field_truth(out, "at_least", plan->known && !plan->size.is_certain);
    field_number(out, "days", plan->known && !isnan(plan->size.days), plan->size.days);
    field_text(out, "unknown", plan->known ? NULL : plan->unknown);
    field_array(out, "finds");
    for (size_t i = 0; plan->finds && i < PLANNED_SPANS; i++) {
        double effect = plan_effect(plan, planned_days[i]);
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_count(out, "days", (uint64_t)planned_days[i]);
        field_number(out, "effect", !isnan(effect), effect);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]}\n");
}
