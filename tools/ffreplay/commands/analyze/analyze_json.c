/* analyze_json.c - the analysis for programs. See analyze_page.h. */
#include <math.h>

#include "analyze_page.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/report/json_input.h"

static void put_number(struct buffer *out, const char *key, double number)
{
    field_number(out, key, isfinite(number), number);
}

static void put_interval(struct buffer *out, const char *key, const struct interval *interval)
{
    field_array(out, key);
    for (int i = 0; i < 2; i++) {
        double bound = i == 0 ? interval->lower : interval->upper;
        json_write_comma(out);
        if (isfinite(bound))
            json_write_number(out, bound);
        else
            buffer_append_text(out, "null");
    }
    buffer_append_text(out, "]");
}

static void put_sentences(struct buffer *out, const char *key, const struct sentence_list *list)
{
    field_array(out, key);
    for (uint32_t i = 0; i < list->count; i++) {
        json_write_comma(out);
        json_write_string(out, list->items[i]);
    }
    buffer_append_text(out, "]");
}

static void put_counts(struct buffer *out, const char *key, const struct conclusion *conclusion,
                       bool expected)
{
    double all = (double)conclusion->units.all, shares = 0;
    for (uint32_t i = 0; i < conclusion->arms->count; i++)
        shares += conclusion->arms->shares[i];
    field_object(out, key);
    for (uint32_t i = 0; i < conclusion->arms->count; i++)
        if (expected)
            put_number(out, conclusion->names[i], all * conclusion->arms->shares[i] / shares);
        else
            field_count(out, conclusion->names[i], conclusion->units.by_arm[i]);
    buffer_append_text(out, "}");
}

static void put_day(struct buffer *out, const struct conclusion *conclusion,
                    const struct day_ratio *day)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_time(out, "day", day->day);
    field_object(out, "observed");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        field_count(out, conclusion->names[arm], day->by_arm[arm]);
    buffer_append_text(out, "}");
    put_number(out, "p", day->p);
    buffer_append_text(out, "}");
}

