/* conclusion.c - see conclusion.h. */
#include "conclusion.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/statistics/multiplicity.h"
#include "post_strata.h"
#include "quality.h"

const char *const metric_role_words[] = WORDS(METRIC_ROLES);
const char *const effect_verdict_words[] = WORDS(EFFECT_VERDICTS);
const char *const analysis_decision_words[] = WORDS(DECISIONS);
const char *const analysis_status_words[] = WORDS(ANALYSIS_STATUSES);

static_assert(ARMS_MOST <= HOMOGENEITY_COLUMNS_MOST, "arms are columns of a table");

#define DAY        86400000.0
#define LATE_SHARE 0.1 /* of the time with exposures */

void conclusion_say(struct sentence_list *list, struct arena *arena, const char *text)
{
    *ARENA_APPEND(arena, list->items, list->count) = text;
}

/* ------------------------------------------------------------------------------------- notes -- */

static void note_what_was_taken(struct conclusion *conclusion, struct arena *arena)
{
    const struct exposures *exposures = conclusion->exposures;
    if (exposures->as_logged > 0 && !conclusion->arms->alone && conclusion->arms->divides)
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(arena,
                         "%" PRIu64
                         " lines name a variant, but not what decided: a unit that a rule "
                         "or a list gave its variant counts as if the experiment had",
                         exposures->as_logged));
}

/* Units that were lost because a name is another one now, or a line has no unit. */
static void note_what_was_lost(struct conclusion *conclusion, struct arena *arena)
{
    static const struct {
        enum not_exposed cause;
        const char *what;
    } causes[] = {
        {NOT_EXPOSED_UNKNOWN,
         "name a variant that is none of this experiment's, and expose nobody: "
         "was one renamed?"},
        {NOT_EXPOSED_NO_UNIT, "of the flag have no unit, and expose nobody"},
        {NOT_EXPOSED_NOTHING, "of the flag have no variant, and expose nobody"},
    };
    const struct exposures *exposures = conclusion->exposures;
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (exposures->not_exposed[causes[i].cause] > 0)
            conclusion_say(&conclusion->notes, arena,
                           arena_format(arena, "%" PRIu64 " lines %s",
                                        exposures->not_exposed[causes[i].cause], causes[i].what));
    double span = (double)exposures->last - (double)exposures->first;
    if (exposures->last_other > exposures->last && exposures->lines > 0 &&
        (double)exposures->last_other - (double)exposures->last > LATE_SHARE * span)
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(arena,
                         "the last line of this flag is %s older than the last of other flags: "
                         "has it ended, or was it renamed? Lines of another name do not count",
                         duration_text(arena, exposures->last_other - exposures->last)));
}

/* Whether one before it has the same values: a guard's may be the primary metric. */
static bool is_repeated(const struct conclusion *conclusion, uint32_t metric)
{
    for (uint32_t i = 0; i < metric; i++)
        if (conclusion->metrics[i].measure->metric == conclusion->metrics[metric].measure->metric)
            return true;
    return false;
}

static const char *listed(const char *list, const char *item, struct arena *arena)
{
    return arena_format(arena, "%s%s%s", list, *list ? ", " : "", item);
}

/* Half of the lines may be of units that are written otherwise than their exposures. */
static void note_fractions(struct conclusion *conclusion, struct arena *arena)
{
    uint64_t exposing = conclusion->exposures->fractions, of = conclusion->outcomes->fractions;
    if ((exposing == 0) == (of == 0))
        return;
    conclusion_say(&conclusion->notes, arena,
                   arena_format(arena,
                                "%" PRIu64 " lines of %s name a unit like 4.0, as a number of "
                                "floating point, and none of %s does: 4 and 4.0 are two units",
                                of ? of : exposing, of ? "metrics" : "exposures",
                                of ? "exposures" : "metrics"));
}

