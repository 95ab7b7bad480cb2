/*
 * comparison.h - one form for every comparison at every look: the method is chosen by what was
 * measured, and against what.
 */
#ifndef FFC_COMPARISON_H
#define FFC_COMPARISON_H

#include <stddef.h>

#include "bins.h"
#include "interval.h"
#include "moments.h"
#include "proportion.h"

enum measurement { MEASURED_PROPORTION, MEASURED_RATE, MEASURED_MEAN, MEASURED_QUANTILE };

enum baseline {
    BASELINE_CONTROL, /* observed at the same time */
    BASELINE_BEFORE,  /* observed at another time */
    BASELINE_NONE     /* the canary's own value */
};

struct comparison_input {
    enum measurement measurement;
    enum baseline baseline;
    enum change change;
    double confidence; /* of each bound alone: 0.95 */
    /* MEASURED_PROPORTION, MEASURED_RATE. Only BASELINE_CONTROL tells the strata apart. */
    const struct stratum *strata;
    size_t stratum_count;
    double design_effect;           /* of these and of quantiles: see there; 0 counts as 1 */
    struct moments canary, control; /* MEASURED_MEAN; a ratio by ratio_as_moments() */
    struct distribution canary_values, control_values; /* MEASURED_QUANTILE */
    double quantile;
};

enum comparison_state {
    COMPARISON_FINE,
    COMPARISON_NODATA,      /* an arm has nothing, or no number */
    COMPARISON_TOO_FEW,     /* below what the method needs */
    COMPARISON_IDLE,        /* too few units have a denominator */
    COMPARISON_SKEWED,      /* too few for values that are so skewed: see `wanted_growth` */
    COMPARISON_NO_SPREAD,   /* all values are the same: there is nothing to judge chance by */
    COMPARISON_NO_BASELINE, /* a change relative to zero, or to less */
};

struct comparison {
    enum comparison_state state;
    const char *method;       /* "mixture e-process", … */
    double canary, control;   /* estimates; NaN: none */
    double change;            /* of BASELINE_NONE the canary's estimate; NaN: none */
    struct interval interval; /* of the change; what is not known is infinite */
    /* COMPARISON_SKEWED: how many times as many units of the canary there have to be; 1 where it
     * has enough, and the other arm has not. */
    double wanted_growth;
};
struct comparison compare(const struct comparison_input *input);
const char *
comparison_state_text(enum comparison_state state); /* a clause: "… units are too few" */

enum margin_verdict { MARGIN_WITHIN, MARGIN_BEYOND, MARGIN_UNDECIDED };
/* Shown to be beyond `margin` on that side, shown to be within it, or neither. A margin is signed
 * like the change: max_decrease of 5 % is SIDE_BELOW, -0.05. */
enum margin_verdict margin_judge(const struct comparison *comparison, enum side side,
                                 double margin);
/* How many times as much data, at the same estimates, until margin_judge() decides: 1 if it does
 * already, INFINITY if a million times is not enough. */
double comparison_growth_needed(const struct comparison_input *input, enum side side,
                                double margin);

#endif
