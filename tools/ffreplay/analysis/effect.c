/* effect.c - see effect.h. */
#include "effect.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/statistics/count_sequence.h"
#include "compiler/statistics/comparison.h"
#include "compiler/statistics/distributions.h"
#include "compiler/statistics/mean_sequence.h"
#include "compiler/statistics/mixture_sequence.h"
#include "compiler/statistics/planned_end.h"
#include "compiler/statistics/posterior.h"
#include "compiler/statistics/rank_test.h"
#include "compiler/statistics/score_test.h"
#include "compiler/statistics/share_method.h"
#include "compiler/statistics/two_shares.h"
#include "effect_quantile.h"

static_assert(EXPERIMENT_LOOKS_MOST <= GROUP_LOOKS_MOST, "a planned look has a bound");

/* ------------------------------------------------------------------------------------ states -- */

#define UNITS_A_SKEWNESS_SQUARED 25
/* And others, in each arm, before a share's estimate is about normal. */
#define LEAST_FOR_NORMAL 10

/* Whether the arms' counts are judged by an e-process, which is exact, instead of asymptotically.
 * */
static bool takes_e_process(const struct judgement *judgement, const struct arm_evidence *variant,
                            const struct arm_evidence *control)
{
    return judgement->method == ANALYSIS_SEQUENTIAL && variant->is_share &&
           (share_is_rare(variant->share) || share_is_rare(control->share));
}

static bool takes_two_shares(const struct judgement *judgement, const struct arm_evidence *variant,
                             const struct arm_evidence *control)
{
    return judgement->method == ANALYSIS_SEQUENTIAL && variant->is_share && !variant->strata &&
           !takes_e_process(judgement, variant, control) &&
           share_method_of_common(variant->assigned, control->assigned) == SHARE_BY_TWO_SHARES;
}

/* Units an arm until a share has been seen often enough to be judged as a normal estimate; 0: it
 * has. Before, an arm without an event has no variance, and any other share is far from it. */
static double units_until_normal(const struct arm_evidence *arm)
{
    double rarest = fmin(arm->share.events, arm->share.n - arm->share.events);
    return rarest >= LEAST_FOR_NORMAL ? 0 : arm->share.n * LEAST_FOR_NORMAL / fmax(rarest, 1);
}

/* Counts have a test at a planned end; in parts, they are judged as means. */
static bool takes_score_test(const struct judgement *judgement, const struct arm_evidence *variant)
{
    return variant->is_share && judgement->method == ANALYSIS_FIXED && !variant->strata;
}

static bool takes_normal_share(const struct judgement *judgement,
                               const struct arm_evidence *variant)
{
    return variant->is_share && !takes_score_test(judgement, variant) &&
           judgement->method != ANALYSIS_SEQUENTIAL;
}

/* Units an arm that a mean needs before its sequence holds. */
static double units_wanted(const struct moments *seen)
{
    return fmax(MEANS_BURN_IN, UNITS_A_SKEWNESS_SQUARED * seen->skewness * seen->skewness);
}

static enum effect_state state_of_means(const struct judgement *judgement,
                                        const struct moments *variant,
                                        const struct moments *control, double *wanted)
{
    double least = fmin(variant->n, control->n);
    double busy = fmin(variant->n * (1 - variant->idle), control->n * (1 - control->idle));
    if (!(least >= 2) || !isfinite(variant->mean) || !isfinite(control->mean))
        return EFFECT_NODATA;
    if (judgement->method == ANALYSIS_SEQUENTIAL) {
        *wanted = fmax(units_wanted(variant), units_wanted(control));
        if (least < MEANS_BURN_IN || busy < MEANS_LEAST_BUSY)
            return EFFECT_TOO_FEW;
        if (least < *wanted)
            return EFFECT_SKEWED;
    }
    return variant->variance > 0 || control->variance > 0 ? EFFECT_FINE : EFFECT_NO_SPREAD;
}

/* Of units with one value each. */
static bool takes_ranks(const struct judgement *judgement, const struct arm_evidence *variant)
{
    return judgement->method == ANALYSIS_FIXED && judgement->by_ranks && variant->cell &&
           variant->cell->totals;
}

