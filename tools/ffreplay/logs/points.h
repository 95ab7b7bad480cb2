/*
 * points.h - what can be told from points of time series, where others have aggregated the events.
 *
 * A point stands for an unknown number of events and units, and is correlated with its neighbours.
 * So points have no units and no rate, and give no bounds.
 */
#ifndef FFREPLAY_POINTS_H
#define FFREPLAY_POINTS_H

#include <stdbool.h>

struct canary;
struct project;

/*
 * Whether the criteria of all stages can be judged by the logs they are measured from. All can,
 * where those are of events. False after reporting.
 */
bool points_fit(const struct project *project, const struct canary *canary);

#endif