static void put_balances(struct buffer *out, const struct conclusion *conclusion)
{
    field_array(out, "balance");
    for (uint32_t i = 0; i < conclusion->balance_count; i++) {
        const struct balance *balance = &conclusion->balances[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "by", balance->field);
        put_number(out, "chi_square", balance->fit.statistic);
        field_count(out, "df", balance->fit.degrees);
        put_number(out, "p_fixed", balance->fit.p);
        put_number(out, "p", balance->anytime_p);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void put_before(struct buffer *out, const struct conclusion *conclusion)
{
    field_array(out, "before");
    for (uint32_t i = 0; i < conclusion->before_gap_count; i++) {
        const struct before_gap *gap = &conclusion->before_gaps[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "metric", conclusion->metrics[gap->metric].measure->metric->name.text);
        field_text(out, "variant", conclusion->names[gap->arm]);
        put_number(out, "difference", gap->change.value);
        put_number(out, "difference_error", gap->change.error);
        put_number(out, "p", gap->anytime_p);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

static void put_quality(struct buffer *out, const struct conclusion *conclusion)
{
    field_object(out, "quality");
    field_truth(out, "healthy", conclusion->issues.count == 0);
    if (isnan(conclusion->ratio.fit.p)) {
        json_write_key(out, "sample_ratio");
        buffer_append_text(out, "null");
    } else {
        field_object(out, "sample_ratio");
        put_number(out, "p", conclusion->ratio.anytime_p);
        put_number(out, "log_e", conclusion->ratio_log_e);
        put_number(out, "p_fixed", conclusion->ratio.fit.p);
        put_number(out, "chi_square", conclusion->ratio.fit.statistic);
        put_counts(out, "observed", conclusion, false);
        put_counts(out, "expected", conclusion, true);
        buffer_append_text(out, "}");
    }
    field_count(out, "crossovers", conclusion->units.crossover);
    field_array(out, "days");
    for (uint32_t i = 0; i < conclusion->day_count; i++)
        put_day(out, conclusion, &conclusion->days[i]);
    buffer_append_text(out, "]");
    put_balances(out, conclusion);
    put_before(out, conclusion);
    put_sentences(out, "issues", &conclusion->issues);
    buffer_append_text(out, "}");
}

static void put_arm(struct buffer *out, const struct arm_evidence *arm)
{
    field_count(out, "n", arm->exposed);
    field_count(out, "measured", arm->measured);
    put_number(out, "value", arm->value);
    put_number(out, "variance", arm->moments.outcome.n >= 2 ? arm->moments.outcome.variance : NAN);
}

static const char *metric_method_word(const struct judgement *judgement)
{
    return judgement->by_ranks ? metric_method_words[METRIC_MANN_WHITNEY]
                               : analysis_method_words[judgement->method];
}

/* A p that nobody has is 1: nothing is shown. */
static double p_or_none(double p)
{
    return isnan(p) ? 1 : p;
}

static void put_effect(struct buffer *out, const struct effect *effect)
{
    put_number(out, "difference", effect->absolute.value);
    put_number(out, "difference_error", effect->absolute.error);
    put_number(out, "degrees", effect->absolute.degrees);
    put_interval(out, "difference_interval", &effect->absolute_interval);
    put_number(out, "relative", effect->relative.value);
    put_number(out, "relative_error", effect->relative.error);
    put_interval(out, "relative_interval", &effect->relative_interval);
    put_number(out, "p", p_or_none(effect->p));
    put_number(out, "e", exp(effect->log_e));
}

static void put_chance(struct buffer *out, const struct effect *effect)
{
    if (isnan(effect->chance))
        return;
    put_number(out, "chance_to_be_better", effect->chance);
    put_number(out, "expected_loss", effect->loss);
    put_number(out, "expected_loss_of_control", effect->loss_of_control);
}

/* How it was come by. */
static void put_method(struct buffer *out, const struct effect *effect)
{
    if (effect->state != EFFECT_FINE)
        field_text(out, "why", effect_state_word(effect->state));
    field_text(out, "method", effect->method);
    put_number(out, "slope", effect->slope);
    put_number(out, "variance_reduced", effect->variance_reduced);
    if (!isnan(effect->superiority))
        put_number(out, "superiority", effect->superiority);
}

/* Of finding `mde`: now, and by how much more units it would be the one that is wanted. */
static void put_power(struct buffer *out, const struct judged_metric *metric,
                      const struct effect *effect, const struct experiment_terms *terms)
{
    put_number(out, "power_now", effect_power(&metric->judgement, effect, terms->mde, 1));
    put_number(out, "units_times_for_power",
               effect_growth_for(&metric->judgement, effect, terms->mde, terms->power));
}

static void put_variant(struct buffer *out, const struct judged_metric *metric, uint32_t arm,
                        const char *name, const struct experiment_terms *terms)
{
    const struct judged_effect *judged = &metric->variants[arm];
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", name);
    put_arm(out, &metric->arms[arm]);
    put_effect(out, &judged->effect);
    field_truth(out, "significant",
                judged->verdict == VERDICT_BETTER || judged->verdict == VERDICT_WORSE);
    put_number(out, "p_adjusted", p_or_none(judged->p_adjusted));
    if (metric->role == ROLE_GUARD)
        put_number(out, "p_within", p_or_none(judged->p_within));
    put_chance(out, &judged->effect);
    if (metric->role == ROLE_PRIMARY && terms->mde > 0)
        put_power(out, metric, &judged->effect, terms);
    field_text(out, "verdict", effect_verdict_words[judged->verdict]);
    put_method(out, &judged->effect);
    buffer_append_text(out, "}");
}

static void put_metric(struct buffer *out, const struct conclusion *conclusion,
                       const struct judged_metric *metric)
{
    uint32_t control = conclusion->arms->control;
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", metric->measure->metric->name.text);
    field_text(out, "role", metric_role_words[metric->role]);
    field_text(out, "kind", metric_traits(metric->measure->metric)->name);
    if (metric->role == ROLE_GUARD) {
        field_text(out, "form", criterion_form_words[metric->guard->form]);
        field_number(out, "threshold", true, metric->guard->threshold);
    }
    field_text(out, "method", metric_method_word(&metric->judgement));
    if (!isnan(metric->winsorized.cap)) {
        field_object(out, "winsorized");
        put_number(out, "quantile", metric->measure->metric->winsorize);
        put_number(out, "cap", metric->winsorized.cap);
        field_count(out, "units_above", metric->winsorized.above);
        buffer_append_text(out, "}");
    }
    if (metric->arms[control].strata)
        field_count(out, "strata", metric->arms[control].stratum_count);
    field_object(out, "control");
    put_arm(out, &metric->arms[control]);
    buffer_append_text(out, "}");
    field_array(out, "variants");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != control)
            put_variant(out, metric, arm, conclusion->names[arm], &conclusion->terms);
    buffer_append_text(out, "]}");
}

static void put_group_effect(struct buffer *out, const struct conclusion *conclusion,
                             const struct breakdown *breakdown, size_t place, uint32_t arm)
{
    const struct group_effect *seen = &breakdown->effects[place + arm];
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", conclusion->names[arm]);
    put_arm(out, &breakdown->evidence[place + arm]);
    put_effect(out, &seen->effect);
    put_number(out, "p_adjusted", p_or_none(seen->p_adjusted));
    put_chance(out, &seen->effect);
    field_text(out, "verdict", effect_verdict_words[seen->verdict]);
    put_method(out, &seen->effect);
    buffer_append_text(out, "}");
}

static void put_group_metric(struct buffer *out, const struct conclusion *conclusion,
                             const struct breakdown *breakdown, uint32_t group, uint32_t metric)
{
    const struct judged_metric *judged = &conclusion->metrics[metric];
    size_t place = breakdown_place(conclusion, breakdown, metric, group, 0);
    uint32_t control = conclusion->arms->control;
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "name", judged->measure->metric->name.text);
    field_text(out, "role", metric_role_words[judged->role]);
    field_object(out, "control");
    put_arm(out, &breakdown->evidence[place + control]);
    buffer_append_text(out, "}");
    field_array(out, "variants");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != control)
            put_group_effect(out, conclusion, breakdown, place, arm);
    buffer_append_text(out, "]}");
}

static void put_group(struct buffer *out, const struct conclusion *conclusion,
                      const struct breakdown *breakdown, uint32_t number)
{
    static const char *const kinds[] = {
        [GROUP_OF_VALUE] = "value", [GROUP_OF_OTHERS] = "other", [GROUP_WITHOUT_VALUE] = "none"};
    const struct unit_group *group = &breakdown->groups->items[number];
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "group", kinds[group->kind]);
    field_text(out, "value", group->kind == GROUP_OF_VALUE ? group->text : NULL);
    field_count(out, "values", group->values);
    field_object(out, "units");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        field_count(out, conclusion->names[arm], group->by_arm[arm]);
    buffer_append_text(out, "}");
    put_number(out, "sample_ratio_p", breakdown->ratio_p[number]);
    field_array(out, "metrics");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        put_group_metric(out, conclusion, breakdown, number, i);
    buffer_append_text(out, "]}");
}

