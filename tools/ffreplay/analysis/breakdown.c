/* breakdown.c - see breakdown.h. */
#include "breakdown.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"
#include "compiler/statistics/multiplicity.h"

/* ----------------------------------------------------------------------------------- effects -- */

static void gather(const struct conclusion *conclusion, const struct breakdown *breakdown,
                   uint32_t metric, uint32_t group, uint32_t max_bad)
{
    const struct outcomes *outcomes = conclusion->outcomes;
    const struct unit_group *units = &breakdown->groups->items[group];
    uint32_t set = 1 + breakdown->groups->first + group;
    struct cell *cells = outcome_set(outcomes, outcomes->cells, set);
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
        struct arm_evidence *evidence =
            &breakdown->evidence[breakdown_place(conclusion, breakdown, metric, group, arm)];
        arm_evidence_gather(
            evidence, conclusion->metrics[metric].measure, outcome_cell(cells, metric, arm),
            outcome_before(outcomes, set, metric, arm), units->by_arm[arm], max_bad);
        evidence->assigned = conclusion->arms->shares[arm];
    }
}

/* Into cells by arm, which the evidence is of. */
static void gather_day(const struct conclusion *conclusion, const struct breakdown *breakdown,
                       uint32_t metric, uint32_t group, uint32_t max_bad, struct cell *cells)
{
    const struct series *ages = &conclusion->outcomes->ages;
    const struct judged_metric *judged = &conclusion->metrics[metric];
    const struct series_slot *slot = NULL;
    uint32_t arms = conclusion->arms->count;
    for (uint32_t i = 0; i < ages->count; i++)
        if (ages->items[i].begin == group * AGE_DAY)
            slot = &ages->items[i];
    for (uint32_t arm = 0; arm < arms; arm++) {
        struct arm_evidence *evidence =
            &breakdown->evidence[breakdown_place(conclusion, breakdown, metric, group, arm)];
        series_cell_init(ages, metric * arms + arm, &cells[arm]);
        if (slot)
            cell_merge(&cells[arm], judged->measure, &slot->cells[metric * arms + arm]);
        if (cells[arm].totals && !isnan(judged->winsorized.cap))
            unit_totals_cap(cells[arm].totals, judged->winsorized.cap);
        arm_evidence_gather(evidence, judged->measure, &cells[arm], NULL,
                            breakdown->groups->items[group].by_arm[arm], max_bad);
        evidence->assigned = conclusion->arms->shares[arm];
    }
}

static enum effect_verdict verdict_of(const struct conclusion *conclusion,
                                      const struct group_effect *seen, const struct metric *metric)
{
    bool fell = effect_is_down(&seen->effect);
    if (seen->effect.state != EFFECT_FINE)
        return VERDICT_INSUFFICIENT;
    if (!(seen->p_adjusted <= conclusion->terms.judgement.alpha))
        return VERDICT_UNDECIDED;
    return fell == metric->lower_is_better ? VERDICT_BETTER : VERDICT_WORSE;
}

/* At a level for each group that together is the analysis's. */
static void judge_group(const struct conclusion *conclusion, const struct breakdown *breakdown,
                        uint32_t metric, uint32_t group)
{
    const struct measure *measure = conclusion->metrics[metric].measure;
    const struct arm_evidence *arms =
        &breakdown->evidence[breakdown_place(conclusion, breakdown, metric, group, 0)];
    struct judgement judgement = conclusion->metrics[metric].judgement;
    double groups = breakdown->groups->count;
    judgement.alpha /= groups;
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
        struct group_effect *seen =
            &breakdown->effects[breakdown_place(conclusion, breakdown, metric, group, arm)];
        if (arm == conclusion->arms->control)
            continue;
        seen->effect = effect_of(&judgement, &arms[arm], &arms[conclusion->arms->control], measure);
        seen->p_adjusted =
            seen->effect.state == EFFECT_FINE ? fmin(1, seen->effect.p * groups) : NAN;
        seen->verdict = verdict_of(conclusion, seen, measure->metric);
    }
}

static void test_interaction(const struct conclusion *conclusion, const struct breakdown *breakdown,
                             uint32_t metric, uint32_t arm)
{
    struct estimated_change changes[UNIT_GROUPS_LARGEST + 2];
    struct heterogeneity *test =
        &breakdown->interactions[interaction_place(conclusion, metric, arm)].test;
    *test = (struct heterogeneity){.statistic = NAN, .p = NAN};
    if (breakdown->of_days)
        return;
    for (uint32_t group = 0; group < breakdown->groups->count; group++) {
        const struct arm_evidence *arms =
            &breakdown->evidence[breakdown_place(conclusion, breakdown, metric, group, 0)];
        changes[group] = change_about_normal(&conclusion->metrics[metric].judgement, &arms[arm],
                                             &arms[conclusion->arms->control],
                                             conclusion->metrics[metric].measure);
    }
    *test = cochran_q(changes, breakdown->groups->count);
}

