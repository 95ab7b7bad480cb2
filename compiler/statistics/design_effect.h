/* design_effect.h - how much less clustered observations tell than independent ones. */
#ifndef FFC_DESIGN_EFFECT_H
#define FFC_DESIGN_EFFECT_H

#include <stddef.h>

#include "moments.h"
#include "proportion.h"

/*
 * How much more a share of events varies between units than with independent events: at least 1.
 * `ratio`: events over requests, over the units of both arms together, since one alone may have too
 * few events to tell.
 */
double design_effect(const struct ratio_moments *ratio);

/*
 * The same if there are too many units to remember each: over random groups of them, with `n`
 * events each, of which `events` are what the share is of (Wolter, Introduction to Variance
 * Estimation, 2007, chapter 2). Each arm's groups vary around its own share. So few groups tell it
 * only roughly: it is the upper bound, at 95 %. At most what it is when all events of a group count
 * as one; that, too, where an arm has fewer than 30 groups that have events, or no share between 0
 * and 1.
 */
struct grouped {
    const struct proportion *groups;
    size_t count;
};
double grouped_design_effect(const struct grouped *arms, size_t count);

#endif