/* What metrics were not made of. */
static void note_values(struct conclusion *conclusion, struct arena *arena)
{
    const char *without = "", *unread = "";
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        const struct judged_metric *metric = &conclusion->metrics[i];
        const char *name = metric->measure->metric->name.text;
        uint64_t measured = 0, unreadable = 0;
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            measured += metric->arms[arm].measured;
            unreadable += outcome_cell(conclusion->outcomes->cells, i, arm)->unreadable.count;
        }
        if (is_repeated(conclusion, i))
            continue;
        if (measured == 0)
            without = listed(without, name, arena);
        if (unreadable > 0)
            unread =
                listed(unread, arena_format(arena, "%s (%" PRIu64 ")", name, unreadable), arena);
    }
    if (*unread)
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(arena, "values that could not be read do not count: %s", unread));
    if (*without)
        conclusion_say(&conclusion->notes, arena,
                       arena_format(arena,
                                    "no unit of the experiment has a line that counts for %s: are "
                                    "these the right logs, with the same units?",
                                    without));
}

/* Where the interval that is shown holds no change though there was one, or the other way. */
static void note_intervals(struct conclusion *conclusion, struct arena *arena)
{
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            const struct judged_metric *metric = &conclusion->metrics[i];
            const struct effect *effect = &metric->variants[arm].effect;
            bool may_differ =
                metric->judgement.method == ANALYSIS_SEQUENTIAL || metric->arms[arm].strata;
            if (arm == conclusion->arms->control || effect->state != EFFECT_FINE || !may_differ ||
                isnan(effect->relative.value) || intervals_agree(effect))
                continue;
            conclusion_say(
                &conclusion->notes, arena,
                arena_format(arena,
                             "of %s in %s the difference is judged, whose interval is %.4g to "
                             "%.4g; that of the relative change is less exact",
                             conclusion->names[arm], metric->measure->metric->name.text,
                             effect->absolute_interval.lower, effect->absolute_interval.upper));
        }
}

/* ------------------------------------------------------------------------------------- roles -- */

static bool is_judged(const struct judged_effect *judged)
{
    return judged->effect.state == EFFECT_FINE;
}

static bool is_good(const struct judged_metric *metric, const struct effect *effect)
{
    return effect_is_down(effect) == metric->measure->metric->lower_is_better;
}

/* Of methods without an e-value, one from the p-value: Vovk and Wang 2021, at kappa 1/2. */
static double e_value(const struct effect *effect)
{
    return isnan(effect->log_e) ? 1 / (2 * sqrt(effect->p)) : exp(effect->log_e);
}

/*
 * The p-values of a role in all variants, adjusted together: that any is wrong, for the primary
 * one; for the others, the share of those that are shown.
 */
static void adjust_role(struct conclusion *conclusion, enum metric_role role)
{
    uint32_t arms = conclusion->arms->count, count = 0;
    size_t most = (size_t)conclusion->metric_count * arms + 1;
    bool every_look = true;
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        every_look &= conclusion->metrics[i].role != role ||
                      conclusion->metrics[i].judgement.method == ANALYSIS_SEQUENTIAL;
    double *values = xcalloc(most, sizeof *values);
    struct judged_effect **of = xcalloc(most, sizeof *of);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms && conclusion->metrics[i].role == role; arm++) {
            if (arm == conclusion->arms->control)
                continue;
            struct judged_effect *judged = &conclusion->metrics[i].variants[arm];
            bool by_e = role == ROLE_SECONDARY && every_look;
            of[count] = judged;
            values[count++] = !is_judged(judged) ? NAN
                              : by_e             ? e_value(&judged->effect)
                                                 : judged->effect.p;
        }
    if (role == ROLE_PRIMARY)
        adjust_holm(values, count, values);
    else if (every_look)
        adjust_e_values(values, count, values);
    else
        adjust_benjamini_hochberg(values, count, values);
    for (uint32_t i = 0; i < count; i++)
        of[i]->p_adjusted = values[i];
    free(of);
    free(values);
}

/* A guard's form as a margin: on which side it is passed, how far, and of what. */
struct margin {
    enum side side;
    enum change change;
    double size;
    bool of_value; /* the variant's own, against a constant */
};

