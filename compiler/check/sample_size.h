/*
 * sample_size.h - how many units an experiment needs to find its effect, by the method that it is
 * judged by (statistics/sizing.h).
 *
 * The variant with the smallest share against the control, two-sided, at alpha divided by the
 * number of variants. With G guards, which have to be shown to be kept as well, the primary metric
 * is found with a power of 1 - (1 - power) / (G + 1), so that all together are with `power`
 * (Schultzberg, Ankargren and Fraanberg, arXiv 2402.11609). If the primary metric is not `per:
 * unit`, an event counts as a unit.
 */
#ifndef FFC_SAMPLE_SIZE_H
#define FFC_SAMPLE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/flag.h"
#include "compiler/statistics/share_method.h"

struct sample_size {
    double units;    /* of the arm with the smallest share */
    double all;      /* in the whole experiment */
    double days;     /* until then; NaN where nothing says how many units come a day */
    bool is_certain; /* the baseline is given; else it is the best of all, and at least this many */
    double fixed;    /* in the whole experiment, if it were looked at once, at the planned end */
    double power;    /* of the primary metric alone */
    /* Sequential: how a share is judged by then, and SHARE_AS_MEAN of all else. */
    enum share_method judged;
};

/*
 * False if nothing can be said: no `mde`, a power of a half or less, or a primary metric that is
 * neither a proportion nor has a baseline. For a proportion without one, the result is for the rate
 * that needs the fewest units.
 */
bool sample_size(const struct targeting *targeting, struct sample_size *size);

/* How its primary metric, which it has, is judged: as that says, or as the experiment. */
enum analysis_method method_of_primary(const struct experiment *experiment);

/* How many variants are compared with control. */
uint32_t treatment_count(const struct experiment *experiment);

/* Units that take part: of `units_per_day`, those within the layer and the traffic. */
double units_a_day(const struct targeting *targeting);

/* The smallest relative effect below 100 % that so many units in the whole experiment find, given
 * the baseline; NaN: none does. */
double detectable_effect(const struct experiment *experiment, double all);

#endif
