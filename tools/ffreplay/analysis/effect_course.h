/*
 * effect_course.h - how an experiment went: each effect over time, as an analysis at that time
 * would have found it.
 *
 * A point has the units that were exposed up to then and what came of them up to then, judged by
 * the code and from the structures of the conclusion: the last one is the conclusion's own.
 */
#ifndef FFREPLAY_EFFECT_COURSE_H
#define FFREPLAY_EFFECT_COURSE_H

#include "conclusion.h"

/* Of a metric in an arm. */
struct effect_point {
    uint64_t exposed;     /* units in the arm */
    double value;         /* NAN: there is none */
    struct effect effect; /* against control; of control itself, empty */
};

struct effect_courses {
    const int64_t *times; /* what there was before */
    uint32_t count;
    int64_t width;               /* of a slot */
    struct effect_point *points; /* by metric, arm and time */
    bool holds_once; /* the method's intervals hold at the planned looks, not at every point */
};

/* After conclusion_reach(), of outcomes that keep a series; in memory of the arena. Cost: the
 * effects of all metrics for each slot. */
struct effect_courses effect_courses_of(const struct conclusion *conclusion, uint32_t max_bad,
                                        struct arena *arena);

static inline struct effect_point *effect_points(const struct effect_courses *courses,
                                                 const struct conclusion *conclusion,
                                                 uint32_t metric, uint32_t arm)
{
    return &courses->points[((size_t)metric * conclusion->arms->count + arm) * courses->count];
}

#endif