static struct margin margin_of(const struct criterion *guard)
{
    enum change change = guard->absolute ? CHANGE_ABSOLUTE : CHANGE_RELATIVE;
    switch (guard->form) {
    case CRITERION_MAX:
        return (struct margin){SIDE_ABOVE, CHANGE_ABSOLUTE, guard->threshold, true};
    case CRITERION_MIN:
        return (struct margin){SIDE_BELOW, CHANGE_ABSOLUTE, guard->threshold, true};
    case CRITERION_MAX_INCREASE:
        return (struct margin){SIDE_ABOVE, change, guard->threshold, false};
    case CRITERION_MAX_DECREASE:
        return (struct margin){SIDE_BELOW, change, -guard->threshold, false};
    }
    return (struct margin){0};
}

static double p_on_side(const struct conclusion *conclusion, const struct judged_metric *metric,
                        uint32_t arm, const struct margin *margin, enum side side)
{
    const struct judgement *judgement = &metric->judgement;
    const struct arm_evidence *variant = &metric->arms[arm];
    if (margin->of_value)
        return value_p_within(judgement, variant, metric->measure, side, margin->size);
    return effect_p_within(judgement, variant, &metric->arms[conclusion->arms->control],
                           metric->measure, margin->change, side, margin->size);
}

/* How many bounds can stop the experiment: each guard in each variant. */
static double stopping_tests(const struct conclusion *conclusion)
{
    double count = 0;
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        count += conclusion->metrics[i].role == ROLE_GUARD;
    return count * (conclusion->arms->count - 1);
}

static void judge_guard(struct conclusion *conclusion, struct judged_metric *metric, uint32_t arm)
{
    struct judged_effect *judged = &metric->variants[arm];
    struct margin margin = margin_of(metric->guard);
    double alpha = conclusion->terms.judgement.alpha;
    judged->p_within = p_on_side(conclusion, metric, arm, &margin, margin.side);
    double beyond = p_on_side(conclusion, metric, arm, &margin, side_opposite(margin.side));
    judged->p_adjusted = fmin(1, beyond * stopping_tests(conclusion));
    judged->verdict = isnan(judged->p_within)       ? VERDICT_INSUFFICIENT
                      : judged->p_within <= alpha   ? VERDICT_NON_INFERIOR
                      : judged->p_adjusted <= alpha ? VERDICT_WORSE
                                                    : VERDICT_UNDECIDED;
}

static void judge_change(struct conclusion *conclusion, struct judged_metric *metric, uint32_t arm)
{
    struct judged_effect *judged = &metric->variants[arm];
    bool shown = judged->p_adjusted <= conclusion->terms.judgement.alpha;
    judged->p_within = NAN;
    judged->verdict = !is_judged(judged)                 ? VERDICT_INSUFFICIENT
                      : !shown                           ? VERDICT_UNDECIDED
                      : is_good(metric, &judged->effect) ? VERDICT_BETTER
                                                         : VERDICT_WORSE;
}

/* How a metric is judged: as it says, or else as its experiment. */
static struct judgement judgement_of(const struct experiment_terms *terms,
                                     const struct metric *metric)
{
    struct judgement judgement = terms->judgement;
    if (!terms->asks_method && metric->method != METRIC_AS_EXPERIMENT)
        judgement.method = metric->method == METRIC_MANN_WHITNEY
                               ? ANALYSIS_FIXED
                               : (enum analysis_method)(metric->method - METRIC_SEQUENTIAL);
    judgement.by_ranks =
        metric->method == METRIC_MANN_WHITNEY && judgement.method == ANALYSIS_FIXED;
    return judgement;
}

bool plans_looks(const struct judged_metric *metrics, uint32_t count,
                 const struct experiment_terms *terms)
{
    for (uint32_t i = 0; i < count; i++)
        if (judgement_of(terms, metrics[i].measure->metric).method == ANALYSIS_GROUP_SEQUENTIAL)
            return true;
    return false;
}

#define LOOKS_UNLESS_SAID 5

