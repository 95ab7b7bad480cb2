/*
 * winsorized.h - metrics whose units' values are capped at a quantile of those of all arms.
 *
 * Of all arms, because a cap from each arm's own values would take away what differs. Where nothing
 * differs, the cap treats all arms alike, so it favours none.
 */
#ifndef FFREPLAY_WINSORIZED_H
#define FFREPLAY_WINSORIZED_H

#include "outcomes.h"

/* NaN: the metric is not winsorized, or no unit has a value. */
struct winsorized {
    double cap;
    uint64_t above; /* units that it changes */
};

/*
 * The value of rank ceil(q n) of all units that count, without a line those that did nothing, too.
 * Caps what `outcomes` has of the measure from then on, also before exposure and in groups; it has
 * to be added up again. Cost: a copy of all units' values, and their order.
 */
struct winsorized winsorize(struct outcomes *outcomes, uint32_t measure,
                            const struct exposed_units *units);

#endif
