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
#include "arm_evidence.h"

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

/* "too few units", for a table; and as a clause, with the way out, in memory of the arena. */
const char *effect_state_word(enum effect_state state);
const char *effect_state_text(const struct effect *effect, struct arena *arena);

#endif