void settle_looks(struct experiment_terms *terms, uint32_t looks, uint32_t arms,
                  const struct exposed_units *units)
{
    struct judgement *judgement = &terms->judgement;
    double planned = (double)terms->min_samples * arms;
    double now = planned > 0 ? (double)units->all / planned : 1;
    uint32_t all = looks > 0 ? looks : LOOKS_UNLESS_SAID;
    for (uint32_t i = 1; i <= all && now >= (double)i / all - 1e-9; i++)
        judgement->looks[judgement->look_count++] = (double)i / all;
    if (judgement->look_count > 0)
        judgement->looks[judgement->look_count - 1] = fmin(now, 1);
}

/* What was done to a metric's values, which its definition asks for. */
static void note_metric(struct conclusion *conclusion, const struct judged_metric *metric,
                        uint32_t parts, struct arena *arena)
{
    const struct metric *of = metric->measure->metric;
    if (!isnan(metric->winsorized.cap))
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(
                arena,
                "%s is capped at %.5g, the %.5g %% quantile of all arms' units, %" PRIu64
                " of which have more%s",
                of->name.text, metric->winsorized.cap, of->winsorize * 100,
                metric->winsorized.above,
                metric->judgement.method == ANALYSIS_SEQUENTIAL
                    ? "; it moves from look to look, so what holds at every look holds for "
                      "many units only, as with a mean; a 'cap' set beforehand stays"
                    : ""));
    if (conclusion->strata_field != NO_FIELD && parts == 0)
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(arena, "%s is not stratified: there are no two parts with %d units an arm",
                         of->name.text, STRATUM_LEAST));
    if (metric->judgement.by_ranks)
        conclusion_say(
            &conclusion->notes, arena,
            arena_format(arena,
                         "%s is judged by ranks: whether units of a variant tend to be above those "
                         "of the control. Its change is a shift, and not that of the mean",
                         of->name.text));
}

static void winsorize_metrics(struct conclusion *conclusion)
{
    bool capped = false;
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        struct judged_metric *metric = &conclusion->metrics[i];
        metric->winsorized = winsorize(conclusion->outcomes, i, &conclusion->units);
        capped |= !isnan(metric->winsorized.cap);
    }
    if (capped)
        outcomes_add_up(conclusion->outcomes);
}

static void judge_metrics(struct conclusion *conclusion, uint32_t max_bad, struct arena *arena)
{
    const struct arms *arms = conclusion->arms;
    winsorize_metrics(conclusion);
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        struct judged_metric *metric = &conclusion->metrics[i];
        uint32_t parts = 0;
        metric->judgement = judgement_of(&conclusion->terms, metric->measure->metric);
        for (uint32_t arm = 0; arm < arms->count; arm++)
            arm_evidence_gather(&metric->arms[arm], metric->measure,
                                outcome_cell(conclusion->outcomes->cells, i, arm),
                                outcome_before(conclusion->outcomes, 0, i, arm),
                                conclusion->units.by_arm[arm], max_bad);
        for (uint32_t arm = 0; arm < arms->count; arm++)
            metric->arms[arm].assigned = arms->shares[arm];
        if (conclusion->strata_field != NO_FIELD)
            parts = post_strata_gather(conclusion, metric, i, max_bad, arena);
        note_metric(conclusion, metric, parts, arena);
        for (uint32_t arm = 0; arm < arms->count; arm++)
            if (arm != arms->control)
                metric->variants[arm].effect =
                    effect_of(&metric->judgement, &metric->arms[arm], &metric->arms[arms->control],
                              metric->measure);
    }
    adjust_role(conclusion, ROLE_PRIMARY);
    adjust_role(conclusion, ROLE_SECONDARY);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms->count; arm++)
            if (arm == arms->control)
                continue;
            else if (conclusion->metrics[i].role == ROLE_GUARD)
                judge_guard(conclusion, &conclusion->metrics[i], arm);
            else
                judge_change(conclusion, &conclusion->metrics[i], arm);
}

/* ---------------------------------------------------------------------------------- decision -- */

static const char *metric_name(const struct judged_metric *metric)
{
    return metric->measure->metric->name.text;
}

