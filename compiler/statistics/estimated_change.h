/*
 * estimated_change.h - the change from a control to a variant, with its standard error: what every
 * method judges, whatever was measured.
 */
#ifndef FFC_ESTIMATED_CHANGE_H
#define FFC_ESTIMATED_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "interval.h"
#include "moments.h"

/* NaN where it is not known: an arm has fewer than two units, or a control's mean of 0 has no
 * relative change. */
struct estimated_change {
    double value, error;
    double degrees; /* of freedom of the error: Welch's */
    double n;       /* units of both arms */
};
/* By how many errors a change is within a margin on that side; below 0: beyond it. */
static inline double errors_within(const struct estimated_change *change, enum side side,
                                   double margin)
{
    double within = side == SIDE_ABOVE ? margin - change->value : change->value - margin;
    return within / change->error;
}

/* An arm's units: what came of them and, to explain part of it, what was so before they were in
 * the experiment. */
struct arm_moments {
    struct moments outcome;
    struct moments before; /* `n` is 0: it is not known */
    double covariance;     /* of the two */
};

/*
 * Of two means; a ratio by ratio_as_moments(). A relative change has the error that the delta
 * method gives it, which needs a control's mean that is known well: see mean_is_near_zero().
 */
struct estimated_change means_change(const struct moments *variant, const struct moments *control,
                                     enum change change);

/* Whether a relative change would be a quotient by what may be next to nothing: then its interval
 * has to be Fieller's. */
bool mean_is_near_zero(const struct moments *control);

/*
 * Of two means, less what differed before: CUPED (Deng et al. 2013), with one slope for both arms,
 * from both arms pooled and not centred by arm. *slope: NaN where the values before are not known
 * or all the same; then the change is means_change().
 */
struct estimated_change adjusted_change(const struct arm_moments *variant,
                                        const struct arm_moments *control, enum change change,
                                        double *slope);

/* Two arms in parts, by what units were before: the same parts in both. */
struct arm_strata {
    const struct arm_moments *variant, *control;
    size_t count;
};

/*
 * adjusted_change() of each part, weighted by its share of both arms' units: what differed between
 * the arms in how their units are spread over the parts is no change (Miratrix, Sekhon and Yu,
 * JRSS B 2013). The shares are estimates, too, and their variance is in the error. `variant` and
 * `control` are the arms as a whole, which give the slope and the degrees of freedom. Unknown where
 * a part has fewer than two units of an arm.
 */
struct estimated_change stratified_change(const struct arm_strata *strata,
                                          const struct arm_moments *variant,
                                          const struct arm_moments *control, enum change change,
                                          double *slope);

/*
 * The relative changes that are not shown to differ from what was seen, by so many standard errors:
 * those r for which variant - (1 + r) control, less what differed before, is that near to 0
 * (Fieller 1954). It holds 0 exactly where the absolute change is that near to 0. Infinite where
 * the control's mean may itself be 0.
 */
struct interval fieller_interval(const struct arm_moments *variant,
                                 const struct arm_moments *control, double errors);

#endif
