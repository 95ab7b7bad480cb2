/*
 * quality.h - whether the data of an experiment can be trusted, apart from its sample ratio: days
 * that are missing, units that were not alike before they were exposed.
 *
 * Each adds to the conclusion's issues what makes it unhealthy, and to its notes what may.
 */
#ifndef FFREPLAY_QUALITY_H
#define FFREPLAY_QUALITY_H

#include "conclusion.h"

/* Days between the first and the last without any line. */
void judge_gaps(struct conclusion *conclusion, struct arena *arena);
/* By each field of the groups, whether its values are spread alike over the arms. */
void judge_balance(struct conclusion *conclusion, struct arena *arena);
/* By metric, whether units differed before they were exposed. After the metrics were gathered. */
void judge_before(struct conclusion *conclusion, struct arena *arena);

#endif
