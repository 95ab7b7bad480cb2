/* quality.c - see quality.h. */
#include "quality.h"

#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "compiler/statistics/mean_sequence.h"
#include "compiler/statistics/mixture_sequence.h"
#include "line_days.h"

/* As of the sample ratio: what is healthy is called so in all but one of a thousand cases. */
#define UNHEALTHY_P 0.001

/* -------------------------------------------------------------------------------------- gaps -- */

static void say_gap(struct conclusion *conclusion, const struct line_days *days, const char *log,
                    struct arena *arena)
{
    struct missed_days missed = line_days_missed(days, arena);
    uint32_t count = missed.count > 0 ? missed.count : missed.unusual;
    if (count == 0)
        return;
    const char *text = arena_format(
        arena, "log '%s' has no line of %u %s (%s), and %" PRIu64 " on a usual one: %s", log, count,
        count == 1 ? "day" : "days", missed.dates, missed.median,
        missed.count > 0 ? "a file is missing, or it was not written"
                         : "a file is missing, unless nobody comes on such days");
    conclusion_say(missed.count > 0 ? &conclusion->issues : &conclusion->notes, arena, text);
}

void judge_gaps(struct conclusion *conclusion, struct arena *arena)
{
    const struct exposures *exposures = conclusion->exposures;
    const struct outcomes *outcomes = conclusion->outcomes;
    for (uint32_t log = 0; log < exposures->log_count; log++) {
        const struct line_days *days = &exposures->days[log];
        bool exposes = days->count > 0;
        if (exposes)
            say_gap(conclusion, days, exposures->layouts[log].log->name.text, arena);
        if (!exposes && outcomes->days && outcomes->days[log].count > 0)
            say_gap(conclusion, &outcomes->days[log], exposures->layouts[log].log->name.text,
                    arena);
    }
}

/* ----------------------------------------------------------------------------------- balance -- */

/* Each group has a sequence of its own; their mean is one for all. NaN: no shares are known. */
static double anytime_p(const struct conclusion *conclusion, const struct field_groups *groups)
{
    const struct arms *arms = conclusion->arms;
    double observed[ARMS_MOST], known = 0, sum = 0;
    for (uint32_t arm = 0; arm < arms->count; arm++)
        known += arms->shares[arm];
    if (!(known > 0))
        return NAN;
    for (uint32_t i = 0; i < groups->count; i++) {
        for (uint32_t arm = 0; arm < arms->count; arm++)
            observed[arm] = (double)groups->items[i].by_arm[arm];
        sum += exp(fmin(700, sample_ratio_log_e(observed, arms->shares, arms->count)));
    }
    return fmin(1, groups->count / sum);
}

static struct balance balance_of(const struct conclusion *conclusion,
                                 const struct field_groups *groups, struct arena *arena)
{
    uint32_t arms = conclusion->arms->count;
    double *counts = ARENA_ARRAY(arena, double, (size_t)groups->count *arms + 1);
    for (uint32_t i = 0; i < groups->count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            counts[i * arms + arm] = (double)groups->items[i].by_arm[arm];
    return (struct balance){groups->name, homogeneity(counts, groups->count, arms),
                            anytime_p(conclusion, groups)};
}

void judge_balance(struct conclusion *conclusion, struct arena *arena)
{
    const struct unit_groups *groups = conclusion->outcomes->groups;
    conclusion->balances = ARENA_ARRAY(arena, struct balance, groups->count + 1);
    conclusion->balance_count = groups->count;
    for (uint32_t i = 0; i < groups->count; i++) {
        struct balance *balance = &conclusion->balances[i];
        *balance = balance_of(conclusion, &groups->fields[i], arena);
        /* Where the whole is off, breakdowns say in which groups. */
        if (conclusion_ratio_is_off(conclusion) ||
            !(balance->anytime_p * groups->count < UNHEALTHY_P) || !(balance->fit.p < UNHEALTHY_P))
            continue;
        conclusion_say(
            &conclusion->issues, arena,
            arena_format(arena,
                         "'%s' is spread differently over the arms (p = %.2g) at the first "
                         "exposure, when no variant can have changed it: who is counted "
                         "depends on the variant",
                         balance->field, balance->anytime_p));
    }
}

/* ------------------------------------------------------------------------------------ before -- */

static void compare_before(struct conclusion *conclusion, uint32_t metric, uint32_t arm)
{
    const struct judged_metric *judged = &conclusion->metrics[metric];
    const struct moments *variant = &judged->arms[arm].moments.before;
    const struct moments *control = &judged->arms[conclusion->arms->control].moments.before;
    if (!(fmin(variant->n, control->n) >= MEANS_BURN_IN))
        return;
    struct estimated_change change = means_change(variant, control, CHANGE_ABSOLUTE);
    if (!(change.error > 0))
        return;
    conclusion->before_gaps[conclusion->before_gap_count++] = (struct before_gap){
        metric, arm, change, fmin(1, exp(-mixture_sequence_log_e(&change, UNHEALTHY_P)))};
}

void judge_before(struct conclusion *conclusion, struct arena *arena)
{
    uint32_t arms = conclusion->arms->count;
    conclusion->before_gaps =
        ARENA_ARRAY(arena, struct before_gap, (size_t)conclusion->metric_count * arms + 1);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            if (arm != conclusion->arms->control)
                compare_before(conclusion, i, arm);
    for (uint32_t i = 0; i < conclusion->before_gap_count; i++) {
        const struct before_gap *gap = &conclusion->before_gaps[i];
        if (!(gap->anytime_p * conclusion->before_gap_count < UNHEALTHY_P))
            continue;
        conclusion_say(
            &conclusion->issues, arena,
            arena_format(arena,
                         "%s of units in %s differed before they were exposed (%+.4g, p = "
                         "%.2g): units are not assigned by chance, or times are off",
                         conclusion->metrics[gap->metric].measure->metric->name.text,
                         conclusion->names[gap->arm], gap->change.value, gap->anytime_p));
    }
}