/* The first metric in which the arm is shown to be worse; NULL. */
static const struct judged_metric *worse_in(const struct conclusion *conclusion, uint32_t arm)
{
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        if (conclusion->metrics[i].variants[arm].verdict == VERDICT_WORSE)
            return &conclusion->metrics[i];
    return NULL;
}

/* The first guard that the arm is not shown to keep; NULL. */
static const struct judged_metric *unshown_guard(const struct conclusion *conclusion, uint32_t arm)
{
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        if (conclusion->metrics[i].role == ROLE_GUARD &&
            conclusion->metrics[i].variants[arm].verdict != VERDICT_NON_INFERIOR)
            return &conclusion->metrics[i];
    return NULL;
}

static const struct judged_metric *primary_of(const struct conclusion *conclusion)
{
    return conclusion->metric_count > 0 && conclusion->metrics[0].role == ROLE_PRIMARY
               ? &conclusion->metrics[0]
               : NULL;
}

static bool is_better(const struct conclusion *conclusion, uint32_t arm)
{
    const struct judged_metric *primary = primary_of(conclusion);
    return primary && primary->variants[arm].verdict == VERDICT_BETTER;
}

/* Its interval lies within what would not be worth finding. */
static bool is_alike(const struct conclusion *conclusion, uint32_t arm)
{
    const struct judged_metric *primary = primary_of(conclusion);
    if (!primary || !(conclusion->terms.mde > 0) ||
        primary->variants[arm].effect.state != EFFECT_FINE)
        return false;
    const struct interval *interval = &primary->variants[arm].effect.relative_interval;
    return interval->lower >= -conclusion->terms.mde && interval->upper <= conclusion->terms.mde;
}

static uint64_t fewest_units(const struct conclusion *conclusion)
{
    uint64_t fewest = UINT64_MAX;
    for (uint32_t i = 0; i < conclusion->arms->count; i++)
        if (conclusion->units.by_arm[i] < fewest)
            fewest = conclusion->units.by_arm[i];
    return fewest;
}

static double elapsed(const struct conclusion *conclusion)
{
    const struct exposures *exposures = conclusion->exposures;
    if (conclusion->covered > 0)
        return (double)conclusion->covered;
    return exposures->lines > 0 ? (double)(exposures->last - exposures->first) : 0;
}

static const char *change_text(struct arena *arena, const struct effect *effect)
{
    double percent = effect->relative.value * 100;
    if (isfinite(percent))
        return arena_format(arena, "%+.*f %%", fabs(percent) < 10 ? 1 : 0, percent);
    return arena_format(arena, "%+.4g", effect->absolute.value);
}

/* An A/A experiment, whose variants do the same, tries the assignment and the metrics. */
static void judge_sameness(struct conclusion *conclusion, struct arena *arena)
{
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            const struct judged_effect *judged = &conclusion->metrics[i].variants[arm];
            if (arm == conclusion->arms->control ||
                (judged->verdict != VERDICT_BETTER && judged->verdict != VERDICT_WORSE))
                continue;
            conclusion_say(
                &conclusion->issues, arena,
                arena_format(arena,
                             "an A/A experiment, and %s differs in %s (%s, p = %.2g): who is "
                             "assigned, or what is measured, depends on the variant",
                             conclusion->names[arm], metric_name(&conclusion->metrics[i]),
                             change_text(arena, &judged->effect), judged->p_adjusted));
        }
}

static double least_duration(const struct experiment_terms *terms)
{
    double weeks = fmax(1, ceil((double)terms->min_duration / (7 * DAY)));
    return terms->of_whole_weeks ? weeks * 7 * DAY : (double)terms->min_duration;
}

static bool is_enough(const struct conclusion *conclusion)
{
    return fewest_units(conclusion) >= conclusion->terms.min_samples &&
           elapsed(conclusion) >= least_duration(&conclusion->terms);
}

static bool is_once(const struct judged_metric *metric)
{
    return metric->judgement.method == ANALYSIS_FIXED;
}

/* Whether a test that holds once is looked at before its end, or nobody says when that is. */
static bool conclusion_is_early(const struct conclusion *conclusion)
{
    bool once = false;
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        once |= is_once(&conclusion->metrics[i]);
    return once && !is_enough(conclusion);
}