static void put_interaction(struct buffer *out, const struct conclusion *conclusion,
                            const struct breakdown *breakdown, uint32_t metric, uint32_t arm)
{
    const struct judged_metric *judged = &conclusion->metrics[metric];
    const struct interaction *found =
        &breakdown->interactions[interaction_place(conclusion, metric, arm)];
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "metric", judged->measure->metric->name.text);
    field_text(out, "role", metric_role_words[judged->role]);
    field_text(out, "variant", conclusion->names[arm]);
    put_number(out, "q", found->test.statistic);
    field_count(out, "df", found->test.degrees);
    put_number(out, "p", p_or_none(found->test.p));
    put_number(out, "p_adjusted", p_or_none(found->p_adjusted));
    field_count(out, "groups", found->test.parts);
    field_count(out, "left_out", breakdown->groups->count - found->test.parts);
    buffer_append_text(out, "}");
}

static void put_breakdown(struct buffer *out, const struct conclusion *conclusion,
                          const struct breakdowns *breakdowns, const struct breakdown *breakdown)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "by", breakdown->groups->name);
    field_truth(out, "exploratory", true);
    put_number(out, "group_alpha", conclusion->terms.judgement.alpha / breakdown->groups->count);
    field_truth(out, "interactions_hold_once", breakdowns->holds_once && !breakdown->of_days);
    field_array(out, "interactions");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            if (arm != conclusion->arms->control)
                put_interaction(out, conclusion, breakdown, i, arm);
    buffer_append_text(out, "]");
    field_array(out, "groups");
    for (uint32_t i = 0; i < breakdown->groups->count; i++)
        put_group(out, conclusion, breakdown, i);
    buffer_append_text(out, "]}");
}

