/*
 * planned_end.h - a change judged once, at the end that was planned: Student's t with Welch's
 * degrees of freedom. Looked at earlier, or again and again, it finds what is not there.
 */
#ifndef FFC_PLANNED_END_H
#define FFC_PLANNED_END_H

#include "estimated_change.h"

/* Each bound fails at most alpha of the time: of an interval of confidence 1 - 2 alpha. */
struct interval planned_end_bounds(const struct estimated_change *change, double alpha);
/* Two-sided, of no change. */
double planned_end_p(const struct estimated_change *change);
/* One-sided, of a change that is at least as far as `margin` on that side: shown to be less. */
double planned_end_p_within(const struct estimated_change *change, enum side side, double margin);

#endif
