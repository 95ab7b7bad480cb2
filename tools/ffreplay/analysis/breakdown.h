/*
 * breakdown.h - every metric's effect in groups of units, by the value that each unit had in a
 * field at its first exposure; or by day since that exposure.
 *
 * Exploratory: made after the conclusion, which it does not change. For each metric, whether the
 * groups differ at all comes first (Cochran's Q), then what is seen in each group. Its interval and
 * p are corrected for the number of groups of the field (Bonferroni), and for nothing else: not for
 * the metrics, variants and fields that are looked at besides.
 */
#ifndef FFREPLAY_BREAKDOWN_H
#define FFREPLAY_BREAKDOWN_H

#include <stdbool.h>

#include "compiler/statistics/heterogeneity.h"
#include "conclusion.h"

/* What `--by` calls days since exposure; no field of a log is asked for by that name. */
#define BY_DAY_SINCE_EXPOSURE "day_since_exposure"

/* Of a metric in a variant. Q's chi-square is that of one look, planned: under a method that looks
 * often it finds more than it should. */
struct interaction {
    struct heterogeneity test; /* of differences; its parts are the groups that could be tested */
    double p_adjusted;         /* for all such tests of the analysis (Holm); NaN */
};

/* Of a metric in a variant and a group. */
struct group_effect {
    struct effect effect; /* its intervals are corrected */
    double p_adjusted;    /* for the number of groups; NaN */
    enum effect_verdict verdict;
};

struct breakdown {
    /* Days, where outcomes keep them by age: a day's units are those that have had all of it, so
     * they are among those of the days before, and no test tells whether days differ. */
    bool of_days;
    const struct field_groups *groups;
    double *ratio_p; /* by group: whether its units are in the arms as they should; NaN */
    /* By metric, group and arm, and by metric and arm; of the control, empty. */
    struct arm_evidence *evidence;
    struct group_effect *effects;
    struct interaction *interactions;
};

struct breakdowns {
    struct breakdown items[UNIT_FIELDS_MOST + 1];
    uint32_t count;
    bool holds_once; /* the method looks more than once, and the interaction tests hold at one */
};

/* After conclusion_reach(); texts and tables are the arena's. Where the sample ratio is off, adds
 * to the conclusion's issues which values' units are missing. */
void breakdowns_reach(struct breakdowns *breakdowns, struct conclusion *conclusion,
                      uint32_t max_bad, struct arena *arena);

/* Its place in `effects` and `evidence`; and in `interactions`. */
static inline size_t breakdown_place(const struct conclusion *conclusion,
                                     const struct breakdown *breakdown, uint32_t metric,
                                     uint32_t group, uint32_t arm)
{
    return ((size_t)metric * breakdown->groups->count + group) * conclusion->arms->count + arm;
}
static inline size_t interaction_place(const struct conclusion *conclusion, uint32_t metric,
                                       uint32_t arm)
{
    return (size_t)metric * conclusion->arms->count + arm;
}

#endif
