/*
 * effect.h - what a variant changed in one metric, by one method: the estimate, its interval, and
 * how sure it is.
 */
#ifndef FFREPLAY_EFFECT_H
#define FFREPLAY_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/model/experiment.h"
#include "compiler/statistics/estimated_change.h"
#include "compiler/statistics/group_sequential.h"
#include "compiler/statistics/proportion.h"
#include "outcomes.h"

struct arena;

/* How changes are judged. */
struct judgement {
    enum analysis_method method;
    double alpha;
    bool p_only;   /* without intervals, which take longer */
    bool by_ranks; /* ANALYSIS_FIXED: units with one value each, by their order */
    double prior;  /* ANALYSIS_BAYESIAN: of the relative change; infinite: flat */
    double looks[EXPERIMENT_LOOKS_MOST]; /* ANALYSIS_GROUP_SEQUENTIAL: information up to this one */
    uint32_t look_count; /* 0: this is no look that was planned, or not yet the first */
};

/* What is known of a metric in one arm. */
struct arm_evidence {
    uint64_t exposed, measured; /* units: in the arm, and those of them that have a value */
    double value;               /* the estimate; NaN: there is none */
    double assigned;            /* the share of all units that the arm was to have; 0: not known */
    bool is_share;              /* `share` has the counts of units */
    struct proportion share;
    struct arm_moments moments; /* of a ratio, as a mean */
    /* Of its units in parts, by what they were at first; NULL: as one. */
    const struct arm_moments *strata;
    uint32_t stratum_count;
    const struct cell *cell;
    bool beyond;     /* numbers too large for a variance */
    bool unreadable; /* too many values could not be read: see cell_is_unreadable() */
};

/* Units without a line count as nothing: 0 bought, no click. `before` is NULL where the values
 * before exposure are not asked for. */
void arm_evidence_gather(struct arm_evidence *evidence, const struct measure *measure,
                         struct cell *cell, const struct before_sums *before, uint64_t exposed,
                         uint32_t max_bad);

enum effect_state {
    EFFECT_FINE,
    EFFECT_NODATA,     /* an arm has no value */
    EFFECT_TOO_FEW,    /* units, for what the method supposes */
    EFFECT_SKEWED,     /* values so skewed that their mean is not normal yet: shown, not judged */
    EFFECT_NO_SPREAD,  /* all values are the same */
    EFFECT_UNREADABLE, /* too many values could not be read */
    EFFECT_BEYOND,     /* numbers too large */
    EFFECT_NOT_A_LOOK, /* group sequential, and this is not one of its looks */
    EFFECT_NO_METHOD   /* the method has no answer for this kind of metric */
};

struct effect {
    enum effect_state state;
    const char *method; /* "Welch's t", … */
    struct estimated_change absolute, relative;
    struct interval absolute_interval,
        relative_interval;   /* 1 - alpha; what is not known: infinite */
    double p;                /* two-sided, of no change; NaN: there is none */
    double log_e;            /* of methods with an e-value; else NaN */
    double slope;            /* of the values before; NaN: not adjusted */
    double variance_reduced; /* the share of the variance that this took away; NaN */
    double superiority; /* by ranks: how likely a unit of the variant is above one of the control's,
                           or, by half, alike; NaN */
    double chance, loss;    /* Bayesian: to be better than control; what is given away if not */
    double loss_of_control; /* and what is by the control */
    double wanted;          /* EFFECT_TOO_FEW, EFFECT_SKEWED: units an arm */
};
/* Of an arm's cells, which stay. */
struct effect effect_of(const struct judgement *judgement, const struct arm_evidence *variant,
                        const struct arm_evidence *control, const struct measure *measure);

/* The change of an effect by estimate and error alone, which its method may not go by. Its error is
 * NaN unless it is about normal: until there are as many units as a sequence of means takes, or 30
 * an arm where it is judged once, or of a share 10 events and others in each arm; and of a
 * quantile. */
struct estimated_change change_about_normal(const struct judgement *judgement,
                                            const struct arm_evidence *variant,
                                            const struct arm_evidence *control,
                                            const struct measure *measure);

/* Whether it is downwards: the sign of `absolute`, or what ranks say. */
bool effect_is_down(const struct effect *effect);

/* Whether both hold no change, or neither does. */
bool intervals_agree(const struct effect *effect);

/* One-sided: how surely the change is less far than `margin` on that side. NaN: nothing is known.
 * */
double effect_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                       const struct arm_evidence *control, const struct measure *measure,
                       enum change change, enum side side, double margin);
/* The same of the variant's own value, against a constant. */
double value_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                      const struct measure *measure, enum side side, double limit);

/* How likely a relative change of that size would be found with so many times the units, whose
 * estimates vary as these do; NaN where an estimate has no error. */
double effect_power(const struct judgement *judgement, const struct effect *effect, double size,
                    double growth);
/* How many times as many units it takes until that is `power`; infinite: more than a million. */
double effect_growth_for(const struct judgement *judgement, const struct effect *effect,
                         double size, double power);

/* The same of so many times as many units, at the same estimates; a quantile's values stay. */
struct arm_evidence arm_evidence_grown(const struct arm_evidence *evidence, double growth);

/* "too few units", for a table; and as a clause, with the way out, in memory of the arena. */
const char *effect_state_word(enum effect_state state);
const char *effect_state_text(const struct effect *effect, struct arena *arena);

#endif
