/*
 * quality.h - whether the data of an experiment can be trusted: units that are not in the arms as
 * they should be, days that are missing, units that were not alike before they were exposed.
 *
 * Each adds to the conclusion's issues what makes it unhealthy, and to its notes what may.
 */
#ifndef FFREPLAY_QUALITY_H
#define FFREPLAY_QUALITY_H

#include "conclusion.h"

/* The sample ratio; and, once that was judged, on which days it is off. */
void judge_ratio(struct conclusion *conclusion, struct arena *arena);
void diagnose_ratio(struct conclusion *conclusion, struct arena *arena);
/* Units that were seen in several arms. */
void judge_crossovers(struct conclusion *conclusion, struct arena *arena);
/* Days between the first and the last without any line. */
void judge_gaps(struct conclusion *conclusion, struct arena *arena);
/* By each field of the groups, whether its values are spread alike over the arms. */
void judge_balance(struct conclusion *conclusion, struct arena *arena);
/* By metric, whether units differed before they were exposed. After the metrics were gathered. */
void judge_before(struct conclusion *conclusion, struct arena *arena);

#endif