static enum effect_state state_of(const struct judgement *judgement,
                                  const struct arm_evidence *variant,
                                  const struct arm_evidence *control, const struct measure *measure,
                                  double *wanted)
{
    if (variant->unreadable || control->unreadable)
        return EFFECT_UNREADABLE;
    if (variant->beyond || control->beyond)
        return EFFECT_BEYOND;
    enum metric_bound bound = metric_traits(measure->metric)->bound;
    if (bound == BOUND_NONE || bound == BOUND_RATE)
        return EFFECT_NO_METHOD;
    if (isnan(variant->value) || isnan(control->value))
        return EFFECT_NODATA;
    if (judgement->method == ANALYSIS_GROUP_SEQUENTIAL && judgement->look_count == 0)
        return EFFECT_NOT_A_LOOK;
    if (bound == BOUND_QUANTILE)
        return judgement->method == ANALYSIS_BAYESIAN ? EFFECT_NO_METHOD : EFFECT_FINE;
    if (takes_e_process(judgement, variant, control) || takes_score_test(judgement, variant) ||
        takes_two_shares(judgement, variant, control))
        return EFFECT_FINE;
    if (takes_ranks(judgement, variant)) /* NaN, and no data, where no unit has a value */
        return EFFECT_FINE;
    if (takes_normal_share(judgement, variant)) {
        *wanted = fmax(units_until_normal(variant), units_until_normal(control));
        if (*wanted > 0)
            return EFFECT_TOO_FEW;
    }
    return state_of_means(judgement, &variant->moments.outcome, &control->moments.outcome, wanted);
}

const char *effect_state_word(enum effect_state state)
{
    switch (state) {
    case EFFECT_FINE:
        return "measured";
    case EFFECT_NODATA:
        return "no value";
    case EFFECT_TOO_FEW:
        return "too few units";
    case EFFECT_SKEWED:
        return "too skewed";
    case EFFECT_NO_SPREAD:
        return "no spread";
    case EFFECT_UNREADABLE:
        return "unreadable";
    case EFFECT_BEYOND:
        return "too large";
    case EFFECT_NOT_A_LOOK:
        return "no look yet";
    case EFFECT_NO_METHOD:
        return "no method";
    }
    return "";
}

const char *effect_state_text(const struct effect *effect, struct arena *arena)
{
    switch (effect->state) {
    case EFFECT_FINE:
        return "it is measured";
    case EFFECT_NODATA:
        return "an arm has no value";
    case EFFECT_TOO_FEW:
        return arena_format(arena, "this method takes about %.0f units an arm at least",
                            ceil(effect->wanted));
    case EFFECT_SKEWED:
        return arena_format(arena,
                            "values so skewed take %.0f units an arm before their mean can be "
                            "judged; a 'cap' on the metric takes fewer",
                            ceil(effect->wanted));
    case EFFECT_NO_SPREAD:
        return "all its values are the same";
    case EFFECT_UNREADABLE:
        return "too many of its values could not be read";
    case EFFECT_BEYOND:
        return "its numbers are too large to be squared";
    case EFFECT_NOT_A_LOOK:
        return "the first planned look is still to come";
    case EFFECT_NO_METHOD:
        return "the method has no answer for this kind of metric";
    }
    return "";
}

/* ----------------------------------------------------------------------------------- methods -- */

static struct interval unknown(void)
{
    return (struct interval){-INFINITY, INFINITY};
}

/* What is judged on the change as an estimate with an error. */
static struct interval interval_of_change(const struct judgement *judgement,
                                          const struct estimated_change *change)
{
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return mixture_sequence_interval(change, judgement->alpha);
    case ANALYSIS_FIXED:
    case ANALYSIS_BAYESIAN:
        return planned_end_bounds(change, judgement->alpha / 2);
    case ANALYSIS_GROUP_SEQUENTIAL:
        return group_sequential_bounds(change, judgement->looks, judgement->look_count,
                                       judgement->alpha / 2);
    }
    return unknown();
}

