/*
 * unit_ratio.h - whether groups have as many units as they should: sample ratio mismatch.
 *
 * That percentages give other numbers of units than they say, means that some are lost, or counted
 * in the wrong group: then everything else compares unlike things.
 */
#ifndef FFREPLAY_UNIT_RATIO_H
#define FFREPLAY_UNIT_RATIO_H

#include <stdbool.h>
#include <stdint.h>

#include "unit_shares.h"

struct unit_ratio {
    uint32_t count;
    double expected[UNIT_GROUPS], observed[UNIT_GROUPS];
    bool known;       /* there are enough units to tell */
    double p;         /* chi-square, as if this were the only look */
    double anytime_p; /* what is judged: looks may be as many as one likes */
};

/* Of units that were seen in one group alone. The weights sum to one. */
struct unit_ratio unit_ratio_of(const struct unit_counts *units, const double *weights,
                                uint32_t count);

bool unit_ratio_is_off(const struct unit_ratio *ratio);
/* Whether units change their groups: the variant is not the same for a unit all the time. */
bool units_change_groups(const struct unit_counts *units);

#endif
