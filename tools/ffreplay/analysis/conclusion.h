/*
 * conclusion.h - what follows from an experiment's data: quality first, then each metric by its
 * role, then the decision and why.
 *
 * The rule is Schultzberg, Ankargren and Fraanberg's (arXiv 2402.11609): ship what is better in the
 * primary metric, not shown to be worse in any, and shown not to be worse than the margin in every
 * guard. A pure function of what was gathered.
 */
#ifndef FFREPLAY_CONCLUSION_H
#define FFREPLAY_CONCLUSION_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/criterion.h"
#include "compiler/statistics/sample_ratio.h"
#include "compiler/statistics/heterogeneity.h"
#include "effect.h"
#include "winsorized.h"

struct arena;

#define METRIC_ROLES(X)            \
    X(ROLE_PRIMARY, "primary")     \
    X(ROLE_SECONDARY, "secondary") \
    X(ROLE_GUARD, "guard")
enum metric_role { METRIC_ROLES(WORDS_MEMBER) };
extern const char *const metric_role_words[];

#define EFFECT_VERDICTS(X)                  \
    X(VERDICT_BETTER, "better")             \
    X(VERDICT_WORSE, "worse")               \
    X(VERDICT_NON_INFERIOR, "non_inferior") \
    X(VERDICT_UNDECIDED, "undecided")       \
    X(VERDICT_INSUFFICIENT, "insufficient")
enum effect_verdict { EFFECT_VERDICTS(WORDS_MEMBER) };
extern const char *const effect_verdict_words[];

#define DECISIONS(X)                           \
    X(DECISION_RUNNING, "running")             \
    X(DECISION_SHIP, "ship")                   \
    X(DECISION_NO_DIFFERENCE, "no_difference") \
    X(DECISION_STOP, "stop")
enum analysis_decision { DECISIONS(WORDS_MEMBER) };
extern const char *const analysis_decision_words[];

#define ANALYSIS_STATUSES(X)     \
    X(STATUS_RUNNING, "running") \
    X(STATUS_READY, "ready")     \
    X(STATUS_UNHEALTHY, "unhealthy")
enum analysis_status { ANALYSIS_STATUSES(WORDS_MEMBER) };
extern const char *const analysis_status_words[];

/* A metric in one variant. */
struct judged_effect {
    struct effect effect;
    double p_adjusted; /* for the number of tests it was made with; NaN: it has no p */
    double p_within;   /* of a guard: that it is within its margin; NaN */
    enum effect_verdict verdict;
};

struct judged_metric {
    const struct measure *measure;
    enum metric_role role;
    const struct criterion *guard; /* ROLE_GUARD */
    struct judgement judgement;    /* its own, or that of the experiment */
    struct winsorized winsorized;
    struct arm_evidence arms[ARMS_MOST];
    struct judged_effect variants[ARMS_MOST]; /* that of the control is empty */
};

struct experiment_terms {
    struct judgement judgement;
    uint64_t min_samples;    /* units an arm */
    int64_t min_duration;    /* milliseconds */
    double mde, power;       /* relative; 0: not given */
    bool of_whole_weeks;     /* `min_duration` is rounded up to weeks */
    bool asks_method;        /* the judgement's method is that of all metrics */
    const struct zone *zone; /* where a day begins; NULL: UTC */
    bool is_aa;              /* its variants are the same: a difference is a fault */
};

/* The units that were first exposed on a day, and whether they are in the arms as they should. */
struct day_ratio {
    int64_t day; /* its beginning, UTC */
    uint64_t by_arm[ARMS_MOST];
    double p; /* of this day alone; NaN: too few units */
};

/* Whether units are in the arms as they should in each group of a field. */
struct balance {
    const char *field;
    struct heterogeneity fit; /* chi-square of homogeneity: once */
    double anytime_p;         /* at every look; NaN: nothing says what the ratio should be */
};

/* What a metric was before units were exposed: chance makes it alike in all arms. */
struct before_gap {
    uint32_t metric, arm;
    struct estimated_change change;
    double anytime_p;
};

struct sentence_list {
    const char **items;
    uint32_t count;
};

struct conclusion {
    /* What it is about: the caller's. */
    const struct arms *arms;
    const struct exposures *exposures;
    struct outcomes *outcomes;
    uint32_t strata_field; /* of the groups, by which changes are post-stratified; NO_FIELD */
    struct experiment_terms terms;
    struct judged_metric *metrics; /* the primary one first, guards last */
    uint32_t metric_count;
    int64_t
        covered; /* milliseconds: of whole weeks, those that are taken; 0: as long as exposures */
    const char *const *names; /* of the arms */

    struct exposed_units units; /* of the exposures */

    /* What follows. Texts are the arena's. */
    struct sample_ratio ratio; /* p is NaN: nothing says what it should be, or too few units */
    double ratio_log_e;        /* of the ratio's e-value, of which `anytime_p` is one part */
    struct balance *balances;  /* by field of the groups */
    uint32_t balance_count;
    struct before_gap *before_gaps; /* by metric and variant that has values before exposure */
    uint32_t before_gap_count;
    struct day_ratio *days;       /* in order; those without a unit are left out */
    uint32_t day_count;           /* 0: nothing says what the ratio should be, or too many */
    struct sentence_list issues;  /* why it is unhealthy */
    struct sentence_list notes;   /* what to know about it */
    struct sentence_list reasons; /* for the decision, or what is missing */
    enum analysis_status status;
    enum analysis_decision decision;
    uint32_t winner;  /* an arm; NO_ARM */
    double days_left; /* NaN: nobody knows; infinite: not in sight */
};

#define NO_FIELD UINT32_MAX

/* Once it has been reached: whether its units are not in the arms as they should. */
bool conclusion_ratio_is_off(const struct conclusion *conclusion);

void conclusion_say(struct sentence_list *list, struct arena *arena, const char *text);

/* Whether any of them is looked at as often as was planned. */
bool plans_looks(const struct judged_metric *metrics, uint32_t count,
                 const struct experiment_terms *terms);
/* The information at each look up to now, of `looks` that were planned (0: five): the last one as
 * it is, those before as they were planned. */
void settle_looks(struct experiment_terms *terms, uint32_t looks, uint32_t arms,
                  const struct exposed_units *units);

/* Gathers the evidence of each metric's cells, and judges. `max_bad` as in cell_is_unreadable(). */
void conclusion_reach(struct conclusion *conclusion, uint32_t max_bad, struct arena *arena);

#endif
