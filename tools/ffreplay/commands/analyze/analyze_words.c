/* analyze_words.c - an analysis in words, for people. See analyze_page.h. */
#include <inttypes.h>
#include <math.h>

#include "analyze_page.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/metrics/metric_text.h"

static const char *percent(struct arena *arena, double share)
{
    double size = fabs(share * 100);
    if (isinf(share))
        return share > 0 ? "∞" : "-∞";
    return arena_format(arena, "%+.*f%%", size >= 99.5 ? 0 : size >= 9.95 ? 1 : 2, share * 100);
}

static const char *p_text(struct arena *arena, double p)
{
    if (isnan(p))
        return EFFECT_UNKNOWN;
    if (p < 0.0001)
        return "<0.0001";
    return arena_format(arena, "%.*f", p < 0.1 ? 4 : 2, p);
}

/* A change relative to the control, and where that is nothing, in the metric's own unit. */
static bool is_relative(const struct effect *effect)
{
    return isfinite(effect->relative.value) && (isfinite(effect->relative_interval.lower) ||
                                                isfinite(effect->relative_interval.upper) ||
                                                !isfinite(effect->absolute_interval.lower));
}

static const char *interval_text(struct arena *arena, const struct metric *metric,
                                 const struct effect *effect)
{
    bool relative = is_relative(effect);
    const struct interval *interval =
        relative ? &effect->relative_interval : &effect->absolute_interval;
    if (isinf(interval->lower) && isinf(interval->upper))
        return EFFECT_UNKNOWN;
    const char *lower = relative || isinf(interval->lower)
                            ? percent(arena, interval->lower)
                            : difference_text(arena, metric, interval->lower);
    const char *upper = relative || isinf(interval->upper)
                            ? percent(arena, interval->upper)
                            : difference_text(arena, metric, interval->upper);
    return arena_format(arena, "%s … %s", lower, upper);
}

static const char *verdict_text(enum effect_state state, enum effect_verdict verdict,
                                enum metric_role role)
{
    if (state != EFFECT_FINE)
        return effect_state_word(state);
    switch (verdict) {
    case VERDICT_BETTER:
        return "better";
    case VERDICT_WORSE:
        return role == ROLE_GUARD ? "beyond" : "worse";
    case VERDICT_NON_INFERIOR:
        return "within";
    case VERDICT_UNDECIDED:
        return "undecided";
    case VERDICT_INSUFFICIENT:
        return "not judged";
    }
    return "";
}

/* Without what is said of its metric, variant and verdict. */
static struct effect_words words_of(const struct metric *of, const struct effect *effect,
                                    double control, double value, struct arena *arena)
{
    bool known = isfinite(control) && isfinite(value);
    return (struct effect_words){
        .metric = of->name.text,
        .control_value = isfinite(control) ? estimate_text(arena, of, control) : EFFECT_UNKNOWN,
        .value = isfinite(value) ? estimate_text(arena, of, value) : EFFECT_UNKNOWN,
        .change = !known                ? EFFECT_UNKNOWN
                  : is_relative(effect) ? percent(arena, effect->relative.value)
                                        : difference_text(arena, of, effect->absolute.value),
        .interval = interval_text(arena, of, effect),
    };
}

/* A chance to be better, of methods that have one. */
static const char *chance_or_p(const struct conclusion *conclusion, const struct effect *effect,
                               double p, struct arena *arena)
{
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    if (bayesian && !isnan(effect->chance))
        return arena_format(arena, "%.1f%%", effect->chance * 100);
    return p_text(arena, p);
}

struct effect_words effect_words_of(const struct analyze_page *page, uint32_t metric, uint32_t arm,
                                    struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct judged_metric *judged = &conclusion->metrics[metric];
    const struct judged_effect *variant = &judged->variants[arm];
    struct effect_words words =
        words_of(judged->measure->metric, &variant->effect,
                 judged->arms[conclusion->arms->control].value, judged->arms[arm].value, arena);
    words.variant = conclusion->names[arm];
    words.p =
        chance_or_p(conclusion, &variant->effect,
                    judged->role == ROLE_GUARD ? variant->p_within : variant->p_adjusted, arena);
    words.verdict = verdict_text(variant->effect.state, variant->verdict, judged->role);
    return words;
}

struct effect_words group_words_of(const struct analyze_page *page,
                                   const struct breakdown *breakdown, uint32_t metric,
                                   uint32_t group, uint32_t arm, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    size_t place = breakdown_place(conclusion, breakdown, metric, group, 0);
    const struct group_effect *seen = &breakdown->effects[place + arm];
    const struct arm_evidence *arms = &breakdown->evidence[place];
    struct effect_words words =
        words_of(conclusion->metrics[metric].measure->metric, &seen->effect,
                 arms[conclusion->arms->control].value, arms[arm].value, arena);
    words.variant = breakdown->groups->items[group].text;
    words.p = chance_or_p(conclusion, &seen->effect, seen->p_adjusted, arena);
    words.verdict = verdict_text(seen->effect.state, seen->verdict, ROLE_SECONDARY);
    return words;
}

const char *tested_name(const struct conclusion *conclusion, uint32_t metric, uint32_t arm,
                        struct arena *arena)
{
    const char *name = conclusion->metrics[metric].measure->metric->name.text;
    return conclusion->arms->count <= 2
               ? name
               : arena_format(arena, "%s in %s", name, conclusion->names[arm]);
}