static double p_of_change(const struct judgement *judgement, const struct estimated_change *change)
{
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return fmin(1, exp(-mixture_sequence_log_e(change, judgement->alpha)));
    case ANALYSIS_FIXED:
    case ANALYSIS_BAYESIAN:
        return planned_end_p(change);
    case ANALYSIS_GROUP_SEQUENTIAL:
        return group_sequential_p(change, judgement->looks, judgement->look_count);
    }
    return NAN;
}

static double p_within_change(const struct judgement *judgement,
                              const struct estimated_change *change, enum side side, double margin)
{
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return mixture_sequence_p_within(change, judgement->alpha, side, margin);
    case ANALYSIS_FIXED:
    case ANALYSIS_BAYESIAN:
        return planned_end_p_within(change, side, margin);
    case ANALYSIS_GROUP_SEQUENTIAL:
        return group_sequential_p_within(change, judgement->looks, judgement->look_count, side,
                                         margin);
    }
    return NAN;
}

static const char *name_of(const struct judgement *judgement)
{
    switch (judgement->method) {
    case ANALYSIS_SEQUENTIAL:
        return share_method_words[SHARE_AS_MEAN];
    case ANALYSIS_FIXED:
        return "Welch's t";
    case ANALYSIS_GROUP_SEQUENTIAL:
        return "group sequential, O'Brien-Fleming spending";
    case ANALYSIS_BAYESIAN:
        return "normal prior";
    }
    return "";
}

/* The half-width of an interval, in standard errors. */
static double reach_in_errors(const struct judgement *judgement,
                              const struct estimated_change *change)
{
    struct interval interval = interval_of_change(judgement, change);
    return (interval.upper - interval.lower) / 2 / change->error;
}

static bool holds_zero(struct interval interval)
{
    return interval.lower <= 0 && interval.upper >= 0;
}

bool intervals_agree(const struct effect *effect)
{
    return holds_zero(effect->absolute_interval) == holds_zero(effect->relative_interval);
}

/* In parts, where both arms are. */
static struct estimated_change change_of(const struct arm_evidence *variant,
                                         const struct arm_evidence *control, enum change change,
                                         double *slope)
{
    const struct arm_strata strata = {variant->strata, control->strata, variant->stratum_count};
    return variant->strata && control->strata
               ? stratified_change(&strata, &variant->moments, &control->moments, change, slope)
               : adjusted_change(&variant->moments, &control->moments, change, slope);
}

static void judge_means(struct effect *effect, const struct judgement *judgement,
                        const struct arm_evidence *variant, const struct arm_evidence *control)
{
    double unused;
    effect->absolute = change_of(variant, control, CHANGE_ABSOLUTE, &effect->slope);
    effect->relative = change_of(variant, control, CHANGE_RELATIVE, &unused);
    effect->method = name_of(judgement);
    effect->absolute_interval = interval_of_change(judgement, &effect->absolute);
    effect->relative_interval = interval_of_change(judgement, &effect->relative);
    if (variant->strata && mean_is_near_zero(&control->moments.outcome))
        effect->relative_interval = unknown(); /* no quotient in parts has Fieller's */
    else if (!variant->strata &&
             (mean_is_near_zero(&control->moments.outcome) ||
              (judgement->method != ANALYSIS_SEQUENTIAL && !intervals_agree(effect))))
        effect->relative_interval = fieller_interval(&variant->moments, &control->moments,
                                                     reach_in_errors(judgement, &effect->absolute));
    effect->p = p_of_change(judgement, &effect->absolute);
    if (judgement->method == ANALYSIS_SEQUENTIAL)
        effect->log_e = mixture_sequence_log_e(&effect->absolute, judgement->alpha);
    if (!isnan(effect->slope) || variant->strata) {
        struct estimated_change plain =
            means_change(&variant->moments.outcome, &control->moments.outcome, CHANGE_ABSOLUTE);
        double share = effect->absolute.error / plain.error;
        effect->variance_reduced = 1 - share * share;
    }
}

static enum side better_side(const struct metric *metric)
{
    return metric->lower_is_better ? SIDE_BELOW : SIDE_ABOVE;
}

