/*
 * unit_ratio.h - sample ratio mismatch: whether groups have as many units as they should.
 *
 * If the numbers of units do not match the percentages, some are lost, or counted in the wrong
 * group, and every other comparison is between unlike groups.
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
/* Whether units change groups: a unit does not always get the same variant. */
bool units_change_groups(const struct unit_counts *units);

#endif