const char *interaction_text(const struct conclusion *conclusion, const struct breakdown *breakdown,
                             uint32_t metric, uint32_t arm, struct arena *arena)
{
    const struct interaction *found =
        &breakdown->interactions[interaction_place(conclusion, metric, arm)];
    const struct heterogeneity *test = &found->test;
    uint32_t untested = breakdown->groups->count - test->parts;
    if (isnan(test->p))
        return metric_traits(conclusion->metrics[metric].measure->metric)->bound == BOUND_QUANTILE
                   ? "not tested: a quantile has no standard error here"
                   : "not tested: fewer than two groups have enough units";
    const char *text = arena_format(
        arena, "%s: Q = %.4g, %u %s of freedom, p = %.2g; %.2g for all these tests",
        found->p_adjusted <= conclusion->terms.judgement.alpha ? "the groups differ"
                                                               : "no difference is shown",
        test->statistic, test->degrees, test->degrees == 1 ? "degree" : "degrees", test->p,
        found->p_adjusted);
    return untested == 0 ? text
                         : arena_format(arena, "%s; without %u too small %s", text, untested,
                                        untested == 1 ? "group" : "groups");
}

const char *breakdown_text(const struct conclusion *conclusion, const struct breakdown *breakdown,
                           struct arena *arena)
{
    const struct field_groups *groups = breakdown->groups;
    const char *text =
        arena_format(arena, "%s: exploratory, and decides nothing; intervals and p ", groups->name);
    text = arena_format(arena, "%sare corrected for %u %s (Bonferroni)", text, groups->count,
                        breakdown->of_days   ? groups->count == 1 ? "day" : "days"
                        : groups->count == 1 ? "group"
                                             : "groups");
    if (breakdown->of_days)
        text = arena_format(arena,
                            "%s. A day's units are those that have had all of it, so later days "
                            "have the units that were exposed first",
                            text);
    if (conclusion->terms.judgement.method == ANALYSIS_BAYESIAN)
        text = arena_format(arena, "%s, the chance to be better is not", text);
    for (uint32_t i = 0; i < groups->count; i++)
        if (groups->items[i].kind == GROUP_OF_OTHERS)
            text = arena_format(arena, "%s; (other) are the %u values with the fewest units", text,
                                groups->items[i].values);
    return text;
}

const char *interactions_hold_text(const struct breakdowns *breakdowns,
                                   const struct breakdown *breakdown)
{
    if (breakdown->of_days)
        return "whether days differ is not tested: units of a day are those of the days before, "
               "too";
    return breakdowns->holds_once ? "whether groups differ is tested as if this were the only look"
                                  : "whether groups differ is tested once, at the planned end";
}

const char *headline_of(const struct conclusion *conclusion, struct arena *arena)
{
    if (conclusion->status == STATUS_UNHEALTHY)
        return "unhealthy";
    if (conclusion->decision == DECISION_SHIP)
        return arena_format(arena, "ship %s", conclusion->names[conclusion->winner]);
    static const char *const words[] = {[DECISION_RUNNING] = "running",
                                        [DECISION_NO_DIFFERENCE] = "no difference",
                                        [DECISION_STOP] = "stop"};
    return words[conclusion->decision];
}

const char *method_text(const struct conclusion *conclusion, struct arena *arena)
{
    const struct judgement *judgement = &conclusion->terms.judgement;
    double confidence = 100 * (1 - judgement->alpha);
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return arena_format(arena, "sequential, %.4g %%: valid at every look", confidence);
    case ANALYSIS_FIXED:
        return arena_format(arena, "fixed, %.4g %%: valid once, at the planned end", confidence);
    case ANALYSIS_GROUP_SEQUENTIAL:
        return judgement->look_count == 0
                   ? arena_format(arena, "group sequential, %.4g %%: no look is due yet",
                                  confidence)
                   : arena_format(arena,
                                  "group sequential, %.4g %%: look %u, at %.0f %% of the units",
                                  confidence, judgement->look_count,
                                  100 * fmin(1, judgement->looks[judgement->look_count - 1]));
    case ANALYSIS_BAYESIAN:
        return arena_format(arena,
                            "bayesian, %.4g %%, prior N(0, %.3g²) on the relative change: no proof "
                            "against stopping early",
                            confidence, judgement->prior);
    }
    return "";
}

const char *left_text(const struct conclusion *conclusion, struct arena *arena)
{
    if (conclusion->status != STATUS_RUNNING || isnan(conclusion->days_left))
        return NULL;
    if (isinf(conclusion->days_left))
        return "not in sight: at these estimates, a hundred times the units would not decide it";
    return arena_format(arena, "about %.*f days, at this traffic and these estimates",
                        conclusion->days_left < 10 ? 1 : 0, conclusion->days_left);
}

const char *units_text(const struct conclusion *conclusion, struct arena *arena)
{
    const struct arms *arms = conclusion->arms;
    const char *text = "";
    for (uint32_t i = 0; i < arms->count; i++)
        text = arena_format(arena, "%s%s%" PRIu64 " %s", text, i > 0 ? ", " : "",
                            conclusion->units.by_arm[i], conclusion->names[i]);
    if (!isnan(conclusion->ratio.fit.p))
        text = arena_format(arena, "%s; sample ratio p = %.2g", text, conclusion->ratio.anytime_p);
    if (conclusion->units.forced > 0)
        text = arena_format(arena,
                            "%s; left out: %" PRIu64 " that a list, an override or a holdout "
                            "decided for",
                            text, conclusion->units.forced);
    if (conclusion->units.crossover > 0)
        text = arena_format(arena, "%s; left out: %" PRIu64 " seen in several arms", text,
                            conclusion->units.crossover);
    return text;
}
