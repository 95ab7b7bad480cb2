/*
 * points.h - what can be told from points of time series, where others have aggregated the events.
 *
 * A point stands for an unknown number of events and of units, and resembles the one before it. So
 * points have no units, do not come at a rate, and give no bounds.
 */
#ifndef FFREPLAY_POINTS_H
#define FFREPLAY_POINTS_H

#include <stdbool.h>

#include "compiler/model/model.h"

/*
 * Whether the criteria of all stages can be judged by the logs they are measured from. All can,
 * where those are of events. False: it has been reported.
 */
bool points_fit(const struct project *project, const struct canary *canary);

#endif