/* Of what is judged once, that it is not yet. */
/* Times that are off, or logs that are swapped, look as if nobody had done anything. */
static void note_before(struct conclusion *conclusion, struct arena *arena)
{
    uint64_t before = conclusion->outcomes->left_out[OUTCOME_BEFORE];
    if (before > 10 * conclusion->outcomes->lines && !conclusion->outcomes->before)
        conclusion_say(&conclusion->notes, arena,
                       arena_format(arena,
                                    "%" PRIu64 " lines are left out, being from before their unit "
                                    "was exposed, and %" PRIu64
                                    " count: do all logs have the same clock?",
                                    before, conclusion->outcomes->lines));
}

static void note_early(struct conclusion *conclusion, struct arena *arena)
{
    const struct experiment_terms *terms = &conclusion->terms;
    if (conclusion_is_early(conclusion))
        conclusion_say(
            &conclusion->notes, arena,
            "this look is before the planned end: intervals and p of what is judged once do not "
            "hold yet, and decide nothing");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        if (is_once(&conclusion->metrics[i]) && terms->min_samples == 0 &&
            terms->min_duration == 0) {
            conclusion_say(
                &conclusion->notes, arena,
                "nothing says when the planned end is, at which this holds once: 'min_samples' or "
                "'min_duration' do");
            return;
        }
}

/* What has to come yet, whatever the metrics say; true: nothing. */
static bool has_enough(struct conclusion *conclusion, struct arena *arena)
{
    const struct experiment_terms *terms = &conclusion->terms;
    uint64_t fewest = fewest_units(conclusion);
    bool enough = true;
    if (fewest < terms->min_samples) {
        conclusion_say(
            &conclusion->reasons, arena,
            arena_format(arena, "%" PRIu64 " units in the smallest arm, of 'min_samples' %" PRIu64,
                         fewest, terms->min_samples));
        enough = false;
    }
    if (elapsed(conclusion) < least_duration(terms)) {
        conclusion_say(&conclusion->reasons, arena,
                       arena_format(arena, "%.1f days, of %s %.1f",
                                    floor(elapsed(conclusion) / DAY * 10) / 10,
                                    terms->of_whole_weeks ? "whole weeks," : "'min_duration'",
                                    least_duration(terms) / DAY));
        enough = false;
    }
    return enough;
}

/* The best of those that may be shipped; NO_ARM. */
static uint32_t best_arm(const struct conclusion *conclusion)
{
    const struct judged_metric *primary = primary_of(conclusion);
    uint32_t best = NO_ARM;
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
        if (arm == conclusion->arms->control || !is_better(conclusion, arm) ||
            worse_in(conclusion, arm) || unshown_guard(conclusion, arm))
            continue;
        if (best == NO_ARM || fabs(primary->variants[arm].effect.absolute.value) >
                                  fabs(primary->variants[best].effect.absolute.value))
            best = arm;
    }
    return best;
}

static bool all_variants(const struct conclusion *conclusion,
                         bool (*holds)(const struct conclusion *conclusion, uint32_t arm))
{
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != conclusion->arms->control && !holds(conclusion, arm))
            return false;
    return true;
}

static bool is_worse(const struct conclusion *conclusion, uint32_t arm)
{
    return worse_in(conclusion, arm) != NULL;
}

/* By what may be looked at now. */
static bool may_stop(const struct conclusion *conclusion, uint32_t arm)
{
    bool enough = is_enough(conclusion);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        if (conclusion->metrics[i].variants[arm].verdict == VERDICT_WORSE &&
            (enough || !is_once(&conclusion->metrics[i])))
            return true;
    return false;
}