static void break_down(const struct conclusion *conclusion, struct breakdown *breakdown,
                       uint32_t max_bad, struct arena *arena)
{
    size_t effects = (size_t)conclusion->metric_count * conclusion->arms->count;
    size_t cells = effects * breakdown->groups->count;
    breakdown->evidence = ARENA_ARRAY(arena, struct arm_evidence, cells + 1);
    breakdown->effects = ARENA_ARRAY(arena, struct group_effect, cells + 1);
    breakdown->interactions = ARENA_ARRAY(arena, struct interaction, effects + 1);
    for (uint32_t metric = 0; metric < conclusion->metric_count; metric++) {
        for (uint32_t group = 0; group < breakdown->groups->count; group++) {
            struct cell of_day[ARMS_MOST];
            if (breakdown->of_days)
                gather_day(conclusion, breakdown, metric, group, max_bad, of_day);
            else
                gather(conclusion, breakdown, metric, group, max_bad);
            judge_group(conclusion, breakdown, metric, group);
            for (uint32_t arm = 0; breakdown->of_days && arm < conclusion->arms->count; arm++) {
                cell_release(&of_day[arm]);
                breakdown->evidence[breakdown_place(conclusion, breakdown, metric, group, arm)]
                    .cell = NULL;
            }
        }
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            if (arm != conclusion->arms->control)
                test_interaction(conclusion, breakdown, metric, arm);
    }
}

/* All interaction tests of all fields together: there are as many as metrics times fields, and one
 * in twenty would be found by chance. */
static void adjust_interactions(struct breakdowns *breakdowns, const struct conclusion *conclusion)
{
    size_t each = (size_t)conclusion->metric_count * conclusion->arms->count, count = 0;
    double *values = xcalloc(each * breakdowns->count + 1, sizeof *values);
    for (uint32_t i = 0; i < breakdowns->count; i++)
        for (size_t j = 0; j < each; j++) {
            bool is_control = j % conclusion->arms->count == conclusion->arms->control;
            values[count++] = is_control ? NAN : breakdowns->items[i].interactions[j].test.p;
        }
    adjust_holm(values, count, values);
    for (size_t i = 0; i < count; i++)
        breakdowns->items[i / each].interactions[i % each].p_adjusted = values[i];
    free(values);
}

/* ------------------------------------------------------------------------------------- ratio -- */

/* Of groups that are each looked at: of all together, one in a hundred. */
#define GROUP_P     0.01
#define MOST_LISTED 5

static void judge_ratios(const struct conclusion *conclusion, struct breakdown *breakdown,
                         struct arena *arena)
{
    const struct arms *arms = conclusion->arms;
    breakdown->ratio_p = ARENA_ARRAY(arena, double, breakdown->groups->count + 1);
    for (uint32_t i = 0; i < breakdown->groups->count; i++) {
        double observed[ARMS_MOST], known = 0;
        for (uint32_t arm = 0; arm < arms->count; arm++) {
            observed[arm] = (double)breakdown->groups->items[i].by_arm[arm];
            known += arms->shares[arm];
        }
        breakdown->ratio_p[i] =
            known > 0 ? sample_ratio(observed, arms->shares, arms->count).fit.p : NAN;
    }
}

/* Whether the groups differ in their ratio, whatever it should be. */
static double p_of_groups(const struct conclusion *conclusion, const struct breakdown *breakdown,
                          struct arena *arena)
{
    uint32_t arms = conclusion->arms->count;
    double *counts = ARENA_ARRAY(arena, double, (size_t)breakdown->groups->count *arms + 1), p;
    size_t known = 0;
    for (uint32_t i = 0; i < breakdown->groups->count; i++) {
        for (uint32_t arm = 0; arm < arms; arm++)
            counts[known * arms + arm] = (double)breakdown->groups->items[i].by_arm[arm];
        known += isnan(breakdown->ratio_p[i]) ? 0 : 1;
    }
    p = homogeneity(counts, known, arms).p;
    return isnan(p) ? 1 : p;
}

/* "SE (120 in green where 200 belong)": the arm that lacks the most of what it should have. */
static const char *lack_text(const struct conclusion *conclusion, const struct unit_group *group,
                             struct arena *arena)
{
    const struct arms *arms = conclusion->arms;
    double all = 0, least = INFINITY;
    uint32_t worst = 0;
    for (uint32_t arm = 0; arm < arms->count; arm++)
        all += arms->shares[arm];
    for (uint32_t arm = 0; arm < arms->count; arm++) {
        double wanted = (double)group->units * arms->shares[arm] / all;
        double seen = (double)group->by_arm[arm] / wanted;
        if (wanted > 0 && seen < least) {
            least = seen;
            worst = arm;
        }
    }
    return arena_format(arena, "%s (%" PRIu64 " in %s where %.0f belong)", group->text,
                        group->by_arm[worst], conclusion->names[worst],
                        (double)group->units * arms->shares[worst] / all);
}