static void believe(struct effect *effect, const struct judgement *judgement,
                    const struct metric *metric)
{
    enum side side = better_side(metric);
    struct posterior posterior = posterior_of(&effect->relative, judgement->prior);
    effect->relative_interval = posterior_interval(&posterior, judgement->alpha);
    effect->chance = posterior_chance(&posterior, side, 0);
    effect->loss = posterior_loss(&posterior, side);
    effect->loss_of_control = posterior_loss(&posterior, side_opposite(side));
    effect->p = 2 * fmin(effect->chance, 1 - effect->chance);
}

static struct stratum stratum_of(const struct arm_evidence *variant,
                                 const struct arm_evidence *control)
{
    return (struct stratum){variant->share, control->share};
}

static double log_e_against(const struct stratum *stratum, enum side side, double ratio,
                            double difference)
{
    struct null_hypothesis null = {
        .side = side, .ratio = ratio, .difference = difference, .bounded = true};
    return side_by_side_log_e(stratum, 1, &null, 1);
}

static void judge_rare_shares(struct effect *effect, const struct judgement *judgement,
                              const struct arm_evidence *variant,
                              const struct arm_evidence *control)
{
    struct stratum stratum = stratum_of(variant, control);
    double each = judgement->alpha / 2;
    effect->method = share_method_words[SHARE_BY_COUNTS];
    effect->absolute_interval = proportions_sequence(&stratum, 1, CHANGE_ABSOLUTE, each, 1);
    effect->relative_interval = proportions_sequence(&stratum, 1, CHANGE_RELATIVE, each, 1);
    /* Each side at half of the level: the mean of the two e-values is one, and at least half of the
     * larger. */
    effect->log_e =
        fmax(log_e_against(&stratum, SIDE_ABOVE, 1, 0), log_e_against(&stratum, SIDE_BELOW, 1, 0)) -
        log(2);
    effect->p = fmin(1, exp(-effect->log_e));
}

static struct two_shares two_shares_of(const struct arm_evidence *variant,
                                       const struct arm_evidence *control)
{
    return (struct two_shares){variant->share, control->share,
                               variant->assigned / (variant->assigned + control->assigned)};
}

static void judge_two_shares(struct effect *effect, const struct judgement *judgement,
                             const struct arm_evidence *variant, const struct arm_evidence *control)
{
    struct two_shares seen = two_shares_of(variant, control);
    effect->method = share_method_words[SHARE_BY_TWO_SHARES];
    effect->absolute =
        means_change(&variant->moments.outcome, &control->moments.outcome, CHANGE_ABSOLUTE);
    effect->relative =
        means_change(&variant->moments.outcome, &control->moments.outcome, CHANGE_RELATIVE);
    effect->log_e = two_shares_log_e(&seen);
    effect->p = fmin(1, exp(-effect->log_e));
    if (judgement->p_only)
        return;
    effect->absolute_interval = two_shares_interval(&seen, CHANGE_ABSOLUTE, judgement->alpha);
    effect->relative_interval = two_shares_interval(&seen, CHANGE_RELATIVE, judgement->alpha);
}

static void judge_shares_once(struct effect *effect, const struct judgement *judgement,
                              const struct arm_evidence *variant,
                              const struct arm_evidence *control)
{
    double each = judgement->alpha / 2;
    effect->method = "score test";
    effect->absolute_interval = score_bounds(variant->share, control->share, CHANGE_ABSOLUTE, each);
    effect->relative_interval = score_bounds(variant->share, control->share, CHANGE_RELATIVE, each);
    effect->p = score_p(variant->share, control->share);
}

/* ---------------------------------------------------------------------------------- by ranks -- */

/* Of both arms. */
struct both_values {
    double *numbers[2];
    struct sorted_values variant, control;
};

static struct both_values both_values_of(const struct arm_evidence *variant,
                                         const struct arm_evidence *control,
                                         const struct measure *measure)
{
    struct both_values found;
    found.variant.values = found.numbers[0] = arm_values(variant, measure, &found.variant.count);
    found.control.values = found.numbers[1] = arm_values(control, measure, &found.control.count);
    return found;
}