/* Why a variant is not shipped yet. */
static void say_why_not(struct conclusion *conclusion, struct arena *arena, uint32_t arm)
{
    const char *name = conclusion->names[arm];
    const struct judged_metric *worse = worse_in(conclusion, arm);
    const struct judged_metric *guard = unshown_guard(conclusion, arm);
    const struct judged_metric *primary = primary_of(conclusion);
    const char *text = NULL;
    if (worse && !may_stop(conclusion, arm))
        text = arena_format(
            arena, "%s looks worse in %s (%s), which is judged once, at the planned end", name,
            metric_name(worse), change_text(arena, &worse->variants[arm].effect));
    else if (worse)
        text = arena_format(arena, "%s is worse in %s (%s): take it out", name, metric_name(worse),
                            change_text(arena, &worse->variants[arm].effect));
    else if (!primary)
        text = arena_format(arena, "no primary metric says whether %s is better", name);
    else if (primary->variants[arm].verdict == VERDICT_INSUFFICIENT)
        text = arena_format(arena, "%s cannot be judged in %s: %s", name, metric_name(primary),
                            effect_state_text(&primary->variants[arm].effect, arena));
    else if (!is_better(conclusion, arm))
        text = arena_format(
            arena, "%s is not shown to be better in %s (%s, p = %.2g)", name, metric_name(primary),
            change_text(arena, &primary->variants[arm].effect), primary->variants[arm].p_adjusted);
    else if (guard)
        text = arena_format(arena, "%s is better in %s, but not shown to keep %s within its margin",
                            name, metric_name(primary), metric_name(guard));
    if (text)
        conclusion_say(&conclusion->reasons, arena, text);
}

static void decide(struct conclusion *conclusion, struct arena *arena)
{
    bool enough = has_enough(conclusion, arena);
    uint32_t best = best_arm(conclusion);
    if (conclusion->arms->count > 1 && all_variants(conclusion, may_stop)) {
        conclusion->decision = DECISION_STOP;
        conclusion->reasons.count = 0;
    } else if (best != NO_ARM && enough) {
        const struct judged_metric *primary = primary_of(conclusion);
        conclusion->decision = DECISION_SHIP;
        conclusion->winner = best;
        conclusion_say(
            &conclusion->reasons, arena,
            arena_format(arena, "%s is better in %s (%s, p = %.2g)%s", conclusion->names[best],
                         metric_name(primary), change_text(arena, &primary->variants[best].effect),
                         primary->variants[best].p_adjusted,
                         stopping_tests(conclusion) > 0 ? ", and keeps every guard" : ""));
        return;
    } else if (enough && all_variants(conclusion, is_alike)) {
        conclusion->decision = DECISION_NO_DIFFERENCE;
        conclusion_say(&conclusion->reasons, arena,
                       arena_format(arena, "every variant is within ±%.3g %% of the control in %s",
                                    conclusion->terms.mde * 100,
                                    metric_name(primary_of(conclusion))));
        return;
    }
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != conclusion->arms->control)
            say_why_not(conclusion, arena, arm);
}

/* ------------------------------------------------------------------------------------- ahead -- */

#define MOST_GROWTH 100

/* Whether the metric would be decided in the arm's favour with so many times the units. */
static bool would_pass(const struct conclusion *conclusion, const struct judged_metric *metric,
                       uint32_t arm, double growth)
{
    uint32_t control = conclusion->arms->control;
    const struct judgement *judgement = &metric->judgement;
    struct judged_metric later = *metric;
    struct judgement quick = *judgement;
    quick.p_only = true;
    later.arms[arm] = arm_evidence_grown(&metric->arms[arm], growth);
    later.arms[control] = arm_evidence_grown(&metric->arms[control], growth);
    if (metric->role == ROLE_GUARD) {
        struct margin margin = margin_of(metric->guard);
        return p_on_side(conclusion, &later, arm, &margin, margin.side) <= judgement->alpha;
    }
    struct effect effect =
        effect_of(&quick, &later.arms[arm], &later.arms[control], metric->measure);
    return effect.state == EFFECT_FINE && is_good(metric, &effect) &&
           effect.p * (conclusion->arms->count - 1) <= judgement->alpha;
}

/* How many times the units that takes; infinite where MOST_GROWTH times are not enough, NaN where
 * nobody can tell. */