static void put_breakdowns(struct buffer *out, const struct conclusion *conclusion,
                           const struct breakdowns *breakdowns)
{
    field_array(out, "breakdowns");
    for (uint32_t i = 0; i < breakdowns->count; i++)
        put_breakdown(out, conclusion, breakdowns, &breakdowns->items[i]);
    buffer_append_text(out, "]");
}

/* What 'ffc experiment' holds it against. */
static void put_settled(struct buffer *out, const struct settled *settled)
{
    field_object(out, "experiment");
    field_text(out, "terms", settled->terms);
    field_time(out, "started", settled->start.found ? settled->start.at : INT64_MIN);
    if (settled->start.found) {
        field_text(out, "primary_at_start", settled->start.primary);
        field_truth(out, "primary_changed", settled->start.primary_changed);
        field_truth(out, "terms_changed", settled->start.terms_changed);
    }
    put_sentences(out, "departures", &settled->departures);
    field_time(out, "from", settled->from);
    field_time(out, "to", settled->to);
    buffer_append_text(out, "}");
}

static void put_left_out(struct buffer *out, const struct conclusion *conclusion)
{
    field_object(out, "left_out");
    for (uint32_t i = 0; i < OUTCOME_LEFT_OUT_CAUSES; i++)
        field_count(out, outcome_left_out_words[i], conclusion->outcomes->left_out[i]);
    field_object(out, "units");
    field_count(out, "crossover", conclusion->units.crossover);
    field_count(out, "forced", conclusion->units.forced);
    buffer_append_text(out, "}");
    field_object(out, "not_exposing");
    for (uint32_t i = 0; i < NOT_EXPOSED_CAUSES; i++)
        field_count(out, not_exposed_words[i], conclusion->exposures->not_exposed[i]);
    buffer_append_text(out, "}}");
}

void analyze_json(const struct analyze_page *page, struct buffer *out)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct judgement *judgement = &conclusion->terms.judgement;
    struct input_digest digest = conclusion->exposures->digest;
    input_digest_join(&digest, &conclusion->outcomes->digest);
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", page->variants->flag->name.text);
    field_text(out, "environment", page->environment);
    field_text(out, "status", analysis_status_words[conclusion->status]);
    field_text(out, "decision", analysis_decision_words[conclusion->decision]);
    field_text(out, "winner",
               conclusion->winner == NO_ARM ? NULL : conclusion->names[conclusion->winner]);
    put_sentences(out, "reasons", &conclusion->reasons);
    put_sentences(out, "notes", &conclusion->notes);
    put_number(out, "days_left", conclusion->days_left);
    field_text(out, "method", analysis_method_words[judgement->method]);
    put_number(out, "alpha", judgement->alpha);
    if (judgement->method == ANALYSIS_GROUP_SEQUENTIAL) {
        field_array(out, "looks");
        for (uint32_t i = 0; i < judgement->look_count; i++) {
            json_write_comma(out);
            json_write_number(out, fmin(1, judgement->looks[i]));
        }
        buffer_append_text(out, "]");
    }
    field_text(out, "control", conclusion->names[conclusion->arms->control]);
    if (conclusion->strata_field != NO_FIELD)
        field_text(out, "stratified_by",
                   conclusion->outcomes->groups->fields[conclusion->strata_field].name);
    if (page->settled->is_experiment)
        put_settled(out, page->settled);
    put_quality(out, conclusion);
    put_counts(out, "units", conclusion, false);
    put_left_out(out, conclusion);
    field_array(out, "metrics");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        put_metric(out, conclusion, &conclusion->metrics[i]);
    buffer_append_text(out, "]");
    if (page->breakdowns->count > 0)
        put_breakdowns(out, conclusion, page->breakdowns);
    field_object(out, "input");
    field_input(out, page->replay, conclusion->exposures->lines + conclusion->outcomes->lines);
    field_time(out, "first_exposure", conclusion->exposures->first);
    field_time(out, "last_exposure", conclusion->exposures->last);
    field_digest(out, &digest);
    buffer_append_text(out, "}");
    field_assignment(out, &conclusion->exposures->origins);
    field_text(out, "build", page->build);
    buffer_append_text(out, "}\n");
}