static void both_values_release(struct both_values *values)
{
    free(values->numbers[0]);
    free(values->numbers[1]);
}

static void judge_ranks(struct effect *effect, const struct judgement *judgement,
                        const struct arm_evidence *variant, const struct arm_evidence *control,
                        const struct measure *measure)
{
    struct both_values values = both_values_of(variant, control, measure);
    struct rank_sum sum = rank_sum(values.variant, values.control);
    effect->method = sum.is_exact ? "Mann-Whitney, exact" : "Mann-Whitney";
    effect->superiority = sum.superiority;
    effect->absolute.value = rank_shift(values.variant, values.control);
    effect->absolute_interval =
        rank_shift_bounds(values.variant, values.control, judgement->alpha / 2);
    effect->relative.value = NAN;
    effect->p = rank_p(values.variant, values.control);
    if (!(sum.deviation > 0))
        effect->state = EFFECT_NO_SPREAD;
    both_values_release(&values);
}

/* A shift has no size relative to anything. */
static double ranks_within(const struct arm_evidence *variant, const struct arm_evidence *control,
                           const struct measure *measure, enum change change, enum side side,
                           double margin)
{
    if (change == CHANGE_RELATIVE && margin != 0)
        return NAN;
    struct both_values values = both_values_of(variant, control, measure);
    double p = rank_p_within(values.variant, values.control, side, margin);
    both_values_release(&values);
    return p;
}

bool effect_is_down(const struct effect *effect)
{
    return isnan(effect->superiority) ? effect->absolute.value < 0 : effect->superiority < 0.5;
}

struct effect effect_of(const struct judgement *judgement, const struct arm_evidence *variant,
                        const struct arm_evidence *control, const struct measure *measure)
{
    struct effect effect = {.method = "",
                            .absolute = {variant->value - control->value, NAN, NAN, NAN},
                            .absolute_interval = unknown(),
                            .relative_interval = unknown(),
                            .p = NAN,
                            .log_e = NAN,
                            .slope = NAN,
                            .variance_reduced = NAN,
                            .superiority = NAN,
                            .chance = NAN,
                            .loss = NAN,
                            .loss_of_control = NAN,
                            .wanted = NAN};
    effect.relative = effect.absolute;
    effect.relative.value =
        control->value != 0 ? effect.absolute.value / fabs(control->value) : NAN;
    effect.state = state_of(judgement, variant, control, measure, &effect.wanted);
    if (effect.state != EFFECT_FINE && effect.state != EFFECT_SKEWED)
        return effect;
    if (metric_traits(measure->metric)->bound == BOUND_QUANTILE)
        judge_quantiles(&effect, judgement, variant, control, measure);
    else if (takes_e_process(judgement, variant, control))
        judge_rare_shares(&effect, judgement, variant, control);
    else if (takes_two_shares(judgement, variant, control))
        judge_two_shares(&effect, judgement, variant, control);
    else if (takes_score_test(judgement, variant))
        judge_shares_once(&effect, judgement, variant, control);
    else if (takes_ranks(judgement, variant))
        judge_ranks(&effect, judgement, variant, control, measure);
    else
        judge_means(&effect, judgement, variant, control);
    if (judgement->method == ANALYSIS_BAYESIAN)
        believe(&effect, judgement, measure->metric);
    return effect;
}

/* Units an arm from which on a mean that is judged once is about normal, as a t-test supposes. */
#define LEAST_UNITS_ONCE 30

struct estimated_change change_about_normal(const struct judgement *judgement,
                                            const struct arm_evidence *variant,
                                            const struct arm_evidence *control,
                                            const struct measure *measure)
{
    bool once = judgement->method == ANALYSIS_FIXED;
    double unused;
    const struct judgement strict = {.method = variant->is_share ? ANALYSIS_GROUP_SEQUENTIAL
                                               : once            ? ANALYSIS_BAYESIAN
                                                                 : ANALYSIS_SEQUENTIAL,
                                     .look_count = 1};
    double least = fmin(variant->moments.outcome.n, control->moments.outcome.n);
    if (metric_traits(measure->metric)->bound == BOUND_QUANTILE ||
        (once && !(least >= LEAST_UNITS_ONCE)) ||
        state_of(&strict, variant, control, measure, &unused) != EFFECT_FINE)
        return (struct estimated_change){variant->value - control->value, NAN, NAN, NAN};
    return adjusted_change(&variant->moments, &control->moments, CHANGE_ABSOLUTE, &unused);
}