static double growth_needed(const struct conclusion *conclusion, const struct judged_metric *metric,
                            uint32_t arm)
{
    bool grows = metric_traits(metric->measure->metric)->bound != BOUND_QUANTILE &&
                 !metric->judgement.by_ranks;
    /* The last planned look is where `min_samples` are. */
    bool ends = metric->judgement.method == ANALYSIS_GROUP_SEQUENTIAL;
    if (ends || would_pass(conclusion, metric, arm, 1))
        return 1;
    if (!grows)
        return NAN;
    if (!would_pass(conclusion, metric, arm, MOST_GROWTH))
        return INFINITY;
    double low = 1, high = MOST_GROWTH;
    while (high / low > 1.01) {
        double middle = sqrt(low * high);
        *(would_pass(conclusion, metric, arm, middle) ? &high : &low) = middle;
    }
    return high;
}

/* Until the arm could be shipped, at these estimates. */
static double growth_of_arm(const struct conclusion *conclusion, uint32_t arm)
{
    double growth = 1, needed;
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        if (conclusion->metrics[i].role != ROLE_SECONDARY)
            needed = growth_needed(conclusion, &conclusion->metrics[i], arm),
            growth = isnan(needed) || isnan(growth) ? NAN : fmax(growth, needed);
    return growth;
}

static bool has_unknown_growth(const struct conclusion *conclusion)
{
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != conclusion->arms->control && !is_worse(conclusion, arm) &&
            isnan(growth_of_arm(conclusion, arm)))
            return true;
    return false;
}

/* From the traffic seen: until the units, the time, and what decides are there. */
static double days_left(const struct conclusion *conclusion)
{
    double days = elapsed(conclusion) / DAY, units = (double)fewest_units(conclusion);
    if (!(days > 0) || !(units > 0) || !primary_of(conclusion))
        return NAN;
    double growth = INFINITY;
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        if (arm != conclusion->arms->control && !is_worse(conclusion, arm))
            growth = fmin(growth, growth_of_arm(conclusion, arm)); /* of those known */
    if (isinf(growth) && has_unknown_growth(conclusion))
        return NAN;
    double wanted = fmax((double)conclusion->terms.min_samples / units,
                         least_duration(&conclusion->terms) / DAY / days);
    return fmax(0, fmax(wanted, growth) - 1) * days;
}

void conclusion_reach(struct conclusion *conclusion, uint32_t max_bad, struct arena *arena)
{
    conclusion->winner = NO_ARM;
    conclusion->days_left = NAN;
    judge_ratio(conclusion, arena);
    diagnose_ratio(conclusion, arena);
    judge_crossovers(conclusion, arena);
    note_what_was_taken(conclusion, arena);
    judge_gaps(conclusion, arena);
    judge_balance(conclusion, arena);
    judge_metrics(conclusion, max_bad, arena);
    judge_before(conclusion, arena);
    if (conclusion->terms.is_aa)
        judge_sameness(conclusion, arena);
    note_what_was_lost(conclusion, arena);
    note_values(conclusion, arena);
    note_fractions(conclusion, arena);
    note_before(conclusion, arena);
    note_early(conclusion, arena);
    note_intervals(conclusion, arena);
    decide(conclusion, arena);
    if (conclusion->issues.count > 0) {
        conclusion->status = STATUS_UNHEALTHY;
        conclusion->decision = DECISION_RUNNING;
        conclusion->winner = NO_ARM;
        conclusion->reasons = (struct sentence_list){0};
        conclusion_say(&conclusion->reasons, arena, "the data cannot be trusted: see the issues");
        return;
    }
    if (conclusion->terms.is_aa) {
        conclusion->decision = DECISION_RUNNING;
        conclusion->winner = NO_ARM;
        conclusion->status = STATUS_RUNNING;
        conclusion->reasons = (struct sentence_list){0};
        conclusion_say(&conclusion->reasons, arena,
                       "an A/A experiment: no metric is shown to differ, as it should be, and "
                       "there is nothing to decide");
        return;
    }
    conclusion->status = conclusion->decision == DECISION_RUNNING ? STATUS_RUNNING : STATUS_READY;
    if (conclusion->decision == DECISION_RUNNING)
        conclusion->days_left = days_left(conclusion);
}