/* NULL: too few groups are large enough. */
static const char *ratio_text(const struct conclusion *conclusion,
                              const struct breakdown *breakdown, struct arena *arena)
{
    const struct field_groups *groups = breakdown->groups;
    uint32_t known = 0, off = 0;
    const char *list = "";
    for (uint32_t i = 0; i < groups->count; i++)
        known += isnan(breakdown->ratio_p[i]) ? 0 : 1;
    if (known < 2)
        return NULL;
    if (p_of_groups(conclusion, breakdown, arena) >= GROUP_P)
        return arena_format(arena, "the ratio is off by about as much in each of %u groups by '%s'",
                            known, groups->name);
    for (uint32_t i = 0; i < groups->count; i++)
        if (breakdown->ratio_p[i] * known < GROUP_P && off++ < MOST_LISTED)
            list = arena_format(arena, "%s%s%s", list, *list ? ", " : "",
                                lack_text(conclusion, &groups->items[i], arena));
    if (off == 0)
        return arena_format(arena,
                            "the ratio is off by different amounts in %u groups by '%s', none of "
                            "which stands out",
                            known, groups->name);
    return arena_format(arena, "the ratio is off in %u of %u groups by '%s': %s%s", off, known,
                        groups->name, list, off > MOST_LISTED ? ", …" : "");
}

/* -------------------------------------------------------------------------------------- days -- */

struct ages {
    const struct conclusion *conclusion;
    struct unit_group *items;
};

static void count_ages(void *context, const struct exposure *exposure)
{
    const struct ages *ages = context;
    uint32_t arm = exposure_arm(exposure);
    int64_t known_to = ages->conclusion->outcomes->known_to;
    for (int64_t age = 0;
         arm != NO_ARM && age < AGES_MOST && age_is_known(exposure->first, age, known_to); age++) {
        ages->items[age].by_arm[arm]++;
        ages->items[age].units++;
    }
}

/* Those that some unit of each arm has had; in memory of the arena. */
static const struct field_groups *days_of(const struct conclusion *conclusion, struct arena *arena)
{
    struct field_groups *days = ARENA_ARRAY(arena, struct field_groups, 1);
    days->name = BY_DAY_SINCE_EXPOSURE;
    days->items = ARENA_ARRAY(arena, struct unit_group, AGES_MOST);
    struct ages ages = {conclusion, days->items};
    exposures_visit(conclusion->exposures, count_ages, &ages);
    for (uint32_t age = 0; age < AGES_MOST; age++) {
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            if (days->items[age].by_arm[arm] == 0)
                return days;
        days->items[age].kind = GROUP_OF_VALUE;
        days->items[age].values = 1;
        days->items[age].text = arena_format(arena, "%u", age + 1);
        days->count++;
    }
    return days;
}

static void break_down_by_day(struct breakdowns *breakdowns, struct conclusion *conclusion,
                              uint32_t max_bad, struct arena *arena)
{
    const struct field_groups *days = days_of(conclusion, arena);
    if (days->count == 0) {
        conclusion_say(&conclusion->notes, arena,
                       "no day since exposure is shown: none is over in every arm");
        return;
    }
    struct breakdown *breakdown = &breakdowns->items[breakdowns->count++];
    breakdown->of_days = true;
    breakdown->groups = days;
    judge_ratios(conclusion, breakdown, arena);
    break_down(conclusion, breakdown, max_bad, arena);
}

void breakdowns_reach(struct breakdowns *breakdowns, struct conclusion *conclusion,
                      uint32_t max_bad, struct arena *arena)
{
    const struct unit_groups *groups = conclusion->outcomes->groups;
    enum analysis_method method = conclusion->terms.judgement.method;
    breakdowns->count = groups->shown;
    breakdowns->holds_once = method != ANALYSIS_FIXED;
    for (uint32_t i = 0; i < groups->shown; i++) {
        struct breakdown *breakdown = &breakdowns->items[i];
        breakdown->groups = &groups->fields[i];
        judge_ratios(conclusion, breakdown, arena);
        break_down(conclusion, breakdown, max_bad, arena);
        const char *text =
            conclusion_ratio_is_off(conclusion) ? ratio_text(conclusion, breakdown, arena) : NULL;
        if (text)
            *ARENA_APPEND(arena, conclusion->issues.items, conclusion->issues.count) = text;
    }
    if (conclusion->outcomes->keeps_ages)
        break_down_by_day(breakdowns, conclusion, max_bad, arena);
    if (breakdowns->count > 0 && conclusion->metric_count > 0)
        adjust_interactions(breakdowns, conclusion);
}