/* ----------------------------------------------------------------------------------- margins -- */

double effect_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                       const struct arm_evidence *control, const struct measure *measure,
                       enum change change, enum side side, double margin)
{
    double unused;
    if (state_of(judgement, variant, control, measure, &unused) != EFFECT_FINE)
        return NAN;
    if (metric_traits(measure->metric)->bound == BOUND_QUANTILE)
        return quantile_p_within(judgement, variant, control, measure, change, side, margin);
    if (takes_ranks(judgement, variant))
        return ranks_within(variant, control, measure, change, side, margin);
    if (takes_e_process(judgement, variant, control)) {
        struct stratum stratum = stratum_of(variant, control);
        bool relative = change == CHANGE_RELATIVE;
        double log_e = log_e_against(&stratum, side_opposite(side), relative ? 1 + margin : 1,
                                     relative ? 0 : margin);
        return fmin(1, exp(-log_e));
    }
    if (takes_two_shares(judgement, variant, control)) {
        struct two_shares seen = two_shares_of(variant, control);
        return fmin(1, exp(-two_shares_log_e_beyond(&seen, change, side_opposite(side), margin)));
    }
    if (takes_score_test(judgement, variant))
        return score_p_within(variant->share, control->share, change, side, margin);
    struct estimated_change found = change_of(variant, control, change, &unused);
    if (judgement->method == ANALYSIS_BAYESIAN) {
        /* The prior is of relative changes. */
        double relative = change == CHANGE_RELATIVE ? margin : margin / fabs(control->value);
        found = change_of(variant, control, CHANGE_RELATIVE, &unused);
        struct posterior posterior = posterior_of(&found, judgement->prior);
        return posterior_chance(&posterior, side, relative);
    }
    return p_within_change(judgement, &found, side, margin);
}

double value_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                      const struct measure *measure, enum side side, double limit)
{
    double unused;
    if (state_of(judgement, variant, variant, measure, &unused) != EFFECT_FINE ||
        metric_traits(measure->metric)->bound == BOUND_QUANTILE)
        return NAN;
    if (takes_e_process(judgement, variant, variant))
        return fmin(1, exp(-proportion_log_e(variant->share, side_opposite(side), limit)));
    const struct moments *seen = &variant->moments.outcome;
    const struct estimated_change off = {seen->mean - limit, sqrt(seen->variance / seen->n),
                                         seen->n - 1, seen->n};
    return p_within_change(judgement, &off, side, 0);
}

/* ------------------------------------------------------------------------------------- power -- */

#define GROWTH_MOST 1e6

double effect_power(const struct judgement *judgement, const struct effect *effect, double size,
                    double growth)
{
    struct estimated_change grown = effect->relative;
    grown.error /= sqrt(growth);
    grown.n *= growth;
    grown.degrees *= growth;
    if (!(grown.error > 0))
        return NAN;
    double off = size / grown.error, reach = judgement->method == ANALYSIS_FIXED
                                                 ? normal_quantile(1 - judgement->alpha / 2)
                                                 : reach_in_errors(judgement, &grown);
    return normal_upper(reach - off) + normal_upper(reach + off);
}

double effect_growth_for(const struct judgement *judgement, const struct effect *effect,
                         double size, double power)
{
    double low = 1e-6, high = GROWTH_MOST;
    if (isnan(effect_power(judgement, effect, size, 1)))
        return NAN;
    if (effect_power(judgement, effect, size, high) < power)
        return INFINITY;
    while (high / low > 1 + 1e-9) {
        double middle = sqrt(low * high);
        *(effect_power(judgement, effect, size, middle) < power ? &low : &high) = middle;
    }
    return high;
}
