/*
 * doubtful_unit.h - durations whose size does not go with the unit that a metric gives them, where
 * nothing says what they are logged in: seconds that pass for milliseconds, most often.
 */
#ifndef FFREPLAY_DOUBTFUL_UNIT_H
#define FFREPLAY_DOUBTFUL_UNIT_H

#include "metric.h"

struct arena;

/*
 * A sentence's end that says so, after the metric's name, with the mapping that would say what they
 * are; in the arena. NULL: the unit is said, or may be right, or there are too few values to tell.
 * `cell`: of any group. Cost: of an estimate.
 */
const char *doubtful_unit_text(struct arena *arena, const struct measure *measure,
                               const struct cell *cell);

#endif
