/*
 * post_strata.h - the units of a metric in parts, by the value that each had in a field at its
 * first exposure, so that a change can be post-stratified.
 */
#ifndef FFREPLAY_POST_STRATA_H
#define FFREPLAY_POST_STRATA_H

#include "conclusion.h"

/* Units that a part has in each arm: smaller ones are one part together, or of the largest. */
#define STRATUM_LEAST 20

/*
 * Gives each arm of the metric its parts, which are the arena's: the same in all arms. Leaves it as
 * it is where there are not two parts, or units without a line do not count. Returns how many parts
 * there are.
 */
uint32_t post_strata_gather(const struct conclusion *conclusion, struct judged_metric *metric,
                            uint32_t place, uint32_t max_bad, struct arena *arena);

#endif
